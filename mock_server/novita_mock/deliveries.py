"""Webhooks on their way: one attempt after the other, by the vendor's policy, each on record.

Source of the policy: page webhook, Retry Policy: up to five retries on a time-out or an answer other
than 2xx. The time between them is ours (quirk webhook-backoff).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from msgspec.structs import replace

from novita_mock.accounts import Account
from novita_mock.chance import Chance
from novita_mock.effects import Effect
from novita_mock.outbox import DELIVERED, DROPPED, FAILED, PENDING, SENDING, Attempt, Delivery, Outbox
from novita_mock.redaction import redacted_text

#: Account seconds before each retry.
BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 16.0)
#: Events that come of themselves, once a task: it has ended.
TASK_EVENTS = ("succeed", "fail")
#: Account seconds that an event waits to be overtaken by another. Ours.
OVERTAKE_S = 3.0


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


class Carries(Protocol):
    """What posts events."""

    async def post(self, account: Account, url: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """Deliver once; never raises."""

    async def ready(self) -> None:
        """Wait for what is no receiver's fault."""


class Deliveries:
    """Sends what is due and records what became of it. A source of the timeline.

    Args:
        chance: what ids are drawn from.
        carrier: what posts.
        wake: called when something may have fallen due in an account.
    """

    def __init__(self, chance: Chance, carrier: Carries, wake: Callable[[Account], None]) -> None:
        self._chance = chance
        self._carrier = carrier
        self._wake = wake
        self._outboxes: dict[str, Outbox] = {}
        self._flying: dict[str, dict[str, asyncio.Task[None]]] = {}
        #: Of accounts for which somebody waits: done once nothing is in flight any more.
        self._landed: dict[str, asyncio.Future[None]] = {}
        self._closed = False

    def outbox(self, account_id: str) -> Outbox:
        """The deliveries of an account."""
        outbox = self._outboxes.get(account_id)
        if outbox is None:
            outbox = self._outboxes[account_id] = Outbox()
        return outbox

    def begin(
        self,
        account: Account,
        task_id: str,
        url: str,
        body: bytes,
        *,
        event: str = "",
        copy: int = 0,
        late_s: float = 0.0,
        overtaken: bool = False,
    ) -> Delivery:
        """Have an event delivered.

        Args:
            account: whose event it is.
            task_id: of the task that it tells of.
            url: the receiver's.
            body: what is posted.
            event: its kind, for the record.
            copy: counts the deliveries of one event that is sent more than once, from 0.
            late_s: account seconds from now until the first attempt.
            overtaken: whether the account's next event is to arrive before it, if one comes in time.
        """
        outbox = self.outbox(account.account_id)
        delivery = self._new(account, task_id, url, body, event, copy)
        # What overtakes is not held back itself: else, of a steady stream, nothing would ever arrive.
        held = not outbox.overtake(delivery) and overtaken
        wait_s = late_s + (OVERTAKE_S if held else 0.0)
        delivery = replace(delivery, due_s=delivery.created_s + wait_s)
        outbox.put(delivery)
        if held:
            outbox.hold(delivery)
        return delivery

    def drop(self, account: Account, task_id: str, url: str, body: bytes, *, event: str = "") -> Delivery:
        """Record an event that a fault keeps from being sent."""
        dropped = replace(self._new(account, task_id, url, body, event), state=DROPPED)
        self.outbox(account.account_id).put(dropped)
        account.effects.add(Effect(dropped.created_s, "webhook-dropped", dropped.delivery_id))
        return dropped

    def resend(self, account: Account, delivery_id: str) -> Delivery | None:
        """Send an event once more, with attempts of its own; None where it is not known."""
        known = self.outbox(account.account_id).get(delivery_id)
        if known is None:
            return None
        return self.begin(account, known.task_id, known.url, known.body, event="resend")

    def next_due_s(self, account_id: str) -> float | None:
        """When the account's next attempt is due; nothing is, once it is closed."""
        outbox = self._outboxes.get(account_id)
        return outbox.next_due_s() if outbox and not self._closed else None

    def run_due(self, account: Account, until_s: float) -> None:
        """Start the attempts that are due by then."""
        if self._closed:
            return
        for delivery in self.outbox(account.account_id).take_due(until_s):
            at_s = max(delivery.due_s or 0.0, delivery.created_s)
            sending = replace(
                delivery, state=SENDING, due_s=None, attempts=(*delivery.attempts, Attempt(at_s))
            )
            self.outbox(account.account_id).put(sending)
            task = asyncio.get_running_loop().create_task(self._attempt(account, sending))
            self._flying.setdefault(account.account_id, {})[sending.delivery_id] = task

    def under_way(self, account: Account) -> Sequence[Awaitable[object]]:
        """What lasts until every attempt has been answered; nothing where all have."""
        if not self._flying.get(account.account_id):
            return ()
        landed = self._landed.get(account.account_id)
        if landed is None:
            landed = self._landed[account.account_id] = asyncio.get_running_loop().create_future()
        return (asyncio.shield(landed),)

    async def ready(self) -> None:
        """Wait for what is no receiver's fault."""
        await self._carrier.ready()

    async def close(self, grace_s: float) -> None:
        """Send nothing more; wait a little, in wall seconds, for what is in flight, then let it go.

        What is let go stays on record as under way: nobody knows what became of it.
        """
        self._closed = True
        flying = [task for tasks in self._flying.values() for task in tasks.values()]
        if flying:
            _, late = await asyncio.wait(flying, timeout=grace_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _new(
        self, account: Account, task_id: str, url: str, body: bytes, event: str, copy: int = 0
    ) -> Delivery:
        # The end of a task comes when its pictures are made: its event's id must not tell in which order.
        which = (task_id, copy) if event in TASK_EVENTS else ("told to", account.next("delivery"))
        delivery_id = self._chance.uuid("delivery", account.account_id, *which)
        return Delivery(delivery_id, account.account_id, task_id, url, body, account.clock.now(), event)

    async def _attempt(self, account: Account, delivery: Delivery) -> None:
        headers = {
            "Content-Type": "application/json",
            "X-Novita-Mock-Delivery": delivery.delivery_id,
            "X-Novita-Mock-Attempt": str(len(delivery.attempts)),
        }
        try:
            answer = await self._carrier.post(account, delivery.url, delivery.body, headers)
            more = self._record(account, delivery, answer)
        finally:
            flying = self._flying[account.account_id]
            flying.pop(delivery.delivery_id, None)
            if not flying and account.account_id in self._landed:
                self._landed.pop(account.account_id).set_result(None)
        if more:
            self._wake(account)

    def _record(self, account: Account, delivery: Delivery, answer: Answered) -> bool:
        """Put down what became of an attempt; whether anything is due by that, now or later."""
        number, last = len(delivery.attempts), delivery.attempts[-1]
        next_s = None
        if answer.reason and number <= len(BACKOFF_S):
            # Counted from the refusal: a receiver that is slow to say no is not pressed at once again.
            wait_s = 0.0 if account.clock.instant else BACKOFF_S[number - 1]
            next_s = max(last.at_s, account.clock.now()) + wait_s
        done = replace(
            last, status=answer.status, reason=answer.reason, excerpt=answer.excerpt,
            duration_s=answer.duration_s, next_s=next_s,
        )  # fmt: skip
        state = DELIVERED if not answer.reason else PENDING if next_s is not None else FAILED
        ended = replace(delivery, state=state, due_s=next_s, attempts=(*delivery.attempts[:-1], done))
        outbox = self.outbox(account.account_id)
        if outbox.get(delivery.delivery_id) is not delivery:
            return False  # it was forgotten meanwhile
        outbox.put(ended)
        waited = outbox.overtaken(ended, account.clock.now())
        what = {DELIVERED: "webhook-delivered", FAILED: "webhook-failed"}.get(state, "webhook-refused")
        url = _shown(delivery.url)
        detail = {"attempt": number, "status": answer.status, "reason": answer.reason, "url": url}
        account.effects.add(Effect(last.at_s, what, delivery.delivery_id, detail))
        return waited or next_s is not None


#: One receiver takes many events.
_shown = lru_cache(maxsize=64)(redacted_text)
