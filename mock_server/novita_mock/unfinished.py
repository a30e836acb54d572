"""What unfinished tasks hold: what was asked for, and pictures, those that go in and those that came out."""

from collections.abc import Mapping

from msgspec import Struct

from novita_mock.catalogue import Operation
from novita_mock.contents import Content, Contents
from novita_mock.fault_rule import FaultRule
from novita_mock.holding import Holding, Pictures
from novita_mock.problems import TooMuch
from novita_mock.settings import Settings
from novita_mock.submission import Submission
from novita_mock.types import JSON
from novita_mock.work import Work


class Order(Struct):
    """What a request asked for. Tasks of equal requests share it.

    Attributes:
        images: the pictures that go in, by digest; they are read by whoever works on them.
        pixels: of all pictures, those that come in and those that will come out.
        named: the faults of the scenario that the request chose.
        key: what requests must have in common to be equal.
        tasks: how many unfinished ones it belongs to.
    """

    key: tuple[str, str, str]
    operation: Operation
    request: Mapping[str, JSON]
    images: Pictures
    pixels: int
    image_type: str
    named: tuple[FaultRule, ...]
    tasks: int = 0

    def work(self, seed: int) -> Work:
        """The order for the pictures that come out."""
        return Work(self.operation.renderer, self.request, self.images, seed, self.image_type)


class Painted(Struct, frozen=True, gc=False):
    """What became of the work for a task: its pictures, or why there are none."""

    pictures: tuple[Content, ...] = ()
    broken: str = ""


class Unfinished:
    """The orders of unfinished tasks and their pictures until they end, up to the caps of the settings."""

    def __init__(self, settings: Settings, contents: Contents) -> None:
        self._max_tasks, self._max_bytes = settings.max_pending_tasks, settings.max_pending_bytes
        self._holding = Holding(contents)
        self._orders: dict[str, Order] = {}
        self._equal: dict[tuple[str, str, str], Order] = {}
        self._painted: dict[str, Painted] = {}
        self._leaving: set[str] = set()

    def __len__(self) -> int:
        return len(self._orders)

    def __getitem__(self, task_id: str) -> Order:
        return self._orders[task_id]

    def check(self, submission: Submission) -> None:
        """Raises ``TooMuch`` where there is more unfinished work than the settings allow."""
        if len(self) >= self._max_tasks:
            raise TooMuch(f"{len(self)} tasks are unfinished; no more are taken now")
        if self._orders and not self._holding.has_room(submission.images, self._max_bytes):
            waiting = f"{self._holding.kept_bytes} bytes of pictures wait for work"
            raise TooMuch(f"{waiting}; no more are taken now")

    def add(self, task_id: str, submission: Submission) -> None:
        """A task was accepted."""
        key = (submission.operation.name, submission.digest, submission.scenario)
        order = self._equal.get(key)
        if order is None:
            given = (Content(content, digest) for digest, content in submission.images.items())
            order = Order(
                key=key,
                operation=submission.operation,
                request=submission.request,
                images=Pictures(map(self._holding.add, given)),
                pixels=submission.pixels,
                image_type=submission.wish.image_type,
                named=submission.named,
            )
            self._equal[key] = order
        order.tasks += 1
        self._orders[task_id] = order

    def paint(self, task_id: str, painted: Painted, *, leaving: bool = False) -> None:
        """The work for a task is done; ``leaving``: its pictures have still to be sent away."""
        kept = tuple(map(self._holding.add, painted.pictures))
        self._painted[task_id] = Painted(kept, painted.broken)
        if leaving:
            self._leaving.add(task_id)

    def leave(self, task_id: str, broken: str) -> None:
        """The pictures of a task were sent away, or could not be, for a reason."""
        self._leaving.remove(task_id)
        if broken:
            self._let_go(self._painted[task_id].pictures)
            self._painted[task_id] = Painted(broken=broken)

    def ready(self, task_id: str) -> Painted | None:
        """What became of the work for a task, once nothing more has to be done for its end."""
        return None if task_id in self._leaving else self._painted.get(task_id)

    def drop(self, task_id: str) -> None:
        """A task has ended or is forgotten; what it held is let go, if it held anything."""
        order = self._orders.pop(task_id, None)
        if order is None:
            return
        self._leaving.discard(task_id)
        self._let_go(self._painted.pop(task_id, Painted()).pictures)
        order.tasks -= 1
        if not order.tasks:
            del self._equal[order.key]
            self._let_go(order.images.contents)

    def _let_go(self, contents: tuple[Content, ...]) -> None:
        for content in contents:
            self._holding.drop(content)
