"""Webhooks on their way: one attempt after the other, by the vendor's policy, each on record.

Source of the policy: page webhook, Retry Policy: up to five retries on a time-out or an answer other
than 2xx. The time between them is ours (quirk webhook-backoff).
"""

import asyncio
import heapq
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from novita_mock.accounts import Account
from novita_mock.chance import Chance
from novita_mock.effects import Effect
from novita_mock.types import JSON

#: Account seconds before each retry.
BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 16.0)
#: Deliveries of an account that are remembered once they have ended.
MAX_ENDED = 1000

PENDING, SENDING, DELIVERED, FAILED, DROPPED = "pending", "sending", "delivered", "failed", "dropped"


class Answered(Protocol):
    """What became of one attempt."""

    @property
    def status(self) -> int | None:
        """The HTTP status, if there was an answer."""

    @property
    def reason(self) -> str:
        """Why it counts as failed; empty where it counts as delivered."""

    @property
    def excerpt(self) -> str:
        """The beginning of the answer's body."""

    @property
    def duration_s(self) -> float:
        """Wall seconds that it took."""


Post = Callable[[Account, str, bytes, Mapping[str, str]], Awaitable[Answered]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver, as it is recorded: before it is sent, and once more after it.

    Attributes:
        at_s: when it was sent, in account time.
        status: the HTTP status of the answer, or None.
        reason: why it failed; empty where it is delivered or under way.
        duration_s: wall seconds that it took, or None while it is under way.
        next_s: when the next attempt is due, in account time, or None.
    """

    at_s: float
    status: int | None = None
    reason: str = ""
    excerpt: str = ""
    duration_s: float | None = None
    next_s: float | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event for one receiver.

    Attributes:
        delivery_id: stable over its retries; sent in the header X-Novita-Mock-Delivery.
        event: the kind of event, for the record: ``succeed``, ``fail``, ``trigger``, ``resend``.
        body: what is posted, the same in every attempt.
    """

    delivery_id: str
    account_id: str
    task_id: str
    url: str
    body: bytes
    created_s: float
    event: str = ""
    state: str = PENDING
    due_s: float | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether nothing more is sent."""
        return self.state in (DELIVERED, FAILED, DROPPED)


class Outbox:
    """The deliveries of one account: what is due stands in a heap; of what has ended, the latest."""

    def __init__(self) -> None:
        self._all: OrderedDict[str, Delivery] = OrderedDict()
        self._due: list[tuple[float, int, str]] = []
        self._arrived = 0
        self._ended = 0

    def __len__(self) -> int:
        return len(self._all)

    def get(self, delivery_id: str) -> Delivery | None:
        """A delivery by its id."""
        return self._all.get(delivery_id)

    def all(self) -> list[Delivery]:
        """Every delivery that is remembered, the oldest first."""
        return list(self._all.values())

    def put(self, delivery: Delivery) -> None:
        """Keep a delivery as it stands now."""
        before = self._all.get(delivery.delivery_id)
        self._all[delivery.delivery_id] = delivery
        if delivery.due_s is not None:
            self._arrived += 1
            heapq.heappush(self._due, (delivery.due_s, self._arrived, delivery.delivery_id))
        if delivery.ended and not (before and before.ended):
            self._ended += 1
            self._forget()

    def next_due_s(self) -> float | None:
        """When the next attempt is due."""
        while self._due and not self._stands(self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def take_due(self, until_s: float) -> list[Delivery]:
        """The deliveries with an attempt due by then, the earliest first."""
        taken = []
        while (due_s := self.next_due_s()) is not None and due_s <= until_s:
            taken.append(self._all[heapq.heappop(self._due)[2]])
        return taken

    def clear(self) -> None:
        """Forget everything; what is in flight comes back to nothing."""
        self._all.clear()
        self._due.clear()
        self._ended = 0

    def _stands(self, entry: tuple[float, int, str]) -> bool:
        delivery = self._all.get(entry[2])
        return delivery is not None and delivery.due_s == entry[0]

    def _forget(self) -> None:
        if self._ended > MAX_ENDED:
            oldest = next(delivery_id for delivery_id, each in self._all.items() if each.ended)
            del self._all[oldest]
            self._ended -= 1


class Deliveries:
    """Sends what is due and records what became of it. A source of the timeline."""

    def __init__(self, chance: Chance, post: Post, wake: Callable[[Account], None]) -> None:
        self._chance = chance
        self._post = post
        self._wake = wake
        self._outboxes: dict[str, Outbox] = {}
        self._flying: dict[str, dict[str, asyncio.Task[None]]] = {}
        self._closed = False

    def outbox(self, account_id: str) -> Outbox:
        """The deliveries of an account."""
        return self._outboxes.setdefault(account_id, Outbox())

    def begin(
        self, account: Account, task_id: str, url: str, body: bytes, *, event: str = "", late_s: float = 0.0
    ) -> Delivery:
        """Have an event delivered, from now on or from a little later, in account seconds."""
        number = account.next("delivery")
        now_s = account.clock.now()
        delivery = Delivery(
            self._chance.uuid("delivery", account.account_id, number),
            account.account_id, task_id, url, body, now_s, event, due_s=now_s + late_s,
        )  # fmt: skip
        self.outbox(account.account_id).put(delivery)
        return delivery

    def drop(self, account: Account, task_id: str, url: str, body: bytes, *, event: str = "") -> Delivery:
        """Record an event that a fault keeps from being sent."""
        delivery = self.begin(account, task_id, url, body, event=event)
        dropped = replace(delivery, state=DROPPED, due_s=None)
        self.outbox(account.account_id).put(dropped)
        account.effects.add(Effect(account.clock.now(), "webhook-dropped", delivery.delivery_id))
        return dropped

    def resend(self, account: Account, delivery_id: str) -> Delivery | None:
        """Send an event once more, with attempts of its own; None where it is not known."""
        known = self.outbox(account.account_id).get(delivery_id)
        if known is None:
            return None
        return self.begin(account, known.task_id, known.url, known.body, event="resend")

    def next_due_s(self, account_id: str) -> float | None:
        """When the account's next attempt is due."""
        outbox = self._outboxes.get(account_id)
        return outbox.next_due_s() if outbox else None

    def run_due(self, account: Account, until_s: float) -> None:
        """Start the attempts that are due by then."""
        for delivery in self.outbox(account.account_id).take_due(until_s):
            at_s = max(delivery.due_s or 0.0, delivery.created_s)
            sending = replace(
                delivery, state=SENDING, due_s=None, attempts=(*delivery.attempts, Attempt(at_s))
            )
            self.outbox(account.account_id).put(sending)
            if not self._closed:
                task = asyncio.get_running_loop().create_task(self._attempt(account, sending))
                self._flying.setdefault(account.account_id, {})[sending.delivery_id] = task

    def under_way(self, account: Account) -> Sequence[Awaitable[object]]:
        """The attempts that have not been answered."""
        return [asyncio.shield(task) for task in self._flying.get(account.account_id, {}).values()]

    async def close(self, grace_s: float) -> None:
        """Send nothing more; wait a little, in wall seconds, for what is in flight, then let it go."""
        self._closed = True
        flying = [task for tasks in self._flying.values() for task in tasks.values()]
        if flying:
            _, late = await asyncio.wait(flying, timeout=grace_s)
            for task in late:
                task.cancel()

    async def _attempt(self, account: Account, delivery: Delivery) -> None:
        headers = {
            "Content-Type": "application/json",
            "X-Novita-Mock-Delivery": delivery.delivery_id,
            "X-Novita-Mock-Attempt": str(len(delivery.attempts)),
        }
        try:
            answer = await self._post(account, delivery.url, delivery.body, headers)
            self._record(account, delivery, answer)
        finally:
            self._flying[account.account_id].pop(delivery.delivery_id, None)
        self._wake(account)

    def _record(self, account: Account, delivery: Delivery, answer: Answered) -> None:
        number, last = len(delivery.attempts), delivery.attempts[-1]
        next_s = None
        if answer.reason and number <= len(BACKOFF_S):
            # Counted from when the attempt was due, so that how long a receiver took shows nowhere;
            # never before now, so that a slow one is not sent to twice at once.
            wait_s = 0.0 if account.clock.instant else BACKOFF_S[number - 1]
            next_s = last.at_s + wait_s
        done = replace(
            last, status=answer.status, reason=answer.reason, excerpt=answer.excerpt,
            duration_s=answer.duration_s, next_s=next_s,
        )  # fmt: skip
        state = DELIVERED if not answer.reason else PENDING if next_s is not None else FAILED
        ended = replace(delivery, state=state, due_s=next_s, attempts=(*delivery.attempts[:-1], done))
        outbox = self.outbox(account.account_id)
        if outbox.get(delivery.delivery_id) is not delivery:
            return  # it was forgotten meanwhile
        outbox.put(ended)
        what = {DELIVERED: "webhook-delivered", FAILED: "webhook-failed"}.get(state, "webhook-refused")
        detail = {"attempt": number, "status": answer.status, "reason": answer.reason, "url": delivery.url}
        account.effects.add(Effect(last.at_s, what, delivery.delivery_id, detail))


def told(delivery: Delivery) -> JSON:
    """A delivery as the control API tells it."""
    return {
        "id": delivery.delivery_id,
        "task_id": delivery.task_id,
        "url": delivery.url,
        "event": delivery.event,
        "state": delivery.state,
        "created_at": round(delivery.created_s, 3),
        "next_attempt_at": delivery.due_s,
        "attempts": [
            {
                "at": round(attempt.at_s, 3),
                "status": attempt.status,
                "reason": attempt.reason,
                "response": attempt.excerpt,
                "duration_ms": None if attempt.duration_s is None else round(attempt.duration_s * 1000, 1),
                "next_attempt_at": attempt.next_s,
            }
            for attempt in delivery.attempts
        ],
    }
