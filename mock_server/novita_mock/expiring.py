"""When the links of ended tasks expire: nothing is changed by it, but whoever advances time is told."""

import heapq
from collections.abc import Awaitable, Sequence

from novita_mock.accounts import Account
from novita_mock.effects import Effect
from novita_mock.store import TaskStore
from novita_mock.task import Task

#: Entries of an account before those of forgotten tasks are looked for.
_FEW = 64


class Expiries:
    """The ends of links, in order of time. A source of the timeline; the links themselves know their end."""

    def __init__(self, tasks: TaskStore) -> None:
        self._tasks = tasks
        self._due: dict[str, list[tuple[float, int, str]]] = {}
        self._many: dict[str, int] = {}
        self._arrived = 0

    def add(self, task: Task) -> None:
        """A task has ended; where it has no links of ours, nothing will expire."""
        links = [image for image in task.images if image.path]
        if not links or task.finished_s is None:
            return
        heap = self._due.setdefault(task.account_id, [])
        expires_s = max(task.finished_s, float(int(task.finished_s) + links[0].ttl_s))
        self._arrived += 1
        heapq.heappush(heap, (expires_s, self._arrived, task.task_id))
        if len(heap) > self._many.get(task.account_id, _FEW):
            heap[:] = [entry for entry in heap if self._tasks.get(task.account_id, entry[2])]
            heapq.heapify(heap)
            self._many[task.account_id] = max(_FEW, 2 * len(heap))

    def next_due_s(self, account_id: str) -> float | None:
        """When the account's next links expire."""
        heap = self._due.get(account_id, [])
        while heap and self._tasks.get(account_id, heap[0][2]) is None:
            heapq.heappop(heap)  # the task was forgotten, and its links with it
        return heap[0][0] if heap else None

    def run_due(self, account: Account, until_s: float) -> None:
        """Tell whose links have expired by then."""
        while (expires_s := self.next_due_s(account.account_id)) is not None and expires_s <= until_s:
            _, _, task_id = heapq.heappop(self._due[account.account_id])
            account.effects.add(Effect(expires_s, "links-expired", task_id))

    def under_way(self, account: Account) -> Sequence[Awaitable[object]]:
        """Nothing: a link expires at once."""
        return ()
