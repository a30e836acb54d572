"""Runs the small programs beside this file, each under its official SDK, and opens what they download."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from clients.install import HERE, JAVASCRIPT, NO_NODE, Installation, node
from novita_mock.types import JSON

#: Wall seconds that a program may take.
LIMIT_S = 60


def python(installation: Installation, name: str, scene: str, **told: JSON) -> JSON:
    """What a scene of a Python program saw, run under a release of the Python SDK."""
    _must_be_ready(installation)
    command = [sys.executable, os.fspath(HERE / name)]
    return _seen(command, {"PYTHONPATH": os.fspath(installation.folder)}, scene, told)


def javascript(name: str, scene: str, **told: JSON) -> JSON:
    """What a scene of a JavaScript program saw; skips where there is no Node.js, but not in CI."""
    interpreter = node()
    if not interpreter:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(NO_NODE)
    _must_be_ready(JAVASCRIPT)
    packages = os.fspath(JAVASCRIPT.folder / "node_modules")
    return _seen([interpreter, os.fspath(HERE / name)], {"NODE_PATH": packages}, scene, told)


def opened(files: list[str]) -> list[tuple[str | None, tuple[int, int]]]:
    """Format and size of each file that a program has downloaded, every pixel decoded."""
    shown = []
    for file in files:
        with Image.open(file) as image:
            image.load()
            shown.append((image.format, image.size))
    return shown


def _must_be_ready(installation: Installation) -> None:
    if not installation.ready:
        where = f"the official SDK is not in {installation.folder}, or it is another release"
        pytest.fail(f"{where}; type: make setup   (or: python tests/clients/install.py)", pytrace=False)


def _seen(command: list[str], environment: dict[str, str], scene: str, told: JSON) -> JSON:
    told = {name: os.fspath(value) if isinstance(value, Path) else value for name, value in told.items()}
    done = subprocess.run(
        [*command, scene, json.dumps(told)],
        env=_environment() | environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{command[-1]} {scene}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


def _environment() -> dict[str, str]:
    """Ours without what would lead a client to a proxy or to other packages."""
    unwanted = ("PYTHONPATH", "PYTHONWARNINGS", "NODE_PATH", "NODE_OPTIONS")
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {name: value for name, value in kept.items() if name not in unwanted} | {"NO_PROXY": "*"}
