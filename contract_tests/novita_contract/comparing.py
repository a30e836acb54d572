"""Compares what two targets did, case by case and step by step, and says whose move each difference is.

Ids, times, links, pictures and numbers that vary are marks in a transcript, so what differs here
differs every time. A case that was not checked on a side is told as such, and is never agreement.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from novita_contract.case_file import SHARED
from novita_contract.life_splits import of_lives
from novita_contract.options import LIVE
from novita_contract.rulings import Difference, Expectation, Judge, explains, found
from novita_contract.splits import parting
from novita_contract.traces import Quirk
from novita_contract.transcript import Transcript
from novita_contract.triage import Conduct, Pair
from novita_contract.verdicts import Verdict
from novita_mock import catalogue
from novita_mock.types import JSON

#: Stands for what a side says of something that it does as expected.
AS_EXPECTED = "as expected"
_NOT_HERE = "this side was not asked it"


@dataclass(frozen=True, slots=True)
class Side:
    """One of two targets that are compared.

    Attributes:
        label: how it is called: ``mock``, ``live``, its address, or the folder it was read from.
        transcript: what it did.
    """

    label: str
    transcript: Transcript

    @property
    def is_live(self) -> bool:
        """Whether it is the real service."""
        return self.transcript.kind == LIVE


@dataclass(frozen=True, slots=True)
class Unchecked:
    """A case that could not be compared: why not, on each side; empty where a side was checked."""

    case: str
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two targets, held against each other.

    Attributes:
        left, right: their labels.
        pair: of what kinds they are.
        differences: what they do differently, in the order of the cases.
        alike: what both do alike, and not as expected.
        unchecked: cases that were not compared, or not as a whole.
        compared: how many cases were checked on both sides.
        agreed: how many of them were compared as a whole and are the same.
        notes: what a reader should know of the two.
    """

    left: str
    right: str
    pair: Pair
    differences: tuple[Difference, ...]
    alike: tuple[Difference, ...]
    unchecked: tuple[Unchecked, ...]
    compared: int
    agreed: int
    notes: tuple[str, ...] = ()


def compare(a: Side, b: Side) -> Comparison:
    """Hold two targets against each other."""
    contract = catalogue.load()
    quirks = _quirks(contract.quirk_rows, a.transcript, b.transcript)
    pair = {0: Pair.DOUBLES, 1: Pair.MIXED, 2: Pair.LIVES}[a.is_live + b.is_live]
    judge = Judge(contract, quirks, pair, _names(a, b), turned=a.is_live and not b.is_live)
    differences = [
        *_readings(judge, contract.quirk_rows),
        *of_lives(judge, a.transcript.lives, b.transcript.lives),
    ]
    alike: list[Difference] = []
    unchecked: list[Unchecked] = []
    same: dict[str, bool] = {}
    mine, yours = a.transcript.cases, b.transcript.cases
    for case_id in sorted({*mine, *yours}):
        left, right = mine.get(case_id), yours.get(case_id)
        if left is None or right is None or Verdict.SKIP in (left["verdict"], right["verdict"]):
            unchecked += _unchecked(case_id, left, right)
            continue
        told, apart = _case(judge, left, right)
        differences += told
        alike += _both(judge, left, right)
        unchecked += [Unchecked(case_id, apart, apart)] if apart else []
        same[case_id] = not told and not apart and _stands(left) == _stands(right)
    compared = [case_id for case_id in same if mine[case_id]["layer"] != SHARED]
    agreed = [case_id for case_id in compared if same[case_id] and _alike_below(same, case_id, a, b)]
    return Comparison(
        a.label, b.label, pair, tuple(differences), tuple(alike), tuple(unchecked), len(compared),
        len(agreed), tuple(_notes(a, b)),
    )  # fmt: skip


def _alike_below(same: Mapping[str, bool], case_id: str, a: Side, b: Side) -> bool:
    """Whether all is the same that a case looked at without having asked for it itself."""
    seen = (name for side in (a, b) for name in side.transcript.looked_at.get(case_id, ()))
    return all(same.get(name, True) for name in seen)


