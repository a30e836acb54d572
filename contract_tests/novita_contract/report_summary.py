"""A run in a few lines: Markdown for a pull request or ``$GITHUB_STEP_SUMMARY``, and a badge."""

import re

from novita_contract.judgement import MARKS
from novita_contract.report import CONFORMS, DEVIATES
from novita_contract.report_json import as_text
from novita_contract.verdicts import Verdict
from novita_mock.types import JSON

#: Deviations, and quirks, that are told each; the rest is counted.
MOST = 10
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+.!|~^:@-])")
_COLUMNS = (
    Verdict.PASS, Verdict.WARN, Verdict.FAIL, Verdict.SKIP, Verdict.UNDOCUMENTED, Verdict.CONTRADICTION,
)  # fmt: skip
_RARE = (Verdict.ACCEPTED, Verdict.UNEXPECTED_PASS)


def summary(told: JSON) -> str:
    """The summary as Markdown, from the document of a run."""
    mark = "✅" if told["conforms"] else "❌"
    lines = [f"## {mark} {plain(told['verdict'])}", "", *_table(told), *_deviating(told), *_differing(told)]
    if told["spend"]:
        spend = told["spend"]
        lines += ["", f"Spent at most ${spend['reserved_usd']:.4f} of ${spend['budget_usd']:.2f} in "
                      f"{spend['calls']} paid calls."]  # fmt: skip
    lines += ["", *(f"> {plain(note)}" for note in told["notes"])] if told["notes"] else []
    run = f"{told['target']}, profile {told['profile']}, seed {told['seed']}, {told['started']}"
    return "\n".join([*lines, "", f"{plain(run)}; exit code {told['exit_code']}", ""])


def badge(told: JSON) -> str:
    """The badge as shields.io reads it from an endpoint, from the document of a run."""
    held, ran = told["counts"][Verdict.PASS], sum(told["counts"].values()) - told["counts"][Verdict.SKIP]
    code = told["exit_code"]
    bad = f"{len(told['deviating'])} deviate" if code == DEVIATES else f"ended with {code}"
    colour = {CONFORMS: "brightgreen", DEVIATES: "red"}.get(code, "lightgrey")
    return as_text(
        {
            "schemaVersion": 1,
            "label": f"contract: {told['target']}",
            "message": f"{held}/{ran} checks" if told["conforms"] else bad,
            "color": colour if ran else "lightgrey",
        }
    )


def plain(text: str) -> str:
    """A text as Markdown that shows just that text, on one line."""
    text = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", text)


def _table(told: JSON) -> list[str]:
    columns = [*_COLUMNS, *(verdict for verdict in _RARE if told["counts"][verdict])]
    head = ["operation", *(f"{MARKS[verdict]} {verdict}" for verdict in columns)]
    rows = [
        [plain(_name(row)), *(str(row["counts"][verdict]) for verdict in columns)]
        for row in told["operations"]
    ]
    rows.append(["**all**", *(f"**{told['counts'][verdict]}**" for verdict in columns)])
    rule = ["---", *("--:" for _ in columns)]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]


def _deviating(told: JSON) -> list[str]:
    by_id = {case["id"]: case for case in told["cases"]}
    cases = [by_id[name] for name in told["deviating"]]
    lines = ["", "### Deviates", ""] if cases else []
    for case in cases[:MOST]:
        said = case["said"] or case["title"]
        lines.append(f"- **{plain(case['id'])}** {plain(said)}")
        for finding in case["findings"][:1]:
            told_by = f"; {finding['claim']['told']}" if finding["claim"] else ""
            what = (
                f"{finding['where']}: expected {finding['expected']}, received {finding['received']}{told_by}"
            )
            lines.append(f"  <br>{plain(what)}")
    return [*lines, *_more(len(cases))]


def _differing(told: JSON) -> list[str]:
    readings = [reading for reading in told["readings"] if reading["differs"]]
    lines = ["", "### Reads the docs differently", ""] if readings else []
    for reading in readings[:MOST]:
        what = f"expected {reading['expected']}, shows {reading['observed']} ({reading['basis']})"
        lines.append(f"- **{plain(reading['id'])}** {plain(what)}")
    return [*lines, *_more(len(readings))]


def _more(count: int) -> list[str]:
    return [f"- and {count - MOST} more in the report"] if count > MOST else []


def _name(row: JSON) -> str:
    return f"{row['method']} {row['path']}" if row["path"] else str(row["name"])
