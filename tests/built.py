"""The sdist and the wheel as they are shipped, built once without an index."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def build(source, folder, *, target=None, umask=-1, **environ):
    """Build what a folder is the source of: ``sdist``, ``wheel``, or both; the folder they are in."""
    line = [sys.executable, "-P", "-m", "hatchling", "build", "-d", str(folder)]
    line += ["-t", target] if target else []
    kept = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    told = subprocess.run(
        line, cwd=source, env=kept | environ, umask=umask, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    return folder


@pytest.fixture(scope="session")
def dist(tmp_path_factory) -> Path:
    """A folder with the sdist and the wheel of the checkout."""
    return build(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def wheel(dist) -> Path:
    """The wheel, built from the checkout."""
    (built,) = dist.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def sdist(dist) -> Path:
    """The sdist, built from the checkout."""
    (built,) = dist.glob("*.tar.gz")
    return built
