"""The contract as values: operations, errors, quirks and schemas, read from ``schemas/``.

A quirk's alternative and ``strict`` are patches of the schemas, made here and nowhere else, so that
the validator, the OpenAPI document and the contract tests speak of the same contract.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from novita_mock.files import folder, read_json
from novita_mock.spelling import meant
from novita_mock.types import JSON


class UnknownQuirk(Exception):
    """A quirk or a value of one that ``quirks.json`` doesn't have; ``hint`` lists what it has."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Operation(Struct, frozen=True):
    """A row of ``operations.json``; fields that a kind of row doesn't have are empty."""

    name: str
    id_prefix: str
    kind: str
    dialect: str
    method: str
    path: str
    summary: str
    source: Mapping[str, str]
    task_type: str = ""
    renderer: str = ""
    request: str = ""
    query: str = ""
    response: str = ""
    images_path: str = ""
    max_body_bytes: int = 0
    price_usd: float = 0.0
    images_per_minute: int = 0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The contract under a choice of quirks.

    Attributes:
        operations: the table, in order.
        prefixes: path prefix to dialect.
        errors: the rows of ``errors.json`` by kind of problem.
        quirks: the value in force of every quirk.
        strict: whether what is not documented is refused.
    """

    operations: tuple[Operation, ...]
    prefixes: Mapping[str, str]
    errors: Mapping[str, JSON]
    quirks: Mapping[str, str]
    quirk_rows: tuple[JSON, ...]
    strict: bool = False
    _schemas: dict[str, JSON] = field(default_factory=dict)

    def operation(self, name: str) -> Operation:
        """The row of that name."""
        return next(row for row in self.operations if row.name == name)

    def dialect_of(self, path: str) -> str:
        """How a path is spoken to: the dialect of its prefix, or ``plain``."""
        for prefix, dialect in self.prefixes.items():
            if path.startswith(prefix) or path == prefix.rstrip("/"):
                return dialect
        return "plain"

    def schema(self, path: str) -> JSON:
        """A schema, patched by the quirks in force, its references still references."""
        if path not in self._schemas:
            schema = read_json("schemas", path)
            for patch in self._patches():
                if patch["schema"] == path:
                    _apply(schema, patch)
            self._schemas[path] = schema
        return self._schemas[path]

    def bundle(self, path: str) -> JSON:
        """A schema with every reference replaced by what it refers to.

        Where a quirk refuses what real clients send, a request's schema says so: no field that is
        not documented, nothing empty where that would count as absence.
        """
        schema = self._inline(self.schema(path), path)
        if ".request." in path or ".query." in path:
            refused = {quirk for quirk, value in self.quirks.items() if value == "refused"}
            _tighten(schema, refused)
        return schema

    def embedded(self, path: str) -> JSON:
        """A bundle as a part of another document."""
        return _without_head(self.bundle(path))

    def _patches(self) -> Iterator[JSON]:
        for row in self.quirk_rows:
            for alternative in row["alternatives"]:
                if alternative["value"] == self.quirks[row["id"]]:
                    yield from alternative.get("patch", ())

    def _inline(self, node: JSON, path: str) -> JSON:
        if isinstance(node, list):
            return [self._inline(item, path) for item in node]
        if not isinstance(node, dict):
            return node
        own = {key: self._inline(value, path) for key, value in node.items() if key != "$ref"}
        if "$ref" not in node:
            return own
        file, _, pointer = node["$ref"].partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), file)) if file else path
        referred = self._inline(_at(self.schema(target), pointer), target)
        return _without_head(referred) | own


def load(quirks: Mapping[str, str] | None = None, strict: bool = False) -> Catalogue:
    """Read the contract.

    Args:
        quirks: readings that differ from the default, by id.
        strict: refuse what the pages don't document; wins over ``quirks``' leniency.

    Raises:
        UnknownQuirk: an id or a value that ``quirks.json`` doesn't have.
    """
    table = read_json("schemas", "operations.json")
    ours = {read_json("schemas", "control.json")["prefix"] + "/": "control"}
    rows = tuple(read_json("schemas", "quirks.json")["quirks"])
    return Catalogue(
        operations=tuple(Operation(**row) for row in table["operations"]),
        prefixes={row["prefix"]: row["dialect"] for row in table["prefixes"]} | ours,
        errors=read_json("schemas", "errors.json"),
        quirks=_chosen(rows, quirks or {}, strict),
        quirk_rows=rows,
        strict=strict,
    )


def parse_quirks(pairs: tuple[str, ...]) -> dict[str, str]:
    """``ID=VALUE`` texts as a mapping.

    Raises:
        UnknownQuirk: a text without ``=``.
    """
    for pair in pairs:
        if "=" not in pair:
            raise UnknownQuirk(f"{pair!r} is not ID=VALUE", "for example --quirk image-url-ttl=integer")
    return dict(pair.split("=", 1) for pair in pairs)


def table(name: str) -> JSON:
    """A table of ``schemas/``, as it is written: ``sources``, ``pages``, ``operations``, and so on."""
    return read_json("schemas", f"{name}.json")


def schema_paths() -> tuple[str, ...]:
    """Every body's schema, by its path inside ``schemas/``."""
    root = folder("schemas")
    return tuple(
        sorted(
            path.relative_to(root).as_posix()
            for part in ("v3", "v2", "common", "webhook")
            for path in (root / part).glob("*.json")
        )
    )


