"""Does what faults say to a request and its reply; which faults, the account's ``Faults`` decide."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from novita_mock.accounts import name_and_scenario
from novita_mock.catalogue import Operation
from novita_mock.context import Context
from novita_mock.dialects import Reply
from novita_mock.exchange import Exchange, exchange_of
from novita_mock.fault_rule import FaultRule, Injected, latency_s
from novita_mock.plan import Fate
from novita_mock.problems import BadLink
from novita_mock.scenarios import load
from novita_mock.surprises import broken, surprising

#: The header by which a request names a scenario.
SCENARIO_HEADER = "x-novita-mock-scenario"
#: The ASGI extension through which our own server offers its socket.
SOCKET = "novita_mock.socket"
#: Bytes a second of a drip that names no speed.
DRIP = 16

Endpoint = Callable[[Context, Operation, Request], Awaitable[Response]]


class Socket(Protocol):
    """What a server must offer for faults at the socket."""

    def reset(self) -> None:
        """Break the connection off, so that the client sees it."""

    def cut(self) -> None:
        """Close the connection once what was written has left."""


def socket_of(scope: Scope) -> Socket | None:
    """The socket of a request, where the server offers it."""
    found: Socket | None = scope.get("extensions", {}).get(SOCKET)
    return found


def scenario_of(context: Context, request: Request, key: str) -> tuple[FaultRule, ...]:
    """The faults of the scenario that a request names: by header, else by key, else by the settings.

    Raises:
        UnknownScenario: there is none of that name.
    """
    _, in_key = name_and_scenario(key)
    name = request.headers.get(SCENARIO_HEADER) or in_key or context.settings.scenario
    return load(name, context.catalogue) if name else ()


def drawn(exchange: Exchange, phase: str, operation: Operation, path: str) -> tuple[FaultRule, ...]:
    """The rules that fire now on a request, marked on its exchange."""
    account = exchange.account
    if account is None:
        return ()
    rules = account.faults.draw(
        phase,
        operation=operation.name,
        task_type=operation.task_type,
        path=path,
        extra=exchange.scenario,
    )
    exchange.faults.extend(rules)
    return rules


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
    exchange.scenario = scenario_of(context, request, key)
    path = request.scope["path"]
    injection = Injection(context, operation, request, exchange)
    early = await injection.early(drawn(exchange, "before", operation, path))
    if early is not None:
        return early
    response = await endpoint(context, operation, request)
    rules = drawn(exchange, "after", operation, path)
    # Whoever is not told of a task can't know that it is there, and that it is paid for.
    exchange.lost = operation.kind == "submit" and any(rule.effect.slot == "answer" for rule in rules)
    if exchange.lost:
        exchange.account.spending.lose(exchange.task_id)
    early = await injection.early(rules)
    return early if early is not None else injection.late(rules, response)


async def _around_image(
    context: Context, operation: Operation, endpoint: Endpoint, request: Request
) -> Response:
    exchange = exchange_of(request)
    exchange.operation = operation.name
    exchange.account = context.account_of_link(request)
    exchange.scenario = (
        load(context.settings.scenario, context.catalogue) if context.settings.scenario else ()
    )
    injection = Injection(context, operation, request, exchange)
    rules = drawn(exchange, "download", operation, request.scope["path"])
    early = await injection.early(rules)
    if early is not None:
        return early
    return injection.late(rules, await endpoint(context, operation, request))


class Injection:
    """What faults do to one request."""

    def __init__(self, context: Context, operation: Operation, request: Request, exchange: Exchange) -> None:
        self._context = context
        self._operation = operation
        self._request = request
        self._exchange = exchange

    async def early(self, rules: tuple[FaultRule, ...]) -> Response | None:
        """Wait, refuse, break off: what needs no reply. A response where there is nothing more to say.

        Raises:
            Injected: an error was asked for.
            BadLink: a link was asked to be expired.
        """
        account = self._exchange.account
        assert account is not None
        for rule in rules:
            effect = rule.effect
            if effect.kind == "latency":
                await self._context.wall.sleep(latency_s(effect, account.faults.fraction(rule)))
            elif effect.kind == "expired":
                raise BadLink("AccessDenied: the link has expired (asked for by a fault)")
            elif effect.kind == "error" and effect.status:
                text = f"{effect.message or 'asked for by a fault'}\n"
                return self._context.respond(Reply(effect.status, text), account)
            elif effect.kind == "error":
                raise Injected(rule)
            elif effect.kind == "socket" and effect.how in ("reset", "hang"):
                return await self._break_off(effect.how)
        return None

    def late(self, rules: tuple[FaultRule, ...], response: Response) -> Response:
        """The reply as faults leave it."""
        for rule in rules:
            effect = rule.effect
            if effect.kind == "body":
                response = self._bent(rule, response)
            elif effect.kind == "socket" and effect.how == "drip":
                response = _dripping(response, effect.bytes_per_second or DRIP, self._context.wall.sleep)
        return response

    async def _break_off(self, how: str) -> Response:
        socket = socket_of(self._request.scope)
        if how == "hang":
            # Until the client gives up, or the server stops.
            while (await self._request.receive())["type"] != "http.disconnect":
                pass
        elif socket is not None:
            socket.reset()
        return Nothing()

    def _bent(self, rule: FaultRule, response: Response) -> Response:
        how = rule.effect.how
        content = bytes(response.body)
        if how == "truncated":
            return Truncated(response, content, socket_of(self._request.scope))
        if how == "malformed":
            bent = content[:-1] + b",]"
        else:
            account = self._exchange.account
            assert account is not None
            bend = broken if how == "schema-breaking" else surprising
            schema = self._context.validator(self._operation.response).schema
            bent = bend(schema, msgspec.json.decode(content), account.faults.numbers(rule))
            bent = bent if isinstance(bent, bytes) else msgspec.json.encode(bent)
        response.body = bent
        response.headers["content-length"] = str(len(bent))
        return response


class Nothing(Response):
    """No reply at all: the connection is gone, or nobody is left to read it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


class Truncated(Response):
    """A reply that says how long it is and then breaks off halfway."""

    def __init__(self, whole: Response, content: bytes, socket: Socket | None) -> None:
        super().__init__(b"", whole.status_code)
        self.raw_headers = list(whole.raw_headers)
        self._half = content[: len(content) // 2]
        self._socket = socket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half. Where the server does not offer its socket, the half is a whole reply."""
        headers = self.raw_headers
        if self._socket is None:
            length = str(len(self._half)).encode()
            headers = [(name, length if name == b"content-length" else value) for name, value in headers]
        await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
        more = self._socket is not None
        await send({"type": "http.response.body", "body": self._half, "more_body": more})
        if self._socket is not None:
            self._socket.cut()


def _dripping(whole: Response, bytes_per_second: int, sleep: Callable[[float], Awaitable[None]]) -> Response:
    content = bytes(whole.body)

    async def drops() -> AsyncIterator[bytes]:
        # Ten drops a second at most: a drop a byte would be a strain on nobody but us.
        size = max(1, bytes_per_second // 10)
        for start in range(0, len(content), size):
            yield content[start : start + size]
            await sleep(size / bytes_per_second)

    response = StreamingResponse(drops(), whole.status_code)
    response.raw_headers = list(whole.raw_headers)
    return response
