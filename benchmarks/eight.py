"""Eight img2img pictures of 2048 x 2048 as JPEG, beside Pillow that only enlarges and saves as many.

    python benchmarks/eight.py [--rounds N] [--quick] [--write] [--page FILE] [--json FILE]

Ours is ``novita-mock serve --speed 0`` in a process of its own: from the submit until the reply that tells
of all eight as stored. Meanwhile another process polls a task of before, every few milliseconds. Pillow is
a loop in this process: decode once, then enlarge (bicubic) and save, eight times, with its own defaults.
The sides take turns; each round has another seed, for what was made lately is not made again. CPU is that of
the whole process tree.
"""

import argparse
import multiprocessing
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from http.client import HTTPConnection
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx2
import psutil
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from conftest import b64, upscale_body
from served import MIB, memory, served
from telling import number, options, table, tell, turns

COUNT = 8
#: Sides of the picture that goes in and of those that come out, in pixels; those of a quick run.
SIDES, QUICK_SIDES = (1024, 2048), (256, 512)
#: Wall seconds between two polls, and the key that the double's client has, too.
EVERY_S, KEY = 0.004, {"Authorization": "Bearer sk_test"}


def photo(side: int) -> bytes:
    """A photo-like JPEG."""
    grey = Image.effect_mandelbrot((side, side), (-2.2, -1.4, 0.8, 1.4), 90)
    out = BytesIO()
    Image.merge("RGB", (grey, grey.rotate(90), grey.rotate(180))).save(out, "JPEG", quality=90)
    return out.getvalue()


def measured(act: Callable[[], None], cpu_s: Callable[[], float]) -> dict[str, float]:
    """Wall and CPU seconds of doing something."""
    began_s, used_s = time.perf_counter(), cpu_s()
    act()
    return {"wall_s": time.perf_counter() - began_s, "cpu_s": cpu_s() - used_s}


def enlarge(content: bytes, side: int) -> None:
    """What Pillow alone does."""
    image = Image.open(BytesIO(content)).convert("RGB")
    for _ in range(COUNT):
        image.resize((side, side), Image.Resampling.BICUBIC).save(BytesIO(), "JPEG")


class Double:
    """Our side, as it is asked."""

    def __init__(self, process: psutil.Process, client: httpx2.Client, content: bytes, side: int) -> None:
        self._process, self._client = process, client
        self._image, self._side = b64(content), side
        client.post("/_mock/balance", json={"usd": 1e6}).raise_for_status()
        self.known = client.post("/v3/async/upscale", json=upscale_body()).json()["task_id"]
        self._poll(self.known)

    def cpu_s(self) -> float:
        """Seconds of CPU that the double has taken, its children's too."""
        tree = [self._process, *self._process.children(recursive=True)]
        return sum(sum(each.cpu_times()[:2]) for each in tree)

    def make(self, seed: int) -> None:
        """Eight pictures, until they are stored."""
        request = {
            "model_name": "sd_xl_base_1.0.safetensors", "prompt": "a lighthouse at dusk", "steps": 20,
            "guidance_scale": 7.5, "sampler_name": "Euler a", "width": self._side, "height": self._side,
            "image_num": COUNT, "image_base64": self._image, "seed": seed,
        }  # fmt: skip
        body = {"request": request, "extra": {"response_image_type": "jpeg"}}
        reply = self._client.post("/v3/async/img2img", json=body).raise_for_status()
        told = self._poll(reply.json()["task_id"])
        assert told["task"]["status"] == "TASK_STATUS_SUCCEED", told
        assert len(told["images"]) == COUNT

    def _poll(self, task_id: str) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]]
        found = self._client.get("/v3/async/task-result", params={"task_id": task_id}).json()
        return found


def watch(port: int, task_id: str, news: Connection) -> None:
    """Poll a task until told to stop; tells the milliseconds of each poll."""
    connection = HTTPConnection("127.0.0.1", port)
    taken = []
    while not news.poll(EVERY_S):
        began_s = time.perf_counter()
        connection.request("GET", f"/v3/async/task-result?task_id={task_id}", headers=KEY)
        reply = connection.getresponse()
        assert reply.status == 200, reply.read()
        reply.read()
        taken.append((time.perf_counter() - began_s) * 1000)
    connection.close()
    news.send(taken)


def watched(port: int, task_id: str, act: Callable[[], dict[str, float]]) -> dict[str, object]:
    """What ``act`` tells, and how long polls of another process took meanwhile."""
    ours, theirs = multiprocessing.Pipe()
    watcher = multiprocessing.Process(target=watch, args=(port, task_id, theirs))
    watcher.start()
    theirs.close()  # so that a watcher that fails is noticed
    told = act()
    ours.send(None)
    polls = ours.recv()
    watcher.join()
    return told | {"polls_ms": [round(each, 2) for each in polls]}


def rounds_of(rounds: int, sides: tuple[int, int]) -> list[dict[str, dict[str, object]]]:
    """What each round found."""
    found = []
    content = photo(sides[0])
    with served("--speed", "0") as (process, client):
        double = Double(psutil.Process(process.pid), client, content, sides[1])
        port = int(client.base_url.port or 0)
        for turn, counts in enumerate(turns(rounds)):
            make = partial(double.make, turn * COUNT)
            ours = watched(port, double.known, partial(measured, make, double.cpu_s))
            ours["memory_mib"] = memory(process) / MIB
            pillow = measured(lambda: enlarge(content, sides[1]), time.process_time)
            if counts:
                found.append({"ours": ours, "pillow": pillow})
    return found


def told(rounds: list[dict[str, dict[str, Any]]]) -> tuple[str, dict[str, Any]]:
    """The table, and the figures."""
    polls = sorted(each for found in rounds for each in found["ours"].pop("polls_ms"))
    medians = {
        f"{side} {figure}": statistics.median(found[side][figure] for found in rounds)
        for side in ("ours", "pillow")
        for figure in ("wall_s", "cpu_s")
    }
    medians["ours memory_mib"] = max(found["ours"]["memory_mib"] for found in rounds)
    for name, share in (("p50", 0.5), ("p99", 0.99), ("longest", 1)):
        medians[f"polls {name}_ms"] = polls[min(len(polls) - 1, int(len(polls) * share))]
    ratios = {
        figure: statistics.median(found["ours"][figure] / found["pillow"][figure] for found in rounds)
        for figure in ("wall_s", "cpu_s")
    }
    rows = [
        [name, number(medians[f"ours {figure}"]), number(medians[f"pillow {figure}"]), number(ratios[figure])]
        for name, figure in (("wall s", "wall_s"), ("CPU s", "cpu_s"))
    ]
    rows += [
        [f"polls meanwhile, {name}, ms", number(medians[f"polls {name}_ms"]), "", ""]
        for name in ("p50", "p99", "longest")
    ]
    rows.append(["memory afterwards, MiB", number(medians["ours memory_mib"]), "", ""])
    figures = {"rounds": rounds, "medians": medians, "ratios": ratios}
    return table(["eight pictures", "novita-mock", "Pillow", "ratio"], rows), figures


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--quick", action="store_true", help="one round of small pictures, to see that it runs"
    )
    options(parser)
    asked = parser.parse_args()
    rounds = rounds_of(1, QUICK_SIDES) if asked.quick else rounds_of(asked.rounds, SIDES)
    tell(asked, "eight", *told(rounds))


if __name__ == "__main__":
    main()
