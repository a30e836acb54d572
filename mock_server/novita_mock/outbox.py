"""The deliveries of an account as values, and where they are kept."""

import heapq
from collections import deque

from msgspec import Struct
from msgspec.structs import replace

from novita_mock.redaction import redacted_text
from novita_mock.types import JSON

#: Deliveries of an account that are remembered once they have ended.
MAX_ENDED = 1000

PENDING, SENDING, DELIVERED, FAILED, DROPPED = "pending", "sending", "delivered", "failed", "dropped"


class Attempt(Struct, frozen=True, gc=False):
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


class Delivery(Struct, frozen=True, gc=False):
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
        self._all: dict[str, Delivery] = {}
        self._due: list[tuple[float, int, str]] = []
        self._arrived = 0
        self._ended: deque[str] = deque()
        #: What is held back, and what is to overtake it, once that is known.
        self._held: dict[str, str] = {}

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
            self._ended.append(delivery.delivery_id)
            self._forget()

    def hold(self, delivery: Delivery) -> None:
        """Have the next event of another task overtake this one; if none comes, it goes when it is due."""
        self._held[delivery.delivery_id] = ""

    def overtake(self, delivery: Delivery) -> bool:
        """A delivery begins: what is held back waits for it from now on; whether anything does."""
        free = [self._all[held_id] for held_id, overtaker in self._held.items() if not overtaker]
        others = [held for held in free if held.task_id != delivery.task_id]
        for held in others:
            self._held[held.delivery_id] = delivery.delivery_id
            self.put(replace(held, due_s=None))
        return bool(others)

    def overtaken(self, delivery: Delivery, now_s: float) -> bool:
        """An attempt of a delivery was answered: what waited for it is due now; whether anything did."""
        waited = [held for held, by in self._held.items() if by == delivery.delivery_id]
        for held_id in waited:
            del self._held[held_id]
            self.put(replace(self._all[held_id], due_s=now_s))
        return bool(waited)

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
            self._held.pop(taken[-1].delivery_id, None)
        return taken

    def clear(self) -> None:
        """Forget everything; what is in flight comes back to nothing."""
        self._all.clear()
        self._due.clear()
        self._ended.clear()
        self._held.clear()

    def _stands(self, entry: tuple[float, int, str]) -> bool:
        delivery = self._all.get(entry[2])
        return delivery is not None and delivery.due_s == entry[0]

    def _forget(self) -> None:
        if len(self._ended) > MAX_ENDED:
            del self._all[self._ended.popleft()]


def told(delivery: Delivery) -> JSON:
    """A delivery as the control API tells it, without what a receiver's address keeps secret."""
    return {
        "id": delivery.delivery_id,
        "task_id": delivery.task_id,
        "url": redacted_text(delivery.url),
        "event": delivery.event,
        "state": delivery.state,
        "created_at": round(delivery.created_s, 3),
        "next_attempt_at": delivery.due_s,
        "attempts": [
            {
                "at": round(attempt.at_s, 3),
                "status": attempt.status,
                "reason": attempt.reason,
                "response": redacted_text(attempt.excerpt),
                "duration_ms": None if attempt.duration_s is None else round(attempt.duration_s * 1000, 1),
                "next_attempt_at": attempt.next_s,
            }
            for attempt in delivery.attempts
        ],
    }
