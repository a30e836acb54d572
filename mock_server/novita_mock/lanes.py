"""Places in line: so many at the same time for one host, and for all, first come first served."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


class LanesFull(Exception):
    """So many wait already that one more is turned away."""


@dataclass(slots=True)
class _Lane:
    places: asyncio.Semaphore
    users: int = 0


class Lanes:
    """One lane a host. Whoever waits in one lane holds no place that another lane could use."""

    def __init__(self, per_host: int, total: int, max_waiting: int) -> None:
        self._per_host = per_host
        self._max_waiting = max_waiting
        self._lanes: dict[str, _Lane] = {}
        self._total = asyncio.Semaphore(total)

    def __len__(self) -> int:
        """How many lanes somebody uses."""
        return len(self._lanes)

    @asynccontextmanager
    async def place(self, host: str) -> AsyncIterator[None]:
        """A block during which one of the host's places is taken; entering it waits for one.

        Raises:
            LanesFull: too many wait for this host.
        """
        lane = self._lanes.setdefault(host, _Lane(asyncio.Semaphore(self._per_host)))
        if lane.users >= self._per_host + self._max_waiting:
            raise LanesFull(f"{self._max_waiting} deliveries wait for {host} already")
        lane.users += 1
        try:
            async with lane.places, self._total:
                yield
        finally:
            lane.users -= 1
            if not lane.users:
                del self._lanes[host]
