"""Tells a comparison: a table that a person can read, or JSON.

The JSON has, in this order: ``format``, 1; ``left`` and ``right``, the labels of the sides; ``pair``,
what kinds they are; ``differs``, whether anything does; ``cases``, how many were ``compared`` on both
sides, how many of those ``agreed``, and how many are ``unchecked``; ``moves``, how many differences are
whose move; ``differences`` and ``alike``, what differs and what both do alike and not as expected, each
with the fields of ``rulings.Difference``; ``unchecked``, cases with the reason on each side, empty where
a side was checked; ``notes``. ``diff.schema.json`` says the same so that a program can check it.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from novita_contract.comparing import Comparison, Unchecked
from novita_contract.display import visible
from novita_contract.rulings import Difference
from novita_contract.triage import Move
from novita_mock.types import JSON

FORMAT = 1
#: What stands for a side that could not be checked.
NOT_CHECKED = "not checked"
#: Longest cell of the table, in characters, and most cases that are named one by one.
_CELL, _NAMED = 38, 3
#: A name that tells one of a kind from another.
_MARK = re.compile(r"<([a-z]+) [0-9]+>")
#: Whoever has to do something first comes first.
_ORDER = (Move.DOUBLE, Move.LIVE, Move.DOCS, Move.SCHEMA, Move.NOBODY)


@dataclass(frozen=True, slots=True)
class Group:
    """Differences that are one: a quirk with all its places, or one place of one kind of answer.

    Attributes:
        first: one that stands for all.
        places: where it shows, ``*`` for the number of an item.
        cases: those that show it.
    """

    first: Difference
    places: tuple[str, ...]
    cases: tuple[str, ...]


def document(comparison: Comparison) -> JSON:
    """A comparison as JSON."""
    moves = Counter(difference.move.value for difference in comparison.differences)
    return {
        "format": FORMAT,
        "left": comparison.left,
        "right": comparison.right,
        "pair": comparison.pair.value,
        "differs": bool(comparison.differences),
        "cases": {
            "compared": comparison.compared,
            "agreed": comparison.agreed,
            "unchecked": len(comparison.unchecked),
        },
        "moves": {move.value: moves[move.value] for move in Move},
        "differences": [asdict(difference) for difference in comparison.differences],
        "alike": [asdict(difference) for difference in comparison.alike],
        "unchecked": [asdict(case) for case in comparison.unchecked],
        "notes": list(comparison.notes),
    }


def schema() -> JSON:
    """The JSON Schema of the document."""
    return json.loads(Path(__file__).with_name("diff.schema.json").read_text("utf-8"))


def as_json(comparison: Comparison) -> str:
    """A comparison as the text of a JSON document."""
    return json.dumps(document(comparison), indent=2, ensure_ascii=True)


def told(comparison: Comparison) -> str:
    """A comparison for a person: what differs, why, what could not be checked, and last the verdict."""
    groups = grouped(comparison.differences)
    parts = [
        _table(comparison, groups) if groups else "",
        "\n".join(_reasons(groups, 1)),
        _alike(comparison),
        _unchecked(comparison),
        "\n".join(f"note: {note}" for note in comparison.notes),
        verdict(comparison),
    ]
    return "\n\n".join(visible(part) for part in parts if part)


def verdict(comparison: Comparison) -> str:
    """What came out, in one sentence."""
    groups = grouped(comparison.differences)
    sides = f"{comparison.left} and {comparison.right}"
    missing = f"; {_counted(len(comparison.unchecked), 'case')} not checked" if comparison.unchecked else ""
    if not comparison.compared and not groups:
        return f"{sides} were not compared: no case was checked on both{missing}"
    if not groups:
        return f"{sides} do the same in {_counted(comparison.agreed, 'case')}{missing}"
    moves = Counter(group.first.move for group in groups)
    whose = ", ".join(f"{moves[move]} {move.value}" for move in _ORDER if moves[move])
    agreed = f"{comparison.agreed} of {_counted(comparison.compared, 'case')} agree"
    return f"{sides} differ in {_counted(len(groups), 'way')} (whose move: {whose}); {agreed}{missing}"


def grouped(differences: Iterable[Difference]) -> list[Group]:
    """What is the same in several cases, once; whoever moves first comes first, then what is frequent."""
    found: dict[tuple[str, ...], list[Difference]] = {}
    for difference in differences:
        values = (_MARK.sub(r"<\1>", value) for value in _values(difference))
        about = (difference.quirk,) if difference.quirk else (_place(difference), *values, difference.claim)
        found.setdefault((difference.move.value, *about), []).append(difference)
    groups = [
        Group(_best(members), _each(map(_place, members)), _each(member.case for member in members))
        for members in found.values()
    ]
    return sorted(groups, key=lambda group: (_ORDER.index(group.first.move), -len(group.cases)))


def _best(members: Sequence[Difference]) -> Difference:
    """Of a quirk the one that tells both readings."""
    return next((member for member in members if member.where.startswith("quirk ")), members[0])


def _each(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _table(comparison: Comparison, groups: Sequence[Group]) -> str:
    head = ("", "MOVE", "WHERE", comparison.left, comparison.right, "CASES")
    rows = [
        (
            str(number),
            group.first.move.value,
            _place(group.first),
            *_values(group.first),
            str(len(group.cases)),
        )
        for number, group in enumerate(groups, 1)
    ]
    cells = [tuple(_cut(cell) for cell in row) for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def _reasons(groups: Sequence[Group], first: int) -> list[str]:
    lines = []
    for number, group in enumerate(groups, first):
        difference = group.first
        about = " · ".join(part for part in (difference.claim or "none", difference.claim_says) if part)
        lines += [f"{number}  {difference.why}", f"   claim: {about}"]
        places = [place for place in group.places if place != _place(difference)]
        lines += [f"   also at {_few(places)}"] if places else []
        lines.append(f"   seen in {_few(group.cases)}")
    return lines


def _alike(comparison: Comparison) -> str:
    groups = grouped(comparison.alike)
    if not groups:
        return ""
    rows = [
        f"{group.first.move.value:7}{_place(group.first)}: {_cut(_shown(group.first.left))}"
        for group in groups
    ]
    reasons = [f"       {group.first.why}; seen in {_few(group.cases)}" for group in groups]
    lines = [line for pair in zip(rows, reasons, strict=True) for line in pair]
    return "\n".join(["both do alike, and not as expected:", *lines])


def _unchecked(comparison: Comparison) -> str:
    """By reason, so that one missing account is one line."""
    found: dict[tuple[str, str], list[Unchecked]] = {}
    for case in comparison.unchecked:
        found.setdefault((case.left, case.right), []).append(case)
    lines = []
    for (left, right), cases in sorted(found.items(), key=lambda item: -len(item[1])):
        if left == right:
            sides = f"{NOT_CHECKED}: {left}"
        else:
            told = ((comparison.left, left), (comparison.right, right))
            sides = "; ".join(f"{name} {NOT_CHECKED}: {why}" for name, why in told if why)
        lines.append(f"{sides} ({_few([case.case for case in cases])})")
    return "\n".join(lines)


def _few(names: Sequence[str]) -> str:
    told = ", ".join(names[:_NAMED])
    return told if len(names) <= _NAMED else f"{told} and {len(names) - _NAMED} more"


def _place(difference: Difference) -> str:
    """What was asked, and where in the answer, whatever the number of an item or the field at fault."""
    asked = difference.step.rpartition(" ")[2]
    where = "/metadata/*" if difference.where.startswith("/metadata/") else difference.where
    return f"{asked} {re.sub(r'/[0-9]+(?=/|$)', '/*', where)}".strip()


def _shown(value: JSON) -> str:
    """A value as a cell: texts of the suite as they are, those of a reply in quotes."""
    if isinstance(value, str):
        bare = value.startswith("<") or " " in value or value.replace("_", "").isalpha()
        return value if bare else json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def _values(difference: Difference) -> tuple[str, str]:
    return _shown(difference.left), _shown(difference.right)


def _cut(text: str) -> str:
    text = visible(" ".join(text.split()))
    return text if len(text) <= _CELL else f"{text[: _CELL - 3]}..."


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word if number == 1 else word + 's'}"
