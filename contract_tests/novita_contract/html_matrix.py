"""The matrix of the page: constraints by targets, operation by operation, each row open to its evidence."""

import re
from collections.abc import Mapping, Sequence

from novita_contract.html_evidence import badge, brief
from novita_contract.markup import Html, joined, tag
from novita_contract.matrix import Cell, Row, rows
from novita_contract.verdicts import LAYERS, Verdict
from novita_mock.types import JSON

#: What the reader chooses to see: the id of the choice, and its words.
_CHOICES = (
    ("show-all", "everything"),
    ("show-odd", "only what did not pass"),
    ("show-differs", "only where runs differ"),
)
_ABOUT = {
    "rules": "Rules: each keyword of each schema, from both sides",
    "properties": "Properties: laws that hold for whatever is drawn",
    "stories": "Stories: tasks from beginning to end",
}


def section(documents: Sequence[JSON], requests: Mapping[str, Sequence[JSON]]) -> Html:
    """The matrix.

    Args:
        documents: this run's first, then those of other runs to compare it with.
        requests: what shows each case of this run, by the id of the case.
    """
    choices = _CHOICES if len(documents) > 1 else _CHOICES[:-1]
    radios = [
        tag("label", tag("input", type="radio", name="show", id=name, checked=number == 0), " ", words)
        for number, (name, words) in enumerate(choices)
    ]
    names = {row["name"]: row for told in reversed(documents) for row in told["operations"]}
    order = [row["name"] for row in documents[0]["operations"]]
    order += sorted(names.keys() - set(order))
    parts = [_operation(names[name], documents, requests) for name in order]
    return joined(tag("fieldset", tag("legend", "Show"), radios, class_="choices"), parts)


def column(told: JSON) -> Html:
    """What heads the column of a run."""
    when = told["started"][:16].replace("T", " ")
    return joined(tag("span", told["target"], class_="target"), tag("small", when))


def bar(counts: Mapping[str, int]) -> Html:
    """Verdicts as lengths; the figures stand beside it."""
    pieces = [
        tag("span", class_=f"v-{verdict}", style=f"flex-grow:{counts[verdict]}")
        for verdict in Verdict
        if counts[verdict]
    ]
    return tag("span", pieces, class_="bar", aria_hidden="true")


def _operation(row: JSON, documents: Sequence[JSON], requests: Mapping[str, Sequence[JSON]]) -> Html:
    name = row["name"]
    found = rows(documents, name)
    counts: Mapping[str, int] = next(
        (each["counts"] for each in documents[0]["operations"] if each["name"] == name), {}
    )
    told = [
        f"{counts[verdict]} {verdict.value.replace('-', ' ')}" for verdict in Verdict if counts.get(verdict)
    ]
    route = tag("code", f"{row['method']} {row['path']}", class_="route") if row["path"] else None
    head = tag("summary", tag("h3", name), route, bar(counts) if counts else None,
               tag("span", ", ".join(told) or "not in this run", class_="told"))  # fmt: skip
    columns = [tag("th", column(each), scope="col") for each in documents]
    groups = [_group(layer, found, documents[0], requests) for layer in LAYERS]
    table = tag(
        "table", tag("caption", f"{name}: constraints by run"),
        tag("thead", tag("tr", tag("th", "Constraint", scope="col"), columns)), groups,
        style=f"--runs:{len(documents)}",
    )  # fmt: skip
    odd = any(counts.get(verdict) for verdict in (Verdict.FAIL, Verdict.UNEXPECTED_PASS))
    wrapped = tag("div", table, class_="wide", role="region", tabindex="0", aria_label=f"{name}, by run")
    return tag("details", head, wrapped, class_="operation", open=odd)


def _group(
    layer: str, found: Sequence[Row], told: JSON, requests: Mapping[str, Sequence[JSON]]
) -> Html | None:
    mine = [row for row in found if row.layer == layer]
    if not mine:
        return None
    head = tag("th", _ABOUT[layer], scope="rowgroup", colspan=1 + len(mine[0].cells))
    return tag("tbody", tag("tr", head, class_="layer"), [_row(row, told, requests) for row in mine])


def _row(row: Row, told: JSON, requests: Mapping[str, Sequence[JSON]]) -> Html:
    first = row.cases[0]
    place = joined(tag("code", _breakable(first["pointer"] or "the body")), " ", first["keyword"])
    name = place if first["keyword"] else first["title"]
    claim = first["claims"][0]["told"] if first["claims"] else ""
    about = [claim] if first["keyword"] else [tag("code", _breakable(first["id"])), " ", claim]
    summary = tag("summary", tag("span", name, class_="what"), tag("small", about))
    deviating = told["deviating"]
    cases = [brief(case, requests.get(case["id"], ()), case["id"] in deviating) for case in row.cases]
    kinds = ["row", *(["odd"] if _odd(row) else []), *(["differs"] if row.differs else [])]
    return tag(
        "tr",
        tag("th", tag("details", summary, cases), scope="row"),
        map(_cell, row.cells),
        class_=" ".join(kinds),
    )


def _breakable(pointer: str) -> Html:
    """A pointer or an id that a narrow window breaks between its parts."""
    return joined(*([part, tag("wbr")] for part in re.split(r"(?<=[_/.-])", pointer)))


def _odd(row: Row) -> bool:
    return any(cell.verdict is not Verdict.PASS for cell in row.cells)


def _cell(cell: Cell) -> Html:
    note = f"{cell.count} of {cell.cases}" if cell.count < cell.cases else ""
    return tag("td", badge(cell.verdict, note), class_=f"v-{cell.verdict.value if cell.verdict else 'none'}")
