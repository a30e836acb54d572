"""Webhooks on their way: one attempt after the other, by the vendor's policy, each on record.

Source of the policy: page webhook, Retry Policy: up to five retries on a time-out or an answer other
than 2xx. The time between them is ours (quirk webhook-backoff).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from novita_mock.accounts import Account
from novita_mock.chance import Chance
from novita_mock.effects import Effect
from novita_mock.outbox import DELIVERED, DROPPED, FAILED, PENDING, SENDING, Attempt, Delivery, Outbox
from novita_mock.redaction import redacted_text

#: Account seconds before each retry.
BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 16.0)


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
        url = redacted_text(delivery.url)
        detail = {"attempt": number, "status": answer.status, "reason": answer.reason, "url": url}
        account.effects.add(Effect(last.at_s, what, delivery.delivery_id, detail))
