"""Where pictures are made: threads for small ones, a process for large ones, bounded by pixels.

What holds the interpreter's lock for long, or could crash the decoder, runs in a process of its own
that is started when first needed; should it die, its task fails and the next work starts another.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from novita_mock.process import Made, Process
from novita_mock.work import Work
from novita_mock.worker import attempt

log = logging.getLogger("novita_mock.pool")

#: Work of more pixels than this, in and out together, goes to the process.
SMALL_PIXELS = 3_000_000
#: Threads for small work.
THREADS = 2


Done = Callable[[Made], None]


class Painter(Protocol):
    """What makes pictures in the background."""

    def make(self, work: Work, pixels: int, done: Done) -> None:
        """Ask for pictures; ``done`` is called once, from any thread."""

    def close(self) -> None:
        """Stop."""


@dataclass(frozen=True, slots=True)
class _Order:
    work: Work
    pixels: int
    done: Done


class _Lane:
    """Orders of one kind, first come first served, and the daemon threads that see to them."""

    def __init__(self, name: str, threads: int, make: Callable[[Work], Made], budget: "Budget") -> None:
        self._orders: deque[_Order] = deque()
        self._ready = threading.Condition()
        self._make = make
        self._budget = budget
        self._names = [f"novita-mock-{name}-{i}" for i in range(threads)]
        self._started = False
        self._closed = False

    def add(self, order: _Order) -> None:
        with self._ready:
            self._orders.append(order)
            if not self._started:
                self._started = True
                for name in self._names:
                    threading.Thread(target=self._run, name=name, daemon=True).start()
            self._ready.notify()

    def close(self) -> None:
        with self._ready:
            self._closed = True
            self._orders.clear()
            self._ready.notify_all()

    def _run(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._orders or self._closed)
                if self._closed:
                    return
                order = self._orders.popleft()
            with self._budget.taking(order.pixels):
                made = self._made(order.work)
            if not self._closed:
                order.done(made)

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
    """Makes pictures in the background, in the order in which they are asked for."""

    def __init__(self, max_pixels_in_flight: int) -> None:
        budget = Budget(max_pixels_in_flight)
        self._process = Process()
        self._small = _Lane("small", THREADS, _make_here, budget)
        self._large = _Lane("large", 1, self._process.make, budget)

    def make(self, work: Work, pixels: int, done: Done) -> None:
        """Ask for pictures.

        Args:
            work: what to make.
            pixels: how many go in and come out, together.
            done: called once with what became of it, from another thread.
        """
        lane = self._small if pixels <= SMALL_PIXELS else self._large
        lane.add(_Order(work, pixels, done))

    @property
    def child_pid(self) -> int | None:
        """The number of the process for large pictures, once it runs."""
        return self._process.child_pid

    def close(self) -> None:
        """Drop what waits and end what runs; no ``done`` is called after this."""
        self._small.close()
        self._large.close()
        self._process.close()


def _make_here(work: Work) -> Made:
    from novita_mock.render import render

    return Made.of(attempt(work, render))
