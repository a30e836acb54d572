"""The control routes: what a double tells about itself, under a prefix that the API doesn't have."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from novita_mock import __version__
from novita_mock.context import Context
from novita_mock.dialects import Reply
from novita_mock.openapi import openapi
from novita_mock.types import JSON

PREFIX = "/_mock"


def health(context: Context) -> JSON:
    """Whether it serves, and how much it holds."""
    return {
        "status": "ok",
        "version": __version__,
        "accounts": len(context.accounts),
        "unfinished_tasks": context.engine.unfinished,
        "kept_bytes": context.results.kept_bytes,
        "forgotten_tasks": context.results.forgotten_tasks,
    }


def quirks(context: Context) -> JSON:
    """Every place where the pages are silent or contradict each other, with the reading in force."""
    rows = context.catalogue.quirk_rows
    return {"quirks": [dict(row) | {"value": context.catalogue.quirks[row["id"]]} for row in rows]}


def document(context: Context) -> JSON:
    """The OpenAPI document of the API as this double speaks it."""
    return openapi(context.catalogue, context.settings.public_url or context.own_url)


#: Control routes that only tell something: path below the prefix, and what tells it.
TOLD: Mapping[str, Callable[[Context], JSON]] = {
    "/health": health,
    "/quirks": quirks,
    "/openapi.json": document,
}


def told(context: Context, tell: Callable[[Context], JSON]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint that answers with what ``tell`` says."""

    async def endpoint(request: Request) -> Response:
        return context.respond(Reply(200, tell(context)), None)

    return endpoint


def front_page(context: Context) -> Callable[[Request], Awaitable[Response]]:
    """The page at the root: what this is and what it answers, as text."""
    rows = "\n".join(
        f"  {row.method:<5} {row.path:<26} {row.summary}" for row in context.catalogue.operations
    )
    told_paths = "\n".join(f"  GET   {PREFIX}{path}" for path in TOLD)
    text = (
        f"novita-mock {__version__}: a local double of the Novita AI image API.\n\n"
        f"The API:\n{rows}\n\nAbout this double:\n{told_paths}\n"
    )

    async def endpoint(request: Request) -> Response:
        return context.respond(Reply(200, text), None)

    return endpoint
