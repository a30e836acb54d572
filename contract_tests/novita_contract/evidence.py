"""Outcomes and their requests as plain values that every kind of report can show."""

from novita_contract.display import Display
from novita_contract.display import exchanges as all_exchanges
from novita_contract.exchange import Exchange
from novita_contract.judgement import repeat
from novita_contract.provenance import claims, told
from novita_contract.report import Report
from novita_contract.verdicts import Finding, Outcome
from novita_mock.types import JSON


def exchanges(outcome: Outcome) -> tuple[Exchange, ...]:
    """The requests that show an outcome: those of its findings first, each once."""
    of_findings = [finding.exchange for finding in outcome.findings if finding.exchange]
    return tuple({key_of(exchange): exchange for exchange in (*of_findings, *outcome.evidence)}.values())


def key_of(exchange: Exchange) -> tuple[int, str]:
    """Tells exchanges apart; what came in is counted on its own."""
    return exchange.number, exchange.url


def exchange_values(report: Report) -> dict[tuple[int, str], JSON]:
    """Every request of a run that shows something, by its key, in the order in which they were sent."""
    display = Display.of(report)
    each = {key_of(exchange): exchange for exchange in all_exchanges(report)}
    return {key: exchange_value(each[key], display) for key in sorted(each)}


def case_value(outcome: Outcome, report: Report, display: Display) -> JSON:
    """A case and what became of it, as ``report.schema.json`` describes it."""
    case, shown = outcome.case, exchanges(outcome)
    return {
        "id": case.id,
        "layer": case.layer,
        "operation": case.operation,
        "title": display.text(case.title),
        "verdict": outcome.verdict.value,
        "said": display.text(outcome.said),
        "claims": [claim_value(claim, display) for claim in case.claims],
        "pointer": case.pointer,
        "keyword": case.keyword,
        "findings": [finding_value(finding, display) for finding in outcome.findings],
        "requests": [exchange.number for exchange in shown],
        "seconds": round(outcome.seconds, 3),
        "seed": outcome.seed,
        "example": display.value(outcome.example),
        "reproduce": {
            "curl": display.curl(shown[0] if outcome.findings else shown[-1]) if shown else None,
            "command": display.text(repeat(report, case)),
        },
    }


def finding_value(finding: Finding, display: Display) -> JSON:
    """One thing that is not as expected."""
    return {
        "check": display.text(finding.check),
        "where": display.text(finding.where),
        "expected": display.text(finding.expected),
        "received": display.text(finding.received),
        "claim": claim_value(finding.claim, display) if finding.claim else None,
        "assumed": finding.assumed,
        "quirk": display.text(finding.quirk) or None,
        "request": finding.exchange.number if finding.exchange else None,
    }


def claim_value(claim: str, display: Display) -> JSON:
    """What stands behind an expectation: a place in the documentation, an observation, an assumption."""
    row = claims().get(claim)
    return {
        "id": display.text(claim),
        "page": row.page if row else None,
        "heading": row.heading if row else None,
        "told": display.text(told(claim)),
    }


def exchange_value(exchange: Exchange, display: Display) -> JSON:
    """One request and its reply."""
    return {
        "number": exchange.number,
        "operation": display.text(exchange.operation),
        "method": display.text(exchange.method),
        "url": display.text(exchange.shown_url),
        "headers": display.outlined(exchange.shown_headers),
        "sent": display.outlined(exchange.shown_sent),
        "sent_bytes": exchange.sent_bytes,
        "status": exchange.status,
        "reply_headers": display.outlined(exchange.shown_reply_headers),
        "reply": display.outlined(exchange.shown_reply),
        "reply_bytes": len(exchange.content),
        "media_type": display.text(exchange.media_type),
        "problem": display.text(exchange.problem),
        "started_s": round(exchange.started_s, 3),
        "seconds": round(exchange.seconds, 3),
    }
