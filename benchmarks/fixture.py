"""What the pytest plugin costs, and what its fixtures cost.

    python benchmarks/fixture.py

Both sides of each line run in turn, in one go; told are medians, and their ratio.

- the plugin, to a project that does not use it: a run of pytest with it and without it;
- a double: its start, the first in a process with all imports and later ones, and its stop;
- a test's account, beside a double of its own for each test; and after five thousand of them;
- two hundred tests on the fixture, beside two hundred that do nothing.

Modules are compiled before, as an installation from a wheel does.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "mock_server"), str(ROOT / "tests")]

from strangers import CLIENT, QUIET, TWO_HUNDRED  # noqa: E402 - found by the line above

#: Prints, in milliseconds, what each step of a first use takes where pytest is loaded already.
FIRST = f"""
import sys; sys.path[:] = {sys.path!r}
import pytest, time
def took(work):
    began = time.perf_counter(); found = work(); shown.append((time.perf_counter() - began) * 1000)
    return found
shown = []
def start():
    from novita_mock.fixture_world import opened
    held = opened({{}}); held.__enter__(); return held
held = took(start)
took(lambda: held.__exit__(None, None, None))
held = took(start)
took(lambda: held.__exit__(None, None, None))
print(*shown)
"""


#: Modules are compiled once, into a folder of the benchmark's own, wherever the checkout is.
COMPILED = tempfile.TemporaryDirectory()
ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
ENVIRON["PYTHONPYCACHEPREFIX"] = COMPILED.name


def pytest_run(folder: Path, *arguments: str) -> float:
    """Wall seconds of a run of pytest in a folder."""
    line = [sys.executable, "-m", "pytest", "-q", *QUIET, "-c", str(folder / "pytest.ini"), *arguments]
    began = time.perf_counter()
    told = subprocess.run(line, cwd=folder, env=ENVIRON, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout
    return time.perf_counter() - began


def in_turn(rounds: int, *sides: Callable[[], float]) -> list[float]:
    """The median of each side, where all take turns."""
    taken = [[side() for side in sides] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def accounts(world, number: int, start: int) -> float:
    """Milliseconds of a test's account, from its key to its being made new again."""
    began = time.perf_counter()
    for n in range(start, start + number):
        with world.visit(f"test.py::test_{n}", {}) as visit:
            visit.refusals()
    return (time.perf_counter() - began) * 1000 / number


def own_double(world) -> float:
    """Milliseconds of a double of a test's own."""
    began = time.perf_counter()
    with world.visit("test.py::test_own", {"strict": False}) as visit:
        visit.refusals()
    return (time.perf_counter() - began) * 1000


def line(what: str, one: float, other: float, unit: str = "ms") -> None:
    """A line of the table."""
    print(f"{what:62}{one:9.2f}{other:9.2f} {unit:3}{one / other:8.2f}")


def main() -> None:
    """Measure and print."""
    from novita_mock.fixture_world import opened

    print(f"{'':62}{'one':>9}{'other':>9}{'ratio':>12}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "test_nothing.py").write_text(
            "import pytest\n@pytest.mark.parametrize('n', range(200))\ndef test_it(n): pass\n"
        )
        (folder / "test_theirs.py").write_text(CLIENT + TWO_HUNDRED)
        nothing = str(folder / "test_nothing.py")
        with_it, without = in_turn(
            9,
            lambda: pytest_run(folder, nothing),
            lambda: pytest_run(folder, nothing, "-p", "no:novita_mock"),
        )
        line("a run that does not use it: with, without the plugin", with_it * 1000, without * 1000)
        theirs, nothings = in_turn(
            3, lambda: pytest_run(folder, str(folder / "test_theirs.py")), lambda: pytest_run(folder, nothing)
        )
        line("two hundred tests: on the fixture, doing nothing", theirs, nothings, "s")
    runs = [
        list(
            map(float, subprocess.check_output([sys.executable, "-c", FIRST], text=True, env=ENVIRON).split())
        )
        for _ in range(8)
    ][1:]  # the first one compiles
    first, stop, later, stop_later = (statistics.median(column) for column in zip(*runs, strict=True))
    line("start of a double: the first in a process, a later one", first, later)
    line("stop of a double: the first in a process, a later one", stop, stop_later)
    with opened({}) as world:
        accounts(world, 200, 0)
        account, double = in_turn(5, lambda: accounts(world, 200, 0), lambda: own_double(world))
        line("a test's world: an account, a double of its own", account, double)
        accounts(world, 5000, 1000)
        late, early = in_turn(5, lambda: accounts(world, 200, 7000), lambda: accounts(world, 200, 0))
        line("an account: new after five thousand, known", late, early)


if __name__ == "__main__":
    main()