def _case(judge: Judge, left: JSON, right: JSON) -> tuple[list[Difference], str]:
    """The differences of one case, and why not all of it was compared."""
    parted = parting(left, right)
    told = [judge.split(left, right, split) for split in parted.splits]
    for case, other, is_left in ((left, right, True), (right, left, False)):
        elsewhere = [_same(finding) for finding in other["findings"]]
        new = [finding for finding in case["findings"] if _same(finding) not in elsewhere]
        told += [
            _found(judge, case, finding, is_left)
            for finding in new
            if not (_is_read(judge, finding) or any(explains(each, finding, is_left) for each in told))
        ]
    both = [*left["findings"], *right["findings"]]
    silent = not told and not any(_is_read(judge, finding) for finding in both)
    if silent and _stands(left) != _stands(right):
        told.append(_verdicts(judge, left, right))
    return told, parted.apart


def _stands(case: JSON) -> str:
    """How a case ended, whatever a baseline makes of it."""
    return "deviates" if found(case) else "warns" if case["verdict"] == Verdict.WARN else "keeps"


def _same(finding: JSON) -> tuple[str, str, str]:
    """What makes findings of two sides one."""
    return finding["check"], finding["where"], finding["claim"]


def _is_read(judge: Judge, finding: JSON) -> bool:
    """Whether the readings of the two sides tell it already."""
    quirk = judge.quirks.get(finding["quirk"].partition("=")[0])
    return quirk is not None and quirk.differs


def _found(judge: Judge, case: JSON, finding: JSON, is_left: bool) -> Difference:
    conduct = Conduct.DEVIATES if found(case) else Conduct.KEEPS
    values, conducts = (finding["received"], AS_EXPECTED), (conduct, Conduct.KEEPS)
    if not is_left:
        values, conducts = (AS_EXPECTED, finding["received"]), (Conduct.KEEPS, conduct)
    return judge.finding(case, finding, values, conducts)


def _verdicts(judge: Judge, left: JSON, right: JSON) -> Difference:
    """Two verdicts without anything that shows why."""
    conducts = tuple(Conduct.DEVIATES if found(case) else Conduct.KEEPS for case in (left, right))
    expected = Expectation(next(iter(left["claims"]), ""), left["title"])
    values = tuple(f"{case['verdict']} {case['said']}".strip() for case in (left, right))
    return judge.ruled(left["case"], "verdict", expected, (values[0], values[1]), (conducts[0], conducts[1]))


def _both(judge: Judge, left: JSON, right: JSON) -> list[Difference]:
    """What both sides do alike, and not as expected."""
    if not (found(left) and found(right)):
        return []
    others = {_same(finding): finding for finding in right["findings"]}
    both = (Conduct.DEVIATES, Conduct.DEVIATES)
    return [
        judge.finding(left, finding, (finding["received"], other["received"]), both)
        for finding in left["findings"]
        if (other := others.get(_same(finding))) is not None
    ]


def _readings(judge: Judge, rows: tuple[JSON, ...]) -> Iterator[Difference]:
    for row in rows:
        quirk = judge.quirks.get(row["id"])
        if quirk is not None and quirk.differs:
            yield judge.reading(quirk, next(iter(row.get("sources", ())), "assumed: no page says it"))


def _quirks(rows: tuple[JSON, ...], a: Transcript, b: Transcript) -> Mapping[str, Quirk]:
    left, right = ({row["id"]: row["observed"] for row in side.run.get("readings", ())} for side in (a, b))
    return {
        row["id"]: Quirk(
            row["id"], row["default"], left.get(row["id"], ""), right.get(row["id"], ""), row["basis"]
        )
        for row in rows
        if row["alternatives"]
    }


def _unchecked(case_id: str, left: JSON, right: JSON) -> list[Unchecked]:
    """What was asked for several cases is no check by itself: those that needed it say what is missing."""
    if (left or right)["layer"] == SHARED:
        return []
    return [Unchecked(case_id, _why_not(left), _why_not(right))]


def _why_not(case: JSON) -> str:
    if case is None:
        return _NOT_HERE
    return (case["said"] or "no reason is given") if case["verdict"] == Verdict.SKIP else ""


def _names(a: Side, b: Side) -> tuple[str, str]:
    """How the sides are called in a sentence; two of one name by where they stand."""
    left, right = a.transcript.name, b.transcript.name
    return (left, right) if left != right else (f"the left {left}", f"the right {right}")


def _notes(a: Side, b: Side) -> Iterator[str]:
    for side in (a, b):
        if not side.transcript.whole:
            yield f"{side.label} is a run that did not come to its end: what is missing in it was not checked"
    left, right = a.transcript.run, b.transcript.run
    for name, word in (("schemas", "schemas"), ("seed", "seeds"), ("profile", "profiles")):
        if name in left and name in right and left[name] != right[name]:
            yield f"the two were recorded with different {word}: {left[name]} and {right[name]}"
