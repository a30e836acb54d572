"""Answers what asks for nothing special at once: the submits and polls of a client that all goes well for.

No fault waits, no leniency is needed, nothing is wrong. Whatever is not so is left to the long way, before
anything was done about it, and that is where the meaning of every request is written. What this does
instead of it must come to the same: bytes, journal, money and time (``tests/test_quick.py``).
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import Struct

from novita_mock import dialects
from novita_mock.accounts import Account, key_of
from novita_mock.catalogue import Operation
from novita_mock.context import Context, date_of
from novita_mock.egress import HOP_HEADER
from novita_mock.incoming import media_type_of
from novita_mock.intake import Taken
from novita_mock.lifting import Content
from novita_mock.note import Headers, Note
from novita_mock.noting import log_line, logs, told_of
from novita_mock.plan import Fate
from novita_mock.problems import Problem
from novita_mock.task import Task, eta_s, progress_percent

Key = TypeVar("Key")
Value = TypeVar("Value")

#: Headers that change what is done. Those of them that are not looked at here are left to the long way.
_TELLING = frozenset(
    {
        b"authorization", b"host", b"content-type", b"content-encoding", b"transfer-encoding", b"expect",
        b"x-omni-key", b"x-novita-mock-scenario", HOP_HEADER.lower().encode(),
    }
)  # fmt: skip
_QUERY = b"task_id="
_JSON_TYPE = "application/json"
#: Callers, hosts and replies that are known again; beyond that, all are found anew.
_MAX_KNOWN = 1024


class _Call(Struct, gc=False):
    """A request that came whole, and its caller once that is known."""

    row: Operation
    url: bytes
    headers: Headers
    content: Content
    began_s: float
    account: Account
    host: bytes
    media_type: bytes
    at_s: float


_Way = Callable[[_Call], bytes | None]


class _Kept(Struct, frozen=True, gc=False):
    """The body of a poll, and what it was made of."""

    task: Task
    now_s: float
    eta_s: int
    progress_percent: int
    body: bytes


class Quick:
    """The short way of one double. Belongs to its event loop."""

    def __init__(self, context: Context) -> None:
        self._context = context
        #: What large bodies were read into, for the next ones.
        self.spare: list[bytearray] = []
        self._ways: dict[str, _Way] = {"submit": self._submit, "result": self._result}
        self._rows = self._rows_of()
        self._accounts: dict[bytes, Account] = {}
        self._hosts: dict[bytes, str] = {}
        self._kept: dict[str, _Kept] = {}
        self._heads: dict[tuple[int, int], bytes] = {}

    def _rows_of(self) -> dict[tuple[bytes, bytes], Operation]:
        settings = self._context.settings
        # These concern every request.
        if settings.scenario or settings.strict_responses or settings.rate_limits:
            return {}
        rows = [row for row in self._context.catalogue.operations if row.kind in self._ways]
        return {(row.method.encode(), row.path.encode()): row for row in rows}

    def row(self, method: bytes, url: bytes) -> Operation | None:
        """The operation that a request may be answered for here, if there is one."""
        return self._rows.get((method, url.partition(b"?")[0]))

    def answer(self, row: Operation, url: bytes, headers: Headers, content: Content) -> bytes | None:
        """A whole response of HTTP/1.1; None where the long way must be gone, and nothing was done."""
        began_s = self._context.wall.monotonic()
        seen = self._seen(headers)
        if seen is None:
            return None
        account, host, media_type = seen
        return self._ways[row.kind](
            _Call(row, url, headers, content, began_s, account, host, media_type, account.clock.now())
        )

    def expects(self, headers: Headers) -> bool:
        """Whether a request with these headers may be answered here, once all of it has come."""
        return self._seen(headers) is not None

    def _seen(self, headers: Headers) -> tuple[Account, bytes, bytes] | None:
        """The caller, the host and the type of the body; None where headers ask for anything special."""
        key = host = media_type = None
        for name, value in headers:
            if name not in _TELLING:
                continue
            if name == b"authorization" and key is None:
                key = value
            elif name == b"host" and host is None:
                host = value
            elif name == b"content-type" and media_type is None:
                media_type = value
            else:
                return None
        if key is None or host is None:
            return None
        account = self._accounts.get(key) or self._caller(key)
        return None if account is None or account.faults.waiting else (account, host, media_type or b"")

    def _caller(self, key: bytes) -> Account | None:
        """The account of a header that holds a key and no scenario."""
        context = self._context
        if b"@" in key:
            return None
        try:
            bare = context.catalogue.quirks["bare-key"] == "accepted"
            account = context.accounts.of_key(key_of([str(key, "latin-1")], [], bare=bare))
        except Problem:
            return None
        return _remembered(self._accounts, key, account)

    def _result(self, call: _Call) -> bytes | None:
        query = call.url.partition(b"?")[2]
        if not query.startswith(_QUERY):
            return None
        account = call.account
        try:
            # The id of a task holds nothing that a query could spell in two ways.
            task = self._context.engine.get(account, str(query[len(_QUERY) :], "latin-1"), call.row.dialect)
        except Problem:
            return None
        if account.clock.instant and not task.terminal:
            return None
        body = self._told(task, call.at_s)
        return self._done(call, query, task, body)

    def _told(self, task: Task, now_s: float) -> bytes:
        """The body of a poll, made once for what it says."""
        kept = self._kept.get(task.task_id)
        if kept is not None and kept.task is task:
            if kept.now_s == now_s or task.terminal:
                return kept.body
            if (kept.eta_s, kept.progress_percent) == _moving(task, now_s):
                return kept.body
        body = msgspec.json.encode(dialects.result(task, now_s, self._context.catalogue).body)
        _remembered(self._kept, task.task_id, _Kept(task, now_s, *_moving(task, now_s), body))
        return body

    def _submit(self, call: _Call) -> bytes | None:
        context, account = self._context, call.account
        if media_type_of(str(call.media_type, "latin-1")) != _JSON_TYPE:
            return None
        base_url = self._hosts.get(call.host)
        if base_url is None:
            base_url = _remembered(self._hosts, call.host, context.base_url(str(call.host, "latin-1")))
        taken = context.intake(call.row).plain(call.content, base_url)
        if taken is None or taken.submission is None:
            return None
        submission = taken.submission
        try:
            account.wallet.check(submission.cost)
            task = context.engine.submit(account, submission, Fate())  # refuses before it does anything
        except Problem:
            return None
        body = msgspec.json.encode(dialects.accepted(task, context.catalogue).body)
        return self._done(call, b"", task, body, taken)

    def _done(self, call: _Call, query: bytes, task: Task, body: bytes, taken: Taken | None = None) -> bytes:
        """Write the request down; its response."""
        received, submission = (None, None) if taken is None else (taken.received, taken.submission)
        context, account, row = self._context, call.account, call.row
        took_ms = (context.wall.monotonic() - call.began_s) * 1000
        noted = Note(
            number=account.next("request") + 1,
            at_s=call.at_s,
            arrival=context.next_arrival(),
            operation=row.name,
            method=row.method,
            path=row.path,
            query=query,
            headers=call.headers,
            status=200,
            duration_ms=took_ms,
            task_id=task.task_id,
            request=received,
            request_bytes=len(call.content),
            content=body,
            response_bytes=len(body),
            response_type=_JSON_TYPE,
        )
        context.shelf.add(account.journal, noted)
        if logs(context.settings):
            log_line(context.settings, row.method, row.path, 200, took_ms, told_of(task, submission))
        return self._head(int(account.clock.now() // 1), len(body)) + body

    def _head(self, second: int, length: int) -> bytes:
        """The head of a response, as the long way writes it."""
        found = self._heads.get((second, length))
        if found is None:
            lines = (
                "HTTP/1.1 200 OK", f"date: {date_of(second)}", f"content-length: {length}",
                f"content-type: {_JSON_TYPE}", "", "",
            )  # fmt: skip
            found = _remembered(self._heads, (second, length), "\r\n".join(lines).encode())
        return found


def _moving(task: Task, now_s: float) -> tuple[int, int]:
    """What time changes about a task while its state stays."""
    return eta_s(task, now_s), progress_percent(task, now_s, 100)


def _remembered(known: dict[Key, Value], key: Key, value: Value) -> Value:
    if len(known) >= _MAX_KNOWN:
        known.clear()
    known[key] = value
    return value
