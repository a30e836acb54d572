"""What happened by itself in an account: the effects of time, in order."""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from novita_mock.types import JSON


class Effect(Struct, frozen=True, gc=False):
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


class Effects(Struct):
    """Where the effects of an account are told: nothing is kept, but whoever listens hears all.

    Attributes:
        count: how many there were.
    """

    count: int = 0
    _listening: list[list[Effect]] = field(default_factory=list)

    def add(self, effect: Effect) -> None:
        """Something happened."""
        self.count += 1
        for heard in self._listening:
            heard.append(effect)

    @contextmanager
    def heard(self) -> Iterator[list[Effect]]:
        """What happens while the block runs, in order."""
        heard: list[Effect] = []
        self._listening.append(heard)
        try:
            yield heard
        finally:
            self._listening = [other for other in self._listening if other is not heard]
