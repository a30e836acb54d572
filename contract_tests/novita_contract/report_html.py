"""A run as one page that needs nothing else: no script, no other file, no network."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from novita_contract import html_matrix
from novita_contract.evidence import exchange_values, exchanges, key_of
from novita_contract.html_evidence import badge, facts, failure
from novita_contract.markup import Html, joined, tag
from novita_contract.report import CONFORMS, DEVIATES, Report
from novita_contract.report_json import document
from novita_contract.verdicts import Verdict
from novita_mock.types import JSON

#: Nothing is loaded from anywhere, nothing is run, nothing is sent.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
#: Lines of a table that are shown without asking.
_FEW = 12
_SECTIONS = {
    "matrix": "What was checked",
    "deviations": "What deviates",
    "baseline": "The baseline is out of date",
    "readings": "Where the target reads the docs differently",
    "habits": "How it answers what real clients send",
    "skipped": "What was not checked, and why",
    "coverage": "Coverage",
    "environment": "Environment",
}


def page(report: Report, *others: JSON) -> str:
    """The page.

    Args:
        report: the run.
        others: documents of other runs, as ``conformance.json`` holds them; each becomes a column.
    """
    return page_of(report, document(report), exchange_values(report), others)


def page_of(
    report: Report, told: JSON, values: Mapping[tuple[int, str], JSON], others: Sequence[JSON] = ()
) -> str:
    """The page, where the run's document and its requests are made already."""
    requests = _requests(report, values)
    cases = {case["id"]: case for case in told["cases"]}
    parts = {
        "matrix": html_matrix.section([told, *others], requests),
        "deviations": [failure(cases[name], requests[name]) for name in told["deviating"]],
        "baseline": _outdated(told),
        "readings": _readings(told),
        "habits": _habits(told),
        "skipped": _skipped(told),
        "coverage": _coverage(told),
        "environment": _environment(told),
    }
    sections = [_section(name, part) for name, part in parts.items() if part]
    links = [tag("li", tag("a", _SECTIONS[name], href=f"#{name}")) for name, part in parts.items() if part]
    body = tag(
        "body", tag("a", "To the verdicts", href="#matrix", class_="skip"),
        _header(told), tag("nav", tag("ul", links), aria_label="On this page"), tag("main", sections),
    )  # fmt: skip
    return f"<!DOCTYPE html>\n{tag('html', _head(told), body, lang='en')}\n"


def _section(name: str, part: object) -> Html:
    head = tag("h2", _SECTIONS[name], id=f"{name}-head")
    return tag("section", head, part, id=name, aria_labelledby=f"{name}-head")


def _requests(report: Report, values: Mapping[tuple[int, str], JSON]) -> dict[str, list[JSON]]:
    """What shows each case: all of what deviates, the last of what holds."""
    shown = {}
    for outcome in report.outcomes:
        found = exchanges(outcome)
        kept = found if outcome.findings else found[-1:]
        shown[outcome.case.id] = [values[key_of(exchange)] for exchange in kept]
    return shown


def _head(told: JSON) -> Html:
    style = Path(__file__).with_name("report.css").read_text("utf-8")
    colour = {CONFORMS: "#1a7f37", DEVIATES: "#c3212f"}.get(told["exit_code"], "#8a5a00")
    disc = f'<circle cx="4" cy="4" r="4" fill="{colour}"/>'
    icon = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">{disc}</svg>'
    return tag(
        "head", tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{told['verdict']} · novita-mock conform"),
        tag("link", rel="icon", href=f"data:image/svg+xml,{quote(icon)}"),
        tag("style", Html(style)),
    )  # fmt: skip


def _header(told: JSON) -> Html:
    kind = {CONFORMS: "good", DEVIATES: "bad"}.get(told["exit_code"], "open")
    mark = tag("span", {"good": "✓", "bad": "✗", "open": "!"}[kind], class_="seal", aria_hidden="true")
    counts = [
        tag("li", badge(verdict), " ", tag("strong", f"{told['counts'][verdict]:,}"))
        for verdict in Verdict if told["counts"][verdict]
    ]  # fmt: skip
    notes = [tag("li", note) for note in told["notes"]]
    head, _, rest = told["verdict"].partition("; ")
    verdict = [tag("h1", head), tag("p", rest, class_="rest") if rest else None]
    return tag(
        "header", tag("p", "novita-mock conform", class_="brand"),
        tag("div", mark, tag("div", verdict), class_="verdict"),
        html_matrix.bar(told["counts"]), tag("ul", counts, class_="counts"), _run(told),
        tag("ul", notes, class_="notes", aria_label="Notes") if notes else None, class_=kind,
    )  # fmt: skip


def _run(told: JSON) -> Html:
    same = told["url"] == told["target"]
    versions = ", ".join(f"{name} {value}" for name, value in told["versions"].items())
    return facts(
        [
            ("Target", told["target"] if same else f"{told['target']}, {told['url']}"),
            ("Date", told["started"].replace("T", " ")[:16] + " UTC"),
            ("Took", f"{told['seconds']:,.1f} s, profile {told['profile']}, seed {told['seed']}"),
            ("Versions", versions),
            ("Spent", _spent(told["spend"])),
            ("Exit code", str(told["exit_code"])),
        ]
    )


