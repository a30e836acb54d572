"""Where each constraint comes from: from a keyword of a schema to the claim behind it, and back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from novita_contract import claims as digests
from novita_contract.claims import Claim
from novita_contract.known_fields import contracts
from novita_mock import catalogue
from novita_mock.types import JSON

#: Keywords that demand something of a value; the others describe or refer.
CONSTRAINTS = (
    "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength",
    "maxLength", "minItems", "maxItems", "required", "additionalProperties", "anyOf", "contentEncoding",
    "default", "x-format", "x-null-default",
)  # fmt: skip
#: How a source begins that is no claim.
NO_CLAIM = ("observed: ", "assumed: ", "ours: ")


@dataclass(frozen=True, slots=True)
class Constraint:
    """One thing that the contract demands.

    Attributes:
        schema: the file in ``schemas/``: ``v3/upscale.request.json``, or a table such as ``errors.json``.
        pointer: the JSON pointer of the node, or of the row of the table.
        keyword: which keyword of the node, ``required.NAME`` for one of several, or empty for a whole row.
        quirk: the reading that brings it, as ``ID=VALUE``; empty by default.
    """

    schema: str
    pointer: str
    keyword: str
    quirk: str = ""


@cache
def claims() -> dict[str, Claim]:
    """Every claim of the documentation, by id."""
    return digests.load(catalogue.table("sources"))


@cache
def sources() -> Mapping[Constraint, str]:
    """What is behind each constraint: the id of a claim, or ``assumed: ...`` and its like."""
    default = dict(_of_schemas(""))
    found = default | dict(_of_tables())
    for quirk in contracts():
        for constraint, source in _of_schemas(quirk):
            by_default = Constraint(constraint.schema, constraint.pointer, constraint.keyword)
            if default.get(by_default) != source:
                found[constraint] = source
    return found


def source_of(schema: str, pointer: str, keyword: str) -> str:
    """The claim behind a constraint as it reads by default, or ``assumed: ...``; empty where none is told."""
    return sources().get(Constraint(schema, pointer, keyword), "")


def standing_on(claim_id: str) -> tuple[Constraint, ...]:
    """Every constraint that has this claim behind it."""
    return _by_claim().get(claim_id, ())


def quirks_on(claim_id: str) -> tuple[str, ...]:
    """The ids of the quirks that cite this claim."""
    return tuple(row["id"] for row in catalogue.table("quirks")["quirks"] if claim_id in row["sources"])


def told(claim_id: str) -> str:
    """A claim for a person: ``page upscale, heading Request Body``; what is no claim comes back as it is."""
    claim = claims().get(claim_id)
    if claim is None:
        return claim_id
    return f"page {claim.page.rpartition('.')[0]}, heading {claim.heading}"


@cache
def _by_claim() -> dict[str, tuple[Constraint, ...]]:
    found: dict[str, list[Constraint]] = {}
    for constraint, source in sources().items():
        found.setdefault(source, []).append(constraint)
    return {source: tuple(constraints) for source, constraints in found.items()}


def _of_schemas(quirk: str) -> Iterator[tuple[Constraint, str]]:
    for path in catalogue.schema_paths():
        for pointer, node in _nodes(contracts()[quirk].schema(path), ""):
            for keyword, source in _of_node(node):
                yield Constraint(path, pointer, keyword, quirk), source


def _nodes(node: JSON, pointer: str) -> Iterator[tuple[str, JSON]]:
    yield pointer, node
    for keyword in ("properties", "$defs"):
        for name, inner in node.get(keyword, {}).items():
            escaped = name.replace("~", "~0").replace("/", "~1")
            yield from _nodes(inner, f"{pointer}/{keyword}/{escaped}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(node.get(keyword), dict):
            yield from _nodes(node[keyword], f"{pointer}/{keyword}")
    for index, inner in enumerate(node.get("anyOf", ())):
        yield from _nodes(inner, f"{pointer}/anyOf/{index}")


def _of_node(node: JSON) -> Iterator[tuple[str, str]]:
    source = node.get("x-source", {})
    if isinstance(source, dict):
        yield from _flat(source)
        return
    for keyword in CONSTRAINTS:
        if keyword in node:
            yield keyword, source
    for keyword in node.get("x-image", {}):
        yield f"x-image.{keyword}", source


def _flat(source: JSON) -> Iterator[tuple[str, str]]:
    for keyword, behind in source.items():
        if isinstance(behind, dict):
            yield from ((f"{keyword}.{name}", told) for name, told in behind.items())
        else:
            yield keyword, behind


def _of_tables() -> Iterator[tuple[Constraint, str]]:
    operations = catalogue.table("operations")
    for index, row in enumerate(operations["prefixes"]):
        yield Constraint("operations.json", f"/prefixes/{index}", ""), row["source"]
    for index, row in enumerate(operations["operations"]):
        for field, source in row["source"].items():
            yield Constraint("operations.json", f"/operations/{index}", field), source
    for name, row in catalogue.table("errors").items():
        yield Constraint("errors.json", f"/{name}", ""), row["source"]
