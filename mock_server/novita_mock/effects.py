"""What happened by itself in an account: the effects of time, in order."""

from collections import deque
from dataclasses import dataclass, field

from novita_mock.types import JSON

#: Effects of an account that are remembered.
MAX_EFFECTS = 1000


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that happened at a moment of account time.

    Attributes:
        at_s: seconds since 1970 of the account's clock.
        effect: what: ``task-started``, ``task-succeeded``, ``webhook-attempt``, ...
        of: the id of the task or delivery that it happened to.
        detail: more about it, as JSON.
    """

    at_s: float
    effect: str
    of: str
    detail: JSON = None

    def told(self) -> JSON:
        """As the control API tells it."""
        detail = {} if self.detail is None else {"detail": self.detail}
        return {"at": round(self.at_s, 3), "effect": self.effect, "of": self.of} | detail


@dataclass(slots=True)
class Effects:
    """The latest effects of an account, and how many there were in all."""

    count: int = 0
    latest: deque[Effect] = field(default_factory=lambda: deque(maxlen=MAX_EFFECTS))

    def add(self, effect: Effect) -> None:
        """Remember one more."""
        self.count += 1
        self.latest.append(effect)

    def since(self, count: int) -> list[Effect]:
        """Those after the first ``count``, as far as they are remembered."""
        fresh = self.count - count
        return list(self.latest)[-fresh:] if fresh > 0 else []
