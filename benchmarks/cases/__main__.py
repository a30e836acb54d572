"""Cases a second: ours beside schemathesis, each in process, on the double's own document.

    python benchmarks/cases [--rounds N] [--cases N] [--write]

The sides take turns, each in a process of its own on the same core; what starting and reading the document
takes does not count. A case counts once it was sent and judged. Of deterministic cases, the probes of all
edges, only ours are told, apart: schemathesis has its own only on its command line.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from telling import options, table, tell, versions

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDERS = ("contract_tests", "mock_server", "tests")
#: Both sides run here, where the system lets them be put.
CORE = 0
ALL = "all that is drawn"
DETERMINISTIC = ": deterministic"
Row = dict[str, float]


def side(name: str, cases: int, seed: int) -> dict[str, Row]:
    """What a side measured, by operation and kind; and all that is drawn, together."""
    places = os.pathsep.join(str(ROOT / folder) for folder in FOLDERS)
    line = [sys.executable, "-P", str(HERE / f"{name}.py"), str(cases), str(seed)]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), places])}
    told = subprocess.run(line, env=environ, capture_output=True, text=True, preexec_fn=_on_core)
    if told.returncode:
        sys.exit(told.stderr)
    rows: dict[str, Row] = json.loads(told.stdout.splitlines()[-1])
    drawn = [row for title, row in rows.items() if not title.endswith(DETERMINISTIC)]
    rows[ALL] = {figure: sum(row[figure] for row in drawn) for figure in ("cases", "seconds", "cpu_s")}
    return rows


def _on_core() -> None:
    if hasattr(os, "sched_setaffinity") and CORE in os.sched_getaffinity(0):
        os.sched_setaffinity(0, {CORE})


def rounds(count: int, cases: int) -> Iterator[tuple[dict[str, Row], dict[str, Row]]]:
    """What both sides measured, in turns."""
    for seed in range(1, count + 1):
        yield side("ours", cases, seed), side("theirs", cases, seed)
        print(f"round {seed} of {count}", file=sys.stderr, flush=True)


def measured(taken: list[tuple[dict[str, Row], dict[str, Row]]]) -> dict[str, dict[str, float | None]]:
    """Medians of the rounds; the ratio is the median of the rounds' own, of CPU for each case."""
    found: dict[str, dict[str, float | None]] = {}
    for title in taken[0][0]:
        pairs = [(ours[title], theirs.get(title)) for ours, theirs in taken]
        both = [(mine, other) for mine, other in pairs if other is not None]
        found[title] = {
            **{f"ours: {name}": value for name, value in _medians([mine for mine, _ in pairs]).items()},
            **{f"schemathesis: {name}": value for name, value in _medians([o for _, o in both]).items()},
            "ratio": statistics.median(_cpu_ms(o) / _cpu_ms(mine) for mine, o in both) if both else None,
        }
    return found


def _medians(rows: list[Row]) -> dict[str, float | None]:
    figures = {"cases": _cases, "per_s": _per_s, "cpu_s_of_1000": _cpu_ms}
    return {name: statistics.median(map(of, rows)) if rows else None for name, of in figures.items()}


def _cases(row: Row) -> float:
    return row["cases"]


def _per_s(row: Row) -> float:
    return row["cases"] / row["seconds"]


def _cpu_ms(row: Row) -> float:
    """CPU milliseconds of a case, which are seconds of a thousand."""
    return row["cpu_s"] / row["cases"] * 1000


def markdown(found: dict[str, dict[str, float | None]]) -> str:
    """The table."""
    names = ["cases", "ours: sent and judged", "per s", "CPU s of 1,000"]
    head = [*names, "schemathesis: sent and judged", *names[2:], "CPU, ratio"]
    return table(head, [(title, *_cells(row)) for title, row in found.items()])


def _cells(row: dict[str, float | None]) -> list[str]:
    digits = {"cases": 0, "per_s": 0, "cpu_s_of_1000": 2, "ratio": 1}
    return [
        "-" if value is None else f"{value:,.{digits[name.rpartition(' ')[2]]}f}"
        for name, value in row.items()
    ]


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", type=int, default=500, help="that are drawn of each operation and kind")
    options(parser)
    asked = parser.parse_args()
    taken = list(rounds(asked.rounds, asked.cases))
    found = measured(taken)
    figures = {
        "versions": versions("hypothesis", "schemathesis", "jsonschema", "starlette"),
        "rounds": [{"ours": ours, "schemathesis": theirs} for ours, theirs in taken],
        "medians": found,
        "ratios": {title: row["ratio"] for title, row in found.items()},
    }
    tell(asked, "cases", markdown(found), figures)


if __name__ == "__main__":
    main()
