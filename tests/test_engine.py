"""The engine by itself, with time and painting in the test's hands; rows T2, T4, T9, T10, T11 and L4."""

import asyncio
from collections.abc import Callable, Coroutine
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from fakes import FakePainter, FakeWall
from novita_mock.accounts import Account, Accounts
from novita_mock.blobs import MemoryBlobs
from novita_mock.catalogue import load
from novita_mock.chance import Chance, draw_seed
from novita_mock.contents import Contents
from novita_mock.engine import Engine
from novita_mock.geometry import Output
from novita_mock.plan import Plan
from novita_mock.pool import Made
from novita_mock.problems import TooMuch, UnknownTask
from novita_mock.results import Results
from novita_mock.settings import Settings
from novita_mock.spool import Spool
from novita_mock.storage import OwnBuckets
from novita_mock.store import MemoryTasks
from novita_mock.submission import Submission
from novita_mock.task import Status, Task, Wish, eta_s, progress_percent
from novita_mock.timeline import Timeline

UPSCALE = load().operation("upscale")
ORDER = {Status.QUEUED: 0, Status.PROCESSING: 1, Status.SUCCEED: 2, Status.FAILED: 2}


class Bench:
    """An engine with everything around it in hand."""

    def __init__(self, seed: int | None = 1, **told: Any) -> None:
        self.settings = Settings(seed=seed, **told)
        self.wall, self.painter, self.spool = FakeWall(), FakePainter(), Spool()
        self.contents = Contents(self.settings.max_memory_bytes, self.spool)
        self.blobs = MemoryBlobs(self.contents)
        chance = Chance(draw_seed() if seed is None else seed)
        self.accounts = Accounts(self.settings, chance, self.wall)
        self.tasks = MemoryTasks()
        self.results = Results(self.settings, chance, self.tasks, self.blobs, OwnBuckets(self.contents))
        self.ended: list[Task] = []
        self.planned = Plan(0, 0)
        self.engine = Engine(
            self.settings,
            chance,
            self.accounts,
            self.tasks,
            self.results,
            self.contents,
            self.painter,
            expect=lambda account, due_s: self.timeline.expect(account, due_s),
            ended=lambda account, task, named: self.ended.append(task),
            plan=lambda *told: self.planned,
        )
        self.timeline = Timeline(self.wall, [self.engine], [])
        self.runner = asyncio.Runner()

    def account(self, key: str = "a") -> Account:
        return self.accounts.of_key(key)

    def submit(self, account: Account, plan: Plan | None = None, image: bytes = b"picture") -> Task:
        picture = sha256(image).hexdigest()
        request, digest = {"image_base64": picture}, sha256(picture.encode()).hexdigest()
        submission = Submission(
            UPSCALE, request, {picture: image}, digest, Output(4, 4), 4, Wish("png", 60, "http://x")
        )
        self.planned = plan or Plan(0.5, 1.0)
        return self.on_loop(lambda: self.engine.submit(account, submission))

    def finish(self, made: Made | None = None) -> None:
        """The painter finishes its oldest order."""
        self.on_loop(lambda: self.painter.finish(made))

    def pass_(self, account: Account, seconds: float) -> None:
        """Time passes, and what is due by then happens."""
        self.wall.pass_(seconds)
        self.on_loop(lambda: self.timeline.run_due(account))

    def get(self, task: Task, key: str = "a") -> Task:
        return self.engine.get(self.account(key), task.task_id, task.dialect)

    def on_loop(self, act: Callable[[], Any]) -> Any:
        """Do it on the loop, and let what it set off happen too."""

        async def acting() -> Any:
            result = act()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return result

        return self.runner.run(acting())

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(coroutine)

    def close(self) -> None:
        self.timeline.close()
        self.engine.close()
        self.contents.close()
        self.runner.close()


@pytest.fixture
def bench() -> Any:
    """A bench of its own."""
    bench = Bench()
    yield bench
    bench.close()


