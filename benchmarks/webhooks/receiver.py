"""Receives webhooks and counts them, as cheaply as Python can: a program, on a core of its own.

    python benchmarks/webhooks/receiver.py

Prints its port. A GET is told, as JSON, what came since the last GET: how many posts, over how many
connections, and the seconds from the first to the last.
"""

import asyncio
import json
import re
import socket
import time
from dataclasses import dataclass

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


@dataclass(slots=True)
class Count:
    """What came since it was last told."""

    posts: int = 0
    connections: int = 0
    first_s: float = 0.0
    last_s: float = 0.0

    def take(self) -> None:
        """A post is here."""
        self.last_s = time.monotonic()
        self.first_s = self.first_s or self.last_s
        self.posts += 1

    def told(self) -> bytes:
        """As JSON; counting begins anew."""
        told = {
            "posts": self.posts,
            "connections": self.connections,
            "seconds": self.last_s - self.first_s,
        }
        self.posts = self.connections = 0
        self.first_s = self.last_s = 0.0
        return json.dumps(told).encode()


class Receiving(asyncio.Protocol):
    """A connection: each post is answered at once, and closed where that was asked for."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._held = b""
        self._posted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is here."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer what is whole."""
        self._held += data
        while b"\r\n\r\n" in self._held:
            head, _, rest = self._held.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if len(rest) < size:
                return
            self._held = rest[size:]
            told = self._count.told() if head.startswith(b"GET") else self._post()
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(told), told))
            if _CLOSE.search(head):
                self._transport.close()

    def _post(self) -> bytes:
        self._count.connections += not self._posted
        self._posted = True
        self._count.take()
        return b"ok"


async def main() -> None:
    """Listen until the process is ended."""
    count = Count()
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    server = await asyncio.get_running_loop().create_server(lambda: Receiving(count), sock=listening)
    print(listening.getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
