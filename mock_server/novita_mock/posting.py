"""One request on a connection of its own, and the answer to it: of HTTP/1.1 what a webhook needs.

A connection is never used again. The receiver may have closed a kept one just when the next request goes
out: then nobody knows whether that arrived, and the failure on record would not be the receiver's.
"""

import asyncio
import os
from contextlib import nullcontext
from ssl import SSLContext, SSLError

import httptools

from novita_mock.lookup import Undeliverable

#: Slips of receivers that are passed over, as curl and the browsers do.
LENIENCIES = {
    "lenient_headers": True,
    "lenient_optional_cr_before_lf": True,
    "lenient_spaces_after_chunk_size": True,
}

#: Of the names and values of an answer's headers, and of its first line.
MAX_HEAD_BYTES = 32 * 1024


class Refused(Exception):
    """There was no connection, so nothing was sent; the text is the reason, as it is recorded."""


class Reply(asyncio.Protocol):
    """The answer that a connection brings.

    Attributes:
        whole: done when there is nothing more to wait for: with an empty text, or with what is wrong.
        status: of the final answer; None until its head is there.
        start: the first bytes of its body.
    """

    __slots__ = ("_bounded", "_complete", "_head", "_kept", "_left", "_parser", "start", "status", "whole")

    def __init__(self, whole: asyncio.Future[str], max_bytes: int, kept_bytes: int) -> None:
        self.whole = whole
        self.status: int | None = None
        self.start = b""
        self._left = max_bytes
        self._kept = kept_bytes
        self._bounded = self._complete = False
        self._head = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready for an answer."""
        self._parser = httptools.HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(**LENIENCIES)

    def data_received(self, data: bytes) -> None:
        """Read on, until the answer is whole, or as much as is read of one has come."""
        if self.whole.done():
            return
        self._left -= len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as problem:
            if self.status != 101:
                self._end(f"not HTTP: {str(problem)[:80] if self._head else 'Bad status line'}")
                return
            self._complete = True  # what follows is another protocol
        if self._head > MAX_HEAD_BYTES or (self.status is None and self._left <= 0):
            self._end("not HTTP: the head is too long")
        elif self._complete or self._left <= 0:
            self._end("")

    def connection_lost(self, exc: Exception | None) -> None:
        """The end, by which an answer ends too whose head tells no other (RFC 9112, 6.3)."""
        if self.status is None:
            self._end("broken off before an answer")
        else:
            self._end(f"broken off after status {self.status}" if self._bounded else "")
        del self._parser  # which holds this object

    def on_message_begin(self) -> None:
        """An answer begins; it may be an interim one."""
        self._bounded = False
        self._head = 0

    def on_status(self, reason: bytes) -> None:
        """The first line of an answer."""
        self._head += 1 + len(reason)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header: does it tell where the body ends?"""
        self._head += len(name) + len(value)
        name = name.lower()
        if name == b"content-length" or (name == b"transfer-encoding" and b"chunked" in value.lower()):
            self._bounded = True

    def on_headers_complete(self) -> None:
        """A head is there; of an interim answer (1xx) nothing is kept, but 101 is the last."""
        status = self._parser.get_status_code()
        if self.status is None and (not 100 <= status <= 199 or status == 101):
            self.status = status

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        if not self._complete and len(self.start) < self._kept:
            self.start += body[: self._kept - len(self.start)]

    def on_message_complete(self) -> None:
        """An answer is whole."""
        self._complete = self.status is not None

    def _end(self, problem: str) -> None:
        if not self.whole.done():
            self.whole.set_result(problem)


async def exchange(
    address: str,
    port: int,
    request: bytes,
    *,
    connect_s: float | None,
    tls: SSLContext | None,
    name: str,
    max_bytes: int,
    kept_bytes: int,
) -> tuple[int, bytes]:
    """Send a request, and read the answer; how long that may take is up to the caller.

    Args:
        address: what is dialled, as it stands.
        port: there.
        request: the whole of it; it should ask for the connection to be closed.
        connect_s: wall seconds until there must be a connection; None: any number.
        tls: how to speak TLS; None: not at all.
        name: what the certificate must be for.
        max_bytes: how much of an answer is read.
        kept_bytes: how much of its body is kept.

    Returns:
        The status, and the beginning of the body.

    Raises:
        Refused: there was no connection.
        Undeliverable: there was no whole answer, or no trust in the other side.
    """
    loop = asyncio.get_running_loop()
    reply = Reply(loop.create_future(), max_bytes, kept_bytes)
    transport = await _connected(reply, address, port, connect_s, tls, name)
    try:
        transport.write(request)
        problem = await reply.whole
    finally:
        transport.abort()  # what was to be sent and read has been, or never will
    if problem:
        raise Undeliverable(problem)
    assert reply.status is not None
    return reply.status, reply.start


async def _connected(
    reply: Reply, address: str, port: int, connect_s: float | None, tls: SSLContext | None, name: str
) -> asyncio.Transport:
    try:
        async with nullcontext() if connect_s is None else asyncio.timeout(connect_s):
            transport, _ = await asyncio.get_running_loop().create_connection(
                lambda: reply, address, port, ssl=tls, server_hostname=name if tls else None
            )
    except SSLError as problem:
        told = getattr(problem, "verify_message", "") or problem.reason
        raise Undeliverable(f"TLS: {told or 'no handshake'}") from None
    except OSError as problem:
        if isinstance(problem, TimeoutError) and not problem.errno:
            raise Refused("timed out") from None
        why = os.strerror(problem.errno) if problem.errno else "no connection"
        raise Refused(f"refused: {why}") from None
    return transport
