"""Places in line: so many at the same time for one host, and for all, first come first served."""

import asyncio

from msgspec import Struct


class LanesFull(Exception):
    """So many wait already that one more is turned away."""


class _Lane(Struct):
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

    def place(self, host: str) -> "Place":
        """A block during which one of the host's places is taken; entering it waits for one.

        Raises ``LanesFull`` when it is entered and too many wait for this host.
        """
        return Place(self, host)

    async def take(self, host: str) -> None:
        """Take one of the host's places, once one is free.

        Raises:
            LanesFull: too many wait for this host.
        """
        lane = self._lanes.get(host)
        if lane is None:
            lane = self._lanes[host] = _Lane(asyncio.Semaphore(self._per_host))
        if lane.users >= self._per_host + self._max_waiting:
            raise LanesFull(f"{self._max_waiting} deliveries wait for {host} already")
        lane.users += 1
        try:
            await lane.places.acquire()
        except BaseException:
            self._leave(host)
            raise
        try:
            await self._total.acquire()
        except BaseException:
            lane.places.release()
            self._leave(host)
            raise

    def give_back(self, host: str) -> None:
        """Give a place back that was taken."""
        self._total.release()
        self._lanes[host].places.release()
        self._leave(host)

    def _leave(self, host: str) -> None:
        lane = self._lanes[host]
        lane.users -= 1
        if not lane.users:
            del self._lanes[host]


class Place:
    """One of a host's places, for as long as a block runs."""

    __slots__ = ("_host", "_lanes")

    def __init__(self, lanes: Lanes, host: str) -> None:
        self._lanes = lanes
        self._host = host

    async def __aenter__(self) -> None:
        await self._lanes.take(self._host)

    async def __aexit__(self, *raised: object) -> None:
        self._lanes.give_back(self._host)
