"""Receivers of webhooks that behave as receivers do: well, slowly, endlessly, not at all.

Each listens on loopback, in the loop of the test; each connection is answered by the next behaviour,
and the last behaviour stays.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it came; header names in lower case."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """Where it listens, what came, and how many connections are open now and were at most."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    open: int = 0
    most: int = 0
    connections: int = 0
    #: Set when the receiver stops; what hangs until then waits for it.
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def wait(self, seconds: float | None = None) -> None:
        """Let wall time pass, or wait for the end."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopped.wait(), seconds)


Behaviour = Callable[[Receiver, asyncio.StreamWriter], Awaitable[None]]


def status(code: int, body: bytes = b"ok", **headers: str) -> Behaviour:
    """Answer at once."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    # 204 and 304 have no body, and may not say that they have one
    length = "" if code in (204, 304) else f"content-length: {len(body)}\r\n"
    content = b"" if code in (204, 304) else body
    return raw(f"HTTP/1.1 {code} X\r\n{length}{lines}\r\n".encode() + content)


def raw(content: bytes) -> Behaviour:
    """Send these bytes and close."""

    async def behave(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()

    return behave


def kept_alive(code: int = 200) -> Behaviour:
    """Answer, and then neither close the connection nor say anything more."""

    async def behave(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {code} X\r\ncontent-length: 0\r\n\r\n".encode())
        await receiver.wait()

    return behave


def hang() -> Behaviour:
    """Take the request and say nothing."""

    async def behave(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
        await receiver.wait()

    return behave


def drip(total_s: float, parts: int = 20) -> Behaviour:
    """Answer 200, byte after byte, head and body, over so many wall seconds."""

    async def behave(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
        content = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone"
        size = -(-len(content) // parts)
        for place in range(0, len(content), size):
            await receiver.wait(total_s / parts)
            writer.write(content[place : place + size])
            await writer.drain()

    return behave


def endless(code: int = 200, head: str = "") -> Behaviour:
    """Answer with a body that never ends."""

    async def behave(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {code} OK\r\n{head}\r\n".encode())
        while not receiver.stopped.is_set():
            writer.write(b"x" * 65536)
            await writer.drain()

    return behave


def reset(before: bytes = b"") -> Behaviour:
    """Send these bytes, then break the connection off with a TCP reset."""

    async def behave(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
        writer.write(before)
        await writer.drain()
        await receiver.wait(0.05 if before else 0)
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return behave


@asynccontextmanager
async def receiving(*behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """A receiver while the block runs."""
    receiver = Receiver()
    script = list(behaviours) or [status(200)]
    tasks: set[asyncio.Task[None]] = set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behave = script[min(receiver.connections, len(script) - 1)]
        receiver.connections += 1
        receiver.open += 1
        receiver.most = max(receiver.most, receiver.open)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                receiver.received.append(await _read(reader))
                await behave(receiver, writer)
        finally:
            receiver.open -= 1
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(answer(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls, backlog=1024)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        receiver.stopped.set()
        _, late = await asyncio.wait({*tasks, asyncio.ensure_future(server.wait_closed())}, timeout=0.2)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(_pair(line) for line in head[1:-2])
    return Received(head[0], headers, await reader.readexactly(int(headers.get("content-length", "0"))))


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition(": ")
    return name.lower(), value
