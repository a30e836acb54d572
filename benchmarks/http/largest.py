"""What a submit of 30 MB costs: CPU, memory, and how long others wait for a poll meanwhile.

    python benchmarks/http/largest.py [--rounds N] [--seconds S] [--size BYTES] [--write]

The double beside a plain server, a bare uvicorn application and a bare socket. Each is asked twice a round:
alone, for its CPU and its speed, and with a poll every few milliseconds on a connection of its own, for the
longest time that it lets one wait. Memory is the peak above what was held before the first submit, in bodies
for each request at the same time.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(1, str(Path(__file__).parents[1]))

import packs
import peers
import telling
from sides import (
    HERE,
    LOAD_CORE,
    UNBOUND,
    Failed,
    Side,
    answer,
    ask,
    bare,
    floor,
    on_core,
    ours,
    plain,
)
from works import IMG2IMG, RESULT, body, large, polls

OURS = "novita-mock"
CONNECTIONS, PICTURES, BODIES = 2, 2, 200
#: Milliseconds from a poll's reply to the next poll.
EVERY_MS = 4
#: What Linux takes as: measure the peak of memory anew.
_ANEW = "5"


def forget_peak(side: Side) -> None:
    """Have the peak of its memory be what it holds now, where the system can do so."""
    for process in side.tree():
        file = Path(f"/proc/{process.pid}/clear_refs")
        if file.exists():
            file.write_text(_ANEW)


def peak(side: Side) -> int | None:
    """The most bytes that it held since then, its children's too; nothing where the system does not say."""
    found = 0
    for process in side.tree():
        file = Path(f"/proc/{process.pid}/status")
        if not file.exists():
            return None
        found += int(file.read_text().partition("VmHWM:")[2].split()[0]) * 1024
    return found


def one_round(side: Side, files: dict[str, Path], seconds: float) -> dict[str, float | None]:
    """What a side costs, and how long a poll waits beside it."""
    forget_peak(side)
    found: dict[str, float | None] = dict(ask(side, files["submits"], CONNECTIONS, seconds))
    found["peak_bytes"] = peak(side)
    line = [sys.executable, str(HERE / "watch.py"), str(side.port), str(files["poll"]), str(EVERY_MS)]
    watching = subprocess.Popen(
        [*line, str(seconds)], stdout=subprocess.PIPE, preexec_fn=on_core(LOAD_CORE), text=True
    )
    ask(side, files["submits"], CONNECTIONS, seconds, niceness=10)
    told, _ = watching.communicate()
    if watching.returncode:
        raise Failed(f"{side.name}: a poll was not answered")
    return found | {f"poll_{key}": value for key, value in json.loads(told).items()}


def renew(double: Side, poll: Path) -> bytes:
    """Let go of all that was submitted, which would wait for ever; the reply to a poll of a new task.

    Args:
        double: ours.
        poll: the file that the poll is written into.
    """
    answer(double, "POST", "/_mock/reset", b'{"parts": ["tasks", "journal"]}')
    _, submitted = answer(double, "POST", IMG2IMG, json.dumps(body(IMG2IMG, 0)).encode())
    task_id = json.loads(submitted)["task_id"]
    packs.write(poll, polls(task_id))
    return answer(double, "GET", f"{RESULT}?task_id={task_id}")[1]


def measured(sides: Sequence[Side], files: dict[str, Path], asked: argparse.Namespace) -> list[Any]:
    """The rounds; a side that fails is in none."""
    left, rounds = list(sides), []
    idle = {side.name: side.memory() for side in sides}
    for counts in telling.turns(asked.rounds):
        taken = {}
        for side in list(left):
            try:
                if side.name == OURS:
                    renew(side, files["poll"])
                taken[side.name] = found = one_round(side, files, asked.seconds)
                if found["peak_bytes"]:
                    above = found["peak_bytes"] - idle[side.name]
                    found["peak_bodies"] = above / asked.size / CONNECTIONS
            except (Failed, OSError) as failed:
                print(f"{side.name}: {failed}", file=sys.stderr)
                left.remove(side)
        rounds += [taken] if counts else []
    return [{side.name: taken[side.name] for side in left} for taken in rounds]


def row(name: str, each: dict[str, Any], ratio: float) -> list[str]:
    """A line of the table."""
    figures = [each["cpu_us"] / 1000, ratio, each["per_s"], each.get("peak_bodies")]
    figures += [each["poll_p50_ms"], each["poll_p99_ms"], each["longest_ms"]]
    return [name, *("" if value is None else telling.number(value) for value in figures)]


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.8)
    parser.add_argument("--size", type=int, default=30_000_000, help="bytes of a picture's text")
    telling.options(parser)
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        files = {name: folder / name for name in ("submits", "poll")}
        double = stack.enter_context(ours(*UNBOUND))
        answer(double, "POST", "/_mock/balance", b'{"usd": 1e9}')
        polled = renew(double, files["poll"])
        packs.write(files["submits"], large(asked.size, pictures=PICTURES, bodies=BODIES))
        beside = [plain(peers.our_document(), polled), bare(polled), floor(polled)]
        rounds = measured([double, *map(stack.enter_context, beside)], files, asked)
    medians, ratios = {}, {}
    for name in rounds[0]:
        taken = [each[name] for each in rounds]
        medians[name] = {key: _median([one[key] for one in taken]) for key in taken[0]}
        medians[name]["longest_ms"] = max(one["poll_max_ms"] for one in taken)
        ratios[name] = statistics.median(each[name]["cpu_us"] / each[OURS]["cpu_us"] for each in rounds)
    head = [
        "server",
        "CPU ms",
        "times ours",
        "replies/s",
        "peak, bodies",
        "poll p50 ms",
        "p99 ms",
        "longest ms",
    ]
    table = telling.table(head, [row(name, medians[name], ratios[name]) for name in medians])
    figures = {"bytes": asked.size, "rounds": rounds, "medians": medians, "ratios": ratios}
    telling.tell(asked, "largest", table, figures)


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


if __name__ == "__main__":
    main()
