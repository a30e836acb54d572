"""Where tasks are kept. Memory for now; anything with these methods can take its place."""

import heapq
from collections.abc import Iterator
from typing import Protocol

from novita_mock.task import Status, Task


class TaskStore(Protocol):
    """What the engine needs of a place for tasks."""

    def get(self, account_id: str, task_id: str) -> Task | None:
        """The task, if this account has it."""

    def of(self, account_id: str) -> list[Task]:
        """The account's tasks, in the order of their submits."""

    def put(self, task: Task, before: Task | None) -> bool:
        """Keep a task, unless what is kept is no longer ``before``; whether it was kept."""

    def take_due(self, account_id: str, until_s: float) -> Iterator[Task]:
        """The account's tasks that have something due by then, the earliest first; each is taken."""

    def next_due_s(self, account_id: str) -> float | None:
        """When the account's next effect is due."""

    def drop(self, task: Task) -> None:
        """Forget a task."""


def due_s(task: Task) -> float | None:
    """When a task's next effect is due by its plan; None where it has ended."""
    if task.status is Status.QUEUED:
        return task.start_due_s
    return None if task.terminal else task.end_due_s


class MemoryTasks:
    """Tasks in memory. What is due stands in a heap an account, in order of time, then of arrival."""

    def __init__(self) -> None:
        self._tasks: dict[str, dict[str, Task]] = {}
        self._due: dict[str, list[tuple[float, int, str]]] = {}
        self._arrived = 0

    def __len__(self) -> int:
        return sum(map(len, self._tasks.values()))

    def get(self, account_id: str, task_id: str) -> Task | None:
        """The task, if this account has it."""
        tasks = self._tasks.get(account_id)
        return None if tasks is None else tasks.get(task_id)

    def of(self, account_id: str) -> list[Task]:
        """The account's tasks, in the order of their submits."""
        return list(self._tasks.get(account_id, {}).values())

    def put(self, task: Task, before: Task | None) -> bool:
        """Keep a task, unless what is kept is no longer ``before``; whether it was kept."""
        if self.get(task.account_id, task.task_id) is not before:
            return False
        self._tasks.setdefault(task.account_id, {})[task.task_id] = task
        when = due_s(task)
        if when is not None:
            self._arrived += 1
            heap = self._due.setdefault(task.account_id, [])
            heapq.heappush(heap, (when, self._arrived, task.task_id))
        return True

    def take_due(self, account_id: str, until_s: float) -> Iterator[Task]:
        """The account's tasks that have something due by then, the earliest first; each is taken."""
        while (when := self.next_due_s(account_id)) is not None and when <= until_s:
            _, _, task_id = heapq.heappop(self._due[account_id])
            yield self._tasks[account_id][task_id]

    def next_due_s(self, account_id: str) -> float | None:
        """When the account's next effect is due."""
        heap = self._due.get(account_id, [])
        while heap:
            when, _, task_id = heap[0]
            task = self.get(account_id, task_id)
            if task is not None and due_s(task) == when:
                return when
            heapq.heappop(heap)  # it was dropped, or it has gone on
        self._due.pop(account_id, None)
        return None

    def drop(self, task: Task) -> None:
        """Forget a task."""
        self._tasks.get(task.account_id, {}).pop(task.task_id, None)
