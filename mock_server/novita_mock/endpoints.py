"""HTTP for the rows of the table: one function for each kind of operation, bound to its row."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from novita_mock import dialects, intake, models
from novita_mock.blobs import fetch
from novita_mock.catalogue import Operation
from novita_mock.context import Context
from novita_mock.problems import BadLink, BodyTooLarge, Fault, Refused, cut
from novita_mock.types import JSON

#: Bodies from this size on are read and decoded off the event loop, in bytes.
OFF_LOOP_BYTES = 128 * 1024

Endpoint = Callable[[Request], Awaitable[Response]]


async def submit(context: Context, operation: Operation, request: Request) -> Response:
    """Accept a task."""
    account = context.account(operation, request)
    _check_headers(context, request)
    content = await _body(request, operation.max_body_bytes)
    take = partial(
        intake.take,
        operation,
        context.validator(operation.request),
        context.catalogue.quirks,
        content,
        context.base_url(request),
    )
    submission, checked = await asyncio.to_thread(take) if len(content) >= OFF_LOOP_BYTES else take()
    task = context.engine.submit(account, submission)
    out = submission.output
    request.state.note = f"task {task.task_id}  {out.count} x {out.width}x{out.height} {task.wish.image_type}"
    if checked.notices:
        request.state.note += "  noticed " + ", ".join(sorted({quirk for quirk, _ in checked.notices}))
    return context.respond(dialects.accepted(task, context.catalogue), account, operation)


async def result(context: Context, operation: Operation, request: Request) -> Response:
    """Tell how a task stands; where no time is planned, once it has ended."""
    account = context.account(operation, request)
    query = _query(context, operation, request)
    task = context.engine.get(account, query["task_id"], operation.dialect)
    task = await context.engine.settled(account, task)
    reply = dialects.result(task, account.clock.now(), context.catalogue)
    request.state.note = f"task {task.task_id}  {task.status.name}"
    return context.respond(reply, account, operation)


async def model_list(context: Context, operation: Operation, request: Request) -> Response:
    """Tell the models there are."""
    account = context.account(operation, request)
    body = models.page(_query(context, operation, request))
    return context.respond(dialects.Reply(200, body), account, operation)


async def image(context: Context, operation: Operation, request: Request) -> Response:
    """Serve a picture to whoever has its link."""
    path = request.scope["path"]
    grant = context.results.signer.check(path, _query_text(request))
    account = context.accounts.of_id(grant.account_id)
    now_s = (account or context).clock.now()
    if not grant.alive(now_s):
        raise BadLink(f"AccessDenied: the link has expired; it was alive for {grant.ttl_s} seconds")
    blob = fetch(context.blobs, path)
    response = context.respond(dialects.Reply(200, "", _image_headers(path)), account)
    del response.headers["content-length"]
    response.headers["content-type"] = blob.content_type
    response.headers["content-length"] = str(len(blob.content))
    response.body = b"" if request.method == "HEAD" else blob.content
    return response


KINDS: Mapping[str, Callable[[Context, Operation, Request], Awaitable[Response]]] = {
    "submit": submit,
    "result": result,
    "models": model_list,
    "image": image,
}


def endpoint_of(context: Context, operation: Operation) -> Endpoint:
    """The endpoint of a row."""
    return partial(KINDS[operation.kind], context, operation)


def _image_headers(path: str) -> dict[str, str]:
    return {
        "cache-control": "private, max-age=0, must-revalidate",
        "content-disposition": f'inline; filename="{path.rpartition("/")[2]}"',
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
    }


def _query_text(request: Request) -> str:
    # Not `request.url`: that takes the Host header into account, which may hold anything.
    return str(request.scope["query_string"], "latin-1")


def _query(context: Context, operation: Operation, request: Request) -> dict[str, JSON]:
    """The checked query; where a name comes twice, the last counts."""
    given: dict[str, JSON] = dict(parse_qsl(_query_text(request), keep_blank_values=True))
    checked = context.validator(operation.query).check(given)
    if checked.faults:
        raise Refused(tuple(checked.faults))
    query: dict[str, JSON] = checked.body
    return query


def _check_headers(context: Context, request: Request) -> None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and context.catalogue.quirks["content-type"] == "required":
        message = f"the Content-Type is {cut(media_type) if media_type else 'missing'}, not application/json"
        raise Refused((Fault("invalid-request", (), message),))
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        message = f"the Content-Encoding is {cut(encoding)}; send the body as it is"
        raise Refused((Fault("invalid-request", (), message),))


async def _body(request: Request, limit: int) -> bytes:
    message = f"the body is over the limit of {limit} bytes"
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > limit:
        raise BodyTooLarge(message)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(message)
        chunks.append(chunk)
    return b"".join(chunks)
