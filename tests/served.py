"""A double in a process of its own, as a user starts it."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import psutil

MIB = 1024 * 1024


@contextmanager
def served(*flags: str, stderr: int | None = None) -> Iterator[tuple[subprocess.Popen[bytes], httpx2.Client]]:
    """``novita-mock serve`` on a free port, and a client of it; killed at the end if it still runs."""
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "novita_mock", "serve", "--port", "0", "--quiet"]
        process = subprocess.Popen(
            [*command, "--ready-file", str(ready), *flags], stdout=subprocess.DEVNULL, stderr=stderr
        )
        try:
            while not ready.exists():
                assert process.poll() is None, "the double did not start"
                time.sleep(0.01)  # noqa: TID251 - another process starts
            with client_of(json.loads(ready.read_text())["url"]) as client:
                yield process, client
        finally:
            process.kill()
            process.wait()


def client_of(url: str) -> httpx2.Client:
    """A client with a key."""
    headers = {"Authorization": "Bearer sk_test"}
    return httpx2.Client(base_url=url, headers=headers, timeout=300, trust_env=False)


def memory(process: subprocess.Popen[bytes]) -> int:
    """Resident bytes of a process and of all its children."""
    whole = 0
    try:
        parent = psutil.Process(process.pid)
        for each in (parent, *parent.children(recursive=True)):
            whole += each.memory_info().rss
    except psutil.NoSuchProcess:
        pass  # one ended while we looked
    return whole
