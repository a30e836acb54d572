"""Reads HTTP/1.1 off a stream, and keeps what was read: what can't be read is passed on as it came."""

import asyncio
import re
from collections.abc import Callable

from mutants.messages import BODILESS, Call, Headers, Reply

#: Longest head, and longest body, that is read whole.
MAX_HEAD = 1024 * 1024
MAX_BODY = 96 * 1024 * 1024
_START = re.compile(r"([!#-~]+) ([!-~\x80-\xff]+) HTTP/1\.1")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*", re.DOTALL)
_SIZE = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(;[^\r\n]*)?\r\n")


class Unreadable(Exception):
    """What came is no request that we take apart; the double may say something to it."""


class Watched(asyncio.StreamReaderProtocol):
    """A connection that tells when its client has gone."""

    def __init__(self, accept: Callable[["Connection"], None]) -> None:
        self.gone = asyncio.Event()
        self._reader = asyncio.StreamReader(limit=MAX_HEAD)
        super().__init__(self._reader, lambda reader, writer: accept(Connection(reader, writer, self.gone)))

    def eof_received(self) -> bool | None:
        self.gone.set()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
        super().connection_lost(exc)


class Connection:
    """One client: what it sends, taken apart; ``raw`` is what was read since the last request."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gone: asyncio.Event
    ) -> None:
        self.reader, self.writer, self.gone = reader, writer, gone
        self.raw = b""

    async def call(self) -> Call | None:
        """The next request, or None where the client has nothing more to say.

        Raises:
            Unreadable: what came is no plain request.
        """
        self.raw = b""
        try:
            head = await self._until(b"\r\n\r\n")
        except asyncio.IncompleteReadError as end:
            self.raw = end.partial
            if not end.partial:
                return None
            raise Unreadable from None
        except asyncio.LimitOverrunError as end:
            self.raw = await self.reader.read(end.consumed)
            raise Unreadable from None
        start, *lines = head[:-4].decode("latin-1").split("\r\n")
        found = _START.fullmatch(start)
        headers = _headers(lines)
        if not found or headers is None or "expect" in {name.lower() for name, _ in headers}:
            raise Unreadable
        kept, body = await self._body(headers)
        return Call(kept, body, found[1], found[2])

    async def _body(self, headers: Headers) -> tuple[Headers, bytes]:
        lengths = [value for name, value in headers if name.lower() == "content-length"]
        coded = [value for name, value in headers if name.lower() == "transfer-encoding"]
        try:
            if coded == ["chunked"] and not lengths:
                body = await self._chunks()
                kept = tuple(pair for pair in headers if pair[0].lower() != "transfer-encoding")
                return (*kept, ("content-length", str(len(body)))), body
            if coded or len(lengths) > 1 or (lengths and not (lengths[0].isascii() and lengths[0].isdigit())):
                raise Unreadable
            length = int(lengths[0]) if lengths else 0
            if length > MAX_BODY:
                raise Unreadable
            return headers, await self._exactly(length)
        except asyncio.IncompleteReadError as end:
            self.raw += end.partial
            raise Unreadable from None

    async def _chunks(self) -> bytes:
        body = bytearray()
        while True:
            size = _SIZE.fullmatch(await self._until(b"\r\n"))
            if not size or len(body) + int(size[1], 16) > MAX_BODY:
                raise Unreadable
            if size[1].strip(b"0") == b"":
                break
            chunk = await self._exactly(int(size[1], 16) + 2)
            if chunk[-2:] != b"\r\n":
                raise Unreadable
            body += chunk[:-2]
        if await self._until(b"\r\n") != b"\r\n":
            raise Unreadable  # a trailer: none of our clients sends one
        return bytes(body)

    async def _until(self, mark: bytes) -> bytes:
        found = await self.reader.readuntil(mark)
        self.raw += found
        return found

    async def _exactly(self, count: int) -> bytes:
        found = await self.reader.readexactly(count)
        self.raw += found
        return found


async def reply_head(reader: asyncio.StreamReader) -> tuple[bytes, Reply]:
    """The head of a reply: as it came, and taken apart.

    Raises:
        asyncio.IncompleteReadError: the other side ended before it was whole.
    """
    raw = await reader.readuntil(b"\r\n\r\n")
    start, *lines = raw[:-4].decode("latin-1").split("\r\n")
    _, status, phrase = (*start.split(" ", 2), "")[:3]
    return raw, Reply(_headers(lines) or (), b"", int(status), phrase)


async def reply_body(reader: asyncio.StreamReader, head: Reply, method: str) -> bytes:
    """The body that follows a head; less than was promised, where the other side breaks off."""
    length = head.header("content-length")
    if method == "HEAD" or head.status in BODILESS:
        return b""
    if length is None:
        return await reader.read(-1)
    try:
        return await reader.readexactly(int(length))
    except asyncio.IncompleteReadError as end:
        return end.partial


def _headers(lines: list[str]) -> Headers | None:
    found = [_HEADER.fullmatch(line) for line in lines]
    return None if None in found else tuple((match[1], match[2]) for match in found if match)
