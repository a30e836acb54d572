"""How polls fare while a thousand events of fifty accounts go to a receiver that fails half the time.

    python benchmarks/world_load.py

Prints the latency of polls of another account with nothing else going on, and during the deliveries.
"""

import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import httpx2

from hooks import hooked
from served import client_of, served
from test_world_load import ACCOUNTS, EACH, TINY, all_told, status, submitted, taken


def polls(client: httpx2.Client, task_id: str, over: threading.Event) -> list[float]:
    """Poll until it is over; how long each took, in milliseconds, sorted."""
    took = []
    while not over.is_set():
        began = time.perf_counter()
        status(client, "bystander", task_id)
        took.append((time.perf_counter() - began) * 1000)
        time.sleep(0.002)
    return sorted(took)


def row(name: str, took: list[float]) -> None:
    """Print the figures of one stretch."""
    figures = (took[len(took) // 2], took[int(len(took) * 0.99)], took[-1])
    print(f"{name:12}{len(took):8}" + "".join(f"{value:10.2f}" for value in figures))


def main() -> None:
    """Measure and print."""
    with served("--speed", "manual") as (_, client), hooked() as hook:
        hook.answer = lambda place, event: (
            204
            if taken(
                event["payload"]["task"]["task_id"], int(hook.received[place][0]["x-novita-mock-attempt"])
            )
            else 503
        )
        del client.headers["authorization"]
        mine = submitted(client, "bystander", TINY)
        body = TINY | {"extra": {"webhook": {"url": hook.url}}}
        print(f"{'':12}{'polls':>8}{'p50 ms':>10}{'p99 ms':>10}{'max ms':>10}")
        over = threading.Event()
        threading.Timer(2.0, over.set).start()
        row("idle", polls(client, mine, over))
        for place in range(ACCOUNTS * EACH):
            submitted(client, f"key-{place % ACCOUNTS}", body)
        over = threading.Event()

        def deliver() -> None:
            with client_of(str(client.base_url)) as other:
                del other.headers["authorization"]
                all_told(other)
            over.set()

        began = time.perf_counter()
        threading.Thread(target=deliver).start()
        took = polls(client, mine, over)
        row("delivering", took)
        seconds = time.perf_counter() - began
        print(f"{len(hook.received)} attempts in {seconds:.1f} s, the receiver in Python's own threads")


if __name__ == "__main__":
    main()
