"""A picture of 8192 x 8192, in each format, while others poll; a stop in the middle of one."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

ROOT = Path(__file__).resolve().parents[1]
SERVE = """
import sys, pathlib
from novita_mock.server import serve
from novita_mock.settings import Settings
out = pathlib.Path(sys.argv[1])
settings = Settings.from_environment({}, port="0", quiet=True, **dict(pair.split("=") for pair in sys.argv[2:]))
sys.exit(serve(settings, lambda url: (out.with_suffix(".new").write_text(url), out.with_suffix(".new").rename(out))))
"""


@contextmanager
def served(folder: Path, *settings: str) -> Iterator[tuple[subprocess.Popen[bytes], httpx2.Client]]:
    """A double in a process of its own, and a client of it."""
    ready = folder / f"url-{len(list(folder.iterdir()))}"
    path = os.pathsep.join([str(ROOT / "mock_server"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-c", SERVE, str(ready), *settings]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path})
    try:
        while not ready.exists():
            assert process.poll() is None
            time.sleep(0.01)  # noqa: TID251 - another process starts
        headers = {"Authorization": "Bearer k"}
        with httpx2.Client(
            base_url=ready.read_text(), headers=headers, timeout=200, trust_env=False
        ) as client:
            yield process, client
    finally:
        process.kill()
        process.wait()
