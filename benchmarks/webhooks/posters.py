"""Posts the same body again and again by a client of others: a program, on the core of the double.

    python benchmarks/webhooks/posters.py CLIENT URL BODY_FILE TIMES AT_ONCE

Prints the seconds of CPU that the posts took, the client's loading not counted.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop

HEADERS = {"Content-Type": "application/json"}
Post = Callable[[str, bytes], Awaitable[int]]


@asynccontextmanager
async def aiohttp_session(*, force_close: bool = False) -> AsyncIterator[Post]:
    """A session of aiohttp, which keeps its connections unless told not to."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=0, force_close=force_close)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def post(url: str, body: bytes) -> int:
            async with session.post(url, data=body, headers=HEADERS) as response:
                await response.read()
                return response.status

        yield post


@asynccontextmanager
async def httpx2_client() -> AsyncIterator[Post]:
    """A shared client of httpx2, which keeps its connections."""
    import httpx2

    async with httpx2.AsyncClient(trust_env=False) as client:

        async def post(url: str, body: bytes) -> int:
            return (await client.post(url, content=body, headers=HEADERS)).status_code

        yield post


CLIENTS = {
    "aiohttp": aiohttp_session,
    "aiohttp, a connection each": lambda: aiohttp_session(force_close=True),
    "httpx2": httpx2_client,
}


async def main(client: str, url: str, body: bytes, times: int, at_once: int) -> float:
    """Post so often; the CPU that it took."""
    async with CLIENTS[client]() as post:
        left = iter(range(times))

        async def work() -> None:
            for _ in left:
                status = await post(url, body)
                assert status == 200, status

        began_s = time.process_time()
        await asyncio.gather(*(work() for _ in range(at_once)))
        return time.process_time() - began_s


if __name__ == "__main__":
    name, address, file, count, places = sys.argv[1:]
    print(uvloop.run(main(name, address, Path(file).read_bytes(), int(count), int(places))))
