"""The control routes over HTTP; what they do is loaded by the first call."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from novita_mock import __version__
from novita_mock.context import CONTROL_PREFIX, Context
from novita_mock.dialects import Reply
from novita_mock.files import read_json
from novita_mock.types import JSON

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(context: Context) -> list[Route]:
    """Every control route: one for each path, so that a wrong method is told of all the right ones."""
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
    rows = "\n".join(
        f"  {row.method:<5} {row.path:<26} {row.summary}" for row in context.catalogue.operations
    )
    table = read_json("schemas", "control.json")
    told = "\n".join(
        f"  {r['method']:<6} {table['prefix'] + r['path']:<38} {r['summary']}" for r in table["routes"]
    )
    text = (
        f"novita-mock {__version__}: a local double of the Novita AI image API.\n\n"
        f"The API:\n{rows}\n\nThe world it lives in ({CONTROL_PREFIX}control.openapi.json):\n{told}\n"
    )

    async def endpoint(request: Request) -> Response:
        return context.respond(Reply(200, text), None)

    return endpoint
