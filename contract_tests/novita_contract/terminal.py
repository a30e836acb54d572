"""A run as a person at a terminal sees it: progress while it lasts, then a verdict read in five seconds."""

import io
import json
import sys
from collections import Counter
from collections.abc import Mapping
from threading import Lock
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from novita_contract.judgement import MARKS
from novita_contract.report import Report
from novita_contract.report_json import document
from novita_contract.verdicts import Outcome, Verdict
from novita_mock.types import JSON

#: Deviations, quirks and findings of one case that are told each; the rest is counted.
MOST, MOST_FINDINGS = 10, 3
#: Longest example that is shown, in characters.
_EXAMPLE = 400
#: Narrower terminals are not shown the paths of the operations.
_WIDE = 92
_COLOURS = {
    Verdict.PASS: "green", Verdict.FAIL: "bold red", Verdict.WARN: "yellow", Verdict.SKIP: "dim",
    Verdict.UNDOCUMENTED: "magenta", Verdict.CONTRADICTION: "magenta", Verdict.ACCEPTED: "cyan",
    Verdict.UNEXPECTED_PASS: "bold yellow",
}  # fmt: skip
_COLUMNS = {
    Verdict.PASS: "pass", Verdict.WARN: "warn", Verdict.FAIL: "fail", Verdict.SKIP: "skip",
    Verdict.UNDOCUMENTED: "undoc", Verdict.CONTRADICTION: "contra",
}  # fmt: skip
_RARE = {Verdict.ACCEPTED: "accepted", Verdict.UNEXPECTED_PASS: "xpass"}


class Progress:
    """Shows how far a run is: bars on a terminal, elsewhere one line a layer. Any thread may call it."""

    def __init__(self, stream: TextIO | None = None, quiet: bool = False) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._console = _console(self._stream, self._stream.isatty(), None)
        self._bars: Bars | None = None
        self._rows: dict[str, TaskID] = {}
        self._totals: dict[str, int] = {}
        self._counts: dict[str, Counter[Verdict]] = {}
        self._lock = Lock()

    def begin(self, total_by_layer: Mapping[str, int]) -> None:
        """The run begins: so many cases in each layer."""
        self._totals = dict(total_by_layer)
        self._counts = {layer: Counter() for layer in total_by_layer}
        if self._quiet or not self._console.is_terminal or self._console.is_dumb_terminal:
            return
        counted = TextColumn("{task.fields[told]}", markup=False)
        self._bars = Bars(
            TextColumn("{task.description:10}", markup=False), BarColumn(30), MofNCompleteColumn(),
            TimeElapsedColumn(), counted, console=self._console,
        )  # fmt: skip
        for layer, total in total_by_layer.items():
            self._rows[layer] = self._bars.add_task(layer, total=total, told="")
        self._bars.start()

    def done(self, outcome: Outcome) -> None:
        """A case has ended."""
        layer = outcome.case.layer
        with self._lock:
            counts = self._counts.setdefault(layer, Counter())
            counts[outcome.verdict] += 1
            if self._bars is not None and layer in self._rows:
                self._bars.update(self._rows[layer], advance=1, told=_counted(counts, leave_out=Verdict.PASS))
            elif counts.total() == self._totals.get(layer):
                self._line(layer)

    def end(self) -> None:
        """The run is over, or broken off."""
        with self._lock:
            if self._bars is not None:
                self._bars.stop()
                self._bars = None
                return
            for layer, counts in self._counts.items():
                if 0 < counts.total() != self._totals.get(layer):
                    self._line(layer)

    def _line(self, layer: str) -> None:
        if self._quiet:
            return
        counts, total = self._counts[layer], self._totals.get(layer, 0)
        done = f"{counts.total():,}" if counts.total() == total else f"{counts.total():,} of {total:,}"
        print(f"{layer:10} {done} checks: {_counted(counts)}", file=self._stream, flush=True)


def told(report: Report, *, colour: bool = False, width: int = 100) -> str:
    """The verdict and what led to it, as text.

    Args:
        report: the run.
        colour: whether it may hold the escapes that colour a terminal.
        width: of the terminal, in characters; commands to paste are never broken.
    """
    out = io.StringIO()
    console = _console(out, colour, width)
    show = document(report)
    _head(console, show)
    _table(console, show, width)
    _differing(console, show)
    _deviating(console, show)
    _rest(console, show)
    verdict = "bold green" if show["conforms"] else "bold red"
    _say(console, (f"{show['verdict']}.", verdict), (f"  exit {show['exit_code']}", ""))
    return out.getvalue()


def _console(stream: TextIO, terminal: bool, width: int | None) -> Console:
    return Console(
        file=stream, force_terminal=terminal, color_system="standard" if terminal else None, width=width,
        markup=False, emoji=False, highlight=False, force_jupyter=False, legacy_windows=False,
    )  # fmt: skip


