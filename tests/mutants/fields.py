"""The places of a request under its schema: which constraints stand there, and bodies that reach them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from contract_files import fixture
from mutants.messages import copied
from novita_mock import catalogue
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.places import type_of
from novita_mock.types import JSON

#: Any item of an array.
EACH = "*"
Path = tuple[str, ...]
#: The section of the facts that lists a request's fields.
_SECTIONS = {
    "upscale": "1.3",
    "img2img": "1.4",
    "upscale-v2": "1.5",
    "task-result": "2",
    "progress": "5",
    "model": "1.7",
}
#: Where the facts list what both V3 submits take beside their request.
_EXTRA = "1.2"


@dataclass(frozen=True)
class Field:
    """One place of a request.

    Attributes:
        path: from the root; ``EACH`` for the items of an array.
        schema: what it has to fit, its references resolved.
        required: whether its object must have it.
        empty_absent: whether an empty one counts as absent.
    """

    operation: Operation
    path: Path
    schema: JSON
    required: bool

    @property
    def name(self) -> str:
        """The last name of the path."""
        return next((step for step in reversed(self.path) if step != EACH), "")

    @property
    def dotted(self) -> str:
        """The path as the mutations spell it: ``request.loras[].strength``."""
        return ".".join(self.path).replace(f".{EACH}", "[]")

    @property
    def row(self) -> str:
        """The row of the facts."""
        section = _EXTRA if self.path[:1] == ("extra",) else _SECTIONS[self.operation.name]
        return f"{section} {self.dotted.removeprefix('request.')}"

    @property
    def types(self) -> frozenset[str]:
        """The JSON types that it may have."""
        named = self.schema.get("type", ())
        types = frozenset([named] if isinstance(named, str) else named)
        return types | {"integer"} if "number" in types else types

    @property
    def nullable(self) -> bool:
        """Whether the pages allow null."""
        return "null" in self.types

    @property
    def empty_absent(self) -> bool:
        """Whether an empty one counts as absent."""
        return bool(self.schema.get("x-empty-absent"))


@cache
def contract() -> Catalogue:
    """The contract with all quirks on their defaults."""
    return catalogue.load()


@cache
def fields(name: str) -> tuple[Field, ...]:
    """Every place of an operation's body or query but the root, outermost first."""
    row = contract().operation(name)
    return tuple(_walk(row, contract().bundle(row.request or row.query), (), True))[1:]


@cache
def field(name: str, dotted: str) -> Field:
    """One place of an operation's request."""
    return next(found for found in fields(name) if found.dotted == dotted)


def _walk(row: Operation, schema: JSON, path: Path, required: bool) -> Iterator[Field]:
    yield Field(row, path, schema, required)
    for name, child in schema.get("properties", {}).items():
        yield from _walk(row, child, (*path, name), name in schema.get("required", ()))
    if "items" in schema:
        yield from _walk(row, schema["items"], (*path, EACH), True)


def base(name: str) -> JSON:
    """The least good body, or query, of an operation; its work is light."""
    if name == "model":
        return {}
    body = fixture(f"requests/{name}.json")
    if name == "img2img":
        body["request"] |= {"width": 128, "height": 128, "steps": 1, "seed": 7}
    return body


def sample(place: Field) -> JSON:
    """A good value for a place."""
    if place.name == "url":
        return "http://127.0.0.1:9/hook"
    return copied(_at(_full(place.operation.name), place.path))


def reached(place: Field, value: JSON = None, *, gone: bool = False) -> JSON:
    """The least good body with one place set to a value, or taken away; what is on the way is filled in."""
    body = base(place.operation.name)
    holder: JSON = body
    for depth, step in enumerate(place.path[:-1]):
        holder = _entered(holder, step, field_at(place.operation.name, place.path[: depth + 1]))
    last: str | int = 0 if place.path[-1] == EACH else place.path[-1]
    if gone:
        holder.pop(last, None)
    elif isinstance(holder, list) and not holder:
        holder.append(value)
    else:
        holder[last] = value
    return body


def holders(body: JSON, path: Path) -> Iterator[tuple[JSON, str | int]]:
    """Where in a body a place is, or would be: each object or array that has it, and its key there."""
    step, *rest = path
    if step == EACH:
        for index in range(len(body)) if isinstance(body, list) else ():
            yield from holders(body[index], tuple(rest)) if rest else [(body, index)]
    elif isinstance(body, dict):
        if not rest:
            yield body, step
        elif step in body:
            yield from holders(body[step], tuple(rest))


def field_at(name: str, path: Path) -> Field:
    """The place of a path."""
    return next(found for found in fields(name) if found.path == path)


@cache
def _full(name: str) -> JSON:
    body = fixture(f"requests/{name}{'' if name in ('task-result', 'progress', 'model') else '.full'}.json")
    if name == "img2img":
        body["extra"] = fixture("requests/upscale.full.json")["extra"]
    if name == "upscale-v2":
        body["upscaling_resize"] = 2
    return body


def _at(value: JSON, path: Path) -> JSON:
    for step in path:
        value = value[0 if step == EACH else step]
    return value


def _entered(holder: JSON, step: str, place: Field) -> JSON:
    if step == EACH:
        if not holder:
            holder.append(_least(place))
        return holder[0]
    if step not in holder:
        holder[step] = _least(place)
    return holder[step]


def _least(place: Field) -> JSON:
    """A good value with nothing in it that may be left out."""
    if type_of(sample(place)) == "array":
        return []
    if type_of(sample(place)) != "object":
        return sample(place)
    least = {}
    for name in place.schema.get("required", ()):
        least[name] = _least(field_at(place.operation.name, (*place.path, name)))
    return least
