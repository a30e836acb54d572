"""What every request passes first and every reply last: checks of HTTP itself, and the log line."""

import logging
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from novita_mock.context import Context, refuse
from novita_mock.problems import Problem

log = logging.getLogger("novita_mock.requests")


class BadHTTP(Problem):
    """A request that breaks the rules of HTTP."""

    kind = "bad-http"


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self.app = app
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, pass on, log."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = self.context.wall.monotonic()
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            problem = self._broken_rule(scope)
            if problem:
                state["note"] = problem.message
                await refuse(self.context, problem, scope)(scope, receive, noted)
            else:
                await self.app(scope, receive, noted)
        finally:
            self._log(scope, status, self.context.wall.monotonic() - began)

    def _broken_rule(self, scope: Scope) -> Problem | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) > 1 or (not hosts and scope["http_version"] == "1.1"):
            return BadHTTP("a request of HTTP/1.1 needs exactly one Host header")
        return None

    def _log(self, scope: Scope, status: int, took_s: float) -> None:
        if self.context.settings.quiet or not log.isEnabledFor(logging.INFO):
            return
        # Neither the query nor a header: a link's signature and a key stand there.
        path = ascii(scope["path"])[1:-1]
        note = ascii(scope["state"].get("note", ""))[1:-1]
        shown = path if len(path) <= 100 else f"{path[:97]}..."
        line = f"{scope['method']:<4} {shown:<24} {status or '---'} {took_s * 1000:7.1f} ms  {note}"
        log.info("%s", line.rstrip())
