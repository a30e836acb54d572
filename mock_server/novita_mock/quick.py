"""Answers what asks for nothing special at once: the submits and polls of a client that all goes well for.

No fault waits, no leniency is needed, nothing is wrong. Whatever is not so is left to the long way, before
anything was done about it, and that is where the meaning of every request is written. What this does
instead of it must come to the same: bytes, journal, money and time (``tests/test_quick.py``).
"""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct

from novita_mock import dialects
from novita_mock.context import Context, date_of
from novita_mock.heads import Head, Heads
from novita_mock.incoming import JSON_TYPE
from novita_mock.intake import Taken
from novita_mock.lifting import Content
from novita_mock.note import Note
from novita_mock.noting import log_line, logs, told_of
from novita_mock.problems import Problem
from novita_mock.remembering import remember
from novita_mock.task import Task, eta_s, progress_percent

_QUERY = b"task_id="
#: Replies that are known again; beyond that, all are found anew.
_MAX_KNOWN = 1024


class _Call(Struct, gc=False):
    """A request that came whole: its head, its body, and when it came, by the wall and by its account."""

    head: Head
    content: Content
    began_s: float
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
        self._ways: dict[str, _Way] = {"submit": self._submit, "result": self._result}
        self.heads = Heads(context, frozenset(self._ways))
        #: What large bodies were read into, for the next ones.
        self.spare: list[bytearray] = []
        self._kept: dict[str, _Kept] = {}
        self._tops: dict[tuple[int, int], bytes] = {}

    def answer(self, head: Head, content: Content) -> bytes | None:
        """A whole response of HTTP/1.1; None where the long way must be gone, and nothing was done."""
        return None if head.special else self._ways[head.row.kind](self._call(head, content))

    def answers(self, asked: Sequence[tuple[Head, Content]]) -> list[bytes | None]:
        """The same to several submits that came at once, step by step."""
        calls = [self._call(head, content) for head, content in asked]
        taken = [None if call.head.special else self._taken(call) for call in calls]
        tasks = [self._accepted(call, each) for call, each in zip(calls, taken, strict=True)]
        return [self._replied(*each) for each in zip(calls, taken, tasks, strict=True)]

    def _call(self, head: Head, content: Content) -> _Call:
        return _Call(head, content, self._context.wall.monotonic(), head.account.clock.now())

    def _result(self, call: _Call) -> bytes | None:
        query = call.head.url.partition(b"?")[2]
        if not query.startswith(_QUERY):
            return None
        account = call.head.account
        try:
            # The id of a task holds nothing that a query could spell in two ways.
            task = self._context.engine.get(
                account, str(query[len(_QUERY) :], "latin-1"), call.head.row.dialect
            )
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
        remember(self._kept, task.task_id, _Kept(task, now_s, *_moving(task, now_s), body), _MAX_KNOWN)
        return body

    def _submit(self, call: _Call) -> bytes | None:
        taken = self._taken(call)
        return self._replied(call, taken, self._accepted(call, taken))

    def _taken(self, call: _Call) -> Taken | None:
        """What a good body asks for; None of any other. It changes nothing."""
        head = call.head
        return self._context.intake(head.row).plain(call.content, head.base_url) if head.is_json else None

    def _accepted(self, call: _Call, taken: Taken | None) -> Task | None:
        """The task that is made of it; None where there is to be none."""
        if taken is None or taken.submission is None:
            return None
        try:  # it refuses before it does anything
            return self._context.engine.submit(call.head.account, taken.submission)
        except Problem:
            return None

    def _replied(self, call: _Call, taken: Taken | None, task: Task | None) -> bytes | None:
        if task is None:
            return None
        body = msgspec.json.encode(dialects.accepted(task, self._context.catalogue).body)
        return self._done(call, b"", task, body, taken)

    def _done(self, call: _Call, query: bytes, task: Task, body: bytes, taken: Taken | None = None) -> bytes:
        """Write the request down; its response."""
        received, submission = (None, None) if taken is None else (taken.received, taken.submission)
        context, head = self._context, call.head
        account, row = head.account, head.row
        took_ms = (context.wall.monotonic() - call.began_s) * 1000
        noted = Note(
            number=account.next("request") + 1,
            at_s=call.at_s,
            arrival=context.next_arrival(),
            operation=row.name,
            method=row.method,
            path=row.path,
            query=query,
            headers=head.headers,
            status=200,
            duration_ms=took_ms,
            task_id=task.task_id,
            request=received,
            request_bytes=len(call.content),
            content=body,
            response_bytes=len(body),
            response_type=JSON_TYPE,
        )
        context.shelf.add(account.journal, noted)
        if logs(context.settings):
            log_line(context.settings, row.method, row.path, 200, took_ms, told_of(task, submission))
        return self._status_and_headers(int(call.at_s // 1), len(body)) + body

    def _status_and_headers(self, second: int, length: int) -> bytes:
        """The head of a response, as the long way writes it."""
        found = self._tops.get((second, length))
        if found is None:
            lines = (
                "HTTP/1.1 200 OK", f"date: {date_of(second)}", f"content-length: {length}",
                f"content-type: {JSON_TYPE}", "", "",
            )  # fmt: skip
            found = remember(self._tops, (second, length), "\r\n".join(lines).encode(), _MAX_KNOWN)
        return found


def _moving(task: Task, now_s: float) -> tuple[int, int]:
    """What time changes about a task while its state stays."""
    return eta_s(task, now_s), progress_percent(task, now_s, 100)
