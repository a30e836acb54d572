"""The fixed paths of the table, answered at once: no route has to be asked whether it is meant."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]
#: The response to what an endpoint raised.
Told = Callable[[Request, Exception], Awaitable[Response]]


class Direct:
    """ASGI middleware: whatever is no fixed path, or no method of one, is passed on.

    Args:
        app: asked about everything else.
        endpoints: by method and path.
        told: how each kind of problem is told; others are passed on.
    """

    def __init__(
        self,
        app: ASGIApp,
        endpoints: Mapping[tuple[str, str], Endpoint],
        told: Mapping[type[Exception], Told],
    ) -> None:
        self.app = app
        self._endpoints = endpoints
        self._told = told
        self._kinds = tuple(told)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        endpoint = self._endpoints.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive, send)
        try:
            response = await endpoint(request)
        except self._kinds as problem:
            tell = next(tell for kind, tell in self._told.items() if isinstance(problem, kind))
            response = await tell(request, problem)
        await response(scope, receive, send)
