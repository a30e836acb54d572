"""A way into a double that lives on a loop of its own, for whoever lives on another loop, or on none.

One loop owns every account of a double. A request from elsewhere is posted to that loop as a whole,
and its reply comes back as a whole.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import anyio.to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from novita_mock.calling import TIMEOUT_S


@dataclass(slots=True)
class _Reply:
    """What came back."""

    start: Message = field(default_factory=dict)
    content: bytearray = field(default_factory=bytearray)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.content += message.get("body", b"")


class Bridge:
    """A double as an ASGI application that any loop, of asyncio or trio, and any thread may call.

    Args:
        app: the double.
        loop: where it lives.
    """

    def __init__(self, app: ASGIApp, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request of ASGI; the start and the end of the application are its own loop's business."""
        if scope["type"] == "lifespan":
            for what in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{what}.complete"})
            return
        content = bytearray()
        more = True
        while more:
            message = await receive()
            content += message.get("body", b"")
            more = message.get("more_body", False)
        reply = await anyio.to_thread.run_sync(self._exchange, scope, bytes(content), abandon_on_cancel=True)
        if not reply.start:
            raise ConnectionError("the double broke the connection off, as it was told to")
        await send(reply.start)
        await send({"type": "http.response.body", "body": bytes(reply.content)})

    def post(
        self, url: str, body: bytes | None, headers: Mapping[str, str], method: str = "POST"
    ) -> tuple[int, bytes]:
        """One request without a socket; the status and the body of the answer.

        Raises:
            OSError: there is no answer, or no double any more.
        """
        parts = urlsplit(url)
        named = {"host": parts.netloc, "content-length": str(len(body or b"")), **headers}
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": parts.scheme,
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [
                (name.lower().encode("latin-1"), text.encode("latin-1")) for name, text in named.items()
            ],
            "server": (parts.hostname, parts.port),
            "client": ("127.0.0.1", 0),
        }
        reply = self._exchange(scope, body or b"")
        if not reply.start:
            raise ConnectionError("no answer came")
        return reply.start["status"], bytes(reply.content)

    def _exchange(self, scope: Scope, content: bytes) -> _Reply:
        """Have a request answered on the double's own loop; called on any other thread."""
        if not self._loop.is_running():
            raise ConnectionError("the double has come to its end")
        asked = asyncio.run_coroutine_threadsafe(self._answered(scope, content), self._loop)
        try:
            return asked.result(TIMEOUT_S)
        except TimeoutError:
            asked.cancel()
            raise ConnectionError("no answer came in time") from None
        except CancelledError:
            raise ConnectionError("the double came to its end before it answered") from None

    async def _answered(self, scope: Scope, content: bytes) -> _Reply:
        reply = _Reply()
        pending = [{"type": "http.request", "body": content, "more_body": False}]
        ended = asyncio.Event()

        async def receive() -> Message:
            if pending:
                return pending.pop()
            await ended.wait()  # whoever asked waits for the reply and does not go away before
            return {"type": "http.disconnect"}

        try:
            await self._app({**scope, "state": {}}, receive, reply.send)
        finally:
            ended.set()
        return reply
