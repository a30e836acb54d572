"""Puts together what there is to say about a run."""

import platform
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from json import dumps
from typing import Protocol

from novita_contract import baseline
from novita_contract.payments import Payments
from novita_contract.plan import every_case
from novita_contract.readings import READERS, Observed
from novita_contract.report import BUDGET, CONFORMS, DEVIATES, INTERRUPTED, UNREACHABLE, Reading, Report
from novita_contract.session import Session
from novita_contract.tally import constraints
from novita_contract.trials import NO_MONEY
from novita_contract.verdicts import Case, Outcome, Verdict
from novita_mock.catalogue import Catalogue, schema_paths

#: Undocumented fields that the report names.
_MOST_FIELDS = 20


class Travelled(Protocol):
    """What a run went through."""

    outcomes: dict[str, Outcome]
    interrupted: bool
    trouble: str
    unreachable: bool
    seconds: float


def concluded(
    session: Session,
    cases: Sequence[Case],
    trip: Travelled,
    purse: Payments | None,
    command: str,
    started: datetime,
) -> Report:
    """The report of a run."""
    options = session.options
    outcomes = tuple(trip.outcomes.get(case.id) or _left_out(case, trip) for case in cases)
    if options.baseline is not None:
        known = [case.id for case in every_case(options)]
        outcomes = baseline.apply(outcomes, baseline.load(options.baseline, known))
    over_budget = any(outcome.said == NO_MONEY for outcome in outcomes)
    return Report(
        target=options.target,
        url=session.target.url,
        profile=options.profile,
        seed=options.seed,
        command=command,
        started=started.isoformat(timespec="seconds"),
        seconds=round(trip.seconds, 3),
        versions=_versions(session.contract),
        outcomes=outcomes,
        readings=tuple(_readings(session)),
        habits=tuple((title, where, told) for (title, where), told in sorted(session.habits.items())),
        coverage=_coverage(session, outcomes),
        notes=(*session.notes, *_undocumented(session)),
        spend=purse.spend() if purse is not None else None,
        interrupted=trip.interrupted,
        over_budget=over_budget,
        trouble=trip.trouble,
        exit_code=_exit_code(trip, outcomes, over_budget),
    )


def _left_out(case: Case, trip: Travelled) -> Outcome:
    why = "the run was interrupted" if trip.interrupted else trip.trouble or "the run ended before it"
    return Outcome(case, Verdict.SKIP, why)


def _exit_code(trip: Travelled, outcomes: Iterable[Outcome], over_budget: bool) -> int:
    if trip.interrupted:
        return INTERRUPTED
    if trip.unreachable:
        return UNREACHABLE
    if any(outcome.verdict is Verdict.FAIL for outcome in outcomes):
        return DEVIATES
    return BUDGET if over_budget else CONFORMS


def _undocumented(session: Session) -> Iterable[str]:
    """Fields of replies that no page documents: no deviation, and yet the first thing to look at."""
    fields = sorted({f"{pointer} ({path})" for path, pointer in session.tally.unknown})
    if fields:
        shown = ", ".join(fields[:_MOST_FIELDS]) + (" and more" if len(fields) > _MOST_FIELDS else "")
        yield f"Fields of replies that no page documents: {shown}."


def _readings(session: Session) -> Iterable[Reading]:
    for row in session.contract.quirk_rows:
        if row["id"] in READERS:
            observed = session.known(f"reading {row['id']}")
            if not isinstance(observed, Observed):
                observed = Observed("", "no case of this run looked at it")
            expected = session.contract.quirks[row["id"]]
            yield Reading(row["id"], row["title"], expected, observed.value, row["basis"], observed.said)


def _versions(contract: Catalogue) -> dict[str, str]:
    digest = sha256(dumps([contract.schema(path) for path in schema_paths()], sort_keys=True).encode())
    return {
        "novita-mock": version("novita-mock"),
        "schemas": digest.hexdigest()[:12],
        "python": platform.python_version(),
        "hypothesis": version("hypothesis"),
    }


def _coverage(session: Session, outcomes: Iterable[Outcome]) -> dict[str, tuple[int, int]]:
    """How much of each operation was put to the test: probes of its request, constraints of its replies."""
    tried = {outcome.case.id for outcome in outcomes if outcome.verdict is not Verdict.SKIP}
    cases = [case for case in every_case(session.options) if case.keyword]
    table: dict[str, tuple[int, int]] = {}
    for operation in session.contract.operations:
        own = [case.id for case in cases if case.operation == operation.name]
        done, whole = len(tried.intersection(own)), len(own)
        if operation.response:
            replies = set(constraints(operation.response, session.validator(operation.response).schema, ...))
            done, whole = done + len(replies & session.tally.exercised), whole + len(replies)
        if whole:
            table[operation.name] = (done, whole)
    table["*"] = (sum(done for done, _ in table.values()), sum(whole for _, whole in table.values()))
    return table
