"""The least that a socket in Python can do: take a request into one buffer, answer bytes that stand fixed.

    python benchmarks/http/floor.py REPLY_FILE

Prints its port. It looks for nothing but the end of the headers and the length of the body.
"""

import asyncio
import re
import socket
import sys
from pathlib import Path

import uvloop

BODY = Path(sys.argv[1]).read_bytes()
REPLY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(BODY),
    BODY,
)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_BUFFER = 1 << 18


class Floor(asyncio.BufferedProtocol):
    """A connection; every read goes over what was read before."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Make room."""
        self._transport = transport
        self._buffer = bytearray(_BUFFER)
        self._left = 0

    def get_buffer(self, sizehint: int) -> bytearray:
        """The room, whole."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Answer, once all of a body is there."""
        if not self._left:
            end = self._buffer.find(b"\r\n\r\n", 0, nbytes) + 4
            length = _LENGTH.search(self._buffer, 0, end)
            self._left = (int(length[1]) if length else 0) + end
        self._left -= nbytes
        if not self._left:
            self._transport.write(REPLY)


async def main() -> None:
    """Serve."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    server = await asyncio.get_running_loop().create_server(Floor, sock=listening)
    print(listening.getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
