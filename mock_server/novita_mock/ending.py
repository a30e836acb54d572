"""The end of a double: who waits on its loop for something else waits no longer than until then."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.requests import Request

from novita_mock.clock import Wall


class Ending:
    """Whether the double stops. Belongs to the loop that serves.

    Args:
        wall: what real time passes by.
    """

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self._came = asyncio.Event()

    def come(self) -> None:
        """The double stops: every wait is over."""
        self._came.set()

    async def sleep(self, seconds: float) -> bool:
        """Let wall time pass, but not beyond the end; whether all of it has passed."""
        return await self._wait(self._wall.sleep(seconds))

    async def hang(self, request: Request) -> bool:
        """Leave a request without an answer; whether its sender gave up before the end."""
        return await self._wait(_given_up(request))

    async def _wait(self, wanted: Coroutine[Any, Any, None]) -> bool:
        waits = [asyncio.ensure_future(wait) for wait in (wanted, self._came.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            return waits[0].done()
        finally:
            for wait in waits:
                wait.cancel()


async def _given_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
