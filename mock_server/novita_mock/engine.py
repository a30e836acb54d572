"""The only thing that changes a task: it accepts, starts and ends them, each effect when it is due."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from novita_mock.accounts import Account, Accounts
from novita_mock.catalogue import Operation
from novita_mock.chance import Chance
from novita_mock.geometry import Output
from novita_mock.plan import Plan, plan_for
from novita_mock.pool import Made
from novita_mock.problems import TooMuch, UnknownTask
from novita_mock.results import Results
from novita_mock.settings import Settings
from novita_mock.store import TaskStore
from novita_mock.task import Status, Task, Wish, apply
from novita_mock.types import JSON
from novita_mock.work import Work

#: Seeds that are drawn: 0 up to, not including, this. Assumed from the published examples.
SEEDS = 2**32


class Painter(Protocol):
    """What makes pictures in the background."""

    def make(self, work: Work, pixels: int, done: Callable[[Made], None]) -> None:
        """Ask for pictures; ``done`` is called once, from any thread."""

    def close(self) -> None:
        """Stop."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A request that was found good.

    Attributes:
        request: the normalised request object; pictures are their digests.
        images: the pictures' bytes by digest.
        digest: hex digest of the normalised request.
        output: the pictures that will come out.
        input_pixels: pixels of all input pictures together.
        wish: what was asked for beside the pictures.
    """

    operation: Operation
    request: Mapping[str, JSON]
    images: Mapping[str, bytes]
    digest: str
    output: Output
    input_pixels: int
    wish: Wish


class Engine:
    """Owns every task of every account, on one event loop."""

    def __init__(
        self,
        settings: Settings,
        chance: Chance,
        accounts: Accounts,
        tasks: TaskStore,
        results: Results,
        painter: Painter,
    ) -> None:
        self._settings = settings
        self._chance = chance
        self._accounts = accounts
        self._tasks = tasks
        self._results = results
        self._painter = painter
        self._orders: dict[str, Submission] = {}
        self._made: dict[str, Made] = {}
        self._waiting: dict[str, asyncio.Event] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._pending_bytes = 0
        self._closed = False

    @property
    def unfinished(self) -> int:
        """Tasks that have not ended."""
        return len(self._orders)

    def submit(self, account: Account, submission: Submission, *, plan: Plan | None = None) -> Task:
        """Accept a request: from here on its task exists.

        Raises:
            TooMuch: there is more unfinished work than the settings allow.
        """
        size = _size(submission.images.values())
        if len(self._orders) >= self._settings.max_pending_tasks:
            raise TooMuch(f"{len(self._orders)} tasks are unfinished; no more are taken now")
        if self._orders and self._pending_bytes + size > self._settings.max_pending_bytes:
            raise TooMuch(
                f"{self._pending_bytes} bytes of pictures wait to be worked on; no more are taken now"
            )
        task = self._new_task(account, submission, plan)
        self._orders[task.task_id] = submission
        self._pending_bytes += size
        self._tasks.put(task, None)
        self.run_due(account)
        return self.get(account, task.task_id, task.dialect)

    def get(self, account: Account, task_id: str, dialect: str) -> Task:
        """The account's task of that id; reading changes nothing about it.

        Raises:
            UnknownTask: there is none, or none any more, or it was made in the other dialect.
        """
        self._results.forget_surplus(self._accounts.now_s)
        task = self._tasks.get(account.account_id, task_id)
        if task is None or task.dialect != dialect:
            raise UnknownTask("there is no such task")
        return task

    async def settled(self, account: Account, task: Task) -> Task:
        """The task once nothing about it is due any more: under ``instant``, once it has ended."""
        while account.clock.instant and not task.terminal and not self._closed:
            await self._waiting.setdefault(task.task_id, asyncio.Event()).wait()
            task = self.get(account, task.task_id, task.dialect)
        return task

    def run_due(self, account: Account) -> None:
        """Apply, in order, what is due in this account by now; then wait for what is next."""
        for task in self._tasks.due(account.account_id, account.clock.now()):
            if task.status is Status.QUEUED:
                self._start(account, task)
            elif task.task_id in self._made:
                self._end(account, task, task.end_due_s)
        self._arm(account)

    def close(self) -> None:
        """Stop: nothing changes any more, and whoever waits is let go."""
        self._closed = True
        self._painter.close()
        for timer in self._timers.values():
            timer.cancel()
        for event in self._waiting.values():
            event.set()

    def _new_task(self, account: Account, submission: Submission, plan: Plan | None) -> Task:
        number = account.next("task")
        request, operation = submission.request, submission.operation
        seed = request.get("seed")
        if seed is not None and seed < 0:
            seed = self._chance.number(SEEDS, "seed", account.account_id, number)
        return Task(
            task_id=self._chance.uuid("task", account.account_id, number),
            account_id=account.account_id,
            operation=operation.name,
            dialect=operation.dialect,
            task_type=operation.task_type,
            submitted_s=account.clock.now(),
            plan=plan or plan_for(request, submission.output, account.clock.instant),
            wish=submission.wish,
            digest=submission.digest,
            seed=seed,
            warn=submission.output.warn,
        )

    def _start(self, account: Account, task: Task) -> None:
        started = apply(task, "start", started_s=task.start_due_s)
        if not self._tasks.put(started, task):
            return
        submission = self._orders[task.task_id]
        work = Work(
            submission.operation.renderer,
            submission.request,
            submission.images,
            task.seed or 0,
            submission.wish.image_type,
        )
        loop = asyncio.get_running_loop()

        def done(made: Made) -> None:
            with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
                loop.call_soon_threadsafe(self._finished, account, task.task_id, made)

        self._painter.make(work, submission.output.pixels + submission.input_pixels, done)

    def _finished(self, account: Account, task_id: str, made: Made) -> None:
        task = self._tasks.get(account.account_id, task_id)
        if task is None or task.terminal or self._closed:
            return
        self._made[task_id] = made
        self._pending_bytes += _size(made.pictures)  # they wait for their task's planned end
        now_s = account.clock.now()
        if task.end_due_s <= now_s:
            self._end(account, task, now_s)
            self._arm(account)

    def _end(self, account: Account, task: Task, finished_s: float) -> None:
        made = self._made.pop(task.task_id)
        submission = self._orders.pop(task.task_id)
        failure = task.plan.failure or made.broken
        if failure:
            ended = apply(task, "fail", finished_s=finished_s, reason=failure)
        else:
            images = self._results.store(task, submission.operation, made.pictures, finished_s)
            ended = apply(task, "succeed", finished_s=finished_s, images=images)
        self._tasks.put(ended, task)
        self._pending_bytes -= _size(submission.images.values()) + _size(made.pictures)
        self._results.keep(ended)
        self._results.forget_surplus(self._accounts.now_s)
        if task.task_id in self._waiting:
            self._waiting.pop(task.task_id).set()

    def _arm(self, account: Account) -> None:
        timer = self._timers.pop(account.account_id, None)
        if timer is not None:
            timer.cancel()
        due_s = self._tasks.next_due_s(account.account_id)
        delay = None if due_s is None or self._closed else account.clock.wall_delay(due_s)
        if delay is not None:
            loop = asyncio.get_running_loop()
            self._timers[account.account_id] = loop.call_later(delay, self.run_due, account)


def _size(files: Iterable[bytes]) -> int:
    return sum(map(len, files))
