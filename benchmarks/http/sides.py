"""The servers that are compared: each in a process of its own, on the first core."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
#: The servers' core, and that of whoever asks.
SERVER_CORE, LOAD_CORE = 0, 1
START_S = 60
#: The double is that of this checkout.
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT / "mock_server")}


@dataclass(frozen=True, slots=True)
class Side:
    """A server that runs."""

    name: str
    port: int
    process: psutil.Process

    def cpu_s(self) -> float:
        """Seconds of CPU that it has taken, its children's too."""
        tree = [self.process, *self.process.children(recursive=True)]
        return sum(sum(each.cpu_times()[:2]) for each in tree)

    def memory(self) -> int:
        """Bytes that it holds, its children's too."""
        tree = [self.process, *self.process.children(recursive=True)]
        return sum(each.memory_info().rss for each in tree)


def on_core(core: int) -> Callable[[], None] | None:
    """Has a new process run on that core alone, where the system can do so and has it."""
    if not hasattr(os, "sched_setaffinity") or core not in os.sched_getaffinity(0):
        return None
    return lambda: os.sched_setaffinity(0, {core})


@contextmanager
def running(name: str, *line: str) -> Iterator[tuple[subprocess.Popen[bytes], psutil.Process]]:
    """A command on the servers' core while the block runs."""
    process = subprocess.Popen(line, stdout=subprocess.PIPE, env=ENVIRON, preexec_fn=on_core(SERVER_CORE))
    try:
        yield process, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@contextmanager
def ours(*flags: str) -> Iterator[Side]:
    """The double, with its defaults and the request log off."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        line = [sys.executable, "-P", "-m", "novita_mock", "serve", "--port", "0", "--quiet"]
        with running("ours", *line, "--ready-file", str(ready), *flags) as (process, tree):
            until = time.monotonic() + START_S
            while not ready.exists():
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.01)
            url = json.loads(ready.read_text())["url"]
            yield Side("novita-mock", int(url.rpartition(":")[2]), tree)


@contextmanager
def bare(reply: bytes) -> Iterator[Side]:
    """A bare uvicorn application that answers the same bytes."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(reply)
        file.flush()
        with running("bare", sys.executable, str(HERE / "bare.py"), file.name) as (process, tree):
            assert process.stdout is not None
            yield Side("bare uvicorn", int(process.stdout.readline()), tree)


def ask(side: Side, request: bytes, connections: int, seconds: float) -> dict[str, float]:
    """Ask a side for so long; what it cost and how fast it was."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(request)
        file.flush()
        before = side.cpu_s()
        line = [sys.executable, str(HERE / "load.py"), str(side.port), file.name, str(connections)]
        told = subprocess.check_output([*line, str(seconds)], preexec_fn=on_core(LOAD_CORE))
        cpu_s = side.cpu_s() - before
    found = json.loads(told)
    assert not found["bad"], found["example"]
    return {
        "cpu_us": cpu_s / found["replies"] * 1e6,
        "per_s": found["replies"] / found["seconds"],
        "p50_ms": found["p50_ms"],
        "p99_ms": found["p99_ms"],
    }
