"""What is tried of the contract: each keyword of each request from both sides, and what there is of replies.

What counts is a keyword that a body can break. ``properties`` and ``items`` say nothing by themselves,
nor do annotations; ``required`` counts once for each field that it names, and each bound of a picture
for itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from novita_contract.boundaries import Probe, probes, query_probes
from novita_contract.keywords import (
    ANNOTATIONS,
    STRUCTURE,
    Place,
    UnsupportedKeyword,
    asserted,
    places,
    pointer_of,
    schema_of,
)
from novita_contract.leniency import forgiven
from novita_contract.tally import ASSERTING, constraints
from novita_mock.catalogue import Catalogue, Operation, schema_paths
from novita_mock.types import JSON

#: What else a reply's schema may have: its parts are counted.
_OF_REPLIES = STRUCTURE | {"anyOf"}


@dataclass(frozen=True, slots=True)
class Row:
    """One keyword of one place of a request.

    Attributes:
        operation: the name of the row of ``operations.json``.
        file: the schema, by its path inside ``schemas/``.
        pointer: the place in the body or query.
        keyword: as the schema spells it.
        accepted: the ids of the probes that must be accepted.
        refused: the ids of the probes that must not.
        excused: why there can be none that must not, or empty.
    """

    operation: str
    file: str
    pointer: str
    keyword: str
    accepted: tuple[str, ...]
    refused: tuple[str, ...]
    excused: str = ""

    @property
    def covered(self) -> bool:
        """Whether it is tried from both sides, or from the one that there is."""
        return bool(self.accepted) and bool(self.refused or self.excused)


def table(catalogue: Catalogue) -> tuple[Row, ...]:
    """Every keyword of every request and query, and the probes that try it.

    Raises:
        UnsupportedKeyword: a schema says something that can't be tried.
    """
    asking = (operation for operation in catalogue.operations if operation.request or operation.query)
    return tuple(row for operation in asking for row in _rows(catalogue, operation))


def missing(catalogue: Catalogue) -> tuple[Row, ...]:
    """The keywords that are not tried from both sides; none, or the suite is not complete."""
    return tuple(row for row in table(catalogue) if not row.covered)


def response_keywords(catalogue: Catalogue) -> frozenset[tuple[str, str, str]]:
    """Every keyword of every reply, error and event that a body can break, as ``Tally`` counts them.

    Raises:
        UnsupportedKeyword: a schema says something that nobody would judge.
    """
    found: set[tuple[str, str, str]] = set()
    for file in schema_paths():
        if ".response." in file or file.endswith(("/error.json", "/event.json")):
            schema = catalogue.bundle(file)
            _require_judged(file, schema, "")
            found.update(constraints(file, schema, ...))
    return frozenset(found)


def _require_judged(file: str, schema: JSON, pointer: str) -> None:
    for keyword in schema:
        if keyword not in ASSERTING | ANNOTATIONS | _OF_REPLIES:
            raise UnsupportedKeyword(file, pointer, keyword, "is no keyword that replies can use")
    for name, child in schema.get("properties", {}).items():
        _require_judged(file, child, f"{pointer}/properties{pointer_of((name,))}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            _require_judged(file, schema[keyword], f"{pointer}/{keyword}")
    for number, child in enumerate(schema.get("anyOf", ())):
        _require_judged(file, child, f"{pointer}/anyOf/{number}")


def _rows(catalogue: Catalogue, operation: Operation) -> Iterator[Row]:
    found = probes(catalogue, operation) if operation.request else query_probes(catalogue, operation)
    for place in places(schema_of(catalogue, operation)):
        for keyword in asserted(place):
            if not place.path and keyword == "type" and operation.query:
                continue  # a query is an object before anybody looks at it
            mine = [each for each in found if (each.pointer, each.keyword) == (place.pointer, keyword)]
            yield Row(
                operation.name,
                operation.request or operation.query,
                place.pointer,
                keyword,
                _ids(mine, accepted=True),
                _ids(mine, accepted=False),
                _excuse(catalogue, operation, place, keyword),
            )


def _ids(found: list[Probe], *, accepted: bool) -> tuple[str, ...]:
    return tuple(each.id for each in found if each.accepted is accepted)


def _excuse(catalogue: Catalogue, operation: Operation, place: Place, keyword: str) -> str:
    if keyword == "type" and operation.query and place.kind == "string":
        return "a query carries nothing but text"
    quirk = forgiven(catalogue, place, "") if keyword == "minLength" else ""
    if quirk and place.schema["minLength"] == 1:
        return f"only the empty text is shorter, and real clients send it (quirk {quirk})"
    return ""
