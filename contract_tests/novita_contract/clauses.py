"""What the contract says about one place of a reply, and who keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass

from jsonschema import Draft202012Validator

from novita_contract.likeness import TEXT
from novita_mock.catalogue import Catalogue
from novita_mock.types import JSON

#: Keywords that speak of the value itself, not of what is inside it.
_OWN = (
    "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength",
    "maxLength", "minItems", "maxItems",
)  # fmt: skip
_ERRORS = {"v3": "v3/error.json", "v2": "v2/error.json"}
_EVENT, WEBHOOK = "webhook/event.json", "webhook"
#: Stands for a field that a side does not have.
ABSENT = "<absent>"


@dataclass(frozen=True, slots=True)
class Clause:
    """What is said of a place.

    Attributes:
        claim: id of the claim, or ``assumed: ...`` or ``observed: ...``; empty where nothing is said.
        says: keyword and value, as the schema has them.
        left, right: whether each side's value keeps it.
    """

    claim: str = ""
    says: str = ""
    left: bool = True
    right: bool = True


def clause_at(contract: Catalogue, schema: str, path: tuple[str, ...], left: JSON, right: JSON) -> Clause:
    """What a schema says of a place of a body where two bodies differ."""
    node: JSON = contract.bundle(schema)
    for step in path[:-1]:
        node = _inside(node, step)
    name = path[-1] if path else ""
    holder = _of_kind(node, "object")
    if path and not name.isdecimal() and ABSENT in (left, right):
        return _missing(holder, name, left, right)
    return _worded(_inside(node, name) if path else node, left, right)


def schema_of(contract: Catalogue, operation: str, status: int, body: JSON) -> str:
    """The schema that a reply is read by: its operation's, or its dialect's of errors; or an empty text."""
    if operation == WEBHOOK:
        return _EVENT
    row = next((row for row in contract.operations if row.name == operation), None)
    if row is None:
        return ""
    code = body.get("code", 0) if isinstance(body, dict) else 0
    if status >= 400 or (row.dialect == "v2" and code != 0):
        return _ERRORS.get(row.dialect, "")
    return row.response


def request_says(contract: Catalogue, operation: str, pointer: str, keyword: str) -> str:
    """How the schema of a request words what a case is about: ``maximum 4``."""
    row = next((row for row in contract.operations if row.name == operation), None)
    path = (row.request or row.query) if row is not None else ""
    if not path or not keyword:
        return keyword
    node: JSON = contract.bundle(path)
    steps = pointer.split("/")[1:]
    for step in steps[:-1] if keyword == "required" else steps:
        node = _inside(node, step)
    return _phrase(keyword, node.get(keyword)) if keyword in node else keyword


def fault_says(contract: Catalogue, claim: str) -> str:
    """How the table of errors words a claim: ``status 400, reason MISSING_API_KEY``."""
    row: Mapping[str, JSON] = next(
        (row for row in contract.errors.values() if row.get("source") == claim), {}
    )
    told = row.get("v3", {})
    return ", ".join(f"{name} {told[name]}" for name in ("status", "reason") if name in told)


def _missing(holder: JSON, name: str, left: JSON, right: JSON) -> Clause:
    """One side has the field and the other has not."""
    known = holder.get("properties", {})
    if name not in known and not isinstance(holder.get("additionalProperties"), dict):
        return Clause("", "no such field", left == ABSENT, right == ABSENT)
    if name in holder.get("required", ()):
        return Clause(_source(holder, "required", name), "required", left != ABSENT, right != ABSENT)
    return Clause(_source(known.get(name, {}), "type", name), "not required")


def _worded(node: JSON, left: JSON, right: JSON) -> Clause:
    """The keyword that one side breaks, or else the one that says most."""
    inner = [_of_kind(node, "object")] if "anyOf" in node else []
    keywords = [keyword for keyword in _OWN if keyword in node]
    for keyword in keywords:
        kept = [_keeps({keyword: node[keyword]}, value) for value in (left, right)]
        if not all(kept):
            return Clause(_source(node, keyword), _phrase(keyword, node[keyword]), *kept)
    if "anyOf" in node:
        kept = [any(_keeps(_shallow(branch), value) for branch in node["anyOf"]) for value in (left, right)]
        words = " or ".join(str(branch.get("type", "")) for branch in node["anyOf"])
        return Clause(_source(node, "type") or _source(inner[0], "type"), f"type {words}", *kept)
    if not keywords:
        return Clause()
    last = keywords[-1]
    return Clause(_source(node, last), _phrase(last, node[last]))


def _keeps(schema: JSON, value: JSON) -> bool:
    """A mark stands for a value that keeps its law."""
    if isinstance(value, str) and (value.startswith(TEXT) or (value.startswith("<") and value.endswith(">"))):
        return True
    return bool(Draft202012Validator(schema).is_valid(value))


def _shallow(node: JSON) -> JSON:
    return {keyword: node[keyword] for keyword in _OWN if keyword in node}


def _inside(node: JSON, step: str) -> JSON:
    if step.isdecimal() or step == "*":
        return _of_kind(node, "array").get("items", {})
    holder = _of_kind(node, "object")
    others = holder.get("additionalProperties")
    found = holder.get("properties", {}).get(step)
    return found if found is not None else others if isinstance(others, dict) else {}


def _of_kind(node: JSON, kind: str) -> JSON:
    """The node, or that of its branches which can have something inside."""
    return next((branch for branch in node.get("anyOf", ()) if branch.get("type") == kind), node)


def _source(node: JSON, keyword: str, name: str = "") -> str:
    source = node.get("x-source", "")
    if isinstance(source, dict):
        source = source.get(keyword, "")
    if isinstance(source, dict):
        source = source.get(name, "")
    return str(source)


def _phrase(keyword: str, value: JSON) -> str:
    if isinstance(value, list):
        return f"{keyword} {', '.join(map(str, value))}"
    return keyword if isinstance(value, dict) else f"{keyword} {value}"