class Lives(RuleBasedStateMachine):
    """T2: whatever happens in whatever order, a task's life is one that the table allows."""

    tasks = Bundle("tasks")

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(max_results_bytes=20_000)
        self.seen: dict[str, Task] = {}
        self.marks: dict[str, tuple[int, int]] = {}

    @rule(
        target=tasks,
        key=st.sampled_from("ab"),
        queue_s=st.sampled_from([0.0, 0.5, 3.0]),
        processing_s=st.sampled_from([0.0, 1.0, 7.25]),
        failure=st.sampled_from(["", "", "told to"]),
    )
    def submit(self, key: str, queue_s: float, processing_s: float, failure: str) -> tuple[str, Task]:
        task = self.bench.submit(self.bench.account(key), Plan(queue_s, processing_s, failure))
        self.seen[task.task_id] = task
        return key, task

    @rule(key=st.sampled_from("ab"), seconds=st.floats(0, 10))
    def time_passes(self, key: str, seconds: float) -> None:
        self.bench.pass_(self.bench.account(key), seconds)

    @rule(broken=st.sampled_from(["", "", "", "no picture"]), size=st.sampled_from([10, 5_000]))
    def painter_finishes(self, broken: str, size: int) -> None:
        if self.bench.painter.orders:
            self.bench.finish(Made(broken=broken) if broken else Made((b"x" * size,)))

    @rule(which=tasks)
    def poll(self, which: tuple[str, Task]) -> None:
        key, before = which[0], self.seen[which[1].task_id]
        try:
            task = self.bench.get(before, key)
        except UnknownTask:
            assert before.status in ORDER
            assert self.bench.tasks.get(before.account_id, before.task_id) is None
            return
        assert self.bench.get(before, key) is task  # reading changes nothing
        assert ORDER[task.status] >= ORDER[before.status]
        if before.terminal:
            assert task is before
        if task.status is Status.SUCCEED:
            assert not task.plan.failure
            assert all(self.bench.blobs.get(image.path) for image in task.images)
        if task.status is Status.FAILED:
            assert task.reason
            assert not task.images
        now_s = self.bench.account(key).clock.now()
        eta, progress = eta_s(task, now_s), progress_percent(task, now_s, 100)
        if task.task_id in self.marks and not task.terminal:
            assert eta <= self.marks[task.task_id][0]
            assert progress >= self.marks[task.task_id][1]
        assert (eta == 0) == task.terminal
        self.marks[task.task_id], self.seen[task.task_id] = (eta, progress), task

    @invariant()
    def what_is_unfinished_is_kept(self) -> None:
        bench = self.bench
        kept = [bench.tasks.get(task.account_id, task.task_id) for task in self.seen.values()]
        assert sum(task is not None and not task.terminal for task in kept) == bench.engine.unfinished
        stored = sum(len(task.images) for task in kept if task)
        assert len(bench.blobs) == stored

    @invariant()
    def each_end_is_announced_once(self) -> None:
        ended = [task.task_id for task in self.bench.ended]
        assert len(ended) == len(set(ended)) == len(self.seen) - self.bench.engine.unfinished

    def teardown(self) -> None:
        self.bench.close()


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=120, stateful_step_count=30, deadline=None)


def test_a_task_ends_at_the_later_of_its_plan_and_its_painting(bench: Bench) -> None:
    early, late = (bench.submit(bench.account(), Plan(1, 5)) for _ in range(2))
    bench.pass_(bench.account(), 1)
    bench.finish()
    bench.pass_(bench.account(), 4.9)
    assert bench.get(early).status is Status.PROCESSING
    bench.pass_(bench.account(), 0.1)
    assert bench.get(early).status is Status.SUCCEED
    bench.pass_(bench.account(), 100)
    assert bench.get(late).status is Status.PROCESSING
    assert eta_s(bench.get(late), bench.account().clock.now()) == 1
    assert progress_percent(bench.get(late), bench.account().clock.now(), 100) == 99
    bench.finish()
    assert bench.get(late).status is Status.SUCCEED


def test_a_failed_painting_fails_its_task_with_the_reason(bench: Bench) -> None:
    """T4."""
    task = bench.submit(bench.account(), Plan(0, 0))
    bench.finish(Made(broken="the decoder stopped"))
    assert (bench.get(task).status, bench.get(task).reason) == (Status.FAILED, "the decoder stopped")
    assert len(bench.blobs) == 0


