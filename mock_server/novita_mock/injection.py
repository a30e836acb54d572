"""Does what faults say to a request and its reply; which faults, the account's ``Faults`` decide."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from novita_mock.accounts import Account
from novita_mock.bodies import received
from novita_mock.catalogue import Operation
from novita_mock.context import Context
from novita_mock.damage import Nothing, Truncated, bent, check_socket, dripping, socket_of
from novita_mock.dialects import Reply
from novita_mock.exchange import Exchange, exchange_of
from novita_mock.fault_form import DRIP_BYTES_PER_SECOND
from novita_mock.fault_rule import FaultRule, Injected, latency_s
from novita_mock.incoming import content_of, query_of, query_text
from novita_mock.plan import Fate
from novita_mock.problems import BadLink, Problem
from novita_mock.scenarios import UnknownScenario
from novita_mock.task import Task

#: The header by which a request names a scenario.
SCENARIO_HEADER = "x-novita-mock-scenario"

Endpoint = Callable[[Context, Operation, Request], Awaitable[Response]]


def choose_scenario(context: Context, request: Request, exchange: Exchange, *named: str) -> None:
    """Note the scenario of a request: by header, else the first of ``named``, else by the settings.

    Raises:
        UnknownScenario: there is none of that name.
        Refused: it needs the socket, and the server does not offer it.
    """
    asked = (request.headers.get(SCENARIO_HEADER), *named, context.settings.scenario)
    name = next(filter(None, asked), "")
    if name:
        exchange.scenario_name = name
        exchange.scenario = context.scenario(name)
        check_socket(exchange.scenario, offered=socket_of(request.scope) is not None)


def drawn(exchange: Exchange, phase: str, operation: Operation, path: str) -> tuple[FaultRule, ...]:
    """The rules that fire now on a request, marked on its exchange; waits come before all else."""
    account = exchange.account
    if account is None:
        return ()
    rules = account.faults.draw(
        phase,
        operation=operation.name,
        task_type=operation.task_type or exchange.task_type,
        path=path,
        extra=exchange.scenario,
    )
    exchange.faults.extend(rules)
    return tuple(sorted(rules, key=lambda rule: rule.effect.kind != "latency"))


def fate_of(rules: tuple[FaultRule, ...]) -> Fate:
    """What the rules of phase ``task`` decide about a task."""
    slow_s, failure, nsfw = 0.0, "", None
    for rule in rules:
        effect = rule.effect
        if effect.kind == "slow":
            slow_s += effect.seconds or 0.0
        elif effect.kind == "fail":
            failure = effect.reason or "TASK_FAILED"
        elif effect.kind == "nsfw":
            valid = True if effect.valid is None else effect.valid
            nsfw = (valid, float(effect.confidence or 0) if valid else 0.0)
    return Fate(slow_s, failure, nsfw)


def faulted(
    context: Context, operation: Operation, endpoint: Endpoint
) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint of the API around which faults fire."""
    around = _around_image if operation.kind == "image" else _around
    return partial(around, context, operation, endpoint)


async def _around(context: Context, operation: Operation, endpoint: Endpoint, request: Request) -> Response:
    exchange = exchange_of(request)
    exchange.operation = operation.name
    exchange.account, key = context.account(operation, request)
    exchange.at_s = exchange.account.clock.now()
    in_key = context.accounts.named_by(key)[1]
    try:
        choose_scenario(context, request, exchange, in_key)
    except UnknownScenario:
        if exchange.scenario_name != in_key:
            raise
        # Not repeated: it may be a part of a real key.
        raise UnknownScenario(in_key, "what stands behind the @ of the API key") from None
    if operation.kind == "result":
        asked = query_of(request).get("task_id", "")
        _about(exchange, context.tasks.get(exchange.account.account_id, asked))
    path = request.scope["path"]
    injection = Injection(context, operation, request, exchange)
    try:
        early = await injection.early(drawn(exchange, "before", operation, path))
    except Injected:
        await injection.note_body()
        raise
    if early is not None:
        return early
    response = await endpoint(context, operation, request)
    rules = drawn(exchange, "after", operation, path)
    injection.note_loss(rules)
    early = await injection.early(rules)
    await injection.note_gone()
    return early if early is not None else injection.late(rules, response)


