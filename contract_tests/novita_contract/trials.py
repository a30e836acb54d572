"""Tries one case, and says how it ended; a reply that nobody thought of is a finding, never a crash."""

from novita_contract.clock import now_s
from novita_contract.exchange import Exchange
from novita_contract.ledger import BudgetReached
from novita_contract.payments import CASE
from novita_contract.pricing import UnknownPrice
from novita_contract.purse import Stopped
from novita_contract.replies import succeeded
from novita_contract.session import Session
from novita_contract.verdicts import Case, Deviation, Finding, NotChecked, Noted, Outcome, Verdict

#: Requests of a case that are kept as evidence: the last ones, and of one that failed more.
_KEPT, _KEPT_FAILED = 2, 8
#: Why a case was left out when the money was out. The report counts these.
NO_MONEY = "the budget is reached"


def tried(session: Session, case: Case) -> tuple[Outcome, list[Exchange]]:
    """Run a case; the outcome, and every request that it sent.

    Raises:
        Stopped: the run can't go on; the outcome is in it as ``outcome``.
    """
    began = now_s()
    token = CASE.set(case.id)
    with session.wire.kept() as exchanges:
        try:
            outcome = _outcome(session, case, exchanges)
        finally:
            CASE.reset(token)
    seconds = now_s() - began
    return _timed(outcome, exchanges, seconds), exchanges


def _outcome(session: Session, case: Case, exchanges: list[Exchange]) -> Outcome:
    seed = session.options.seed
    try:
        case.run(session)
    except Deviation as problem:
        return _deviates(session, case, problem, seed)
    except Noted as noted:
        return Outcome(case, Verdict.WARN, _line(noted.findings), noted.findings, seed=seed)
    except NotChecked as problem:
        return Outcome(case, Verdict.SKIP, str(problem), seed=seed)
    except (BudgetReached, UnknownPrice) as problem:
        said = NO_MONEY if isinstance(problem, BudgetReached) else str(problem)
        return Outcome(case, Verdict.SKIP, said, seed=seed)
    except Stopped as problem:
        claim = case.claims[0] if case.claims else ""
        finding = Finding("a_wrong_request_is_refused", case.pointer, "a refusal", str(problem), claim,
                          exchanges[-1] if exchanges else None)  # fmt: skip
        return Outcome(case, Verdict.FAIL, _line((finding,)), (finding,), seed=seed)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
        # The laws take a reply's shape for granted, once its schema was looked at.
        misshapen = _misshapen(session, exchanges)
        if misshapen:
            return _deviates(session, case, Deviation(*misshapen), seed)
        last = exchanges[-1] if exchanges else None
        received = f"{type(problem).__name__}: {problem}"[:200]
        finding = Finding("a_reply_has_the_documented_shape", "", "the documented shape", received, "", last)
        return Outcome(case, Verdict.FAIL, _line((finding,)), (finding,), seed=seed)
    return Outcome(case, Verdict.PASS, seed=seed)


def _misshapen(session: Session, exchanges: list[Exchange]) -> list[Finding]:
    """What is wrong with the shape of the latest reply that is not as documented."""
    shaped = {row.name for row in session.contract.operations if row.response}
    for exchange in reversed(exchanges):
        if (
            exchange.operation in shaped
            and exchange.status == 200
            and (found := succeeded(session, exchange))
        ):
            return found
    return []


def _deviates(session: Session, case: Case, problem: Deviation, seed: int) -> Outcome:
    findings = problem.findings
    verdict = Verdict.FAIL
    if all(finding.quirk for finding in findings):
        bases = {row["id"]: row["basis"] for row in session.contract.quirk_rows}
        known = bases.get(findings[0].quirk.partition("=")[0], "")
        verdict = Verdict.UNDOCUMENTED if known == "assumed" else Verdict.CONTRADICTION
    elif not session.options.assumptions and all(finding.assumed for finding in findings):
        verdict = Verdict.UNDOCUMENTED
    return Outcome(case, verdict, _line(findings), findings, seed=seed, example=problem.example)


def _timed(outcome: Outcome, exchanges: list[Exchange], seconds: float) -> Outcome:
    shown = [finding.exchange for finding in outcome.findings if finding.exchange is not None]
    number = _KEPT_FAILED if outcome.findings else _KEPT
    kept = {exchange.number: exchange for exchange in [*shown, *exchanges[-number:]]}
    evidence = tuple(kept[number] for number in sorted(kept))
    return Outcome(
        outcome.case,
        outcome.verdict,
        outcome.said,
        outcome.findings,
        evidence,
        seconds,
        outcome.seed,
        outcome.example,
    )


def _line(findings: tuple[Finding, ...]) -> str:
    first = findings[0]
    where = f" at {first.where}" if first.where else ""
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return (
        f"{first.check.replace('_', ' ')}{where}: expected {first.expected}, received {first.received}{more}"
    )
