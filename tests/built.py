"""The wheel, built from the checkout without an index, and put where a test wants it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


def build_wheel(folder: Path) -> Path:
    """Build the wheel into a folder."""
    line = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    told = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    (built,) = folder.glob("*.whl")
    return built


def pip_install(wheel: Path, *where: str, python: str = sys.executable) -> None:
    """Have pip install the wheel alone."""
    line = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index"]
    told = subprocess.run([*line, *where, str(wheel)], capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr


def copy_dependencies(site: Path) -> None:
    """Put beside the installed wheel what it says it needs, out of this environment, and nothing else."""
    (ours,) = distributions(name="novita-mock", path=[str(site)])
    for needed in _closure(ours):
        for file in needed.files or ():
            if ".." not in file.parts and needed.locate_file(file).is_file():  # type: ignore[attr-defined]
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(needed.locate_file(file)), site / file)


def _closure(first: Distribution) -> Iterator[Distribution]:
    seen, wanted = {first.name}, [first]
    while wanted:
        for line in wanted.pop().requires or ():
            requirement = Requirement(line)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
            if requirement.name not in seen:
                seen.add(requirement.name)
                wanted.append(distribution(requirement.name))
                yield wanted[-1]