async def _around_image(
    context: Context, operation: Operation, endpoint: Endpoint, request: Request
) -> Response:
    exchange = exchange_of(request)
    exchange.operation = operation.name
    path = request.scope["path"]
    exchange.grant = context.results.signer.check(path, query_text(request))
    exchange.account = account = context.accounts.of_id(exchange.grant.account_id)
    exchange.at_s = account.clock.now() if account else None
    blob = context.blobs.get(path)
    if account is None or blob is None:
        return await endpoint(context, operation, request)
    task = context.tasks.get(account.account_id, blob.task_id)
    _about(exchange, task)
    # Pictures come without a key: the scenario that their task was made in holds for them.
    choose_scenario(context, request, exchange, task.scenario if task else "")
    injection = Injection(context, operation, request, exchange)
    rules = drawn(exchange, "download", operation, path)
    early = await injection.early(rules)
    if early is not None:
        return early
    return injection.late(rules, await endpoint(context, operation, request))


def _about(exchange: Exchange, task: Task | None) -> None:
    """Note the task that a request asks about."""
    if task is not None:
        exchange.task_id, exchange.task_type = task.task_id, task.task_type


class Injection:
    """What faults do to one request."""

    def __init__(self, context: Context, operation: Operation, request: Request, exchange: Exchange) -> None:
        self._context = context
        self._operation = operation
        self._request = request
        self._exchange = exchange

    async def note_body(self) -> None:
        """Have the journal hold what was sent, although nothing is done with it."""
        if self._operation.kind == "submit":
            with suppress(Problem, ClientDisconnect):
                content = bytes(await content_of(self._request, self._operation.max_body_bytes))
                self._exchange.received_bytes = len(content)
                self._exchange.received = await asyncio.to_thread(received, content)

    def note_loss(self, rules: tuple[FaultRule, ...]) -> None:
        """Note that who asked will not be told, where the rules lose the answer."""
        if any(rule.effect.loses for rule in rules):
            self._lose()

    async def note_gone(self) -> None:
        """Note that who asked is not told, if the waits that were asked for were too long for it."""
        waited = any(rule.effect.kind == "latency" for rule in self._exchange.faults)
        if waited and await self._request.is_disconnected():
            self._lose()

    def _lose(self) -> None:
        """Who is not told of a task can't know that it is there, and that it is paid for."""
        if self._operation.kind == "submit":
            self._exchange.lost = True
            self._account.spending.lose(self._exchange.task_id)

    async def early(self, rules: tuple[FaultRule, ...]) -> Response | None:
        """Wait, refuse, break off: what needs no reply. A response where there is nothing more to say.

        Raises:
            Injected: an error was asked for.
            BadLink: a link was asked to be expired.
        """
        for rule in rules:
            effect = rule.effect
            if effect.kind == "latency":
                await self._context.ending.sleep(latency_s(effect, self._account.faults.fraction(rule)))
            elif effect.kind == "expired":
                raise BadLink("AccessDenied: the link has expired (asked for by a fault)")
            elif effect.kind == "error" and effect.status:
                text = f"{effect.message or 'asked for by a fault'}\n"
                return self._context.respond(Reply(effect.status, text), self._account)
            elif effect.kind == "error":
                raise Injected(rule)
            elif effect.kind == "socket" and effect.how in ("reset", "hang"):
                return await self._break_off(effect.how)
        return None

    def late(self, rules: tuple[FaultRule, ...], response: Response) -> Response:
        """The reply as faults leave it."""
        for rule in rules:
            effect = rule.effect
            if effect.kind == "body" and effect.how == "truncated" and response.body:
                response = Truncated(response, socket_of(self._request.scope))
            elif effect.kind == "body" and response.body:  # the answer to HEAD has nothing to break
                schema = self._context.validator(self._operation.response).schema
                response = bent(response, effect.how, schema, self._account.faults.numbers(rule))
            elif effect.kind == "socket" and effect.how == "drip":
                speed = effect.bytes_per_second or DRIP_BYTES_PER_SECOND
                response = dripping(response, speed, self._context.ending.sleep)
        return response

    @property
    def _account(self) -> Account:
        assert self._exchange.account is not None
        return self._exchange.account

    async def _break_off(self, how: str) -> Response:
        socket = socket_of(self._request.scope)
        given_up = how == "hang" and await self._context.ending.hang(self._request)
        if socket is not None and not given_up:
            socket.reset()
        return Nothing()
