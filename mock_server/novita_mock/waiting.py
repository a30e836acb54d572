"""Who waits for the end of a task, and which ends are due but wait for their pictures."""

import asyncio
from collections.abc import Awaitable

from novita_mock.pool import Painter


class Waiting:
    """The tasks that are waited for, by account. Belongs to the engine.

    Args:
        painter: what is told which pictures are waited for, and which nobody will look at any more.
    """

    def __init__(self, painter: Painter) -> None:
        self._painter = painter
        self._events: dict[str, asyncio.Event] = {}
        self._late: dict[str, dict[str, None]] = {}

    def add(self, account_id: str, task_id: str) -> None:
        """The end of a task is due, and its pictures are not made."""
        self._late.setdefault(account_id, {})[task_id] = None

    def late(self, account_id: str) -> list[str]:
        """The tasks whose end is due, in the order in which it was."""
        return list(self._late.get(account_id, ()))

    def end(self, task_id: str) -> Awaitable[object]:
        """What lasts until a task has ended, or is forgotten, or nothing ends any more.

        From now on: not from when it is awaited, since the task may have ended by then.
        """
        self._painter.want(task_id)
        return self._events.setdefault(task_id, asyncio.Event()).wait()

    def release(self, account_id: str, task_id: str) -> None:
        """A task has ended or is forgotten."""
        self._painter.drop(task_id)
        self._late.get(account_id, {}).pop(task_id, None)
        if task_id in self._events:
            self._events.pop(task_id).set()

    def release_all(self) -> None:
        """Nothing ends any more."""
        for event in self._events.values():
            event.set()
        self._late.clear()
