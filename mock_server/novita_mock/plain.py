"""Reads good bodies that need no leniency, at once: JSON, types, bounds and defaults in one pass.

A schema of requests becomes types of msgspec, once. What they take is what ``validation`` would take and
make of it, without a notice; they take nothing else, and never say why not. Where a schema says what is not
known here there are no such types, and every body is read the long way.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from novita_mock.accepting import Unknown, rules_of
from novita_mock.egress import is_http_url
from novita_mock.types import JSON
from novita_mock.wording import Path

#: A type as msgspec takes it. ``Any``: such types are values here.
_Type = Any

_SCALARS: Mapping[str, _Type] = {"string": str, "integer": int, "number": int | float, "boolean": bool}
_BOUNDS = {
    "minLength": "min_length", "maxLength": "max_length", "minItems": "min_length", "maxItems": "max_length",
    "minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt",
}  # fmt: skip
_KNOWN = frozenset({"type", "enum", "properties", "required", "additionalProperties", "items", *_BOUNDS})
#: Whole numbers from here on are not the same as integers and as floats.
_EXACT = 2**53
#: Longest array that is looked at where no page gives a maximum. Ours.
MAX_ITEMS = 1000


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a picture stands in a body: its path, its ``x-image`` limits, and its most characters."""

    path: Path
    limits: JSON
    max_length: int


class Plain:
    """Reads the bodies of one schema.

    Args:
        schema: of an object, with everything that it refers to in its place.

    Raises:
        Unknown: the schema says what is not known here.
    """

    def __init__(self, schema: JSON) -> None:
        self._decoder = msgspec.json.Decoder(_type(schema))
        respell = _respelling(schema)
        self._respell = respell if isinstance(respell, _Object) else None
        self._places = list(_places(schema, ()))
        #: The names of the fields that hold pictures.
        self.names = {str(place.path[-1]) for place in self._places}
        self._always = len(self._places) == 1 and _requires(schema, self._places[0].path)

    def read(self, content: bytes) -> JSON:
        """The body, normalised; None where it is not good, or not plain."""
        try:
            body = msgspec.to_builtins(self._decoder.decode(content))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            return None
        if self._respell is not None and not _respelled(body, self._respell):
            return None
        return body

    def pictures(self, body: JSON) -> list[Place]:
        """Where the pictures of a body that was read stand, the main one first."""
        if self._always:  # then these are all of them
            return self._places
        found = [each for place in self._places for each in _found(body, place, 0)]
        return sorted(found, key=lambda place: len(place.path)) if len(found) > 1 else found


def plain_for(schema: JSON) -> Plain | None:
    """What reads the bodies of a schema; None where the schema says what is not known here."""
    try:
        return Plain(schema)
    except (Unknown, TypeError):  # msgspec says so of types that it can't tell apart
        return None


def _type(schema: JSON) -> _Type:
    if "type" not in rules_of(schema, _KNOWN):
        raise Unknown("no type")
    names = [schema["type"]] if isinstance(schema["type"], str) else list(schema["type"])
    nullable = "null" in names
    kinds = [name for name in names if name != "null"]
    if len(kinds) != 1:
        raise Unknown("type")
    if "enum" in schema:
        found = _choice(kinds[0], schema["enum"])
    elif kinds[0] == "object":
        found = _object(schema)
    elif kinds[0] == "array":
        items = _type(schema["items"])
        # Longer is an attack, not a request: it is looked at the long way.
        found = _bounded(list[items], {"maxItems": MAX_ITEMS} | schema)  # type: ignore[valid-type]
    else:
        found = _bounded(_SCALARS[kinds[0]], schema)
    return found | None if nullable else found


def _bounded(kind: _Type, schema: JSON) -> _Type:
    bounds = {_BOUNDS[name]: bound for name, bound in schema.items() if name in _BOUNDS}
    if not bounds:
        return kind
    if kind is not _SCALARS["number"]:
        return Annotated[kind, Meta(**bounds)]
    if any(type(bound) is not int for bound in bounds.values()):
        raise Unknown("a bound between whole numbers")
    return Annotated[int, Meta(**bounds)] | Annotated[float, Meta(**bounds)]


def _choice(kind: str, values: list[JSON]) -> _Type:
    named = [value for value in values if value is not None]
    wanted = {"string": str, "integer": int}.get(kind)
    if wanted is None or any(type(value) is not wanted for value in named):
        raise Unknown("enum")
    return Literal[tuple(named)]


