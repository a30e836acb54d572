"""What work costs as there is more of it: polls beside many tasks, submits of many bytes, many accounts.

    python benchmarks/http/growth.py [--rounds N] [--most N] [--plots FOLDER] [--write]

A double for each number of tasks, and they take turns; a double for the submits, beside a bare socket; a new
double each time for the accounts. CPU alone is told, in tables and in plots.
"""

import argparse
import json
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(1, str(Path(__file__).parents[1]))

import packs
import telling
from plot import plot
from sides import UNBOUND, answer, answers, ask, floor, ours
from works import RESULT, UPSCALE, body, large, small

PLOTS = telling.ROOT / "docs"
MANY, FEW = 16, 2
#: Seconds that nothing may take.
LONG_S = 600.0
#: Tasks that are polled in turn.
POLLED = 100
#: Bytes of the pictures of submits.
SIZES = (200, 30_000, 300_000, 3_000_000, 30_000_000)
#: The path that accounts are opened by, and how many more are opened where there are so many.
USER, OPENED = "/v3/user", 500
#: The plots: the title of each, and what grows.
PLOTTED = {
    "polls": ("A poll where many tasks are kept", "tasks kept"),
    "submits": ("A submit of many bytes", "bytes of the picture's text"),
    "accounts": ("The requests of a new account where there are many", "accounts"),
}
#: CPU in microseconds a request, by what grows; of each round.
Found = dict[str, dict[int, list[float]]]


def powers(most: int) -> list[int]:
    """Ten, and its powers up to so many."""
    return [10**power for power in range(1, len(str(most)))]


def polled(folder: Path, rounds: int, seconds: float, most: int) -> Found:
    """Polls where so many tasks are kept, of a hundred of them in turn."""
    costs: dict[int, list[float]] = {tasks: [] for tasks in powers(most)}
    submits, polls = folder / "submits", {tasks: folder / str(tasks) for tasks in costs}
    packs.write(submits, small(UPSCALE))
    with ExitStack() as stack:
        sides = {tasks: stack.enter_context(ours(*UNBOUND)) for tasks in costs}
        for tasks, side in sides.items():
            answer(side, "POST", "/_mock/balance", b'{"usd": 1e9}')
            shown = min(POLLED, tasks)
            if tasks > shown:
                ask(side, submits, MANY, LONG_S, replies=tasks - shown)
            bodies = [json.dumps(body(UPSCALE, number)).encode() for number in range(shown)]
            replies = answers(side, [("POST", UPSCALE, each) for each in bodies])
            ids = [json.loads(reply)["task_id"] for _, reply in replies]
            packs.write(polls[tasks], [packs.request("GET", f"{RESULT}?task_id={each}") for each in ids])
        for _ in range(rounds):
            for tasks, side in sides.items():
                cost = ask(side, polls[tasks], MANY, seconds)["cpu_us"]
                costs[tasks].append(cost)
    return {"poll": costs}


def submitted(folder: Path, rounds: int, seconds: float, most: int) -> Found:
    """Submits whose picture has so many bytes."""
    sizes = [size for size in SIZES if size <= most] or SIZES[:1]
    files = {size: folder / f"{size}-bytes" for size in sizes}
    for size, file in files.items():
        packs.write(file, small(UPSCALE) if size <= min(SIZES) else large(size, pictures=2, bodies=200))
    with ExitStack() as stack:
        double = stack.enter_context(ours(*UNBOUND))
        answer(double, "POST", "/_mock/balance", b'{"usd": 1e9}')
        _, reply = answer(double, "POST", UPSCALE, json.dumps(body(UPSCALE, 0)).encode())
        sides = [double, stack.enter_context(floor(reply))]
        found: Found = {side.name: {size: [] for size in sizes} for side in sides}
        for _ in range(rounds):
            for size, file in files.items():
                for side in sides:
                    cost = ask(side, file, FEW, seconds)["cpu_us"]
                    found[side.name][size].append(cost)
                answer(double, "POST", "/_mock/reset", b'{"parts": ["tasks", "journal"]}')
    return found


def opened(folder: Path, rounds: int, most: int) -> Found:
    """The first request of an account, and the next one, where there are so many accounts."""
    found: Found = {"first request": {}, "second request": {}}
    before, new = folder / "before", folder / "new"
    for _ in range(rounds):
        for accounts in powers(most):
            for file, start, count in ((before, 0, accounts), (new, accounts, OPENED)):
                keys = [f"sk_bench_{place:06}" for place in range(start, start + count)]
                packs.write(file, [packs.request("GET", USER, key=key) for key in keys])
            with ours(*UNBOUND) as double:
                ask(double, before, FEW, LONG_S, replies=accounts)
                for costs in found.values():
                    cost = ask(double, new, FEW, LONG_S, replies=OPENED)["cpu_us"]
                    costs.setdefault(accounts, []).append(cost)
    return found


def shown(what: str, found: Found) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A table of one kind of growth, its medians, and the ratios of the most to the least."""
    medians = {
        line: {number: statistics.median(costs) for number, costs in each.items()}
        for line, each in found.items()
    }
    ratios = {
        line: statistics.median(
            last / first for first, last in zip(each[min(each)], each[max(each)], strict=True)
        )
        for line, each in found.items()
    }
    numbers = list(next(iter(medians.values())))
    head = [what, *(f"{number:,}" for number in numbers)]
    rows = [[f"{line}, CPU µs", *map(telling.number, each.values())] for line, each in medians.items()]
    return telling.table(head, rows), medians, ratios


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--most", type=int, default=0, help="tasks, bytes and accounts at most")
    parser.add_argument("--plots", type=Path, help="the folder for the plots")
    telling.options(parser)
    asked = parser.parse_args()
    most = asked.most or 10**9
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = {
            "polls": polled(folder, asked.rounds, asked.seconds, min(most, 100_000)),
            "submits": submitted(folder, asked.rounds, asked.seconds, most),
            "accounts": opened(folder, asked.rounds, min(most, 10_000)),
        }
    told: dict[str, Any] = {"rounds": kinds, "medians": {}, "ratios": {}}
    tables = []
    into = asked.plots or (PLOTS if asked.write else None)
    for kind, found in kinds.items():
        title, grows = PLOTTED[kind]
        table, told["medians"][kind], told["ratios"][kind] = shown(grows, found)
        tables.append(f"{table}\n\n![{title}](growth-{kind}.svg)")
        lines = {line: list(each.items()) for line, each in told["medians"][kind].items()}
        if into:
            drawn = plot(title, grows, "CPU µs a request", lines)
            (into / f"growth-{kind}.svg").write_text(drawn, "utf-8")
    telling.tell(asked, "growth", "\n\n".join(tables), told)


if __name__ == "__main__":
    main()
