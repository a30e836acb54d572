"""What a transcript says of one case, and of what several cases asked together."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from novita_contract.display import Display
from novita_contract.exchange import Exchange
from novita_contract.references import SHORTEST_KEY
from novita_contract.steps import Teller
from novita_contract.verdicts import Case, Finding, Outcome, Verdict
from novita_mock.types import JSON

#: The layer of what was asked once for several cases; it is no check by itself.
SHARED = "shared"
#: Longest name of such, in characters; what is cut off is told by its digest.
_LONGEST = 60


def case_file(outcome: Outcome, exchanges: Sequence[Exchange], teller: Teller) -> dict[str, JSON]:
    """A case: what it is about, how it ended, and what was asked and answered in it.

    Args:
        outcome: what became of the case.
        exchanges: its own, in order.
        teller: one that has told nothing yet.
    """
    display, case = Display(_keys(exchanges)), outcome.case
    told = _told(exchanges, teller, display)
    return {
        **_about(case), "verdict": outcome.verdict.value, "said": display.text(teller.text(outcome.said)),
        "findings": [_finding(finding, teller, display) for finding in outcome.findings], **told,
    }  # fmt: skip


def shared_file(name: str, exchanges: Sequence[Exchange], teller: Teller) -> dict[str, JSON]:
    """What was asked once for several cases, under the name that it was asked by."""
    display = Display(_keys(exchanges))
    told = _told(exchanges, teller, display)
    name = display.text(teller.text(name))
    if len(name) > _LONGEST:
        name = f"{name[:_LONGEST].rstrip()} {sha256(name.encode()).hexdigest()[:8]}"
    case = Case(f"{SHARED} {name}", SHARED, exchanges[0].operation, "what several cases look at", _nothing)
    return {**_about(case), "verdict": Verdict.PASS.value, "said": "", "findings": [], **told}


def own(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """What a case asked itself."""
    return [exchange for exchange in exchanges if not exchange.shared]


def shared(exchanges: Iterable[Exchange]) -> Mapping[str, list[Exchange]]:
    """What was asked for several cases, by the name that it was asked by."""
    found: dict[str, list[Exchange]] = {}
    for exchange in exchanges:
        if exchange.shared:
            found.setdefault(exchange.shared, []).append(exchange)
    return found


def _about(case: Case) -> dict[str, JSON]:
    return {
        "case": case.id, "layer": case.layer, "operation": case.operation, "title": case.title,
        "claims": list(case.claims), "pointer": case.pointer, "keyword": case.keyword,
    }  # fmt: skip


def _told(exchanges: Sequence[Exchange], teller: Teller, display: Display) -> dict[str, JSON]:
    told = teller.tell(exchanges)
    return {
        "steps": [display.value(step) for step in told.steps],
        "events": [display.value(event) for event in told.events],
    }


def _finding(finding: Finding, teller: Teller, display: Display) -> dict[str, JSON]:
    return {
        "check": finding.check, "where": finding.where,
        "expected": display.text(teller.text(finding.expected)),
        "received": display.text(teller.text(finding.received)),
        "claim": finding.claim, "quirk": finding.quirk,
    }  # fmt: skip


def _keys(exchanges: Sequence[Exchange]) -> tuple[str, ...]:
    keys = {key for exchange in exchanges for key in exchange.keys if len(key) >= SHORTEST_KEY}
    return tuple(sorted(keys, key=lambda key: (-len(key), key)))


def _nothing(session: object) -> None:
    return None
