"""The file of accepted deviations: what is known does not fail, and what is gone is said."""

import difflib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from novita_contract.clock import today as now
from novita_contract.display import Display
from novita_contract.options import OptionsError
from novita_contract.report import Report
from novita_contract.verdicts import Finding, Outcome, Verdict
from novita_mock.types import JSON

_FIELDS = {"case", "check", "reason", "until"}
_EXAMPLE = '{"entries": [{"case": "ID", "reason": "known: ticket 12", "until": "2027-01-31"}]}'
#: What tells that a deviation is gone.
_AGREEING = (Verdict.PASS, Verdict.WARN)


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted deviation.

    Attributes:
        case: the id of the case that deviates.
        reason: why that is accepted.
        check: only this finding of it; empty means all.
        until: the last day on which it is accepted, or None.
    """

    case: str
    reason: str
    check: str = ""
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.until is None or day <= self.until

    def covers(self, finding: Finding) -> bool:
        """Whether it speaks of a finding of its case."""
        return self.check in ("", finding.check)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted deviations, in the order of their file."""

    entries: tuple[Entry, ...] = ()

    def of(self, case: str) -> tuple[Entry, ...]:
        """What is accepted of a case."""
        return tuple(entry for entry in self.entries if entry.case == case)


def load(path: Path, known: Collection[str]) -> Baseline:
    """Read a baseline.

    Args:
        path: of the file.
        known: the ids of all cases there are, whether they are run or not.

    Raises:
        OptionsError: it can't be read, makes no sense, or names a case that there isn't.
    """
    try:
        value = json.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise OptionsError(
            f"the baseline {path} can't be read: {problem.strerror}", "write one with --baseline-update"
        ) from None
    except ValueError as problem:
        raise OptionsError(
            f"the baseline {path} is no JSON: {problem}", f"it looks like {_EXAMPLE}"
        ) from None
    if not isinstance(value, dict) or not isinstance(value.get("entries"), list):
        raise OptionsError(f"the baseline {path} has no list of entries", f"it looks like {_EXAMPLE}")
    entries = tuple(
        _entry(row, f"{path}: entry {number}", known) for number, row in enumerate(value["entries"], 1)
    )
    for number, entry in enumerate(entries, 1):
        if any((entry.case, entry.check) == (other.case, other.check) for other in entries[: number - 1]):
            raise OptionsError(
                f"{path}: entry {number} says {entry.case} a second time", "keep one of the two"
            )
    return Baseline(entries)


def apply(
    outcomes: Iterable[Outcome], baseline: Baseline, *, today: date | None = None
) -> tuple[Outcome, ...]:
    """Turn what is accepted into ``ACCEPTED``, and what is accepted for nothing into ``UNEXPECTED_PASS``.

    Args:
        outcomes: of a run.
        baseline: what is accepted.
        today: judges what is accepted until a day; the machine's date where it is not given.
    """
    day = today or now().date()
    return tuple(_judged(outcome, baseline.of(outcome.case.id), day) for outcome in outcomes)


def updated(report: Report, before: Baseline | None = None) -> JSON:
    """The baseline that accepts just what deviates in a run.

    Args:
        report: the run, with the present baseline applied.
        before: the present baseline: its reasons stay, without days that are over, and its entries for
            cases that were not run.
    """
    display = Display.of(report)
    old = before or Baseline()
    ended = {outcome.case.id: outcome for outcome in report.outcomes}
    day = date.fromisoformat(report.started[:10])
    kept = [
        entry if entry.holds_on(day) or entry.case not in ended else replace(entry, until=None)
        for entry in old.entries
        if entry.case not in ended or _still_needed(entry, ended[entry.case])
    ]
    missing = [
        Entry(outcome.case.id, f"not explained yet; {report.started[:10]}: {display.text(_said(outcome))}")
        for outcome in report.outcomes
        if outcome.verdict is Verdict.FAIL
        and not any(entry.case == outcome.case.id and not entry.check for entry in kept)
    ]
    entries = sorted([*kept, *missing], key=lambda entry: (entry.case, entry.check))
    return {"entries": [_row(entry) for entry in entries]}


def _entry(row: JSON, where: str, known: Collection[str]) -> Entry:
    if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
        raise OptionsError(f"{where} is no object of texts", f"it looks like {_EXAMPLE}")
    strange = sorted(row.keys() - _FIELDS)
    if strange:
        raise OptionsError(f"{where} has a field {strange[0]!r}", f"it can have {', '.join(sorted(_FIELDS))}")
    case = row.get("case", "")
    if case not in known:
        near = difflib.get_close_matches(case, known, n=1)
        raise OptionsError(
            f"{where}: there is no case {case!r}",
            f"did you mean {near[0]}?" if near else "novita-mock conform --list tells all cases",
        )
    if not row.get("reason", "").strip():
        raise OptionsError(f"{where}: {case} has no reason", 'say why it is accepted: "reason": "..."')
    return Entry(case, row["reason"].strip(), row.get("check", ""), _day(row, where))


def _day(row: JSON, where: str) -> date | None:
    if "until" not in row:
        return None
    try:
        return date.fromisoformat(row["until"])
    except ValueError:
        raise OptionsError(f"{where}: {row['until']!r} is no date", '"until": "2027-01-31"') from None


def _judged(outcome: Outcome, entries: Sequence[Entry], day: date) -> Outcome:
    if entries and outcome.verdict in _AGREEING:
        said = f"holds, though the baseline accepts that it doesn't ({entries[0].reason}): remove the entry"
        return replace(outcome, verdict=Verdict.UNEXPECTED_PASS, said=said)
    if not entries or outcome.verdict is not Verdict.FAIL:
        return outcome
    in_force = [entry for entry in entries if entry.holds_on(day)]
    over = [f"accepted until {entry.until} only" for entry in entries if entry not in in_force]
    gone = [
        f"the baseline accepts {entry.check} too, which is gone: remove that entry"
        for entry in entries if entry.check and not any(map(entry.covers, outcome.findings))
    ]  # fmt: skip
    covered = [finding for finding in outcome.findings if any(entry.covers(finding) for entry in in_force)]
    left = [finding for finding in outcome.findings if finding not in covered]
    speaking = [entry for entry in in_force if not entry.check or any(map(entry.covers, covered))]
    accepted = [f"accepted: {entry.reason}" for entry in speaking]
    if speaking and not left:
        return replace(outcome, verdict=Verdict.ACCEPTED, said="; ".join([*accepted, *gone]))
    said = "; ".join([_said(outcome), *over, *accepted, *gone])
    return replace(outcome, said=said, findings=(*left, *covered))


def _still_needed(entry: Entry, outcome: Outcome) -> bool:
    if outcome.verdict in (Verdict.FAIL, Verdict.ACCEPTED):
        return not entry.check or any(map(entry.covers, outcome.findings))
    return outcome.verdict not in (*_AGREEING, Verdict.UNEXPECTED_PASS)


def _said(outcome: Outcome) -> str:
    return outcome.said or (outcome.findings[0].check if outcome.findings else outcome.verdict.value)


def _row(entry: Entry) -> JSON:
    row = {
        "case": entry.case,
        "check": entry.check,
        "reason": entry.reason,
        "until": entry.until and entry.until.isoformat(),
    }
    return {name: value for name, value in row.items() if value}
