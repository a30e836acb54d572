"""The two sides of a comparison: read from a folder, or asked now and recorded."""

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

import click

from novita_contract.case_file import SHARED
from novita_contract.comparing import Side
from novita_contract.consent import check
from novita_contract.options import LIVE, MOCK, Options
from novita_contract.plan import paid_by, planned
from novita_contract.report import INTERRUPTED, UNREACHABLE, USAGE
from novita_contract.runner import Progress as Telling
from novita_contract.runner import run
from novita_contract.terminal import Progress
from novita_contract.transcript import Transcript, load
from novita_mock.types import JSON


class Unanswered(Exception):
    """A target could not be asked; ``code`` is the exit code that says why."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def is_target(name: str) -> bool:
    """Whether a side is a target to be asked, and no folder."""
    return name in (MOCK, LIVE) or "://" in name


def sides(
    names: tuple[str, str], options: Sequence[Options], room: Path, *, quiet: bool = False
) -> tuple[Side, Side]:
    """Both sides; what has to be asked is asked in turn, after all that it needs is known to be there.

    Args:
        names: a folder, ``mock``, ``live`` or an address each.
        options: of a run of each; of a folder only the selection of cases counts.
        room: where what is asked now is recorded.
        quiet: whether nothing is told while a run lasts.

    Raises:
        TranscriptError: a folder holds no transcript.
        OptionsError: the options make no sense together, or something is missing for money.
        Unanswered: nobody answers at a target, or it refuses the key, or somebody broke it off.
    """
    for name, each in zip(names, options, strict=True):
        if is_target(name):
            check(each, paid_by(planned(each)))
    labels = names if names[0] != names[1] else (f"{names[0]} (left)", f"{names[1]} (right)")
    found = []
    for name, label, each, place in zip(names, labels, options, ("left", "right"), strict=True):
        asked = is_target(name)
        shown = None if quiet or not asked else Progress()
        if shown is not None:
            click.echo(f"asking {label}", err=True)
        read = recorded(each, room / place, shown) if asked else chosen(load(Path(name)), each)
        found.append(Side(label, read))
    return found[0], found[1]


def recorded(options: Options, folder: Path, progress: Telling | None = None) -> Transcript:
    """Ask a target, and read what was recorded of it.

    Raises:
        Unanswered: nobody answers there, or it refuses the key, or somebody broke it off.
    """
    report = run(replace(options, record=folder), progress)
    if report.exit_code in (UNREACHABLE, USAGE):
        raise Unanswered(report.trouble or f"{report.target} does not answer", report.exit_code)
    if report.exit_code == INTERRUPTED:
        raise Unanswered("interrupted", INTERRUPTED)
    return load(folder)


def chosen(transcript: Transcript, options: Options) -> Transcript:
    """Of a transcript the cases that are asked for."""
    cases = {name: case for name, case in transcript.cases.items() if _wanted(case, options)}
    return replace(transcript, cases=cases)


def _wanted(case: JSON, options: Options) -> bool:
    if case["layer"] == SHARED:
        return True
    names = [str(case[name]).lower() for name in ("case", "operation", "layer")]
    if case["layer"] not in options.layers or (options.select and not _fits(options.select, names)):
        return False
    return not _fits(options.skip, names)


def _fits(patterns: Sequence[str], names: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern.lower()) for pattern in patterns for name in names)
