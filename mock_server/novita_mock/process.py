"""The process for large pictures, as the server sees it: started when needed, and free to die."""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from novita_mock.types import JSON
from novita_mock.work import Work
from novita_mock.worker import read_message, write_message

#: Longest time that one work may take in the process, in wall seconds; then it is ended.
DEADLINE_S = 180.0


class Made(Struct, frozen=True):
    """What became of a work: its pictures, or why there are none."""

    pictures: tuple[bytes, ...] = ()
    broken: str = ""

    @classmethod
    def of(cls, answer: JSON) -> "Made":
        """What the worker's ``attempt`` answered."""
        return cls(tuple(answer.get("pictures", ())), answer.get("broken", ""))

    @property
    def size(self) -> int:
        """Bytes of all pictures."""
        return sum(map(len, self.pictures))


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
            message = asdict(work) | {"images": dict(work.images)}
            write_message(child.stdin, message)  # type: ignore[arg-type]
            answer = read_message(child.stdout)  # type: ignore[arg-type]
        except (EOFError, OSError, ValueError):
            self._end()
            return Made(broken="the image could not be processed: its decoder stopped")
        finally:
            clock.cancel()
        return Made.of(answer)

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
