"""How soon a server answers after its command, and what memory it holds when nobody asks for anything.

    python benchmarks/http/starting.py [--rounds N] [--peers] [--write]

The double beside a bare uvicorn application, and with ``--peers`` beside other people's servers. All may use
every core; they take turns. The answer is that to a poll, whatever it says.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(1, str(Path(__file__).parents[1]))

import peers
import telling
from sides import HERE, Failed, Side, free_port, our_line, running
from works import RESULT

OURS = "novita-mock"
#: Seconds until a server has come to rest, and between two tries to reach it.
REST_S, STEP_S = 0.5, 0.001
REPLY = b'{"task": {}}'


def start(name: str, line: list[str], port: int, folder: Path) -> dict[str, float]:
    """Start a server; milliseconds to its first answer, and MiB that it holds then.

    Raises:
        Failed: it did not start.
    """
    began = time.perf_counter()
    with running(*line, pinned=False, folder=folder) as (process, tree):
        side = Side(name, port, tree)
        peers.await_answer(side, process.poll, STEP_S)
        took = (time.perf_counter() - began) * 1000
        time.sleep(REST_S)
        return {"first_answer_ms": took, "idle_mib": side.memory() / 2**20}


def commands(port: int, folder: Path, with_peers: bool) -> Iterator[tuple[str, list[str]]]:
    """Each server that can be had here, and its command."""
    yield OURS, our_line("--port", str(port))
    yield "bare uvicorn", [sys.executable, str(HERE / "bare.py"), str(folder / "reply"), str(port)]
    for peer in peers.known() if with_peers else ():
        if peers.missing(peer):
            print(peers.about(peer), file=sys.stderr)
        else:
            yield peer.name, peer.command(port)


def measured(rounds: int, with_peers: bool) -> list[dict[str, dict[str, float]]]:
    """The rounds; before the first, each server is started once for what it compiles."""
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "reply").write_bytes(REPLY)
        if with_peers:
            peers.prepare(folder, peers.our_document(), {RESULT: REPLY})
        failed: set[str] = set()
        for counts in telling.turns(rounds):
            taken = {}
            port = free_port()
            for side, line in commands(port, folder, with_peers):
                try:
                    taken[side] = start(side, line, port, folder)
                except Failed as reason:
                    print(reason, file=sys.stderr)
                    failed.add(side)
            found += [taken] if counts else []
    return [{side: each[side] for side in each if side not in failed} for each in found]


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", action="store_true", help="beside the servers of other people")
    telling.options(parser)
    asked = parser.parse_args()
    rounds = measured(asked.rounds, asked.peers)
    medians: dict[str, Any] = {}
    ratios: dict[str, Any] = {}
    lines = []
    for side in rounds[0]:
        taken = {key: [each[side][key] for each in rounds] for key in rounds[0][side]}
        medians[side] = {key: statistics.median(values) for key, values in taken.items()}
        ratios[side] = {
            key: statistics.median(each[side][key] / each[OURS][key] for each in rounds) for key in taken
        }
        times, idle = taken["first_answer_ms"], "idle_mib"
        lines.append(
            [
                side,
                telling.number(medians[side]["first_answer_ms"]),
                f"{telling.number(min(times))} to {telling.number(max(times))}",
                telling.number(ratios[side]["first_answer_ms"]),
                telling.number(medians[side][idle]),
                telling.number(ratios[side][idle]),
            ]
        )
    head = ["server", "first answer, ms", "range", "times ours", "idle, MiB", "times ours"]
    name = "start-peers" if asked.peers else "start"
    figures = {"rounds": rounds, "medians": medians, "ratios": ratios}
    telling.tell(asked, name, telling.table(head, lines), figures)


if __name__ == "__main__":
    main()
