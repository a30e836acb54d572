"""Starts a double in a process of its own, learns where it is, and ends it; ``child`` is its other end."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from novita_mock.settings import Settings

#: Wall seconds that a child has to serve, to end when it is asked to, and to end when it is told to.
START_S, STOP_S, TERMINATE_S = 60.0, 5.0, 2.0
#: Most of what a child wrote before it died that is told, in characters from the end.
LAST_WORDS = 4000

#: The child sees the modules that its parent sees, in whatever way the parent came to see them; but this
#: package is the one that runs, whatever file of that name lies in a folder of tests.
_PROGRAM = (
    "import json, sys; home, places = json.loads(sys.stdin.readline()); "
    "sys.path[:] = [home]; import novita_mock; sys.path[:] = places; "
    "from novita_mock.child import main; main()"
)


class DoubleFailed(Exception):
    """A double did not start, or ended while it was in use; ``hint`` is what to do instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@contextmanager
def hosted(settings: Settings) -> Iterator[str]:
    """Serve in a child while the block runs; yields the URL.

    Raises:
        DoubleFailed: it did not start, or ended before the block did.
    """
    with TemporaryFile() as errors:
        child = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            yield _url(child, settings, errors)
        finally:
            forced = _stop(child)
        if child.returncode and not forced:
            raise DoubleFailed(_ended("the double ended while it was in use", child, errors))


def _places() -> tuple[str, list[str]]:
    """Where this package is, and where the child finds the others: first what comes with Python.

    Pytest puts the folder of a test before all others, and a ``queue.py`` there is meant for that test only.
    """
    library = Path(os.__file__).parent
    own = (library, library / "lib-dynload")
    places = sorted(map(str, sys.path), key=lambda place: Path(place) not in own)
    return str(Path(__file__).resolve().parents[1]), places


def _url(child: subprocess.Popen[bytes], settings: Settings, errors: IO[bytes]) -> str:
    """Tell a child what it is to be; where it serves."""
    assert child.stdin is not None
    assert child.stdout is not None
    told = "".join(json.dumps(line) + "\n" for line in (_places(), asdict(settings)))
    patience = threading.Timer(START_S, child.kill)
    patience.daemon = True
    patience.start()
    try:
        with suppress(BrokenPipeError):  # it is dead; its last words say why
            child.stdin.write(told.encode())
            child.stdin.flush()
        line = child.stdout.readline()
    finally:
        patience.cancel()
    if not line:
        child.wait()
        raise DoubleFailed(_ended("the double did not start", child, errors))
    answer = json.loads(line)
    if "error" in answer:
        raise DoubleFailed(answer["error"], answer["hint"])
    return str(answer["url"])


def _ended(what: str, child: subprocess.Popen[bytes], errors: IO[bytes]) -> str:
    errors.seek(0)
    words = errors.read().decode(errors="replace").strip()[-LAST_WORDS:]
    return f"{what} (exit code {child.returncode})" + (f":\n{words}" if words else "")


def _stop(child: subprocess.Popen[bytes]) -> bool:
    """End a child: by the end of its input, else by force; whether it took force."""
    assert child.stdin is not None
    assert child.stdout is not None
    forced = False
    with suppress(OSError):
        child.stdin.close()
    for patience_s, force in ((STOP_S, child.terminate), (TERMINATE_S, child.kill)):
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            force()
            forced = True
    child.wait()
    child.stdout.close()
    return forced
