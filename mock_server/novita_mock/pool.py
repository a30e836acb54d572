"""Where pictures are made: threads for small ones, a process for large ones, bounded by pixels.

What holds the interpreter's lock for long, or could crash the decoder, runs in a process of its own
that is started when first needed; should it die, its task fails and the next work starts another.
"""

import logging
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from novita_mock.work import Work
from novita_mock.worker import attempt, read_message, write_message

log = logging.getLogger("novita_mock.pool")

#: Work of more pixels than this, in and out together, goes to the process.
SMALL_PIXELS = 3_000_000
#: Threads for small work.
THREADS = 2
#: Longest time that one work may take in the process, in wall seconds; then it is ended.
DEADLINE_S = 180.0


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a work: its pictures, or why there are none."""

    pictures: tuple[bytes, ...] = ()
    broken: str = ""


Done = Callable[[Made], None]


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

    def taking(self, pixels: int) -> "_Taking":
        """A block during which so many pixels are in flight; entering it waits until there is room."""
        return _Taking(self, pixels)

    def acquire(self, pixels: int) -> None:
        """Wait for room, then take it."""
        with self._free:
            self._free.wait_for(lambda: self._taken == 0 or self._taken + pixels <= self._limit)
            self._taken += pixels

    def release(self, pixels: int) -> None:
        """Give room back."""
        with self._free:
            self._taken -= pixels
            self._free.notify_all()


@dataclass(frozen=True, slots=True)
class _Taking:
    budget: Budget
    pixels: int

    def __enter__(self) -> None:
        self.budget.acquire(self.pixels)

    def __exit__(self, *_: object) -> None:
        self.budget.release(self.pixels)


class Process:
    """The process for large pictures, started when first used."""

    def __init__(self, command: tuple[str, ...] = ("-m", "novita_mock.worker")) -> None:
        self._command = command
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._at_work = threading.Lock()

    def make(self, work: Work) -> Made:
        """Have one work done; a process that dies or takes too long fails this work only."""
        with self._at_work:
            return Made(broken="the server is stopping") if self._closed else self._ask(work)

    @property
    def child(self) -> "subprocess.Popen[bytes] | None":
        """The process, once it runs."""
        return self._child

    @property
    def child_pid(self) -> int | None:
        """The process's number, once it runs."""
        return self._child.pid if self._child is not None else None

    def close(self) -> None:
        """End the process at once."""
        self._closed = True
        child = self._child
        if child is not None:
            child.kill()  # whoever waits for its answer is let go by this
        with self._at_work:
            self._end()

    def _ask(self, work: Work) -> Made:
        if self._child is None or self._child.poll() is not None:
            self._child = self._start()
        child = self._child
        assert child.stdin is not None
        assert child.stdout is not None
        clock = threading.Timer(DEADLINE_S, child.kill)
        clock.daemon = True
        clock.start()
        try:
            write_message(child.stdin, asdict(work))  # type: ignore[arg-type]
            answer = read_message(child.stdout)  # type: ignore[arg-type]
        except (EOFError, OSError, ValueError):
            self._end()
            return Made(broken="the image could not be processed: its decoder stopped")
        finally:
            clock.cancel()
        return Made(tuple(answer.get("pictures", ())), answer.get("broken", ""))

    def _start(self) -> subprocess.Popen[bytes]:
        package = str(Path(__file__).resolve().parents[1])
        path = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))
        return subprocess.Popen(
            [sys.executable, "-P", *self._command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path},
        )

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for stream in (child.stdin, child.stdout):
                if stream is not None:
                    with suppress(OSError):
                        stream.close()


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

    answer = attempt(work, render)
    return Made(tuple(answer.get("pictures", ())), answer.get("broken", ""))
