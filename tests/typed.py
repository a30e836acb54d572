"""The command line as tests type it."""

import shlex
from collections.abc import Callable
from typing import NamedTuple

import pytest

from novita_mock.cli import run


class Said(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


Type = Callable[[str], Said]


def typist(capsys: pytest.CaptureFixture[str], more: str = "") -> Type:
    """Types command lines in this process; ``more`` stands at the end of each."""

    def typed(line: str) -> Said:
        code = run([*shlex.split(line), *shlex.split(more)])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return typed