def test_another_account_s_task_is_not_found(bench: Bench) -> None:
    """T1."""
    task = bench.submit(bench.account("a"))
    with pytest.raises(UnknownTask) as other:
        bench.get(task, "b")
    with pytest.raises(UnknownTask) as none:
        bench.engine.get(bench.account("b"), "none", "v3")
    assert str(other.value) == str(none.value)


def test_the_same_request_twice_is_two_tasks(bench: Bench) -> None:
    """T11."""
    assert bench.submit(bench.account()).task_id != bench.submit(bench.account()).task_id


def test_task_ids_can_be_guessed_only_with_a_seed() -> None:
    """T10."""

    def ids(seed: int | None) -> list[str]:
        bench = Bench(seed)
        found = [bench.submit(bench.account()).task_id for _ in range(3)]
        bench.close()
        return found

    assert ids(1) == ids(1)
    assert not set(ids(None)) & set(ids(None))
    assert all(task_id[14] == "4" and task_id[19] in "89ab" for task_id in ids(None))


def test_of_a_thousand_tasks_under_a_small_cap_no_unfinished_one_is_dropped() -> None:
    """T9."""
    bench = Bench(max_results_bytes=100 * 2048 + 100 * 100)
    tasks = [bench.submit(bench.account(), Plan(0, 0)) for _ in range(1000)]
    for number in range(900):
        bench.finish(Made((b"%100d" % number,)))
    kept = [task for task in tasks if bench.tasks.get(task.account_id, task.task_id)]
    assert kept == tasks[800:]  # the 100 that ended last, and the 100 that have not
    assert bench.results.kept_bytes <= 100 * (2048 + 100)
    assert bench.results.forgotten_tasks == 800
    assert (bench.engine.unfinished, len(bench.blobs)) == (100, 100)
    bench.close()


def test_an_ended_task_is_dropped_with_its_pictures_when_it_is_too_old() -> None:
    """T9."""
    bench = Bench(max_result_age_s=10.0)
    task, running = bench.submit(bench.account(), Plan(0, 0)), bench.submit(bench.account(), Plan(0, 9999))
    bench.finish()
    bench.wall.pass_(9.9)
    assert bench.get(task).status is Status.SUCCEED
    bench.wall.pass_(0.2)
    with pytest.raises(UnknownTask):
        bench.get(task)
    assert len(bench.blobs) == 0
    assert bench.get(running).status is Status.PROCESSING
    bench.close()


def test_more_unfinished_tasks_than_the_cap_are_refused() -> None:
    """L4."""
    bench = Bench(max_pending_tasks=3)
    for _ in range(3):
        bench.submit(bench.account(), Plan(0, 0))
    with pytest.raises(TooMuch):
        bench.submit(bench.account("b"))
    bench.finish()
    bench.submit(bench.account("b"))
    bench.close()


def test_more_bytes_of_unfinished_tasks_than_the_cap_are_refused() -> None:
    """L4: what goes in counts, and what came out and waits for its task's end."""
    bench = Bench(max_pending_bytes=100)
    bench.submit(bench.account(), Plan(0, 5), b"x" * 40)
    with pytest.raises(TooMuch):
        bench.submit(bench.account(), image=b"x" * 61)
    bench.finish(Made((b"y" * 60,)))
    with pytest.raises(TooMuch):
        bench.submit(bench.account(), image=b"x")
    bench.pass_(bench.account(), 5)
    bench.submit(bench.account(), image=b"x" * 100)
    bench.close()


def test_who_waits_for_an_end_is_let_go_by_it_and_by_the_server_s_end() -> None:
    bench = Bench(speed=0.0)
    first, second = (bench.submit(bench.account(), Plan(0, 0)) for _ in range(2))

    async def waiting(task: Task, act: Callable[[], None]) -> Task:
        wait = asyncio.create_task(bench.engine.settled(bench.account(), task))
        await asyncio.sleep(0)
        assert not wait.done()
        act()
        return await wait

    assert bench.run(waiting(first, bench.painter.finish)).status is Status.SUCCEED
    assert bench.run(waiting(second, bench.engine.close)).status is Status.PROCESSING
    bench.close()
