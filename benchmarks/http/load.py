"""Asks a server for one thing after the other, and tells how it fared: a program, on a core of its own.

    python benchmarks/http/load.py PORT REQUESTS_FILE CONNECTIONS SECONDS [REPLIES]

The file is one that ``packs`` wrote; its requests are sent in turn, again from the first after the last, for
so many seconds, and so often at most.
Prints a line of JSON: replies, wall seconds, milliseconds at the median and at the 99th percentile,
the share of the time that this program had to work (near 1 it is what bounds the replies a second), and the
replies that were not 200. Written against asyncio's protocols: an HTTP client would cost more than the
server.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import uvloop

import packs

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_GOOD = b"HTTP/1.1 200"


def whole(held: bytes) -> bool:
    """Whether a reply has come to its end."""
    head, end, body = held.partition(b"\r\n\r\n")
    if not end:
        return False
    length = _LENGTH.search(head)
    if length:
        return len(body) >= int(length[1])
    return bool(_CHUNKED.search(head)) and body.endswith(b"0\r\n\r\n")


class Asking(asyncio.Protocol):
    """A connection that asks again as soon as it is answered, until time is over."""

    def __init__(self, requests: Iterator[list[bytes]], until: float, taken: list[float], bad: list[bytes]):
        self._requests, self._until, self._taken, self._bad = requests, until, taken, bad
        self._held, self._size, self._done = b"", -1, False
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Ask again, once the reply is whole."""
        # most replies come in one piece and are as long as the one before: those are not looked into
        if self._held or len(data) != self._size:
            self._held = data = self._held + data
            if not whole(data):
                return
            self._size = len(data)
            self._held = b""
        self._taken.append(time.perf_counter() - self._began)
        if not data.startswith(_GOOD):
            self._bad.append(data[:300])
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over; before its time where the server closed it."""
        if not self._done:
            self._bad.append(f"the connection was closed: {exc}".encode())
        if not self.over.done():
            self.over.set_result(None)

    def _ask(self) -> None:
        self._began = time.perf_counter()
        pieces = next(self._requests, None) if self._began < self._until else None
        if pieces is None:
            self._done = True
            self._transport.close()
            return
        if len(pieces) == 1:
            self._transport.write(pieces[0])
        else:
            self._transport.writelines(pieces)


async def main(
    port: int, requests: Iterator[list[bytes]], connections: int, seconds: float
) -> dict[str, object]:
    """Ask for so long; what came of it."""
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    bad: list[bytes] = []
    began = time.perf_counter()
    until = began + seconds
    asking = [
        (await loop.create_connection(lambda: Asking(requests, until, taken, bad), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(each.over for each in asking))
    took = time.perf_counter() - began
    taken.sort()
    return {
        "replies": len(taken),
        "seconds": took,
        "p50_ms": taken[len(taken) // 2] * 1000 if taken else None,
        "p99_ms": taken[int(len(taken) * 0.99)] * 1000 if taken else None,
        "busy": time.process_time() / took,
        "bad": len(bad),
        "example": str(bad[0]) if bad else "",
    }


if __name__ == "__main__":
    port, file, connections, seconds, *most = sys.argv[1:]
    asked = islice(cycle(packs.read(Path(file))), int(most[0]) if most else None)
    print(json.dumps(uvloop.run(main(int(port), asked, int(connections), float(seconds)))))
