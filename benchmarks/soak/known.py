"""The tasks that the soak knows of: what each promised, what was seen of it, and when it may be forgotten."""

import hashlib
import json
import math
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from submits import Wanted
from tally import Tally

#: Tasks that are remembered here: the oldest are settled and let go.
MAX_KNOWN = 20_000
#: How full the double says it is when results make room by their bytes, and the seconds that an ended task
#: has even then: at half of capacity the cap holds some minutes.
_FULL, _ALWAYS_S = 0.95, 20.0
#: Seconds that the event of an ended task may take, and that one of an unknown task is kept for it.
EVENT_S = 30.0


@dataclass(slots=True)
class Known:
    """A task.

    Attributes:
        who: its account's name.
        submitted_s, ended_s: wall seconds, as noticed.
        digest: of the body of a poll once it has ended.
        told: digests of the payloads that came; ``events``: how many are to come, None where that is open.
        gone_s: when its account was reset; 0 where it was not.
        open: whether a life still looks after it.
        forgotten: the double said that it knows no more of it, as it may.
    """

    task_id: str
    who: str
    wanted: Wanted
    submitted_s: float
    events: int | None
    ended_s: float = 0.0
    failed: bool = False
    digest: bytes = b""
    links: tuple[str, ...] = ()
    told: list[bytes] = field(default_factory=list)
    gone_s: float = 0.0
    open: bool = True
    forgotten: bool = False

    @property
    def dialect(self) -> str:
        """In which it was submitted."""
        return "v2" if self.wanted.operation == "upscale-v2" else "v3"


def digest_of(body: Any) -> bytes:
    """A body of JSON in a few bytes."""
    return hashlib.blake2b(json.dumps(body, sort_keys=True).encode(), digest_size=12).digest()


class Tasks:
    """The known tasks, the oldest first.

    Args:
        max_age_s: wall seconds after which the double may forget an ended task.
        max_bytes: bytes of results that it keeps.
    """

    def __init__(self, tally: Tally, max_age_s: float, max_bytes: int) -> None:
        self._tally = tally
        self._max_age_s = max_age_s
        self._max_bytes = max_bytes
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._orphans: OrderedDict[str, list[tuple[float, bytes]]] = OrderedDict()
        self._reset_s: dict[str, float] = {}
        self._full = False

    def __len__(self) -> int:
        return len(self._known)

    def add(
        self, who: str, task_id: str, wanted: Wanted, took_s: float = 0.0, events: int | None = None
    ) -> Known:
        """A task was accepted, by a reply that took so long. Its account may have been reset meanwhile."""
        now_s = time.monotonic()
        wanted = replace(wanted, parts=())
        task = Known(task_id, who, wanted, now_s - took_s, int(wanted.hook) if events is None else events)
        if self._reset_s.get(who, 0.0) >= now_s - took_s:
            task.gone_s, task.events = now_s, None
        self._known[task_id] = task
        task.told += [digest for _, digest in self._orphans.pop(task_id, ())]
        self._tally.things["tasks accepted"] += 1
        if len(self._known) > MAX_KNOWN:
            self._let_go(next(iter(self._known.values())))
        return task

    def ended(self, task: Known, body: Any, *, failed: bool) -> None:
        """A poll says that it has ended."""
        task.ended_s, task.failed = time.monotonic(), failed
        task.digest = digest_of(body)
        self._tally.things["tasks failed" if failed else "tasks succeeded"] += 1

    def event(self, task_id: str, payload: Any) -> None:
        """The receiver took an event."""
        task, digest = self._known.get(task_id), digest_of(payload)
        if task is not None:
            task.told.append(digest)
            return
        self._orphans.setdefault(task_id, []).append((time.monotonic(), digest))
        if len(self._orphans) > MAX_KNOWN:
            self._orphans.popitem(last=False)

    def note_kept(self, kept_bytes: int) -> None:
        """The double tells how much it keeps: once it was full, the oldest results make room."""
        self._full = self._full or kept_bytes >= self._max_bytes * _FULL

    def may_be_forgotten(self, task: Known) -> bool:
        """Whether age or bytes allow the double to know no more of it."""
        now_s = time.monotonic()
        old = now_s - task.submitted_s >= self._max_age_s * 0.95
        crowded = self._full and bool(task.ended_s) and now_s - task.ended_s >= _ALWAYS_S
        return bool(task.gone_s) or old or crowded

    def some(self) -> list[Known]:
        """Everything that is known, the oldest first."""
        return list(self._known.values())

    def recent(self) -> list[Known]:
        """Everything that the double has not been found to have forgotten, the oldest first."""
        return [task for task in self._known.values() if not (task.forgotten or task.gone_s)]

    def check(self, task: Known, body: Any) -> None:
        """A poll of a task that has ended says what the first such poll said."""
        if digest_of(body) != task.digest:
            self._tally.unexpected("an ended task has changed", task_id=task.task_id, account=task.who)

    @contextmanager
    def reset(self, who: str) -> Iterator[None]:
        """An account is reset: its tasks are gone, and what is told of them may be cut short."""
        self._reset_s[who] = math.inf
        for task in [task for task in self._known.values() if task.who == who]:
            task.gone_s, task.events = time.monotonic(), None
        try:
            yield
        finally:
            self._reset_s[who] = time.monotonic()

    def settle(self, *, all_of_them: bool = False) -> None:
        """Judge what came of the tasks that ended a while ago, and let go of what is forgotten there."""
        now_s = time.monotonic()
        for task in self.some():
            late = now_s - (task.ended_s or now_s) > EVENT_S
            if not task.open and task.ended_s and (late or all_of_them):
                self._judge(task)
            past = now_s - task.gone_s > EVENT_S if task.gone_s else False
            if not task.open and (past or now_s - task.submitted_s > self._max_age_s + 2 * EVENT_S):
                self._let_go(task)
        for task_id, came in list(self._orphans.items()):
            if now_s - came[0][0] > EVENT_S or all_of_them:
                del self._orphans[task_id]
                self._tally.unexpected("an event of a task that nobody submitted", task_id=task_id)

    def _judge(self, task: Known) -> None:
        """Each event once, and its payload what a poll says."""
        if task.events is not None and len(task.told) != task.events:
            what = f"{len(task.told)} events of a task came, {task.events} were to come"
            self._tally.unexpected(what, task_id=task.task_id, account=task.who)
        elif task.digest and any(digest != task.digest for digest in task.told):
            self._tally.unexpected("an event differs from the poll", task_id=task.task_id, account=task.who)
        elif task.events is not None:
            self._tally.things["events as promised"] += task.events
        task.events = None  # it is judged once

    def _let_go(self, task: Known) -> None:
        if not task.ended_s and not task.gone_s:
            self._tally.unexpected("a task has not ended", task_id=task.task_id, account=task.who)
        self._known.pop(task.task_id, None)
