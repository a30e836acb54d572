"""The only thing that changes a task: it accepts, starts and ends them, each effect when it is due."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial

from novita_mock.accounts import Account, Accounts
from novita_mock.chance import Chance
from novita_mock.contents import Contents
from novita_mock.effects import Effect
from novita_mock.fault_rule import FaultRule
from novita_mock.plan import Fate, Plan, plan_for, test_plan
from novita_mock.pool import Painter
from novita_mock.problems import UnknownTask
from novita_mock.process import Made
from novita_mock.results import Results
from novita_mock.settings import Settings
from novita_mock.store import TaskStore
from novita_mock.submission import Submission
from novita_mock.task import Status, Task, apply
from novita_mock.unfinished import Painted, Unfinished
from novita_mock.waiting import Waiting

#: Seeds that are drawn: 0 up to, not including, this. Assumed from the published examples.
SEEDS = 2**32


class Engine:
    """Owns every task of every account, on one event loop. A source of the timeline.

    Args:
        expect: called when something is due in an account, with the moment.
        ended: called once for each task that has ended, with the faults of the scenario it was made in.
        plan: how long a task takes and how it ends.
    """

    def __init__(
        self,
        settings: Settings,
        chance: Chance,
        accounts: Accounts,
        tasks: TaskStore,
        results: Results,
        contents: Contents,
        painter: Painter,
        expect: Callable[[Account, float], None],
        ended: Callable[[Account, Task, tuple[FaultRule, ...]], None],
        plan: Callable[..., Plan] = plan_for,
    ) -> None:
        self._chance = chance
        self._accounts = accounts
        self._tasks, self._results, self._contents = tasks, results, contents
        self._painter = painter
        self._expect = expect
        self._ended = ended
        self._plan = plan
        self._unfinished = Unfinished(settings, contents)
        #: Who waits for the end of a task, and the ends that wait for their pictures.
        self.waiting = Waiting(painter)
        self._uploads: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def unfinished(self) -> int:
        """Tasks that have not ended."""
        return len(self._unfinished)

    def check(self, submission: Submission) -> None:
        """Raises ``TooMuch`` where there is more unfinished work than the settings allow."""
        self._unfinished.check(submission)

    def submit(self, account: Account, submission: Submission, fate: Fate | None = None) -> Task:
        """Accept a request: from here on its task exists and is paid for.

        Raises:
            TooMuch: as ``check`` does.
            NotEnough: the account's balance does not pay for it.
        """
        self.check(submission)
        account.wallet.check(cost := submission.cost)
        task = self._new_task(account, submission, fate)
        if not submission.wish.test_status:
            account.wallet.charge(task.task_id, cost)
            account.spending.note(task.task_id, task.digest, task.submitted_s, cost, lost=False)
        self._unfinished.add(task.task_id, submission)
        self._tasks.put(task, None)
        self._expect(account, task.start_due_s)
        return self._tasks.get(account.account_id, task.task_id) or task

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
            await self.waiting.end(task.task_id)
            task = self.get(account, task.task_id, task.dialect)
        return task

    def forget(self, account: Account) -> int:
        """Forget every task of an account, ended or not; how many there were."""
        tasks = self._tasks.of(account.account_id)
        for task in tasks:
            self._unfinished.drop(task.task_id)
            account.wallet.settle(task.task_id)
            self._tasks.drop(task)
            self.waiting.release(account.account_id, task.task_id)
        self._results.forget(account.account_id)
        return len(tasks)

    def next_due_s(self, account_id: str) -> float | None:
        """When the account's next effect is due."""
        return self._tasks.next_due_s(account_id)

    def run_due(self, account: Account, until_s: float) -> None:
        """Apply, in order, what is due by then; an end waits for its pictures."""
        for task in self._tasks.take_due(account.account_id, until_s):
            if task.status is Status.QUEUED:
                self._start(account, task)
            elif self._unfinished.ready(task.task_id) and not (
                account.clock.stands and self.waiting.late(account.account_id)
            ):
                self._end(account, task, task.end_due_s)
            else:
                self.waiting.add(account.account_id, task.task_id)

    def under_way(self, account: Account) -> Sequence[Awaitable[object]]:
        """The tasks whose end is due and whose pictures are still being made."""
        return [self.waiting.end(task_id) for task_id in self.waiting.late(account.account_id)]

    def close(self) -> None:
        """Stop: nothing changes any more, and whoever waits is let go."""
        self._closed = True
        self._painter.close()
        for upload in self._uploads:
            upload.cancel()
        self.waiting.release_all()

    def _new_task(self, account: Account, submission: Submission, fate: Fate | None) -> Task:
        number = account.next("task")
        request, operation, wish = submission.request, submission.operation, submission.wish
        seed = request.get("seed")
        if seed is not None and seed < 0:
            seed = self._chance.number(SEEDS, "seed", account.account_id, number)
        planned = self._plan(request, submission.output, account.clock.instant, fate)
        return Task(
            task_id=self._chance.uuid("task", account.account_id, number),
            account_id=account.account_id,
            operation=operation.name,
            dialect=operation.dialect,
            task_type=operation.task_type,
            submitted_s=account.clock.now(),
            plan=test_plan(wish.test_status) if wish.test_status else planned,
            wish=wish,
            digest=submission.digest,
            seed=seed,
            warn=submission.output.warn,
            scenario=submission.scenario,
        )

    def _start(self, account: Account, task: Task) -> None:
        if not self._tasks.put(apply(task, "start", started_s=task.start_due_s), task):
            return
        account.effects.add(Effect(task.start_due_s, "task-started", task.task_id))
        order, wish = self._unfinished[task.task_id], task.wish
        if wish.test_status or task.plan.failure:
            # No work for the painter: nobody will look at the pictures of a failure.
            canned = () if task.plan.failure else (self._results.canned(wish.image_type),)
            self._unfinished.paint(task.task_id, Painted(canned))
            return
        done = partial(self._done, account, task.task_id, asyncio.get_running_loop())
        wanted_s = account.clock.wall_moment(task.end_due_s)
        self._painter.make(task.task_id, order.work(task.seed or 0), order.pixels, wanted_s, done)

    def _done(self, account: Account, task_id: str, loop: asyncio.AbstractEventLoop, made: Made) -> None:
        # Still in the painter's thread: digests of large pictures take their time.
        painted = Painted(tuple(map(self._contents.of, made.pictures)), made.broken)
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(self._painted, account, task_id, painted)

    def _painted(self, account: Account, task_id: str, painted: Painted) -> None:
        task = self._going_on(account, task_id)
        if task is None:
            return
        leaving = bool(painted.pictures) and self._results.uploads(task)
        self._unfinished.paint(task_id, painted, leaving=leaving)
        if leaving:
            upload = asyncio.get_running_loop().create_task(self._upload(account, task, painted))
            self._uploads.add(upload)
            upload.add_done_callback(self._uploads.discard)
        else:
            self._ready(account, task)

    async def _upload(self, account: Account, task: Task, painted: Painted) -> None:
        broken = await self._results.upload(task, painted.pictures)
        if self._going_on(account, task.task_id) is not None:
            self._unfinished.leave(task.task_id, broken)
            self._ready(account, task)

    def _going_on(self, account: Account, task_id: str) -> Task | None:
        """A task whose work is done, unless it is forgotten or everything stops."""
        task = None if self._closed else self._tasks.get(account.account_id, task_id)
        return None if task is None or task.terminal else task

    def _ready(self, account: Account, task: Task) -> None:
        """Nothing more has to be done for the end of a task: it comes when it is due."""
        if task.end_due_s <= account.clock.now():
            self._end_late(account)
            self._expect(account, task.end_due_s)

    def _end_late(self, account: Account) -> None:
        # Where the clock stands, in the order in which they were due: who painted faster must not show.
        for task_id in self.waiting.late(account.account_id):
            task = self._tasks.get(account.account_id, task_id)
            if task is not None and self._unfinished.ready(task_id):
                self._end(account, task, account.clock.now())
            elif account.clock.stands:
                return

    def _end(self, account: Account, task: Task, finished_s: float) -> None:
        painted, order = self._unfinished.ready(task.task_id), self._unfinished[task.task_id]
        assert painted is not None
        failure = task.plan.failure or painted.broken
        if failure:
            ended = apply(task, "fail", finished_s=finished_s, reason=failure)
            account.wallet.refund(task.task_id)
            account.spending.give_back(task.task_id)
        else:
            images = self._results.store(account, task, order.operation, painted.pictures, finished_s)
            ended = apply(task, "succeed", finished_s=finished_s, images=images)
            account.wallet.settle(task.task_id)
        self._tasks.put(ended, task)
        self._unfinished.drop(task.task_id)  # not before its pictures are stored: they are the same
        what = "task-failed" if failure else "task-succeeded"
        account.effects.add(Effect(finished_s, what, task.task_id, {"reason": failure} if failure else None))
        self._results.keep(ended)
        self._ended(account, ended, order.named)
        self._results.forget_surplus(self._accounts.now_s)
        self.waiting.release(account.account_id, task.task_id)
