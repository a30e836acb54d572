"""Where pictures are made: threads for small ones, a process for large ones, bounded by pixels.

What holds the interpreter's lock for long, or could crash the decoder, runs in a process of its own
that is started when first needed; should it die, its task fails and the next work starts another.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from novita_mock.lines import Done, Lines
from novita_mock.process import Made, Process
from novita_mock.work import Work
from novita_mock.worker import attempt

log = logging.getLogger("novita_mock.pool")

#: Work of more pixels than this, in and out together, goes to the process.
SMALL_PIXELS = 3_000_000
#: Threads for small work.
THREADS = 2


class Painter(Protocol):
    """What makes pictures in the background."""

    def make(self, name: str, work: Work, pixels: int, wanted_s: float, done: Done) -> None:
        """Ask for pictures by a moment; ``done`` is called once, from any thread, unless they are dropped."""

    def want(self, name: str) -> None:
        """Somebody waits for these pictures now."""

    def drop(self, name: str) -> None:
        """Nobody wants these pictures any more."""

    def close(self) -> None:
        """Stop."""


class _Lane:
    """The daemon threads that see to the work of one line; they start when there is some."""

    def __init__(
        self, name: str, threads: int, make: Callable[[Work], Made], lines: Lines, budget: "Budget"
    ) -> None:
        self.name = name
        self._make = make
        self._lines = lines
        self._budget = budget
        self._threads = [
            threading.Thread(target=self._run, name=f"novita-mock-{name}-{i}", daemon=True)
            for i in range(threads)
        ]

    def start(self) -> None:
        """Have the threads run, if they do not yet."""
        while self._threads:
            self._threads.pop().start()

    def _run(self) -> None:
        while (piece := self._lines.take(self.name)) is not None:
            made = piece.made
            if made is None:
                with self._budget.taking(piece.pixels):
                    made = self._made(piece.work)
            for done in self._lines.finish(piece, made):
                done(made)

    def _made(self, work: Work) -> Made:
        try:
            return self._make(work)
        except Exception:
            # A fault of ours, whatever it is: the thread must live for the work of others.
            log.exception("a picture could not be made (%s)", work.renderer)
            return Made(broken="the picture could not be made: the double failed; its log says more")


class Budget:
    """Pixels in flight, over all threads.

    One work that is larger than the whole budget runs when nothing else does.
    """

    def __init__(self, pixels: int) -> None:
        self._limit = pixels
        self._taken = 0
        self._free = threading.Condition()

    @contextmanager
    def taking(self, pixels: int) -> Iterator[None]:
        """A block during which so many pixels are in flight; entering it waits until there is room."""
        with self._free:
            self._free.wait_for(lambda: self._taken == 0 or self._taken + pixels <= self._limit)
            self._taken += pixels
        try:
            yield
        finally:
            with self._free:
                self._taken -= pixels
                self._free.notify_all()


class Pool:
    """Makes pictures in the background, the soonest wanted first."""

    def __init__(self, max_pixels_in_flight: int) -> None:
        budget = Budget(max_pixels_in_flight)
        self._lines = Lines(known="small")
        self._process = Process()
        self._small = _Lane("small", THREADS, _make_here, self._lines, budget)
        self._large = _Lane("large", 1, self._process.make, self._lines, budget)

    def make(self, name: str, work: Work, pixels: int, wanted_s: float, done: Done) -> None:
        """Ask for pictures.

        Args:
            name: what ``want`` and ``drop`` will call them.
            work: what to make; work that is under way, or was done lately, is not done again.
            pixels: how many go in and come out, together.
            wanted_s: the moment at which they will be wanted, in seconds of the wall's monotonic clock.
            done: called once with what became of it, from another thread, unless they are dropped.
        """
        lane = self._small if pixels <= SMALL_PIXELS else self._large
        self._small.start()
        lane.start()
        self._lines.add(name, work, pixels, lane.name, wanted_s, done)

    def want(self, name: str) -> None:
        """Somebody waits for these pictures: they go before all that nobody waits for."""
        self._lines.want(name)

    def drop(self, name: str) -> None:
        """Nobody wants these pictures any more; they are not begun for nobody."""
        self._lines.drop(name)

    @property
    def child_pid(self) -> int | None:
        """The number of the process for large pictures, once it runs."""
        return self._process.child_pid

    def close(self) -> None:
        """Drop what waits and end what runs; no ``done`` is called after this."""
        self._lines.close()
        self._process.close()


def _make_here(work: Work) -> Made:
    from novita_mock.render import render

    return Made.of(attempt(work, render))