def _say(console: Console, *parts: tuple[str, str]) -> None:
    """Print a line as it is, however long: what can be pasted must stay in one piece."""
    console.print(Text.assemble(*parts), soft_wrap=True)


def _head(console: Console, show: JSON) -> None:
    _say(console, ("target  ", "dim"), (show["target"], "bold"), (f"  {show['url']}", ""))
    run = f"profile {show['profile']}   seed {show['seed']}   {show['started'][:16].replace('T', ' ')} UTC"
    _say(console, ("run     ", "dim"), (f"{run}   {show['seconds']:.1f} s", ""))
    for note in show["notes"]:
        _say(console, ("note    ", "dim"), (note, ""))
    _say(console, ("", ""))


def _table(console: Console, show: JSON, width: int) -> None:
    columns = _COLUMNS | {verdict: name for verdict, name in _RARE.items() if show["counts"][verdict]}
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    if width >= _WIDE:
        table.add_column("", style="dim", no_wrap=True)
    for name in columns.values():
        table.add_column(name, justify="right", no_wrap=True)
    rows = [
        (row["name"], f"{row['method'] or ''} {row['path'] or ''}", row["counts"])
        for row in show["operations"]
    ]
    for name, path, counts in [*rows, ("all", "", show["counts"])]:
        cells = [
            Text(str(counts[verdict]), _COLOURS[verdict] if counts[verdict] else "dim") for verdict in columns
        ]
        table.add_row(Text(name), *([Text(path)] if width >= _WIDE else []), *cells)
    console.print(table)
    _say(console, ("", ""))


def _differing(console: Console, show: JSON) -> None:
    readings = [reading for reading in show["readings"] if reading["differs"]]
    if readings:
        _say(console, ("Reads the docs differently", "bold"))
    for reading in readings[:MOST]:
        what = f"expected {reading['expected']}, shows {reading['observed']} ({reading['basis']})"
        _say(console, (f"  {reading['id']}  ", "magenta"), (what, ""))
    _more(console, len(readings) - MOST)
    if readings:
        _say(console, ("", ""))


def _deviating(console: Console, show: JSON) -> None:
    by_id = {case["id"]: case for case in show["cases"]}
    cases = [by_id[name] for name in show["deviating"]]
    cases += [case for case in show["cases"] if case["verdict"] == Verdict.UNEXPECTED_PASS]
    for case in cases[:MOST]:
        _case(console, case)
    _more(console, len(cases) - MOST)
    if len(cases) > MOST:
        _say(console, ("", ""))


def _case(console: Console, case: JSON) -> None:
    verdict = Verdict(case["verdict"])
    mark = f"{MARKS[verdict]} {verdict.upper()}  "
    _say(console, (mark, _COLOURS[verdict]), (case["id"], "bold"), (f"  {case['title']}", ""))
    if case["said"]:
        _field(console, "said", case["said"])
    for finding in case["findings"][:MOST_FINDINGS]:
        _field(console, "check", finding["check"])
        for name in ("where", "expected", "received", "quirk"):
            _field(console, name, finding[name] or "")
        _field(console, "claim", finding["claim"]["told"] if finding["claim"] else "")
    if len(case["findings"]) > MOST_FINDINGS:
        _field(console, "", f"and {len(case['findings']) - MOST_FINDINGS} more findings in the report")
    if case["example"] is not None:
        example = json.dumps(case["example"], ensure_ascii=False)
        _field(console, "example", example if len(example) <= _EXAMPLE else f"{example[:_EXAMPLE]}…")
    _field(console, "reproduce", case["reproduce"]["curl"] or "")
    _field(console, "again", case["reproduce"]["command"])
    _say(console, ("", ""))


def _field(console: Console, name: str, text: str) -> None:
    first, *others = text.split("\n")
    if text:
        _say(console, (f"  {name:9} ", "dim"), (first, ""))
    for line in others:
        _say(console, (f"  {'':9} {line}", ""))


def _more(console: Console, count: int) -> None:
    if count > 0:
        _say(console, (f"  and {count} more in the report", ""))


def _rest(console: Console, show: JSON) -> None:
    spend = show["spend"]
    if not spend:
        return
    what = (
        f"at most ${spend['reserved_usd']:.4f} of ${spend['budget_usd']:.2f} in {spend['calls']} paid calls"
    )
    if spend["charged_usd"] is not None:
        before, after = spend["balance_before_usd"], spend["balance_after_usd"]
        what += f"; balance ${before:.4f} → ${after:.4f}, ${spend['charged_usd']:.4f} charged"
    _say(console, ("spend   ", "dim"), (what, ""))
    _say(console, ("", ""))


def _counted(counts: Mapping[Verdict, int], leave_out: Verdict | None = None) -> str:
    return ", ".join(
        f"{counts[verdict]:,} {verdict}"
        for verdict in Verdict
        if counts.get(verdict) and verdict is not leave_out
    )
