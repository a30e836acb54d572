"""What an upscale to PNG costs, from bytes to bytes: the double beside other libraries.

    make bench        (python benchmarks/pictures.py [--rounds N] [--quick] [--write])

The double's own renderer, with the look of a model; Pillow with its defaults (cubic, PNG level 6); OpenCV
and pyvips, cubic, at PNG level 1. Each turn of each side is a process of its own: first a small picture, for
what is loaded when first needed, then those that count. Memory is the peak of that process.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import telling

OURS = "novita-mock"
#: What a process is asked for, and what it answers.
Upscale = Callable[[bytes, int], bytes]


@dataclass(frozen=True, slots=True)
class Job:
    """A picture of ``side`` x ``side`` pixels, stored as ``kind``, that becomes ``factor`` times as large.

    A process does it ``times``, and tells the median.
    """

    side: int
    factor: int
    kind: str
    times: int = 1

    @property
    def name(self) -> str:
        """As the table shows it."""
        return f"{self.kind} {self.side} to PNG {self.side * self.factor}"


JOBS = (Job(1024, 2, "JPEG", 5), Job(1024, 2, "PNG", 5), Job(2048, 4, "JPEG"))
QUICK_JOBS = (Job(64, 2, "JPEG"), Job(64, 4, "PNG"))


def double() -> Upscale:
    """Ours: what the process for large pictures does, which keeps its memory from one to the next."""
    from novita_mock import allocator
    from novita_mock.render import render
    from novita_mock.work import Work

    allocator.keep_memory()

    def upscale(content: bytes, factor: int) -> bytes:
        request = {"model_name": "4x-UltraSharp", "scale_factor": factor, "image_base64": "a"}
        return render(Work("upscale", request, {"a": content}, 0, "png"))[0]

    return upscale


def pillow() -> Upscale:
    """Pillow's defaults."""
    from PIL import Image

    def upscale(content: bytes, factor: int) -> bytes:
        image = Image.open(BytesIO(content))
        target = BytesIO()
        image.resize((image.width * factor, image.height * factor)).save(target, "PNG")
        return target.getvalue()

    return upscale


def opencv() -> Upscale:
    """OpenCV at its fastest level that compresses."""
    import cv2
    import numpy

    def upscale(content: bytes, factor: int) -> bytes:
        image = cv2.imdecode(numpy.frombuffer(content, numpy.uint8), cv2.IMREAD_COLOR)
        image = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        return bytes(cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1])

    return upscale


def vips() -> Upscale:
    """The same of libvips, which works in pieces too."""
    import pyvips

    def upscale(content: bytes, factor: int) -> bytes:
        image = pyvips.Image.new_from_buffer(content, "", access="sequential")
        return bytes(image.resize(factor, kernel="cubic").pngsave_buffer(compression=1))

    return upscale


SIDES = {OURS: double, "Pillow, level 6": pillow, "OpenCV, level 1": opencv, "pyvips, level 1": vips}


def photo(job: Job) -> bytes:
    """A picture like a photograph."""
    import pictures

    options = {"quality": 92} if job.kind == "JPEG" else {}
    return pictures.stored(pictures.photo(job.side, job.side), job.kind, **options)


def one(side: str, file: Path, factor: int, times: int) -> dict[str, float]:
    """What one upscale costs this process."""
    upscale = SIDES[side]()
    content = file.read_bytes()
    upscale(file.with_name("small").read_bytes(), factor)
    cpu, wall, length = [], [], 0
    for _ in range(times):
        began = time.process_time(), time.perf_counter()
        length = len(upscale(content, factor))
        cpu.append((time.process_time() - began[0]) * 1000)
        wall.append((time.perf_counter() - began[1]) * 1000)
    took = {"cpu_ms": statistics.median(cpu), "wall_ms": statistics.median(wall)}
    return {**took, "output_kb": length / 1000, "peak_mib": _peak_mib()}


def _peak_mib() -> float:
    """Of this process alone; what ``getrusage`` tells may be that of the one that started it."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def ask(side: str, file: Path, job: Job) -> dict[str, float] | None:
    """The same by a process of its own; None if the library is not installed."""
    line = [sys.executable, __file__, "--one", side, str(file), str(job.factor), str(job.times)]
    told = subprocess.run(line, capture_output=True, text=True, check=False)
    if "ModuleNotFoundError" in told.stderr:
        return None
    if told.returncode:
        raise RuntimeError(f"{side}: {told.stderr}")
    answer: dict[str, float] = json.loads(told.stdout)
    return answer


def measured(jobs: tuple[Job, ...], rounds: int) -> list[dict[str, dict[str, dict[str, float]]]]:
    """The rounds: of each job by its name, what each side that is installed took."""
    found: list[dict[str, dict[str, dict[str, float]]]] = [{} for _ in range(rounds)]
    with TemporaryDirectory() as name:
        for job in jobs:
            file = Path(name) / "picture"
            file.write_bytes(photo(job))
            file.with_name("small").write_bytes(photo(Job(64, 2, job.kind)))
            for taken in found:
                answers = {side: ask(side, file, job) for side in SIDES}
                taken[job.name] = {side: answer for side, answer in answers.items() if answer is not None}
    return found


def summed_up(rounds: list[dict[str, dict[str, dict[str, float]]]]) -> tuple[Any, Any, list[list[str]]]:
    """Medians, the medians of each round's ratios, and the lines of the table."""
    medians: dict[str, dict[str, dict[str, float]]] = {}
    ratios: dict[str, dict[str, dict[str, float]]] = {}
    lines = []
    for job, sides in rounds[0].items():
        medians[job], ratios[job] = {}, {}
        for side in SIDES:
            if side not in sides:
                lines.append([job, side, "not installed", *[""] * 5])
                continue
            medians[job][side] = {
                key: statistics.median(each[job][side][key] for each in rounds) for key in sides[side]
            }
            ratios[job][side] = {
                key: statistics.median(each[job][side][key] / each[job][OURS][key] for each in rounds)
                for key in ("cpu_ms", "wall_ms")
            }
            took, times = medians[job][side], ratios[job][side]
            figures = [took["cpu_ms"], times["cpu_ms"], took["wall_ms"], times["wall_ms"]]
            figures += [took["output_kb"], took["peak_mib"]]
            lines.append([job, side, *map(telling.number, figures)])
    return medians, ratios, lines


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round of tiny pictures: does it run?")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    telling.options(parser)
    asked = parser.parse_args()
    if asked.one:
        side, file, factor, times = asked.one
        print(json.dumps(one(side, Path(file), int(factor), int(times))))
        return
    rounds = measured(QUICK_JOBS if asked.quick else JOBS, 1 if asked.quick else asked.rounds)
    medians, ratios, lines = summed_up(rounds)
    head = ["picture", "side", "CPU ms", "times ours", "wall ms", "times ours", "file, KB", "peak, MiB"]
    figures = {"rounds": rounds, "medians": medians, "ratios": ratios}
    others = telling.versions("pillow", "isal", "opencv-python-headless", "pyvips", "pyvips-binary")
    telling.tell(asked, "pictures", telling.table(head, lines), {**figures, "versions": others})


if __name__ == "__main__":
    main()
