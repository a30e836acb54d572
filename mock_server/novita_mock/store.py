"""Where tasks are kept. Memory for now; anything with these four methods can take its place."""

import heapq
from collections.abc import Iterator
from typing import Protocol

from novita_mock.task import Status, Task


class TaskStore(Protocol):
    """What the engine needs of a place for tasks."""

    def get(self, account_id: str, task_id: str) -> Task | None:
        """The task, if this account has it."""

    def put(self, task: Task, before: Task | None) -> bool:
        """Keep a task, unless what is kept is no longer ``before``; whether it was kept."""

    def due(self, account_id: str, until_s: float) -> Iterator[Task]:
        """The account's tasks that have something due by then, the earliest first."""

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
        self._tasks: dict[str, Task] = {}
        self._due: dict[str, list[tuple[float, int, str]]] = {}
        self._arrived = 0

    def __len__(self) -> int:
        return len(self._tasks)

    def get(self, account_id: str, task_id: str) -> Task | None:
        """The task, if this account has it."""
        task = self._tasks.get(task_id)
        return task if task is not None and task.account_id == account_id else None

    def put(self, task: Task, before: Task | None) -> bool:
        """Keep a task, unless what is kept is no longer ``before``; whether it was kept."""
        if self._tasks.get(task.task_id) is not before:
            return False
        self._tasks[task.task_id] = task
        when = due_s(task)
        if when is not None:
            self._arrived += 1
            heap = self._due.setdefault(task.account_id, [])
            heapq.heappush(heap, (when, self._arrived, task.task_id))
        return True

    def due(self, account_id: str, until_s: float) -> Iterator[Task]:
        """The account's tasks that have something due by then, the earliest first; each is taken."""
        heap = self._due.get(account_id, [])
        while heap and heap[0][0] <= until_s:
            when, _, task_id = heapq.heappop(heap)
            task = self._tasks.get(task_id)
            if task is not None and due_s(task) == when:
                yield task
        if not heap:
            self._due.pop(account_id, None)

    def next_due_s(self, account_id: str) -> float | None:
        """When the account's next effect is due."""
        heap = self._due.get(account_id)
        return heap[0][0] if heap else None

    def drop(self, task: Task) -> None:
        """Forget a task."""
        self._tasks.pop(task.task_id, None)
