"""The control routes over HTTP: what each is asked, and how it answers."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from novita_mock import __version__
from novita_mock.asyncapi import asyncapi
from novita_mock.bodies import read_body
from novita_mock.call import Call, NotFound
from novita_mock.callers import account_of, check_caller, check_content_type
from novita_mock.commands import COMMANDS
from novita_mock.context import CONTROL_PREFIX, Context
from novita_mock.control_openapi import control_openapi
from novita_mock.dialects import Reply
from novita_mock.files import read_json
from novita_mock.incoming import content_of, query_of
from novita_mock.openapi import openapi
from novita_mock.problems import Refused
from novita_mock.types import JSON

#: Longest body of a control request, in bytes.
MAX_BODY_BYTES = 8 * 1024 * 1024

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
    row = rows["GET" if request.method == "HEAD" else request.method]
    name = row["name"]
    check_caller(context, name, request)
    call = await _call(context, row, request)
    if name in SPECIAL:
        return await SPECIAL[name](call)
    told = TOLD[name](context) if name in TOLD else await COMMANDS[name](call)
    return context.respond(Reply(200, told), call.accounts[0] if call.named else None)


async def _call(context: Context, row: Mapping[str, str], request: Request) -> Call:
    query = query_of(request)
    body: JSON = None
    if request.method in ("POST", "PUT") and row["name"] not in SPECIAL:
        check_content_type(request)
        body = await _body(context, row, request)
    account = account_of(context, request, query)
    accounts = (account,) if account else tuple(context.accounts.all())
    path = {name: str(value) for name, value in request.path_params.items()}
    return Call(context, request, accounts, account is not None, body, path, query)


async def _body(context: Context, row: Mapping[str, str], request: Request) -> JSON:
    body = read_body(bytes(await content_of(request, MAX_BODY_BYTES)) or b"{}")
    if "request" not in row:
        return body
    checked = context.validator(row["request"]).check(body)
    if checked.faults:
        raise Refused(tuple(checked.faults))
    return checked.body


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


#: Routes that only tell something about the double.
TOLD: Mapping[str, Callable[[Context], JSON]] = {
    "health": health,
    "quirks": quirks,
    "openapi": lambda context: openapi(context.catalogue, context.url),
    "control-openapi": lambda context: control_openapi(context.catalogue, context.url),
    "asyncapi": lambda context: asyncapi(context.catalogue),
}


async def _receive(call: Call) -> Response:
    """An inbox receives an event and answers as it was told."""
    account = call.one
    content = bytes(await content_of(call.request, MAX_BODY_BYTES))
    headers = dict(call.request.headers.items())
    answer = account.inboxes.receive(call.path["name"], headers, content, account.clock.now())
    if answer.delay_s is None:
        await call.context.ending.hang(call.request)
        return Response(status_code=504)
    await call.context.ending.sleep(answer.delay_s)
    return call.context.respond(Reply(answer.status, answer.body), account)


async def _object(call: Call) -> Response:
    """An object of the double's own buckets."""
    found = call.context.buckets.get(call.path["bucket"], call.path["key"])
    if found is None:
        raise NotFound("there is no such object")
    headers = {"x-content-type-options": "nosniff", "cross-origin-resource-policy": "cross-origin"}
    return Response(found.content, 200, headers, media_type=found.content_type)


#: Routes whose answer is no JSON.
SPECIAL: Mapping[str, Callable[[Call], Awaitable[Response]]] = {
    "inbox-receive": _receive,
    "storage-object": _object,
}


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
