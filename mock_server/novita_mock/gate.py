"""What every request passes first and every reply last: checks of HTTP itself, and the log line."""

from msgspec import Struct, field
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from novita_mock.context import CONTROL_PREFIX, Context, refuse
from novita_mock.exchange import Exchange
from novita_mock.note import Note
from novita_mock.noting import log, log_line, logs
from novita_mock.problems import Problem, our_fault
from novita_mock.redaction import redacted_text

#: Longest body of a reply that is written down, in bytes, and the types of those that are.
MAX_TOLD_BYTES = 256 * 1024
_TOLD = frozenset({"application/json", "text/plain"})


class BadHTTP(Problem):
    """A request that breaks the rules of HTTP."""

    kind = "bad-http"


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self.app = app
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, pass on, write down."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began_s = self.context.wall.monotonic()
        exchange = scope.setdefault("state", {})["exchange"] = Exchange()
        sent = _Sent()

        async def noted(message: Message) -> None:
            sent.note(message)
            await send(message)

        try:
            problem = self._broken_rule(scope)
            if problem:
                exchange.problem = exchange.note = problem.message
                await refuse(self.context, problem, scope["path"])(scope, receive, noted)
            else:
                await self.app(scope, receive, noted)
        except Exception:
            problem = our_fault()
            exchange.problem = exchange.note = problem.message
            if sent.status:
                raise  # an answer is half out: whoever runs us breaks the connection off
            log.exception("the double failed")
            await refuse(self.context, problem, scope["path"], exchange.account)(scope, receive, noted)
        finally:
            took_ms = (self.context.wall.monotonic() - began_s) * 1000
            self._journal(scope, exchange, sent, took_ms)
            self._log(scope, exchange, sent.status, took_ms)

    def _broken_rule(self, scope: Scope) -> Problem | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) > 1 or (not hosts and scope["http_version"] == "1.1"):
            return BadHTTP("a request of HTTP/1.1 needs exactly one Host header")
        return None

    def _journal(self, scope: Scope, exchange: Exchange, sent: "_Sent", took_ms: float) -> None:
        if scope["path"] == "/" or scope["path"].startswith(CONTROL_PREFIX):
            return
        account = exchange.account or self.context.caller(Request(scope))
        holder = account or self.context
        note = Note(
            number=account.next("request") + 1 if account else self.context.next_number(),
            at_s=holder.clock.now() if exchange.at_s is None else exchange.at_s,
            arrival=self.context.next_arrival(),
            operation=exchange.operation,
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"],
            headers=scope["headers"],
            status=sent.status,
            duration_ms=took_ms,
            task_id=exchange.task_id,
            request=exchange.received,
            request_bytes=exchange.received_bytes,
            content=sent.content(),
            response_bytes=sent.size,
            response_type=sent.media_type,
            faults=tuple([rule.key for rule in exchange.faults]),
            notices=exchange.notices,
            problem=exchange.problem,
            lost=exchange.lost,
            bent=exchange.bent,
        )
        self.context.shelf.add(holder.journal, note)

    def _log(self, scope: Scope, exchange: Exchange, status: int, took_ms: float) -> None:
        if not logs(self.context.settings):
            return
        words = [redacted_text(exchange.note)] if exchange.note else []
        if exchange.notices:
            words.append("noticed " + ", ".join(sorted({quirk for quirk, _ in exchange.notices})))
        if exchange.faults:
            words.append("fault " + ", ".join(rule.key for rule in exchange.faults))
        log_line(self.context.settings, scope["method"], scope["path"], status, took_ms, "  ".join(words))


class _Sent(Struct):
    """What left of a reply."""

    status: int = 0
    size: int = 0
    media_type: str = ""
    _parts: list[bytes] = field(default_factory=list)

    def note(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            named = dict(message["headers"]).get(b"content-type", b"")
            self.media_type = str(named, "latin-1").partition(";")[0]
            return
        part = message.get("body", b"")
        self.size += len(part)
        if self.media_type in _TOLD and self.size <= MAX_TOLD_BYTES:
            self._parts.append(part)

    def content(self) -> bytes:
        """What the journal holds of the body; nothing of pictures and of what is long."""
        content = b"".join(self._parts)
        return content if len(content) == self.size else b""
