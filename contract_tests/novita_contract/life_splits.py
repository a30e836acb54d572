"""Where two targets differ in what only all the polls of a run show."""

from collections.abc import Iterator

from novita_contract.clauses import ABSENT
from novita_contract.lives import MOVES, STAYS
from novita_contract.rulings import Difference, Expectation, Judge
from novita_contract.splits import pointer, walk
from novita_contract.triage import Conduct
from novita_mock.types import JSON

_PROGRESS = "result.task.progress_percent.support"
_FORM = "assumed: an answer has the same form before the end as at it"
#: Types that a single run may well show one of only.
_ALIKE = {"whole number": "number", "empty text": "text"}


def of_lives(judge: Judge, left: JSON, right: JSON) -> Iterator[Difference]:
    """The differences between what ``lives.json`` holds of two runs."""
    for name in sorted({*left} & {*right}):
        yield from _progress(judge, name, left[name]["progress"], right[name]["progress"])
        one, other = left[name]["under_way"], right[name]["under_way"]
        if one is not None and other is not None:
            yield from _forms(judge, name, one, other)


def _progress(judge: Judge, name: str, left: str, right: str) -> Iterator[Difference]:
    """Whether it moves; what a reading of the quirk tells already is not told again."""
    quirk = judge.quirks.get("upscale-progress") if name == "upscale" else None
    if {left, right} != {MOVES, STAYS} or (quirk is not None and quirk.differs):
        return
    conducts = tuple(Conduct.KEEPS if each == MOVES else Conduct.DEVIATES for each in (left, right))
    expected = Expectation(_PROGRESS, "progress is told while a task is at work", quirk)
    yield judge.ruled(_case(name), "under way: progress", expected, (left, right), (conducts[0], conducts[1]))


def _forms(judge: Judge, name: str, left: JSON, right: JSON) -> Iterator[Difference]:
    """Types that contradict each other; that a field was not seen says nothing in a few answers."""
    for path, one, other in walk(left, right):
        if ABSENT not in (one, other) and _types(one).isdisjoint(_types(other)):
            keep = (Conduct.KEEPS, Conduct.KEEPS)
            where = f"under way: {pointer(path)}"
            yield judge.ruled(_case(name), where, Expectation(_FORM, ""), (one, other), keep)


def _case(operation: str) -> str:
    return f"life of {operation}"


def _types(shape: JSON) -> set[str]:
    """The types of a place; of a list that was now empty and now not, only that it is one."""
    if isinstance(shape, dict | list) or shape.endswith(" items>"):
        return {"object" if isinstance(shape, dict) else "list"}
    return {_ALIKE.get(word, word) for word in shape.split(" or ")}
