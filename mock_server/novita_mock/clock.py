"""The only place where time comes from: wall clocks, and the account clocks made of them."""

import asyncio
import time
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

#: Where account time starts in a run that must repeat byte for byte: 2026-01-01T00:00:00Z.
SEEDED_EPOCH_S = 1767225600.0


class Wall(Protocol):
    """What tells real time."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never going back."""

    def time(self) -> float:
        """Seconds since 1970, as the machine believes."""

    async def sleep(self, seconds: float) -> None:
        """Let real time pass."""


class MachineWall:
    """The machine's own clocks, asked several times for every request."""

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)

    async def sleep(self, seconds: float) -> None:
        """Let real time pass."""
        await asyncio.sleep(seconds)


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
    _frozen_rate: float | None = field(init=False, default=None)
    _first: tuple[float, bool] = field(init=False, default=(0.0, False))

    def __post_init__(self) -> None:
        """Fix the offset at the moment of making."""
        self._first = (self.rate, self.instant)
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

    def advance_to(self, until_s: float) -> None:
        """Jump forward to a moment, unless it has passed."""
        self._offset_s += max(0.0, until_s - self.now())

    def freeze(self) -> None:
        """Stand still, where ``resume`` goes on from."""
        if self._frozen_rate is None:
            self._frozen_rate = self.rate
            self._set_rate(0.0)

    def resume(self) -> None:
        """Go on at the rate before ``freeze``."""
        if self._frozen_rate is not None:
            self._set_rate(self._frozen_rate)
            self._frozen_rate = None

    def set_speed(self, speed: float | str, seeded: bool) -> None:
        """Go on from now at a speed, as a clock that ``clock_for`` makes of the same arguments would."""
        self._frozen_rate = None
        self.instant = speed == 0
        self._set_rate(_rate(speed, seeded))

    def reset(self, *, from_start: bool) -> None:
        """Go on at the rate of the beginning; ``from_start``: from the time of the beginning, too."""
        self._frozen_rate = None
        rate, self.instant = self._first
        self._set_rate(rate)
        if from_start:
            self.__post_init__()

    @property
    def frozen(self) -> bool:
        """Whether it stands still by ``freeze``."""
        return self._frozen_rate is not None

    @property
    def stands(self) -> bool:
        """Whether only ``advance`` moves it, and things take their time."""
        return self.rate == 0 and not self.instant

    def _set_rate(self, rate: float) -> None:
        self._offset_s += (self.rate - rate) * self.wall.monotonic()
        self.rate = rate

    def wall_delay(self, until_s: float) -> float | None:
        """Wall seconds until an account time; None where only ``advance`` gets there."""
        left = until_s - self.now()
        if left <= 0:
            return 0.0
        return left / self.rate if self.rate > 0 else None

    def wall_moment(self, until_s: float) -> float:
        """When the wall's monotonic clock shows an account time; never, where only ``advance`` gets there."""
        delay = self.wall_delay(until_s)
        return inf if delay is None else self.wall.monotonic() + delay


def clock_for(speed: float | str, seeded: bool, wall: Wall) -> Clock:
    """The clock of a new account.

    Args:
        speed: the setting: seconds a second, 0 for instant, ``manual`` for standing still.
        seeded: whether the run must repeat; then instant and manual clocks start at a fixed
            epoch and stand still, since otherwise the moment of a request would show in its reply.
        wall: what tells real time.
    """
    repeats = seeded and (isinstance(speed, str) or speed == 0)
    start_s = SEEDED_EPOCH_S if repeats else None
    return Clock(wall, rate=_rate(speed, seeded), instant=speed == 0, start_s=start_s)


def _rate(speed: float | str, seeded: bool) -> float:
    """Seconds of account time in a wall second."""
    if isinstance(speed, str):
        return 0.0
    return speed or (0.0 if seeded else 1.0)