def _spent(spend: JSON) -> str:
    if not spend:
        return ""
    said = f"at most ${spend['reserved_usd']:.4f} of ${spend['budget_usd']:.2f}, {spend['calls']} paid calls"
    if spend["charged_usd"] is None:
        return f"{said}; the balance is not known"
    before, after = spend["balance_before_usd"], spend["balance_after_usd"]
    return f"{said}; the balance went from ${before:.4f} to ${after:.4f}"


def _outdated(told: JSON) -> Html | None:
    gone = [case for case in told["cases"] if case["verdict"] == Verdict.UNEXPECTED_PASS]
    return (
        tag("ul", [tag("li", tag("code", case["id"]), " ", case["said"]) for case in gone]) if gone else None
    )


def _readings(told: JSON) -> list[Html]:
    differ = [reading for reading in told["readings"] if reading["differs"]]
    same = [reading for reading in told["readings"] if not reading["differs"]]
    parts = [_reading_table(differ, "Quirks that the target reads otherwise")] if differ else []
    if told["readings"] and not differ:
        parts.append(tag("p", "Nowhere that could be checked."))
    if same:
        head = tag("summary", f"{len(same)} read as expected, or not checked")
        parts.append(tag("details", head, _reading_table(same, "Other quirks")))
    return parts


def _reading_table(readings: Sequence[JSON], caption: str) -> Html:
    lines = [
        (tag("code", each["id"]), each["title"], each["expected"], each["observed"] or "not checked",
         each["basis"], each["said"])
        for each in readings
    ]  # fmt: skip
    return _table(caption, ("Quirk", "About", "Expected", "Shows", "Basis", "Seen"), lines)


def _habits(told: JSON) -> list[Html]:
    """The rarer answer stands open: it is the one that surprises."""
    answers = Counter(each["answer"] for each in told["habits"])
    parts = []
    for answer, count in sorted(answers.items(), key=lambda each: (each[1], each[0])):
        lines = [
            (each["what"], tag("code", each["where"]) if each["where"] else "the body")
            for each in told["habits"] if each["answer"] == answer
        ]  # fmt: skip
        table = _table(f"Reported, never failed: {answer}", ("What is sent", "Where"), lines)
        head = tag("summary", f"{count:,} {answer}")
        parts.append(tag("details", head, table, open=count <= _FEW))
    return parts


def _skipped(told: JSON) -> list[Html]:
    reasons: defaultdict[str, list[JSON]] = defaultdict(list)
    for case in told["cases"]:
        if case["verdict"] == Verdict.SKIP:
            reasons[case["said"] or "no reason was given"].append(case)
    return [
        tag(
            "details", tag("summary", f"{reason} ", tag("small", f"{len(cases):,} {_cases(len(cases))}")),
            tag("ul", [tag("li", tag("code", case["id"]), " ", case["title"]) for case in cases]),
        )
        for reason, cases in sorted(reasons.items(), key=lambda each: (-len(each[1]), each[0]))
    ]  # fmt: skip


def _coverage(told: JSON) -> Html | None:
    lines = [
        ("all" if name == "*" else name, f"{row['exercised']:,} of {row['constraints']:,}", _meter(row))
        for name, row in sorted(told["coverage"].items(), key=lambda each: (each[0] == "*", each[0]))
    ]
    return (
        _table("Constraints that were put to the test", ("Operation", "Exercised", "Share"), lines)
        if lines
        else None
    )


def _meter(row: Mapping[str, int]) -> Html:
    share = row["exercised"] / row["constraints"] if row["constraints"] else 1.0
    filled = tag("span", style=f"width:{share:.1%}")
    return joined(tag("span", filled, class_="meter", aria_hidden="true"), f" {int(share * 1000) / 10:g} %")


def _environment(told: JSON) -> list[Html]:
    pairs = [*told["versions"].items(), ("Repeat this run", tag("pre", told["command"]))]
    return [facts(pairs)]


def _table(caption: str, columns: Sequence[str], lines: Sequence[Sequence[object]]) -> Html:
    heads = tag("tr", [tag("th", column, scope="col") for column in columns])
    body = [tag("tr", tag("th", line[0], scope="row"), _cells(columns, line)) for line in lines]
    return tag("table", tag("caption", caption), tag("thead", heads), tag("tbody", body), class_="plain")


def _cells(columns: Sequence[str], line: Sequence[object]) -> list[Html]:
    """Each cell knows the name of its column, for windows too narrow for columns."""
    pairs = zip(columns[1:], line[1:], strict=True)
    return [tag("td", cell, data_name=name) for name, cell in pairs]


def _cases(count: int) -> str:
    return "case" if count == 1 else "cases"
