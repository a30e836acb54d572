"""The servers that are compared: each in a process of its own, on the first core."""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

import packs

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
#: The servers' core, and that of whoever asks.
SERVER_CORE, LOAD_CORE = 0, 1
START_S = 60
#: Manual time: a submit is measured, not the rendering that it leads to. All that comes is kept.
UNBOUND = ("--speed", "manual", "--max-pending-tasks", "10000000", "--max-pending-bytes", "16000000000")
#: The double is that of this checkout; what Python compiles it keeps, as it does for whoever uses it.
ENVIRON = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTHONPATH": str(ROOT / "mock_server")
}
HEADERS = {"Authorization": f"Bearer {packs.KEY}", "Content-Type": "application/json"}


class Failed(Exception):
    """A server did not start, or did not answer as it should."""


@dataclass(frozen=True, slots=True)
class Side:
    """A server that runs."""

    name: str
    port: int
    process: psutil.Process

    def tree(self) -> list[psutil.Process]:
        """Its process and its children."""
        return [self.process, *self.process.children(recursive=True)]

    def cpu_s(self) -> float:
        """Seconds of CPU that it has taken, those of its children too, also of those that are over."""
        return sum(_of(each, _cpu_s) for each in self.tree())

    def memory(self) -> float:
        """Bytes that it holds, its children's too."""
        return sum(_of(each, lambda process: process.memory_info().rss) for each in self.tree())


def _of(process: psutil.Process, figure: Callable[[psutil.Process], float]) -> float:
    """A figure of a process; nothing of one that has ended meanwhile."""
    try:
        return figure(process)
    except (psutil.NoSuchProcess, OSError):
        return 0


def _cpu_s(process: psutil.Process) -> float:
    user, system, *over = process.cpu_times()[:4]
    if sys.platform != "linux":
        return user + system + sum(over)
    # the clock of another process, made of its number: nanoseconds, where /proc tells hundredths of a second
    return time.clock_gettime((~process.pid << 3) | 2) + sum(over)


def on_core(core: int) -> Callable[[], None] | None:
    """Has a new process run on that core alone, where the system can do so and has it."""
    if not hasattr(os, "sched_setaffinity") or core not in os.sched_getaffinity(0):
        return None
    return lambda: os.sched_setaffinity(0, {core})


@contextmanager
def running(
    *line: str, pinned: bool = True, folder: Path | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], psutil.Process]]:
    """A command while the block runs, on the servers' core or on all."""
    process = subprocess.Popen(
        line,
        stdout=subprocess.PIPE if folder is None else subprocess.DEVNULL,
        stderr=None if folder is None else subprocess.DEVNULL,
        env=ENVIRON,
        cwd=folder,
        preexec_fn=on_core(SERVER_CORE) if pinned else None,
    )
    try:
        yield process, psutil.Process(process.pid)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def our_line(*flags: str) -> list[str]:
    """The command that starts the double of this checkout, the request log off."""
    return [sys.executable, "-P", "-m", "novita_mock", "serve", "--quiet", *flags]


@contextmanager
def ours(*flags: str) -> Iterator[Side]:
    """The double, with its defaults and the request log off."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        line = our_line("--port", "0", "--ready-file", str(ready), *flags)
        with running(*line) as (process, tree):
            until = time.monotonic() + START_S
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > until:
                    raise Failed("novita-mock did not start")
                time.sleep(0.01)
            url = json.loads(ready.read_text())["url"]
            yield Side("novita-mock", int(url.rpartition(":")[2]), tree)


def bare(reply: bytes) -> Iterator[Side]:
    """A bare uvicorn application that answers the same bytes."""
    return _program("bare uvicorn", "bare.py", reply)


def floor(reply: bytes) -> Iterator[Side]:
    """A socket that only receives, and answers the same bytes."""
    return _program("bare socket", "floor.py", reply)


def plain(document: bytes, reply: bytes) -> Iterator[Side]:
    """Starlette, json, jsonschema and base64, put together plainly."""
    return _program("plain Starlette", "plain.py", document, reply)


@contextmanager
def _program(name: str, file: str, *contents: bytes) -> Iterator[Side]:
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / str(place) for place in range(len(contents))]
        for place, content in zip(files, contents, strict=True):
            place.write_bytes(content)
        with running(sys.executable, str(HERE / file), *map(str, files)) as (process, tree):
            assert process.stdout is not None
            port = process.stdout.readline()
            if not port:
                raise Failed(f"{file} did not start")
            yield Side(name, int(port), tree)


def ask(
    side: Side,
    requests: Path,
    connections: int,
    seconds: float,
    *,
    replies: int | None = None,
    niceness: int = 0,
) -> dict[str, float]:
    """Ask a side for so long; what it cost and how fast it was.

    Args:
        side: who is asked.
        requests: a file that ``packs`` wrote.
        connections: that ask at the same time.
        seconds: for how long.
        replies: how many times at most.
        niceness: how much the load gives way to others on its core.

    Raises:
        Failed: it answered something else than 200, or not at all.
    """
    line = ["nice", "-n", str(niceness)] if niceness else []
    line += [sys.executable, str(HERE / "load.py"), str(side.port), str(requests), str(connections)]
    line += [str(seconds), *map(str, [replies] if replies else [])]
    before = side.cpu_s()
    try:
        told = subprocess.run(
            line, preexec_fn=on_core(LOAD_CORE), capture_output=True, timeout=seconds + START_S
        )
    except subprocess.TimeoutExpired as late:
        raise Failed("it did not answer in time") from late
    cpu_s = side.cpu_s() - before
    if told.returncode:
        raise Failed(told.stderr.decode().strip().splitlines()[-1])
    found = json.loads(told.stdout)
    if found["bad"] or not found["replies"]:
        raise Failed(f"{found['bad']} of {found['replies']} replies were not 200: {found['example']}")
    return {
        "cpu_us": cpu_s / found["replies"] * 1e6,
        "per_s": found["replies"] / found["seconds"],
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
        "load_busy": found["busy"],
    }


def answer(side: Side, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    """The status and the body with which a side answers one request."""
    return answers(side, [(method, path, body)])[0]


def answers(side: Side, asked: Sequence[tuple[str, str, bytes | None]]) -> list[tuple[int, bytes]]:
    """The same for requests one after the other, on one connection as far as the side keeps it.

    The status is 0 where the side broke a connection off instead.
    """
    connection = http.client.HTTPConnection("127.0.0.1", side.port, timeout=START_S)
    found = []
    for method, path, body in asked:
        try:
            connection.request(method, path, body, HEADERS)
            reply = connection.getresponse()
            found.append((reply.status, reply.read()))
        except (OSError, http.client.HTTPException):
            connection.close()  # the next request opens it again
            found.append((0, b"null"))
    connection.close()
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
