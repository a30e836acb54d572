"""The suite as tests run it: against a private double, or an address, without a command line."""

from collections.abc import Iterator
from contextlib import contextmanager

from novita_contract.options import Options, Secret
from novita_contract.report import Report
from novita_contract.runner import run
from novita_contract.verdicts import Outcome, Verdict
from novita_mock.server import running
from novita_mock.settings import Settings

#: The keys of the doubles that are started here; they let no others in.
KEY, SECOND, POOR = "sk_conforming_main", "sk_conforming_second", "sk_conforming_poor"
SPEED = 12.0

#: Cases that no target of ours can be asked, and why.
NEVER_CHECKED = {"USR-KEY-BEFORE-BODY": "nothing but the key can be wrong with it"}


@contextmanager
def double(**settings: object) -> Iterator[str]:
    """A double at an address, which lets any key in."""
    told = {"port": 0, "speed": SPEED, "seed": 1, "quiet": True} | settings
    with running(Settings(**told)) as url:
        yield url


def conform(target: str = "mock", **options: object) -> Report:
    """A run of the suite; ``quick`` unless told otherwise."""
    told = {"profile": "quick", "seed": 1} | options
    return run(Options(target=target, **told))


def keyed(**options: object) -> dict[str, object]:
    """Options for a double that was started with our keys."""
    return {"key": Secret(KEY), "second_key": Secret(SECOND), "target_speed": SPEED} | options


def deviating(report: Report) -> list[Outcome]:
    """What is neither as it should be, nor skipped."""
    fine = (Verdict.PASS, Verdict.SKIP)
    return [outcome for outcome in report.outcomes if outcome.verdict not in fine]


def told(report: Report) -> list[str]:
    """What deviates, as lines that a failing test shows."""
    return [f"{outcome.verdict} {outcome.case.id}: {outcome.said}" for outcome in deviating(report)]


def skipped(report: Report) -> dict[str, str]:
    """What was not checked, and why."""
    return {outcome.case.id: outcome.said for outcome in report.outcomes if outcome.verdict is Verdict.SKIP}
