"""The places of a body under its schema: what stands where, what may stand there, and one change."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from novita_mock.types import JSON

#: Gives a number from 0 up to, not including, its limit.
Draw = Callable[[int], int]
Path = tuple[str | int, ...]

_TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


class Place(Struct, frozen=True):
    """One value of a body.

    Attributes:
        path: from the body's root.
        schema: what it has to fit; of an ``anyOf``, the one branch that its type leaves.
        types: every JSON type that is allowed there; ``number`` allows ``integer`` too.
    """

    path: Path
    schema: JSON
    value: JSON
    types: frozenset[str]


class Change(Struct, frozen=True):
    """A value that is put in a place, or taken away from there."""

    path: Path
    value: JSON = None
    gone: bool = False


def places(schema: JSON, value: JSON, path: Path = ()) -> Iterator[Place]:
    """The value itself, then every value in it that its schema speaks of."""
    types = _allowed(schema)
    schema = _branch(schema, value)
    yield Place(path, schema, value, types)
    if isinstance(value, dict):
        others = schema.get("additionalProperties")
        for name, item in value.items():
            child = schema.get("properties", {}).get(name, others)
            if isinstance(child, dict):
                yield from places(child, item, (*path, name))
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from places(schema["items"], item, (*path, index))


def changed(body: JSON, change: Change) -> JSON:
    """A copy of the body with one change; what is not on the way to it is shared."""
    if not change.path:
        return change.value
    step, *rest = change.path
    copy: JSON = dict(body) if isinstance(body, dict) else list(body)
    if change.gone and not rest:
        del copy[step]
    else:
        inner = copy[step] if rest else None
        copy[step] = changed(inner, Change(tuple(rest), change.value, change.gone))
    return copy


def type_of(value: JSON) -> str:
    """The JSON type of a value; a number with a point is a ``number``, even ``1.0``."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    named = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return named[type(value)]


def spellings(value: JSON) -> Iterator[JSON]:
    """The same in another JSON type: a number as text or with a point, digits as a number."""
    if type_of(value) in ("integer", "number"):
        yield str(value)
        if float(value).is_integer() and abs(value) < 2**53:
            yield float(value) if isinstance(value, int) else int(value)
    elif isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        yield int(value)


def sample(schema: JSON) -> JSON:
    """The least that fits a schema."""
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    if "anyOf" in schema:
        return sample(schema["anyOf"][0])
    named = schema.get("type", "null")
    name = named if isinstance(named, str) else named[0]
    if name == "object":
        return {key: sample(schema["properties"][key]) for key in schema.get("required", ())}
    if name in ("integer", "number"):
        return schema.get("minimum", min(0, schema.get("maximum", 0)))
    least: dict[str, JSON] = {"null": None, "boolean": False, "array": []}
    return least[name] if name in least else "x" * schema.get("minLength", 0)


def _allowed(schema: JSON) -> frozenset[str]:
    if "anyOf" in schema:
        return frozenset().union(*map(_allowed, schema["anyOf"]))
    named = schema.get("type")
    if named is None:
        words = schema.get("enum", [schema["const"]] if "const" in schema else None)
        return _TYPES if words is None else frozenset(map(type_of, words))
    types = frozenset([named] if isinstance(named, str) else named)
    return types | {"integer"} if "number" in types else types


def _branch(schema: JSON, value: JSON) -> JSON:
    if "anyOf" not in schema:
        return schema
    fitting = [inner for inner in schema["anyOf"] if type_of(value) in _allowed(inner)]
    return _branch(fitting[0], value) if len(fitting) == 1 else {}
