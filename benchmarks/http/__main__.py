"""What a request costs: the double beside servers that do less, or that are other people's.

    python benchmarks/http [--rounds N] [--seconds S] [--warm S] [--works NAME ...] [--peers] [--write]

Beside it are a bare uvicorn application and a bare socket, which answer the same bytes, and a plain server of
Starlette, json and jsonschema; with ``--peers`` Prism, Mockoon, WireMock and openapi-backend instead.

Server and load are on a core each; the sides take turns; told are medians, and the medians of the ratios of
each round. CPU is that of the server's whole process tree: it says more than replies a second, which the
load generator bounds as well. A side that fails is told of, and the others are measured.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[1]))

import answers
import packs
import peers
import telling
from sides import UNBOUND, Failed, Side, answer, ask, bare, floor, ours, plain
from works import IMG2IMG, RESULT, UPSCALE, WORKS, Work, small

OURS = "novita-mock"
#: Measured rounds: of each a figure for each side.
Rounds = list[dict[str, dict[str, float]]]


def written(folder: Path, task_id: str, asked: argparse.Namespace) -> dict[Work, Path]:
    """The requests of each work that is measured, in a file."""
    found = {}
    for number, work in enumerate(WORKS):
        if work.name in (asked.works or [work.name]) and (work.with_peers or not asked.peers):
            found[work] = folder / str(number)
            packs.write(found[work], work.requests(task_id))
    return found


def replies_of(double: Side) -> tuple[str, dict[str, bytes]]:
    """A task, and what the double answers on each path."""
    answer(double, "POST", "/_mock/balance", b'{"usd": 1e9}')
    found = {}
    for operation in (IMG2IMG, UPSCALE):
        (request,) = small(operation, 1)
        status, found[operation] = answer(double, "POST", operation, request[0].partition(b"\r\n\r\n")[2])
        if status != 200:
            raise Failed(f"{OURS} answered {found[operation]!r}")
    task_id = json.loads(found[UPSCALE])["task_id"]
    found[RESULT] = answer(double, "GET", f"{RESULT}?task_id={task_id}")[1]
    return task_id, found


@contextmanager
def others(replies: dict[str, bytes], with_peers: bool) -> Iterator[list[Side]]:
    """The servers beside the double that can be had here and serve every work."""
    document = peers.our_document()
    with ExitStack() as stack:
        sides = []
        if not with_peers:
            sides.append(stack.enter_context(plain(document, replies[RESULT])))
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            peers.prepare(folder, document, replies)
            for peer in peers.known():
                try:
                    if peers.missing(peer):
                        raise Failed(peers.about(peer))
                    sides.append(stack.enter_context(peers.started(peer, folder)))
                except Failed as failed:
                    print(failed, file=sys.stderr)
        yield sides


def warm(sides: Sequence[Side], files: dict[Work, Path], seconds: float) -> None:
    """Ask for every work before any is measured: there are compilers that work while a program runs."""
    for work, file in files.items():
        for side in sides:
            with suppress(Failed):
                ask(side, file, work.connections, seconds)


def measured(sides: Sequence[Side], requests: Path, work: Work, asked: argparse.Namespace) -> Rounds:
    """The rounds of one work; a side that fails is in none."""
    left, rounds = list(sides), []
    for counts in telling.turns(asked.rounds):
        taken = {}
        for side in list(left):
            try:
                taken[side.name] = ask(side, requests, work.connections, asked.seconds)
            except Failed as failed:
                print(f"{side.name}, {work.name}: {failed}", file=sys.stderr)
                left.remove(side)
            if side.name == OURS and work.path != RESULT:  # what was submitted waits for ever: it is let go
                answer(side, "POST", "/_mock/reset", b'{"parts": ["tasks", "journal"]}')
        rounds += [taken] if counts else []
    return [{side.name: taken[side.name] for side in left} for taken in rounds]


def figures(rounds: Rounds) -> tuple[dict[str, Any], dict[str, Any]]:
    """The medians of each side, and the medians of the ratios to ours."""
    medians, ratios = {}, {}
    for name in rounds[0]:
        taken = [each[name] for each in rounds]
        medians[name] = {key: statistics.median(one[key] for one in taken) for key in taken[0]}
        if name != OURS and OURS in rounds[0]:
            pairs = list(zip(taken, (each[OURS] for each in rounds), strict=True))
            ratios[name] = {
                "cpu": statistics.median(one["cpu_us"] / double["cpu_us"] for one, double in pairs),
                "per_s": statistics.median(double["per_s"] / one["per_s"] for one, double in pairs),
            }
    return medians, ratios


def rows(work: str, medians: dict[str, Any], ratios: dict[str, Any]) -> Iterator[list[str]]:
    """The lines of a work."""
    for name, each in medians.items():
        ratio = ratios.get(name, {"cpu": 1, "per_s": 1})
        shown = [each["cpu_us"], ratio["cpu"], each["per_s"], ratio["per_s"], each["p50_ms"], each["p99_ms"]]
        yield [work, name, *map(telling.number, shown)]


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--warm", type=float, default=3.0, help="seconds a work that peers are warmed up for")
    parser.add_argument("--works", nargs="+", choices=[work.name for work in WORKS], help="only these")
    parser.add_argument("--peers", action="store_true", help="beside the servers of other people")
    telling.options(parser)
    asked = parser.parse_args()
    told: dict[str, dict[str, Any]] = {"rounds": {}, "medians": {}, "ratios": {}}
    lines: list[list[str]] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        double = stack.enter_context(ours(*UNBOUND))
        _, replies = replies_of(double)
        sides = [double, *stack.enter_context(others(replies, asked.peers))]
        judged = answers.compared(sides, json.loads(replies[UPSCALE])["task_id"])
        answer(double, "POST", "/_mock/reset", b'{"parts": ["tasks", "journal"]}')
        task_id, _ = replies_of(double)
        files = written(folder, task_id, asked)
        warm(sides[1:] if asked.peers else [], files, asked.warm)
        for work, file in files.items():
            with ExitStack() as beside:
                least = () if asked.peers else (bare(replies[work.path]), floor(replies[work.path]))
                rounds = measured([*sides, *map(beside.enter_context, least)], file, work, asked)
            medians, ratios = figures(rounds)
            for part, found in zip(told, (rounds, medians, ratios), strict=True):
                told[part][work.name] = found
            lines += rows(work.name, medians, ratios)
            print("\n".join(" | ".join(line) for line in rows(work.name, medians, ratios)), file=sys.stderr)
    head = ["work", "server", "CPU µs", "times ours", "replies/s", "ours, times it", "p50 ms", "p99 ms"]
    name = "peers" if asked.peers else "http"
    given = "".join(f"- {peers.about(peer)}\n" for peer in peers.known() if asked.peers)
    telling.tell(
        asked,
        name,
        f"{given}\n{answers.shown(judged)}\n\n{telling.table(head, lines)}",
        {"answers": judged, **told},
    )


if __name__ == "__main__":
    main()
