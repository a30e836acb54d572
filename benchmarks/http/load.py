"""Asks a server for the same thing over and over, and tells how it fared: a program, on a core of its own.

    python benchmarks/http/load.py PORT REQUEST_FILE CONNECTIONS SECONDS

Prints a line of JSON: replies, wall seconds, milliseconds at the median and at the 99th percentile, and
the replies that were not 200. Written against asyncio's protocols: an HTTP client would cost more than the
server.
"""

import asyncio
import json
import re
import sys
import time
from pathlib import Path

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Asking(asyncio.Protocol):
    """A connection that asks again as soon as it is answered, until time is over."""

    def __init__(self, request: bytes, until: float, taken: list[float], bad: list[bytes]) -> None:
        self._request, self._until, self._taken, self._bad = request, until, taken, bad
        self._held = b""
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Ask again, once the reply is whole."""
        self._held += data
        head, end, body = self._held.partition(b"\r\n\r\n")
        length = _LENGTH.search(head) if end else None
        if length is None or len(body) < int(length[1]):
            return
        self._taken.append(time.perf_counter() - self._began)
        if not head.startswith(b"HTTP/1.1 200"):
            self._bad.append(self._held[:300])
        self._held = b""
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        if not self.over.done():
            self.over.set_result(None)

    def _ask(self) -> None:
        self._began = time.perf_counter()
        if self._began >= self._until:
            self._transport.close()
        else:
            self._transport.write(self._request)


async def main(port: int, request: bytes, connections: int, seconds: float) -> dict[str, object]:
    """Ask for so long; what came of it."""
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    bad: list[bytes] = []
    began = time.perf_counter()
    until = began + seconds
    asking = [
        (await loop.create_connection(lambda: Asking(request, until, taken, bad), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(each.over for each in asking))
    took = time.perf_counter() - began
    taken.sort()
    return {
        "replies": len(taken),
        "seconds": took,
        "p50_ms": taken[len(taken) // 2] * 1000,
        "p99_ms": taken[int(len(taken) * 0.99)] * 1000,
        "bad": len(bad),
        "example": str(bad[0]) if bad else "",
    }


if __name__ == "__main__":
    port, file, connections, seconds = sys.argv[1:]
    request = Path(file).read_bytes()
    print(json.dumps(uvloop.run(main(int(port), request, int(connections), float(seconds)))))
