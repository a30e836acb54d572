"""How polls fare while pictures of 8192 x 8192 are made, and what memory that takes.

    python benchmarks/big_pictures.py

Prints, for each format: wall seconds of one such task, the latency of polls of another task meanwhile
(beside the same polls with nothing else going on), and the peak memory of the server and its process.
"""

import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from conftest import upscale_body
from served import MIB, client_of, memory, served
from test_big_pictures import poll, submit


def percentile(sorted_values: list[float], share: float) -> float:
    """The value below which that share of the values lies."""
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]


def main() -> None:
    """Measure and print."""
    with served("--speed", "0") as (process, client):
        small = client.post("/v3/async/upscale", json=upscale_body()).json()["task_id"]

        def polls(until: threading.Thread | None, seconds: float = 0.0) -> tuple[list[float], int]:
            taken, peak, end = [], 0, time.perf_counter() + seconds
            while until.is_alive() if until else time.perf_counter() < end:
                began = time.perf_counter()
                poll(client, small)
                taken.append((time.perf_counter() - began) * 1000)
                peak = max(peak, memory(process))
                time.sleep(0.004)
            return sorted(taken), peak

        print(f"{'':8}{'task s':>8}{'polls':>8}{'p50 ms':>8}{'p99 ms':>8}{'max ms':>8}{'peak MiB':>10}")
        rows = [("idle", None), ("jpeg", "jpeg"), ("webp", "webp"), ("png", "png")]
        for name, image_type in rows:
            began = time.perf_counter()
            waiting = None
            if image_type:
                task_id = submit(client, image_type)
                other = client_of(str(client.base_url))
                waiting = threading.Thread(target=poll, args=(other, task_id))
                waiting.start()
            taken, peak = polls(waiting, 3.0)
            took = time.perf_counter() - began
            figures = (percentile(taken, 0.5), percentile(taken, 0.99), taken[-1])
            shown = "".join(f"{value:8.1f}" for value in figures)
            print(f"{name:8}{took:8.1f}{len(taken):8}{shown}{peak / MIB:10.0f}")


if __name__ == "__main__":
    main()
