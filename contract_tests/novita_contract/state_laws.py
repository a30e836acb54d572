"""What holds for any two states of a task that follow each other, and for a value that has to be another."""

from collections.abc import Iterator

from novita_contract.exchange import Exchange
from novita_contract.replies import shown
from novita_contract.task_words import RANK, TERMINAL
from novita_contract.verdicts import Finding
from novita_mock.types import JSON

LIFE = "assumed: QUEUED, PROCESSING, then an end (quirk task-life)"
ETA = "observed: 0 at the end, whole seconds; here it never rises (quirk eta)"
STATE = "result.task.status.enum"


def ordered(before: Exchange, after: Exchange, first: str, second: str) -> Iterator[Finding]:
    """The two states may follow each other."""
    where = "/task/status" if "task" in after.body else "/data/status"
    if first in TERMINAL:
        yield Finding(
            "what_is_said_of_a_task_at_its_end_stays",
            where,
            shown(before.shown_reply),
            shown(after.shown_reply),
            "assumed: an end is an end (quirk task-life)",
            after,
        )
    elif RANK[second] < RANK[first]:
        yield Finding("states_go_forward_only", where, f"{first} or later", second, STATE, after)


def equal(
    check: str, exchange: Exchange, where: str, expected: JSON, received: JSON, claim: str
) -> Iterator[Finding]:
    """The two are the same, and of one type."""
    if received != expected or (isinstance(expected, bool) != isinstance(received, bool)):
        yield Finding(check, where, shown(expected), shown(received), claim, exchange)
