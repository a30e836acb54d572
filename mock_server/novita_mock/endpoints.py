"""HTTP for the rows of the table: one function for each kind of operation, bound to its row."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace
from starlette.requests import Request
from starlette.responses import Response

from novita_mock import dialects, models
from novita_mock.accounts import Account
from novita_mock.blobs import fetch, read
from novita_mock.catalogue import Operation
from novita_mock.context import Context
from novita_mock.egress import is_hop
from novita_mock.exchange import Exchange, exchange_of
from novita_mock.incoming import JSON_TYPE, content_of, media_type_of, query_of
from novita_mock.injection import drawn, fate_of, faulted
from novita_mock.intake import Taken
from novita_mock.lifting import Content
from novita_mock.noting import told_of
from novita_mock.problems import BadLink, Broken, Refused, cut, refused
from novita_mock.types import JSON
from novita_mock.validation import is_loaded

#: Bodies from this size on are read and decoded off the event loop, in bytes.
OFF_LOOP_BYTES = 128 * 1024

Endpoint = Callable[[Request], Awaitable[Response]]


async def submit(context: Context, operation: Operation, request: Request) -> Response:
    """Accept a task."""
    exchange, account = _whose(request)
    _check_headers(context, request)
    content = await content_of(request, operation.max_body_bytes)
    exchange.received_bytes = len(content)
    taken = await _taken(context, operation, request, content)
    exchange.received = taken.received
    exchange.notices = taken.notices
    if taken.problem or taken.submission is None:
        raise taken.problem or Broken("a body is neither good nor bad")
    submission, out = taken.submission, taken.submission.output
    # Before anything is counted or spent on it.
    context.engine.check(submission)
    account.wallet.check(submission.cost)
    if context.settings.rate_limits and not submission.wish.test_status:
        account.windows.allow(operation.name, out.count, account.clock.now(), operation.images_per_minute)
    submission = replace(submission, named=exchange.scenario, scenario=exchange.scenario_name)
    if is_hop(request.headers):
        # Sent by a double: were it told to a webhook again, two doubles could go on for ever.
        submission = replace(submission, wish=replace(submission.wish, webhook_url=""))
    # In a webhook's test mode no work is done that could go wrong: no fault is spent on it.
    fates = () if submission.wish.test_status else drawn(exchange, "task", operation, request.scope["path"])
    task = context.engine.submit(account, submission, fate_of(fates))
    exchange.task_id = task.task_id
    exchange.note = told_of(task, submission)
    return _answered(context, operation, exchange, dialects.accepted(task, context.catalogue))


async def result(context: Context, operation: Operation, request: Request) -> Response:
    """Tell how a task stands; where no time is planned, once it has ended."""
    exchange, account = _whose(request)
    query = _query(context, operation, request)
    exchange.task_id = str(query["task_id"])[:64]
    task = context.engine.get(account, query["task_id"], operation.dialect)
    task = await context.engine.settled(account, task)
    exchange.note = told_of(task)
    reply = dialects.result(task, account.clock.now(), context.catalogue)
    return _answered(context, operation, exchange, reply)


async def model_list(context: Context, operation: Operation, request: Request) -> Response:
    """Tell the models there are."""
    exchange, _ = _whose(request)
    body = models.page(_query(context, operation, request))
    return _answered(context, operation, exchange, dialects.Reply(200, body))


async def user(context: Context, operation: Operation, request: Request) -> Response:
    """Tell the balance."""
    exchange, account = _whose(request)
    return _answered(context, operation, exchange, dialects.user(account.wallet.balance))


async def image(context: Context, operation: Operation, request: Request) -> Response:
    """Serve a picture to whoever has its link."""
    path = request.scope["path"]
    account, grant = exchange_of(request).account, exchange_of(request).grant
    if grant is None:
        raise Broken("a picture was reached without a checked link")
    if not grant.alive((account or context).clock.now()):
        raise BadLink(f"AccessDenied: the link has expired; it was alive for {grant.ttl_s} seconds")
    blob = fetch(context.blobs, path)
    response = context.respond(dialects.Reply(200, "", _image_headers(path)), account)
    del response.headers["content-length"]
    response.headers["content-type"] = blob.content_type
    response.headers["content-length"] = str(blob.content.size)
    response.body = b"" if request.method == "HEAD" else await read(context.blobs, path)
    return response


KINDS: Mapping[str, Callable[[Context, Operation, Request], Awaitable[Response]]] = {
    "submit": submit,
    "result": result,
    "models": model_list,
    "account": user,
    "image": image,
}


def endpoint_of(context: Context, operation: Operation) -> Endpoint:
    """The endpoint of a row, with faults around it."""
    return faulted(context, operation, KINDS[operation.kind])


def _whose(request: Request) -> tuple[Exchange, Account]:
    exchange = exchange_of(request)
    if exchange.account is None:
        raise Broken("an endpoint was reached without an account")
    return exchange, exchange.account


def _answered(context: Context, operation: Operation, exchange: Exchange, reply: dialects.Reply) -> Response:
    return context.respond(reply, exchange.account, operation)


async def _taken(context: Context, operation: Operation, request: Request, content: Content) -> Taken:
    intake, base_url = context.intake(operation), context.base_url(request.headers.get("host", ""))
    if len(content) < OFF_LOOP_BYTES:
        taken = intake.plain(content, base_url)
        if taken is not None or is_loaded():
            return taken or intake.long_way(content, base_url)
    # What is long takes long, and the first body that is not plainly good brings jsonschema.
    return await asyncio.to_thread(intake.take, content, base_url)


def _image_headers(path: str) -> dict[str, str]:
    return {
        "cache-control": "private, max-age=0, must-revalidate",
        "content-disposition": f'inline; filename="{path.rpartition("/")[2]}"',
        "cross-origin-resource-policy": "cross-origin",
        "x-content-type-options": "nosniff",
    }


def _query(context: Context, operation: Operation, request: Request) -> dict[str, JSON]:
    """The checked query."""
    checked = context.validator(operation.query).check_query(query_of(request))
    exchange_of(request).notices = tuple(checked.notices)
    if checked.faults:
        raise Refused(tuple(checked.faults))
    query: dict[str, JSON] = checked.body
    return query


def _check_headers(context: Context, request: Request) -> None:
    media_type = media_type_of(request.headers.get("content-type", ""))
    if media_type != JSON_TYPE and context.catalogue.quirks["content-type"] == "required":
        message = f"the Content-Type is {cut(media_type) if media_type else 'missing'}, not application/json"
        raise refused(message)
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        message = f"the Content-Encoding is {cut(encoding)}; send the body as it is"
        raise refused(message)