def _object(schema: JSON) -> _Type:
    """A type that takes these properties and no others: what is not documented is a notice, or refused."""
    required = schema.get("required", ())
    if not set(required) <= schema.get("properties", {}).keys() or schema.get("additionalProperties"):
        raise Unknown("object")
    fields: list[tuple[str, _Type, Any]] = []
    for name, child in schema.get("properties", {}).items():
        kind = _type(child)
        if name in required:
            fields.append((name, kind, msgspec.NODEFAULT))
        elif "default" in child and not schema.get("x-empty-absent"):
            fields.append((name, kind, child["default"]))
        else:
            fields.append((name, kind | UnsetType, UNSET))
    shape = [field[:2] if field[2] is msgspec.NODEFAULT else field for field in fields]
    return msgspec.defstruct("Body", shape, forbid_unknown_fields=True, kw_only=True)


class _Object(msgspec.Struct, frozen=True):
    """What has to be done to an object that was read.

    Attributes:
        inside: by the names of properties, whether null is as good as nothing, and what is done inside.
        filled: defaults of an object that counts as absent where it is empty, with a notice; else None.
    """

    inside: dict[str, tuple[bool, "_Object | list[_Object] | str | None"]]
    filled: dict[str, JSON] | None


def _respelling(schema: JSON) -> "_Object | list[_Object] | str | None":
    """Where numbers and absences stand that are spelled in one way once they are read; None for nowhere."""
    if "properties" in schema:
        required, inside, defaults = schema.get("required", ()), {}, {}
        for name, child in schema["properties"].items():
            found = _respelling(child)
            absent = "null" in child.get("type", ()) and name not in required
            if found is not None or absent:
                inside[name] = (absent, found)
            if "default" in child and name not in required:
                defaults[name] = child["default"]
        fills = bool(schema.get("x-empty-absent"))
        return _Object(inside, defaults if fills else None) if inside or fills else None
    if "items" in schema:
        found = _respelling(schema["items"])
        if found is not None and not isinstance(found, _Object):
            raise Unknown("items")
        return None if found is None else [found]
    if schema.get("x-format") == "http-url":
        return "address"
    return "number" if "number" in schema.get("type", ()) else None


def _respelled(value: JSON, wanted: _Object) -> bool:
    """Spell numbers as ``validation`` does and take out what is null, in place; whether that can be done."""
    if wanted.filled is not None:
        if not value:
            return False
        for name, default in wanted.filled.items():
            value.setdefault(name, default)
    rules = wanted.inside
    for name in [name for name in value if name in rules]:
        absent, inside = rules[name]
        item = value[name]
        if item is None and absent:
            del value[name]
        elif inside == "number":
            if type(item) is float:
                if item.is_integer() and -_EXACT < item < _EXACT:
                    value[name] = int(item)
            elif not -_EXACT < item < _EXACT:
                return False
        elif inside == "address":
            if not is_http_url(item):
                return False
        elif type(inside) is _Object:
            if not _respelled(item, inside):
                return False
        elif type(inside) is list and not all(_respelled(each, inside[0]) for each in item):
            return False
    return True


#: Stands in a path for each item of an array.
_EACH = None


def _places(schema: JSON, path: tuple[str | None, ...]) -> Iterator[Place]:
    if "x-image" in schema:
        yield Place(path, schema["x-image"], schema["maxLength"])  # type: ignore[arg-type]  # filled when found
    for name, child in schema.get("properties", {}).items():
        yield from _places(child, (*path, name))
    if "items" in schema:
        yield from _places(schema["items"], (*path, _EACH))


def _requires(schema: JSON, path: Path) -> bool:
    """Whether every body has something at a path."""
    for step in path:
        if step not in schema.get("required", ()):
            return False
        schema = schema["properties"][step]
    return True


def _found(value: JSON, place: Place, depth: int) -> Iterator[Place]:
    """The places in a body that one of a schema stands for."""
    for step in place.path[depth:]:
        if step is _EACH:
            for index, item in enumerate(value):
                path = (*place.path[:depth], index, *place.path[depth + 1 :])
                yield from _found(item, Place(path, place.limits, place.max_length), depth + 1)
            return
        if step not in value:
            return
        value, depth = value[step], depth + 1
    yield place
