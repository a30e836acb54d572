"""The control routes over HTTP; what they do is loaded by the first call."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from novita_mock import __version__
from novita_mock.context import CONTROL_PREFIX, Context
from novita_mock.dialects import Reply
from novita_mock.files import read_json
from novita_mock.types import JSON

Endpoint = Callable[[Request], Awaitable[Response]]
#: Where the route stands that a request was found to be for.
_ROUTE = "novita_mock.route"


class Routes(BaseRoute):
    """Every control route, made when one of them is first asked for: a start need not wait for that."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._made: list[Route] = []

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first route that a request is for, else the first of its path."""
        if CONTROL_PREFIX not in scope["path"]:
            return Match.NONE, {}
        self._made = self._made or routes(self._context)
        near: tuple[Match, Scope] = Match.NONE, {}
        for route in self._made:
            match, found = route.matches(scope)
            if match.value > near[0].value:
                near = match, {**found, _ROUTE: route}
            if match is Match.FULL:
                break
        return near

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have that route answer."""
        await scope[_ROUTE].handle(scope, receive, send)


def routes(context: Context) -> list[Route]:
    """The control routes: one for each path, so that a wrong method is told of all the right ones."""
    table = read_json("schemas", "control.json")
    by_path: dict[str, dict[str, JSON]] = {}
    for row in table["routes"]:
        by_path.setdefault(table["prefix"] + row["path"], {})[row["method"]] = row
    return [
        Route(path, partial(_control, context, rows), methods=list(rows)) for path, rows in by_path.items()
    ]


async def _control(context: Context, rows: Mapping[str, JSON], request: Request) -> Response:
    from novita_mock.control_calls import answer

    return await answer(context, rows, request)


def front_page(context: Context) -> Endpoint:
    """The page at the root: what this is and what it answers, as text."""

    async def endpoint(request: Request) -> Response:
        return context.respond(Reply(200, _front_text(context)), None)

    return endpoint


def _front_text(context: Context) -> str:
    rows = "\n".join(
        f"  {row.method:<5} {row.path:<26} {row.summary}" for row in context.catalogue.operations
    )
    table = read_json("schemas", "control.json")
    told = "\n".join(
        f"  {r['method']:<6} {table['prefix'] + r['path']:<38} {r['summary']}" for r in table["routes"]
    )
    return (
        f"novita-mock {__version__}: a local double of the Novita AI image API.\n\n"
        f"The API:\n{rows}\n\nThe world it lives in ({CONTROL_PREFIX}control.openapi.json):\n{told}\n"
    )
