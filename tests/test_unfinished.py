"""Who holds which picture: counted right whatever happens to tasks, of two accounts, in whatever order."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from novita_mock.contents import WORTH_A_FILE, Lost
from novita_mock.plan import Plan
from novita_mock.pool import Made
from novita_mock.results import Retention
from novita_mock.task import Task
from test_engine import Bench

#: Pictures that go in: of three contents, two are worth a file.
INPUTS = [b"small", b"large".ljust(WORTH_A_FILE), b"larger".ljust(2 * WORTH_A_FILE)]


def outcome(image: bytes) -> bytes:
    """The picture that comes of another: equal work makes equal bytes."""
    return image + b" upscaled"


class Holders(RuleBasedStateMachine):
    """Contents are kept as long as somebody has use for them, once each, and then no more."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(max_memory_bytes=WORTH_A_FILE, max_result_age_s=60.0, max_results_bytes=100_000)
        self.made_of: dict[str, bytes] = {}
        self.tasks: list[Task] = []

    @rule(
        key=st.sampled_from("ab"),
        image=st.sampled_from(INPUTS),
        processing_s=st.sampled_from([0.0, 1.0, 30.0]),
        failure=st.sampled_from(["", "", "", "told to"]),
    )
    def submit(self, key: str, image: bytes, processing_s: float, failure: str) -> None:
        task = self.bench.submit(self.bench.account(key), Plan(0.0, processing_s, failure), image)
        self.made_of[task.task_id] = image
        self.tasks.append(task)

    @rule(broken=st.sampled_from(["", "", "", "no picture"]))
    def painter_finishes(self, broken: str) -> None:
        if self.bench.painter.orders:
            (picture,) = self.bench.painter.orders[0][0].images
            try:
                made = outcome(self.bench.painter.orders[0][0].images[picture])
            except Lost:
                made = b"of a task that is forgotten"  # shown by none: see what_is_shown
            self.bench.finish(Made(broken=broken) if broken else Made((made,)))

    @rule(key=st.sampled_from("ab"), seconds=st.sampled_from([0.0, 1.0, 30.0]))
    def time_passes(self, key: str, seconds: float) -> None:
        self.bench.pass_(self.bench.account(key), seconds)
        self.bench.results.forget_surplus(self.bench.accounts.now_s)

    @rule(key=st.sampled_from("ab"))
    def forget(self, key: str) -> None:
        self.bench.on_loop(lambda: self.bench.engine.forget(self.bench.account(key)))

    @rule()
    def files_are_written(self) -> None:
        self.bench.contents.settle()

    @invariant()
    def what_is_shown_is_what_was_made(self) -> None:
        for task in self.kept():
            for image in task.images:
                blob = self.bench.blobs.get(image.path)
                assert blob is not None
                assert blob.content.read() == outcome(self.made_of[task.task_id])

    @invariant()
    def contents_are_those_that_somebody_needs(self) -> None:
        needed, shown, maybe = set(), set(), set()
        for task in self.kept():
            image = self.made_of[task.task_id]
            if not task.terminal:
                needed.add(image)
                maybe.add(outcome(image))  # it may be painted already, and wait for its end
            elif task.images:
                shown.add(outcome(image))
        assert len(needed | shown) <= len(self.bench.contents) <= len(needed | shown | maybe)
        kept = [task for task in self.kept() if task.terminal]
        assert self.bench.blobs.kept_bytes == sum(map(len, shown))
        assert self.bench.results.kept_bytes == sum(map(len, shown)) + Retention.RECORD_BYTES * len(kept)
        assert self.bench.contents.memory_bytes >= 0

    def kept(self) -> list[Task]:
        """The tasks that are not forgotten, as they stand."""
        found = [self.bench.tasks.get(task.account_id, task.task_id) for task in self.tasks]
        return [task for task in found if task]

    def teardown(self) -> None:
        for key in "ab":
            self.forget(key)
        assert (len(self.bench.contents), self.bench.contents.memory_bytes) == (0, 0)
        self.bench.contents.settle()
        folder = self.bench.spool.folder
        assert folder is None or not list(folder.iterdir())
        self.bench.close()
        assert folder is None or not folder.exists()


TestHolders = Holders.TestCase
TestHolders.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)


def test_tasks_of_equal_requests_share_an_order_and_their_pictures() -> None:
    bench = Bench()
    for _ in range(3):
        bench.submit(bench.account(), Plan(0.0, 5.0))
    bench.submit(bench.account("b"), Plan(0.0, 5.0))
    assert len(bench.contents) == 1
    assert len({id(work.request) for work, _, _ in bench.painter.orders}) == 1
    assert len(bench.painter.orders) == 4
    bench.close()
