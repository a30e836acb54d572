"""Stand-ins for what tests must hold in their own hands: the wall clock and the painter."""

from collections.abc import Callable
from math import inf

from novita_mock.pool import Made
from novita_mock.work import Work


class FakeWall:
    """A wall clock that goes only when told to, in seconds."""

    def __init__(self, start_s: float = 1_800_000_000.0) -> None:
        self.now_s = start_s

    def monotonic(self) -> float:
        return self.now_s - 1_000_000_000.0

    def time(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.pass_(seconds)

    def pass_(self, seconds: float) -> None:
        self.now_s += seconds


class FakePainter:
    """Keeps the orders until the test says what became of each."""

    def __init__(self) -> None:
        self.orders: list[tuple[Work, int, Callable[[Made], None]]] = []
        self.wanted_s: dict[str, float] = {}
        self.dropped: list[str] = []
        self.closed = False

    def make(self, name: str, work: Work, pixels: int, wanted_s: float, done: Callable[[Made], None]) -> None:
        self.orders.append((work, pixels, done))
        self.wanted_s[name] = wanted_s

    def want(self, name: str) -> None:
        self.wanted_s[name] = -inf

    def drop(self, name: str) -> None:
        self.dropped.append(name)

    def finish(self, made: Made | None = None) -> None:
        """Finish the oldest order, with one tiny picture where nothing else is said."""
        work, _, done = self.orders.pop(0)
        done(made or Made((b"picture of " + work.renderer.encode(),)))

    def close(self) -> None:
        self.closed = True
