"""How a benchmark tells what it found: a table on a page, between two lines, and all its figures in a file.

A page holds ``<!-- measured: NAME -->`` and, after the table, ``<!-- end -->``; what stands between is
written anew. A file has ``date``, ``machine``, ``versions``, ``command``, ``rounds`` (each raw), ``medians``
and ``ratios``.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
#: Where the tables are shown, and where the figures are kept.
PAGE, RESULTS = ROOT / "docs/performance.md", ROOT / "benchmarks/results"
#: How many processes wanted the machine before it was measured on: more than a few spoil every figure.
BUSY = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
#: What our side is made of.
OURS = ("uvicorn", "httptools", "uvloop", "starlette", "msgspec", "pybase64", "jsonschema", "pillow")


def options(parser: argparse.ArgumentParser) -> None:
    """Add what every benchmark can be asked as to where it tells; without any of it, it prints."""
    parser.add_argument(
        "--write", action="store_true", help="into docs/performance.md and benchmarks/results"
    )
    parser.add_argument("--page", type=Path, help="the page whose table is written anew")
    parser.add_argument("--json", type=Path, help="the file for the figures")


def tell(asked: argparse.Namespace, name: str, table: str, figures: dict[str, Any]) -> None:
    """Print a table, and write it and the figures where ``options`` say.

    Args:
        asked: what ``options`` read.
        name: of the marker, and of the file.
        table: Markdown, without the line about day and machine.
        figures: ``rounds``, ``medians``, ``ratios``; ``versions`` where others than ours took part.

    Raises:
        ValueError: the page has no place of that name.
    """
    record = _record(name, figures)
    shown = f"{_about(record)}\n\n{table.strip()}\n"
    print(shown)
    file = asked.json or (RESULTS / f"{name}.json" if asked.write else None)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    page = asked.page or (PAGE if asked.write else None)
    if page:
        put(page, name, shown)


def put(page: Path, name: str, shown: str) -> None:
    """Write what is shown into its place on a page.

    Raises:
        ValueError: the page has no place of that name.
    """
    place = re.compile(rf"(<!-- measured: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    text, found = place.subn(
        lambda marks: f"{marks[1]}\n{shown.strip()}\n\n{marks[2]}", page.read_text("utf-8")
    )
    if not found:
        raise ValueError(f"{page} has no line <!-- measured: {name} -->")
    page.write_text(text, "utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def number(value: float) -> str:
    """A figure for a table: three digits, or all that are before the point."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def turns(rounds: int) -> Iterator[bool]:
    """Whether each turn counts: the first does not, unless it is the only one."""
    yield from [False] * (rounds > 1) + [True] * rounds


def versions(*packages: str) -> dict[str, str]:
    """The versions of Python packages; one that is not there is left out."""
    found = {}
    for name in packages:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, object]:
    """What all this was measured on."""
    lines = _lines(Path("/proc/cpuinfo"))
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    memory = [line.split()[1] for line in _lines(Path("/proc/meminfo")) if line.startswith("MemTotal")]
    told = {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory[0]) / 2**20) if memory else None,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "node": _said("node", "--version").removeprefix("v"),
        "java": _quoted(_said("java", "-version")),
    }
    return {name: value for name, value in told.items() if value}


def _record(name: str, figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "date": datetime.date.today().isoformat(),
        "command": " ".join(["python", os.path.relpath(sys.argv[0], ROOT), *sys.argv[1:]]),
        "machine": machine(),
        "load_average_before": round(BUSY, 2),
        **figures,
        "versions": versions(*OURS) | figures.get("versions", {}),
    }


def _about(record: dict[str, Any]) -> str:
    on = record["machine"]
    parts = [f"{on['cores']} cores", str(on["processor"]), str(on["system"])]
    parts += [f"{name.capitalize()} {on[name]}" for name in ("python", "node", "java") if name in on]
    parts += [f"{name} {number}" for name, number in record["versions"].items()]
    busy = " while others kept the machine busy" if (os.cpu_count() or 1) + 1 < BUSY else ""
    return f"Measured on {record['date']}{busy}: {', '.join(parts)}."


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def _said(program: str, flag: str) -> str:
    if not shutil.which(program):
        return ""
    told = subprocess.run([program, flag], capture_output=True, text=True, check=False)
    return (told.stdout or told.stderr).strip()


def _quoted(text: str) -> str:
    found = re.search(r'"([^"]+)"', text)
    return found[1] if found else ""
