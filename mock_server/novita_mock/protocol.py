"""Our HTTP protocol: uvicorn's, with deadlines, caps on headers, and refusals in the API's dialects.

uvicorn waits for ever for a request that does not come, takes any number of headers, and answers
what is not HTTP in plain text; a client under test must see none of that.
"""

import re
import socket
import struct
from asyncio import Transport
from typing import Any

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from novita_mock.context import Context
from novita_mock.damage import SOCKET
from novita_mock.dialects import refusal
from novita_mock.gate import BadHTTP
from novita_mock.noting import log
from novita_mock.offers import without_offer
from novita_mock.problems import Problem
from novita_mock.timed import TimedProtocol

#: Caps on the request line and on headers; no client in use comes near.
MAX_URL_BYTES = 16 * 1024
MAX_HEADER_BYTES = 64 * 1024
MAX_HEADERS = 128
#: What may arrive of a head before any of it is parsed: the caps and one read of the socket. The parser
#: hands over a header only when it has all of it.
MAX_UNPARSED_BYTES = MAX_URL_BYTES + MAX_HEADER_BYTES + 256 * 1024
#: Wall seconds that a client may go on sending what nobody reads any more: cut off at once, it might
#: never see the answer.
LINGER_S = 5.0
_ORIGIN = re.compile(r"https?://[^/?#]*", re.IGNORECASE)


class HeadersTooLarge(Problem):
    """The request line or the headers are over a cap."""

    kind = "headers-too-large"


class Protocol(TimedProtocol):
    """uvicorn's protocol over httptools, guarded. ``context`` is set by the server's runner."""

    context: Context

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: uvicorn's own
        super().__init__(*args, **kwargs)
        self._header_bytes = 0
        self._unparsed_bytes = 0
        self._latest = b""
        self._in_head = True
        self._lingers = False
        self._refused = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Start the clock for the first request's headers."""
        super().connection_made(transport)
        self.wait(self.context.settings.header_deadline_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock, and let go of what came: a connection refers to itself, and goes late."""
        self.wait(None)
        super().connection_lost(exc)
        self._latest = b""
        if self.cycle is not None:
            self.cycle.body = bytearray()

    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless this connection was refused already."""
        if self._refused:
            return
        self._latest = data
        self.feeding = True  # a request that comes whole needs no deadline: none is set before all is read
        self._feed(data)
        self.feeding = False
        self.arm()
        if self._in_head and not self._refused:
            self._unparsed_bytes += len(data)
            if self._unparsed_bytes > MAX_UNPARSED_BYTES:
                self._refuse(HeadersTooLarge(f"over {MAX_HEADER_BYTES} bytes of headers"))

    def _feed(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as offer:
                data = self._declined(data[offer.args[0] :])
            except httptools.HttpParserError:
                self._refuse(BadHTTP("the request is not HTTP/1.1"))
                return

    def _declined(self, rest: bytes) -> bytes:
        """A request that offers another protocol, as it would be without the offer, and what follows.

        Java's client offers HTTP/2 with each first request. The parser then takes no body: a new one gets the
        head again.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(BadHTTP("this is no proxy"))
            return b""
        head = without_offer(method, self.url, self.parser.get_http_version(), self.headers)
        self.parser = self.new_parser()
        return head + rest

    def new_parser(self) -> httptools.HttpRequestParser:
        """A parser that has seen nothing yet, as uvicorn makes it."""
        parser = httptools.HttpRequestParser(self)
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    def on_message_begin(self) -> None:
        """A request begins: its headers have a deadline."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._header_bytes = 0
        self._in_head = self.begun = True
        self._lingers = False
        self.wait(self.context.settings.header_deadline_s)

    def reset(self) -> None:
        """Break the connection off: the client sees a reset. For faults."""
        if self.transport.is_closing():
            return
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.abort()

    def cut(self) -> None:
        """Close the connection once what was written has left. For faults."""
        if self.cycle is not None:
            self.cycle.disconnected = True
        self.transport.close()

    def on_url(self, url: bytes) -> None:
        """Take the request line's target, up to a cap."""
        super().on_url(url)
        if len(self.url) > MAX_URL_BYTES:
            self._refuse(HeadersTooLarge(f"the address is over {MAX_URL_BYTES} bytes"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, up to a cap on their number and on their bytes."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEADER_BYTES or len(self.headers) >= MAX_HEADERS:
            self._refuse(HeadersTooLarge(f"over {MAX_HEADERS} headers or {MAX_HEADER_BYTES} bytes of them"))
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The headers are there: the body has a deadline."""
        if self._refused or self.parser.should_upgrade():
            return  # an offer is declined once the parser has stopped at it
        self._in_head, self._unparsed_bytes = False, 0
        if self.url.startswith(b"//"):
            # httptools takes what follows two slashes for a host; clients mean a path.
            self.url = b"/%2F" + self.url[2:]
        self.wait(self.context.settings.body_deadline_s)
        self.take_headers()

    def take_headers(self) -> None:
        """Have the application see the request whose headers are there."""
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()  # makes the scope, and empties these
        self.url, self.headers, self.expect_100_continue = url, headers, expects
        self.scope["headers"] = headers
        self.scope["extensions"] = {SOCKET: self}  # type: ignore[dict-item]
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body; what comes after the answer is thrown away, but not for ever."""
        if self._refused:
            return
        if self.cycle.response_complete and not self._lingers:
            self._lingers = True
            self.wait(min(LINGER_S, self.context.settings.body_deadline_s))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there: what follows is ours and has no deadline."""
        if self.parser.should_upgrade():
            return
        self.come_to_end()
        if not self._refused:
            super().on_message_complete()

    def come_to_end(self) -> None:
        """All of a request has come."""
        self.wait(None)
        self.begun, self._in_head, self.url = False, True, b""

    def _refuse(self, problem: Problem) -> None:
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        self.wait(None)
        if not self.context.settings.quiet:
            log.info("---- %s  %s", ascii(self._path())[1:-1][:100], problem.message)
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                cycle.keep_alive = False  # it was what came after that request: its answer is the last one
                return
            if cycle.response_started or self.pipeline:
                self.transport.close()  # an answer is being written: another would be mixed into it
                return
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.write(self._told(problem))
        self.transport.write_eof()
        self.wait(min(LINGER_S, self.context.settings.body_deadline_s))

    def _told(self, problem: Problem) -> bytes:
        catalogue = self.context.catalogue
        reply = refusal(problem, catalogue.dialect_of(self._path()), catalogue)
        text = isinstance(reply.body, str)
        content = reply.body.encode() if text else msgspec.json.encode(reply.body)
        self.context.note_broken(self._path(), reply, problem, len(content))
        media_type = "text/plain; charset=utf-8" if text else "application/json"
        head = f"content-type: {media_type}\r\nconnection: close\r\ncontent-length: {len(content)}\r\n\r\n"
        return STATUS_LINE[reply.status] + head.encode() + content

    def _path(self) -> str:
        """The path of the request in hand, as far as it can be told: the parser may never have seen it."""
        words = self._latest.partition(b"\n")[0].split()
        guessed = words[1] if self._in_head and len(words) > 1 else b""
        target: bytes = getattr(self, "url", b"") or guessed
        path = _ORIGIN.sub("", target.decode("latin-1")).partition("?")[0]
        return path if path.startswith("/") else ""
