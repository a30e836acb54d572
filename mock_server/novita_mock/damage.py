"""Replies as faults leave them: bent, cut short, slowed, or none at all; and the socket they need.

A fault at the socket needs a server that offers it: ours does, a foreign ASGI server does not. There
such a fault is refused as soon as it is asked for.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Protocol

import msgspec
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from novita_mock.fault_rule import FaultRule
from novita_mock.places import Draw
from novita_mock.problems import refused
from novita_mock.surprises import broken, malformed, spelled, surprising, truncated
from novita_mock.types import JSON

#: The ASGI extension through which our own server offers its socket.
SOCKET = "novita_mock.socket"
#: Drops a second of a reply that drips: a drop a byte would be a strain on nobody but us.
DROPS = 10


class Socket(Protocol):
    """What a server must offer for faults at the socket."""

    def reset(self) -> None:
        """Break the connection off, so that the client sees it."""

    def cut(self) -> None:
        """Close the connection once what was written has left."""


def socket_of(scope: Scope) -> Socket | None:
    """The socket of a request, where the server offers it."""
    found: Socket | None = scope.get("extensions", {}).get(SOCKET)
    return found


def check_socket(rules: Iterable[FaultRule], *, offered: bool) -> None:
    """Let nobody ask for what this server can't do.

    Raises:
        Refused: a rule needs the socket, and the server does not offer it.
    """
    if not offered and any(rule.effect.kind == "socket" for rule in rules):
        message = "this server does not offer its socket; run novita-mock serve for faults there"
        raise refused(message, "effect", "kind")


def bent(response: Response, how: str | None, schema: JSON, draw: Draw) -> Response:
    """A whole reply whose body is broken, or surprising.

    Args:
        response: as it would have left; it is changed.
        how: ``malformed``, ``schema-breaking`` or ``surprise``.
        schema: of its body, where there is one.
        draw: gives a number from 0 up to its limit.
    """
    content = bytes(response.body)
    if how == "malformed":
        content = malformed(content)
    elif how == "schema-breaking":
        content = msgspec.json.encode(broken(schema, msgspec.json.decode(content), draw))
    else:
        content = spelled(surprising(schema, msgspec.json.decode(content), draw), draw)
    response.body = content
    response.headers["content-length"] = str(len(content))
    return response


class Nothing(Response):
    """No reply at all: the connection is gone, or nobody is left to read it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


class Truncated(Response):
    """A reply that says how long it is and then breaks off halfway."""

    def __init__(self, whole: Response, socket: Socket | None) -> None:
        super().__init__(b"", whole.status_code)
        self.raw_headers = list(whole.raw_headers)
        self._half = truncated(bytes(whole.body))
        self._socket = socket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half. Where the server does not offer its socket, the half is a whole reply."""
        headers = self.raw_headers
        if self._socket is None:
            length = str(len(self._half)).encode()
            headers = [(name, length if name == b"content-length" else value) for name, value in headers]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        more = self._socket is not None
        await send({"type": "http.response.body", "body": self._half, "more_body": more})
        if self._socket is not None:
            self._socket.cut()


def dripping(whole: Response, bytes_per_second: int, sleep: Callable[[float], Awaitable[bool]]) -> Response:
    """A reply that comes slowly; where ``sleep`` is cut short, the rest comes at once.

    Args:
        whole: the reply.
        bytes_per_second: how slowly, in wall time.
        sleep: waits for so many seconds, and says whether they have passed.
    """
    content = bytes(whole.body)

    async def drops() -> AsyncIterator[bytes]:
        size = max(1, bytes_per_second // DROPS)
        for start in range(0, len(content), size):
            yield content[start : start + size]
            if not await sleep(size / bytes_per_second):
                yield content[start + size :]
                return

    response = StreamingResponse(drops(), whole.status_code)
    response.raw_headers = list(whole.raw_headers)
    return response
