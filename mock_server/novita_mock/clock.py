"""The only place where time comes from: wall clocks, and the account clocks made of them."""

import time
from dataclasses import dataclass, field
from typing import Protocol

#: Where account time starts in a run that must repeat byte for byte: 2026-01-01T00:00:00Z.
SEEDED_EPOCH_S = 1767225600.0


class Wall(Protocol):
    """What tells real time."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""

    def time(self) -> float:
        """Seconds since 1970, as the machine believes."""


class MachineWall:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""
        return time.monotonic()

    def time(self) -> float:
        """Seconds since 1970, as the machine believes."""
        return time.time()


@dataclass(slots=True)
class Clock:
    """Account time: an offset plus a rate times monotonic wall time, so that it can't go back.

    Attributes:
        wall: what tells real time.
        rate: seconds of account time in a wall second; 0 stands still.
        instant: whether planned delays count as zero.
        start_s: account time at the beginning, seconds since 1970.
    """

    wall: Wall
    rate: float = 1.0
    instant: bool = False
    start_s: float | None = None
    _offset_s: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        """Fix the offset at the moment of making."""
        start = self.wall.time() if self.start_s is None else self.start_s
        self._offset_s = start - self.rate * self.wall.monotonic()

    def now(self) -> float:
        """Account time, seconds since 1970."""
        return self._offset_s + self.rate * self.wall.monotonic()

    def advance(self, seconds: float) -> None:
        """Jump forward.

        Raises:
            ValueError: ``seconds`` is negative; time can't go back.
        """
        if seconds < 0:
            raise ValueError("time can't go back")
        self._offset_s += seconds

    def wall_delay(self, until_s: float) -> float | None:
        """Wall seconds until an account time; None where only ``advance`` gets there."""
        left = until_s - self.now()
        if left <= 0:
            return 0.0
        return left / self.rate if self.rate > 0 else None


def clock_for(speed: float | str, seeded: bool, wall: Wall) -> Clock:
    """The clock of a new account.

    Args:
        speed: the setting: seconds a second, 0 for instant, ``manual`` for standing still.
        seeded: whether the run must repeat; then instant and manual clocks start at a fixed
            epoch and stand still, since otherwise the moment of a request would show in its reply.
        wall: what tells real time.
    """
    if isinstance(speed, str):
        return Clock(wall, rate=0.0, start_s=SEEDED_EPOCH_S if seeded else None)
    if speed == 0:
        return Clock(
            wall, rate=0.0 if seeded else 1.0, instant=True, start_s=SEEDED_EPOCH_S if seeded else None
        )
    return Clock(wall, rate=speed)
