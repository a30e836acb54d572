"""The keywords that schemas of requests may use, and the places that such a schema speaks of.

The set is closed: what the generator doesn't know it refuses, for a keyword that is passed over would
be a rule that nobody tests.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from novita_mock.catalogue import Catalogue, Operation
from novita_mock.types import JSON

#: One step is the name of a property, or the number of an item.
Path = tuple[str | int, ...]

#: Keywords that say something of a body and nothing by themselves: their parts do.
STRUCTURE = frozenset({"properties", "items"})
#: Keywords that no body can break.
ANNOTATIONS = frozenset({"$schema", "$id", "title", "description", "default"}) | {
    "x-source", "x-fault", "x-empty-absent", "x-null-default", "x-claim-note",
}  # fmt: skip
#: What ``x-image`` may bound; that the string is a picture at all is ``x-image`` itself.
IMAGE_BOUNDS = ("max_bytes", "max_side", "max_pixels")

_ANY_KIND = frozenset({"type", "enum", "const"})
_NUMERIC = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})
#: Which keywords a schema may have, by the kind of value that it is about.
_OF_KIND = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"minLength", "maxLength", "contentEncoding", "x-image", "x-format"}),
    "number": _NUMERIC,
    "integer": _NUMERIC,
    "boolean": frozenset[str](),
}


class UnsupportedKeyword(Exception):
    """A schema says something that the generator doesn't know how to try.

    Attributes:
        file: the schema, by its path inside ``schemas/``.
        pointer: where in it, its references resolved.
        keyword: what is not known there.
    """

    def __init__(self, file: str, pointer: str, keyword: str, why: str) -> None:
        super().__init__(f"{file}#{pointer}: {keyword} {why}")
        self.file, self.pointer, self.keyword = file, pointer, keyword


@dataclass(frozen=True)
class Place:
    """A value that a body may hold, where it stands, and what is said of it.

    Attributes:
        path: from the body's root; an array's items are all at 0.
        schema: what the value has to fit.
        required: whether what holds it has to have it; an item is never required.
        ancestors: the schemas of what holds it, the root first.
    """

    path: Path
    schema: JSON = field(repr=False)
    required: bool
    ancestors: tuple[JSON, ...] = field(repr=False)

    @cached_property
    def pointer(self) -> str:
        """The path as a JSON pointer."""
        return pointer_of(self.path)

    @cached_property
    def field(self) -> str:
        """The path as errors name it, with dots; the root has no name."""
        return dotted(self.path)

    @property
    def kind(self) -> str:
        """The JSON type that is asked for, null apart."""
        return kind_of(self.schema)

    @property
    def optional(self) -> bool:
        """Whether the value may be left out, or, of an item, the item."""
        return bool(self.path) and not self.required


def schema_of(catalogue: Catalogue, operation: Operation) -> JSON:
    """What a request of an operation has to fit: the schema of its body, or else of its query.

    Raises:
        UnsupportedKeyword: it says something that the generator doesn't know.
        ValueError: the operation takes neither.
    """
    file = operation.request or operation.query
    if not file:
        raise ValueError(f"{operation.name} takes neither a body nor a query")
    schema = catalogue.bundle(file)
    require_known(file, schema)
    return schema


def require_known(file: str, schema: JSON, pointer: str = "") -> None:
    """Refuse a schema that says anything the generator doesn't know.

    Raises:
        UnsupportedKeyword: naming the first such place.
    """
    kind = _single_kind(file, schema, pointer)
    for keyword, value in schema.items():
        if keyword in ANNOTATIONS:
            continue
        if keyword not in _TAKES:
            raise UnsupportedKeyword(file, pointer, keyword, "is no keyword that requests can use")
        if keyword not in _ANY_KIND | _OF_KIND[kind]:
            raise UnsupportedKeyword(file, pointer, keyword, f"says nothing of a value of type {kind}")
        if not _TAKES[keyword](value):
            raise UnsupportedKeyword(file, pointer, keyword, f"can't be {str(value)[:80]}")
    if kind == "array" and "items" not in schema:
        raise UnsupportedKeyword(file, pointer, "items", "is missing")
    for name, child in schema.get("properties", {}).items():
        require_known(file, child, f"{pointer}/properties{pointer_of((name,))}")
    if "items" in schema:
        require_known(file, schema["items"], f"{pointer}/items")


def places(schema: JSON) -> Iterator[Place]:
    """Every place of a request schema: the root, then what is in it, in order."""
    yield from _places(schema, (), True, ())


def asserted(place: Place) -> tuple[str, ...]:
    """The keywords that a value in this place can break, each once, in the schema's order.

    ``required`` is counted at the field that is required, not at the object that requires it;
    the bounds of ``x-image`` are counted one by one.
    """
    names = [name for name in place.schema if name not in ANNOTATIONS | STRUCTURE | {"required"}]
    if "x-image" in names:
        at = names.index("x-image") + 1
        names[at:at] = [f"x-image.{bound}" for bound in IMAGE_BOUNDS if bound in place.schema["x-image"]]
    return tuple(names) + (("required",) if place.path and place.required else ())


def types_of(schema: JSON) -> tuple[str, ...]:
    """The JSON types that a schema allows."""
    named = schema["type"]
    return (named,) if isinstance(named, str) else tuple(named)


def kind_of(schema: JSON) -> str:
    """The one type that a schema allows beside null."""
    return next(name for name in types_of(schema) if name != "null")


def pointer_of(path: Path) -> str:
    """A path as a JSON pointer."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def dotted(path: Path) -> str:
    """A path as errors name it."""
    return ".".join(map(str, path))


def _places(schema: JSON, path: Path, required: bool, ancestors: tuple[JSON, ...]) -> Iterator[Place]:
    yield Place(path, schema, required, ancestors)
    for name, child in schema.get("properties", {}).items():
        yield from _places(child, (*path, name), name in schema.get("required", ()), (*ancestors, schema))
    if "items" in schema:
        yield from _places(schema["items"], (*path, 0), False, (*ancestors, schema))


def _single_kind(file: str, schema: JSON, pointer: str) -> str:
    if not isinstance(schema, dict) or not _TAKES["type"](schema.get("type")):
        raise UnsupportedKeyword(file, pointer, "type", "has to be one type, or one and null")
    return kind_of(schema)


def _is_kinds(value: JSON) -> bool:
    names = [value] if isinstance(value, str) else value
    kinds = [name for name in names if name != "null"] if isinstance(names, list) else []
    return len(kinds) == 1 and kinds[0] in _OF_KIND


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: JSON) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_scalar(value: JSON) -> bool:
    return not isinstance(value, dict | list)


#: What each keyword may be set to.
_TAKES: dict[str, Callable[[JSON], bool]] = {
    "type": _is_kinds,
    "enum": lambda value: bool(value) and all(map(_is_scalar, value)),
    "const": _is_scalar,
    **dict.fromkeys(_NUMERIC, _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _is_count),
    "items": lambda value: isinstance(value, dict),
    "properties": lambda value: isinstance(value, dict),
    "required": lambda value: all(isinstance(name, str) for name in value),
    "additionalProperties": lambda value: value is False,
    "contentEncoding": lambda value: value == "base64",
    "x-image": lambda value: "max_bytes" in value and set(value) <= set(IMAGE_BOUNDS),
    "x-format": lambda value: value == "http-url",
}
