"""What a finished run amounts to: which outcomes deviate, the one sentence, and how to repeat a case."""

import shlex
from collections.abc import Callable, Iterable

from novita_contract.options import Options
from novita_contract.report import BUDGET, CONFORMS, DEVIATES, INTERRUPTED, UNREACHABLE, USAGE, Report
from novita_contract.verdicts import Case, Outcome, Verdict
from novita_mock.catalogue import Operation, load

#: Verdicts, the one to look at first before the others.
GRAVITY = (
    Verdict.FAIL,
    Verdict.UNEXPECTED_PASS,
    Verdict.UNDOCUMENTED,
    Verdict.CONTRADICTION,
    Verdict.ACCEPTED,
    Verdict.WARN,
    Verdict.SKIP,
    Verdict.PASS,
)
#: The mark of each verdict; the word always stands beside it. The empty one: not in that run.
MARKS = {
    Verdict.PASS: "✓",
    Verdict.FAIL: "✗",
    Verdict.WARN: "!",
    Verdict.SKIP: "–",
    Verdict.UNDOCUMENTED: "?",
    Verdict.CONTRADICTION: "≠",
    Verdict.ACCEPTED: "≈",
    Verdict.UNEXPECTED_PASS: "↑",
    "": "·",
}
#: Verdicts of what is as it should be, and those that the sentence names beside failures.
_HOLDING = (Verdict.PASS, Verdict.WARN, Verdict.UNEXPECTED_PASS)
_MENTIONED = (Verdict.ACCEPTED, Verdict.UNEXPECTED_PASS, Verdict.SKIP)
#: Options of a run that a single case needs too.
_KEPT = ("--budget-usd", "--examples", "--live-url", "--max-wait", "--price", "--quirk", "--target-speed")


def deviations(report: Report) -> tuple[Outcome, ...]:
    """What counts against the target: what a page says first, then what is only assumed."""
    return tuple(sorted(report.failures, key=lambda outcome: (_assumed(outcome), place(outcome.case))))


def sentence(report: Report) -> str:
    """What came out, in one sentence."""
    heads: dict[int, Callable[[Report], str]] = {
        CONFORMS: _conforms,
        DEVIATES: _deviates,
        UNREACHABLE: lambda run: f"{run.target} was not judged: it can't be reached or refuses the key",
        USAGE: lambda run: f"{run.target} was not judged: the command can't be run so",
        BUDGET: lambda run: f"the budget was reached {_so_far(run)}",
        INTERRUPTED: lambda run: f"interrupted {_so_far(run)}",
    }
    head = heads.get(report.exit_code, _otherwise)
    more = [report.trouble] if report.trouble else []
    if report.over_budget and report.exit_code != BUDGET:
        more.append("the budget left cases out")
    if report.interrupted and report.exit_code != INTERRUPTED:
        more.append("it was interrupted before its end")
    return "; ".join([head(report), *more, *_also(report)])


def repeat(report: Report, case: Case) -> str:
    """The command that runs this case again, with what it needs of the run's options."""
    line = [
        "novita-mock",
        "conform",
        "--target",
        report.target,
        "--select",
        case.id,
        "--seed",
        str(report.seed),
    ]
    if report.profile != Options().profile:
        line += ["--profile", report.profile]
    return shlex.join([*line, *_kept(report.command)])


def operations(names: Iterable[str]) -> list[tuple[str, Operation | None]]:
    """The names of operations in the order of the table, each with its row; what has no row comes last."""
    rows = {row.name: row for row in load().operations}
    order = list(rows)
    known = sorted(set(names), key=lambda name: (order.index(name) if name in rows else len(order), name))
    return [(name, rows.get(name)) for name in known]


def place(case: Case) -> tuple[str, str]:
    """Where a case stands among others, whatever the order of the run."""
    return case.operation, case.id


def _conforms(report: Report) -> str:
    held = sum(report.counts()[verdict] for verdict in _HOLDING)
    if not _ran(report):
        return f"{report.target} was not judged: nothing was checked"
    return f"{report.target} conforms: {_checks(held)} {_verb(held, 'holds', 'hold')}"


def _deviates(report: Report) -> str:
    failed, assumed = len(report.failures), sum(map(_assumed, report.failures))
    if not failed:
        return f"{report.target} deviates"
    said = f"{report.target} deviates: {failed:,} of {_checks(_ran(report))} {_verb(failed, 'fails', 'fail')}"
    if assumed == failed:
        return f"{said}, though only against what is assumed"
    return f"{said}, {assumed:,} of them only against what is assumed" if assumed else said


def _assumed(outcome: Outcome) -> bool:
    return bool(outcome.findings) and all(finding.assumed for finding in outcome.findings)


def _so_far(report: Report) -> str:
    ran, failed = _ran(report), report.counts()[Verdict.FAIL]
    if not ran:
        return "before anything was checked"
    found = f"{failed:,} {_verb(failed, 'fails', 'fail')}" if failed else "none fails"
    return f"after {_checks(ran)} of {report.target}, of which {found}"


def _also(report: Report) -> list[str]:
    """What no one may take for agreement."""
    counts = report.counts()
    accepted, gone, skipped = (counts[verdict] for verdict in _MENTIONED)
    unsettled = counts[Verdict.UNDOCUMENTED] + counts[Verdict.CONTRADICTION]
    differ = sum(reading.differs for reading in report.readings)
    told = (
        (unsettled, f"{_checks(unsettled)} {_verb(unsettled, 'differs', 'differ')} where no page decides"),
        (differ, f"{differ:,} {_verb(differ, 'quirk is', 'quirks are')} read otherwise"),
        (accepted, f"{accepted:,} {_verb(accepted, 'deviation is', 'deviations are')} accepted"),
        (gone, f"{gone:,} {_verb(gone, 'entry', 'entries')} of the baseline can go"),
        (skipped, f"{skipped:,} {_verb(skipped, 'was', 'were')} not checked"),
    )
    return [words for count, words in told if count]


def _otherwise(report: Report) -> str:
    return f"{report.target} ended with {report.exit_code}"


def _ran(report: Report) -> int:
    return len(report.outcomes) - report.counts()[Verdict.SKIP]


def _checks(count: int) -> str:
    return f"{count:,} {_verb(count, 'check', 'checks')}"


def _verb(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def _kept(command: str) -> list[str]:
    kept: list[str] = []
    try:
        words = iter(shlex.split(command))
    except ValueError:  # told by somebody who quotes otherwise
        return kept
    for word in words:
        name, given, _ = word.partition("=")
        if name in _KEPT:
            kept += [word] if given else [word, next(words, "")]
    return kept