def _chosen(rows: tuple[JSON, ...], quirks: Mapping[str, str], strict: bool) -> dict[str, str]:
    by_id = {row["id"]: row for row in rows}
    for name, value in quirks.items():
        if name not in by_id:
            near = meant(name, by_id)
            raise UnknownQuirk(
                f"there is no quirk {name!r}", f"did you mean {near}?" if near else _switchable(rows)
            )
        values = [by_id[name]["default"], *(other["value"] for other in by_id[name]["alternatives"])]
        if value not in values:
            raise UnknownQuirk(f"quirk {name} has no value {value!r}", f"it can be {' or '.join(values)}")
    chosen = {row["id"]: quirks.get(row["id"], row["default"]) for row in rows}
    return chosen | {row["id"]: row["strict"] for row in rows if strict and "strict" in row}


def _switchable(rows: tuple[JSON, ...]) -> str:
    return "those that can be switched: " + ", ".join(row["id"] for row in rows if row["alternatives"])


def _without_head(schema: JSON) -> JSON:
    return {key: value for key, value in schema.items() if key not in ("$schema", "$id", "$defs")}


def _at(schema: JSON, pointer: str) -> JSON:
    for step in pointer.split("/")[1:]:
        schema = (
            schema[int(step)]
            if isinstance(schema, list)
            else schema[step.replace("~1", "/").replace("~0", "~")]
        )
    return schema


def _apply(schema: JSON, patch: JSON) -> None:
    parent, _, last = patch["pointer"].rpartition("/")
    if patch["pointer"] == "":
        schema.clear()
        schema.update(patch["value"])
    elif "value" in patch:
        _at(schema, parent)[last] = patch["value"]
    else:
        del _at(schema, parent)[last]


def _tighten(node: JSON, refused: set[str]) -> None:
    if isinstance(node, list):
        for item in node:
            _tighten(item, refused)
        return
    for child in node.get("properties", {}).values():
        _tighten(child, refused)
    for name in ("items", "anyOf"):
        _tighten(node.get(name, []), refused)
    if "properties" in node:
        if "unknown-field" in refused:
            node.setdefault("additionalProperties", False)
        if "empty-object" in refused and node.get("x-empty-absent"):
            node.setdefault("required", list(node["properties"]))
    elif "empty-string" in refused and node.get("x-empty-absent"):
        node.setdefault("minLength", 1)
