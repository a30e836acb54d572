"""Print the release notes of a version: its section of ``CHANGELOG.md``.

``python tools/release_notes.py 0.3.0``, or ``v0.3.0``, the tag. Exits 1, and prints nothing but the reason,
where version, tag and changelog do not agree.
"""

import re
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSION_FILE = "mock_server/novita_mock/__init__.py"
_HEAD = re.compile(r"^## \[(?P<name>[^\]]+)\](?: - (?P<day>\S+))?$", re.MULTILINE)
_KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")


class Disagreement(Exception):
    """Version, tag and changelog do not say the same."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the changelog: what it is of, the day it names, what it says."""

    name: str
    day: str | None
    text: str


def notes(root: Path, asked: str) -> str:
    """The release notes of a version or its tag.

    Raises:
        Disagreement: nothing should be released under this name.
    """
    found = re.fullmatch(r"v?(\d+\.\d+\.\d+)", asked)
    if found is None:
        raise Disagreement(f"{asked!r} is neither a version like 0.3.0 nor a tag like v0.3.0")
    version = found[1]
    _agree(version, "the package", _version(root))
    unreleased, released = _split(sections((root / "CHANGELOG.md").read_text("utf-8")))
    if unreleased:
        raise Disagreement(f"CHANGELOG.md has changes that are in no version:\n{unreleased}")
    _agree(version, "CHANGELOG.md", released[0].name if released else "none")
    check_order(released)
    _check_kinds(released[0])
    return released[0].text + "\n"


def sections(changelog: str) -> list[Section]:
    """The sections of a changelog, newest first, as they stand in it."""
    heads = list(_HEAD.finditer(changelog))
    ends = [*(head.start() for head in heads), len(changelog)][1:]
    return [
        Section(head["name"], head["day"], changelog[head.end() : end].strip())
        for head, end in zip(heads, ends, strict=True)
    ]


def check_order(released: list[Section]) -> None:
    """Every version has a day, and is neither older nor smaller than the one below it.

    Raises:
        Disagreement: one has not, or is.
    """
    days = [_day(section) for section in released]
    numbers = [tuple(map(int, section.name.split("."))) for section in released]
    if days != sorted(days, reverse=True):
        raise Disagreement("the days of CHANGELOG.md do not go back in time")
    if numbers != sorted(set(numbers), reverse=True):
        raise Disagreement("the versions of CHANGELOG.md do not count down")


def _split(found: list[Section]) -> tuple[str, list[Section]]:
    unreleased = "\n".join(section.text for section in found if section.name == "Unreleased")
    return unreleased, [section for section in found if section.name != "Unreleased"]


def _day(section: Section) -> date:
    try:
        return date.fromisoformat(section.day or "")
    except ValueError:
        raise Disagreement(f"CHANGELOG.md: {section.name} has no day like 2026-11-20") from None


def _check_kinds(section: Section) -> None:
    """A heading that is not one of the format's would be lost on whoever looks for it."""
    kinds = re.findall(r"^### (.*)$", section.text, re.MULTILINE)
    if not kinds or not set(kinds) <= set(_KINDS):
        raise Disagreement(f"CHANGELOG.md: {section.name} has the headings {kinds}; there are {_KINDS}")
    if re.search(r"^### .*\s*(###|\Z)", section.text, re.MULTILINE):
        raise Disagreement(f"CHANGELOG.md: a heading of {section.name} has nothing below it")


def _version(root: Path) -> str:
    found = re.search(r'^__version__ = "(.+)"$', (root / VERSION_FILE).read_text("utf-8"), re.MULTILINE)
    return found[1] if found else "none"


def _agree(version: str, where: str, other: str) -> None:
    if version != other:
        raise Disagreement(f"{version} is asked for, the version of {where} is {other}")


def main(arguments: list[str]) -> int:
    """Print them; 1 where something disagrees, 2 for wrong use."""
    if len(arguments) != 1:
        print("usage: python tools/release_notes.py VERSION", file=sys.stderr)
        return 2
    try:
        print(notes(ROOT, arguments[0]), end="")
    except Disagreement as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
