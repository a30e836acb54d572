"""The contract as tests see it: the files of ``schemas/`` and ``fixtures/``, and the pages behind them."""

import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from referencing import Registry, Resource

from novita_contract.claims import Claim, load, normalise
from novita_mock.types import JSON

ROOT = Path(__file__).parent.parent
SCHEMAS = ROOT / "schemas"
FIXTURES = ROOT / "fixtures"
BASE = "https://novita-mock.invalid/schemas/"
#: The files of ``schemas/`` that are tables, not schemas.
TABLES = ("operations", "errors", "quirks", "sources")
#: Keywords that draw a line which a value can be inside or outside of.
BOUNDS = frozenset(["enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]).union(
    ["minLength", "maxLength", "minItems", "maxItems"]
)
#: What has to name a source.
SOURCED = BOUNDS.union(
    ["type", "required", "additionalProperties", "anyOf", "contentEncoding", "default"],
    ["x-format", "x-null-default"],
)


def table(name: str) -> JSON:
    """One of ``TABLES``, decoded."""
    return json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))


@cache
def schemas() -> Mapping[str, JSON]:
    """Every schema of the API: of a body, a query or a part, by its path in ``schemas/``."""
    others = ("meta/", "control/")
    return {path: schema for path, schema in all_schemas().items() if not path.startswith(others)}


@cache
def all_schemas() -> Mapping[str, JSON]:
    """The same, and those that describe the tables."""
    files = (path for path in sorted(SCHEMAS.rglob("*.json")) if path.parent != SCHEMAS)
    return {path.relative_to(SCHEMAS).as_posix(): json.loads(path.read_text("utf-8")) for path in files}


def validator(path: str, changed: Mapping[str, JSON] | None = None) -> Validator:
    """Compile one schema, with every other in reach; ``changed`` takes the place of those it names."""
    known = {**all_schemas(), **(changed or {})}
    resources = [(BASE + name, Resource.from_contents(schema)) for name, schema in known.items()]
    return Draft202012Validator(known[path], registry=Registry().with_resources(resources))


def nodes(schema: JSON, pointer: str = "") -> Iterator[tuple[str, Mapping[str, JSON]]]:
    """Walk a schema and the schemas inside it, each with its JSON pointer."""
    yield pointer, schema
    for keyword in ("properties", "$defs"):
        for name, inner in schema.get(keyword, {}).items():
            yield from nodes(inner, f"{pointer}/{keyword}/{name}")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            yield from nodes(schema[keyword], f"{pointer}/{keyword}")
    for index, inner in enumerate(schema.get("anyOf", [])):
        yield from nodes(inner, f"{pointer}/anyOf/{index}")


def all_nodes() -> Iterator[tuple[str, Mapping[str, JSON]]]:
    """Every node of every schema of a body, by ``path#pointer``."""
    for path, schema in schemas().items():
        for pointer, node in nodes(schema):
            yield f"{path}#{pointer}", node


def source_of(node: Mapping[str, JSON], keyword: str) -> JSON:
    """Where one keyword of a node comes from."""
    source = node.get("x-source")
    return source.get(keyword) if isinstance(source, dict) else source


def source_ids(source: JSON) -> Iterator[str]:
    """Every source in an ``x-source``, whatever its shape."""
    if isinstance(source, dict):
        for inner in source.values():
            yield from source_ids(inner)
    elif isinstance(source, str):
        yield source


def is_a_source(text: str) -> bool:
    """Whether this names a claim, or says that it was observed or assumed or is ours, and why."""
    ours = text.startswith(("observed: ", "assumed: ", "ours: "))
    return text in claims() or (ours and len(text.split()) > 2)


def demands(node: Mapping[str, JSON]) -> list[str]:
    """The keywords of a node that need a source."""
    return [key for key in node if key in SOURCED] + [f"x-image.{key}" for key in node.get("x-image", {})]


def fixture(path: str) -> JSON:
    """One file of ``fixtures/``, decoded."""
    return json.loads((FIXTURES / path).read_text("utf-8"))


@cache
def claims() -> Mapping[str, Claim]:
    """The claims of ``sources.json``, by id."""
    return load(SCHEMAS / "sources.json")


def page(name: str) -> str:
    """The text of a page of the documentation.

    Skips the test where ``NOVITA_DOCS_PAGES`` doesn't name the folder of the pages; in CI that is a failure,
    unless it is ``none``, which says that they are not at hand there.
    """
    folder = os.environ.get("NOVITA_DOCS_PAGES")
    if folder == "none":
        pytest.skip("NOVITA_DOCS_PAGES says that the pages of the documentation are not at hand")
    if folder:
        return (Path(folder) / name).read_text("utf-8")
    reason = "NOVITA_DOCS_PAGES does not name the folder with the pages of the documentation"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def words(name: str) -> tuple[str, ...]:
    """The words of a page; skips and fails as ``page`` does."""
    return normalise(page(name))
