"""A double as the child of another program: it lives no longer than whoever started it.

It reads its settings as a line of JSON, answers with a line that holds its ``url``, or its ``error``
and a ``hint``, and ends when its input ends, however its parent came to an end. ``parent`` is the
other side.
"""

import json
import signal
import sys
from typing import TextIO

from novita_mock.catalogue import UnknownQuirk
from novita_mock.server import PortInUse, running
from novita_mock.settings import Settings, SettingsError
from novita_mock.types import JSON

#: What a double can't be.
REFUSALS = (PortInUse, SettingsError, UnknownQuirk)


def main() -> None:
    """Serve until the input ends."""
    # Ctrl-C reaches the whole group of processes; when this one ends is for its parent to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inward, outward = sys.stdin, sys.stdout
    sys.stdout = sys.stderr  # what a library prints must not stand before the answer
    try:
        with running(_settings(inward.readline())) as url:
            _answer(outward, {"url": url})
            inward.read()
    except REFUSALS as problem:
        message, hint = why(problem)
        _answer(outward, {"error": message, "hint": hint})


def why(problem: PortInUse | SettingsError | UnknownQuirk) -> tuple[str, str]:
    """What is wrong with the settings of a double that did not start, and what to do instead."""
    if isinstance(problem, PortInUse):
        message = f"can't listen on {problem.host}, port {problem.port}: {problem}"
        return message, "leave host and port out, and a free port of this machine is taken"
    return str(problem), problem.hint


def _settings(line: str) -> Settings:
    told: JSON = json.loads(line)
    for name, value in told.items():
        if isinstance(value, list):
            told[name] = tuple(value)
    return Settings(**told)


def _answer(outward: TextIO, told: JSON) -> None:
    outward.write(json.dumps(told) + "\n")
    outward.flush()
