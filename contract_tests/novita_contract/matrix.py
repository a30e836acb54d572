"""Constraints by targets: what a row holds, and how each run judged it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from novita_contract.judgement import GRAVITY
from novita_contract.verdicts import LAYERS, Verdict
from novita_mock.types import JSON

#: Parts of the key of a law: its layer and its id.
_LAW = 2
_PLACES = {verdict.value: number for number, verdict in enumerate(GRAVITY)}


@dataclass(frozen=True, slots=True)
class Cell:
    """How one run judged one row.

    Attributes:
        verdict: the gravest of its cases, or None where the run had none of them.
        count: how many of its cases ended so.
        cases: how many there were.
    """

    verdict: Verdict | None
    count: int = 0
    cases: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A constraint of a schema with the cases from both its sides, or a law with its one case.

    Attributes:
        layer: of its cases.
        cases: those of this run, or of the first run that had any.
        cells: one a run.
    """

    layer: str
    cases: tuple[JSON, ...]
    cells: tuple[Cell, ...]

    @property
    def differs(self) -> bool:
        """Whether two runs that checked it judge it differently."""
        judged = {cell.verdict for cell in self.cells} - {None, Verdict.SKIP}
        return len(judged) > 1


def rows(documents: Sequence[JSON], operation: str) -> list[Row]:
    """The rows of one operation: constraints by where they stand, then laws as the documents tell them."""
    groups: dict[tuple[str, ...], list[list[JSON]]] = {}
    for number, told in enumerate(documents):
        for case in told["cases"]:
            if case["operation"] == operation:
                groups.setdefault(_key(case), [[] for _ in documents])[number].append(case)
    order = sorted(groups, key=_order)
    return [
        Row(key[0], tuple(next(filter(None, groups[key]))), tuple(map(_cell, groups[key]))) for key in order
    ]


def _key(case: JSON) -> tuple[str, ...]:
    if case["keyword"]:
        return case["layer"], case["pointer"], case["keyword"]
    return case["layer"], case["id"]


def _order(key: tuple[str, ...]) -> tuple[int, bool, tuple[str, ...]]:
    """Layers as they are, constraints before laws, and laws among themselves as they come."""
    law = len(key) == _LAW
    return LAYERS.index(key[0]), law, () if law else key


def _cell(cases: Sequence[JSON]) -> Cell:
    if not cases:
        return Cell(None)
    verdict = _gravest(case["verdict"] for case in cases)
    return Cell(verdict, sum(case["verdict"] == verdict for case in cases), len(cases))


def _gravest(verdicts: Iterable[str]) -> Verdict:
    return Verdict(min(verdicts, key=_PLACES.__getitem__))
