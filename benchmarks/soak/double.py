"""The double that is soaked: a process of its own, in a folder of its own, watched each second."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
MIB = 1024 * 1024
START_S, STOP_S = 60, 30


@dataclass(frozen=True, slots=True)
class Sample:
    """What the double held at a moment; ``at_s`` counts from the beginning of the soak.

    Attributes:
        rss: resident bytes of its processes; ``own``: of the first of them, without its children.
        kept: bytes of results that the double says it keeps.
        fds, threads: open files and threads of all of them.
        children: processes beside the first.
        files: temporary files.
    """

    at_s: float
    rss: int
    own: int
    kept: int
    fds: int
    threads: int
    children: int
    files: int
    cpu_s: float

    def told(self) -> dict[str, float]:
        """As JSON."""
        return asdict(self)


class Double:
    """A double that runs."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self._process = process
        self._tree = psutil.Process(process.pid)
        self._folder = folder
        self.port = port

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def sample(self, at_s: float, kept: int = 0) -> Sample | None:
        """What it holds, and the results that it said it keeps; None where a process ended meanwhile."""
        try:
            tree = [self._tree, *self._tree.children(recursive=True)]
            return Sample(
                round(at_s, 2),
                sum(each.memory_info().rss for each in tree),
                self._tree.memory_info().rss,
                kept,
                sum(each.num_fds() for each in tree),
                sum(each.num_threads() for each in tree),
                len(tree) - 1,
                self.files(),
                round(sum(sum(each.cpu_times()[:2]) for each in tree), 2),
            )
        except psutil.Error:
            return None

    def files(self) -> int:
        """Its temporary files."""
        return sum(len(files) for _, _, files in os.walk(self._folder / "tmp"))

    def log(self) -> str:
        """What it wrote: nothing, where all is well."""
        with (self._folder / "log").open("rb") as file:
            return file.read(100_000).decode("utf-8", "replace")

    def stop(self) -> tuple[int, float]:
        """Have it stop as Ctrl-C does; its exit code, and the seconds that it took."""
        began = time.monotonic()
        self._process.terminate()
        try:
            return self._process.wait(STOP_S), time.monotonic() - began
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return -9, time.monotonic() - began


@contextmanager
def running(*flags: str) -> Iterator[Double]:
    """The double of this checkout with its defaults, its request log off, and these flags."""
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        (folder / "tmp").mkdir()
        environ = {key: value for key, value in os.environ.items() if not key.startswith("NOVITA_MOCK_")}
        environ |= {"PYTHONPATH": str(ROOT / "mock_server"), "TMPDIR": str(folder / "tmp")}
        ready = folder / "ready.json"
        line = [sys.executable, "-P", "-m", "novita_mock", "serve", "--port", "0", "--quiet"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*line, "--ready-file", str(ready), *flags],
                stdout=subprocess.DEVNULL, stderr=log, env=environ, cwd=folder, start_new_session=True,
            )  # fmt: skip
        try:
            until = time.monotonic() + START_S
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > until:
                    sys.exit("the double did not start:\n" + (folder / "log").read_text())
                time.sleep(0.02)
            yield Double(process, int(json.loads(ready.read_text())["url"].rpartition(":")[2]), folder)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
