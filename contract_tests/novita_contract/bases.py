"""Plain requests: the least that is valid, all that is documented, and one value put into either."""

from functools import cache, lru_cache

from novita_contract import words
from novita_contract.keywords import Path, Place, kind_of, places, schema_of
from novita_contract.pictures import PictureText
from novita_mock.catalogue import Catalogue, Operation, load
from novita_mock.types import JSON

#: Fields that make a target do something beside its answer: post somewhere, write somewhere.
EFFECTS = frozenset({"webhook", "custom_storage"})


class Gone:
    """Stands for a field that is left out; there is one, ``GONE``."""


GONE = Gone()


def base(operation: Operation, catalogue: Catalogue | None = None) -> JSON:
    """The smallest plain valid request of an operation: what is required, and of that the least."""
    return plain(root_of(catalogue or _documented(), operation))


def full(operation: Operation, catalogue: Catalogue | None = None, *, effects: bool = False) -> JSON:
    """A valid request with every documented field.

    Args:
        operation: the row.
        catalogue: the contract; left out, the documented one.
        effects: whether ``webhook`` and ``custom_storage`` are among them.
    """
    body = base(operation, catalogue)
    for place in places(schema_of(catalogue or _documented(), operation)):
        if effects or not EFFECTS & set(place.path):
            body = with_place(body, place)
    return body


def root_of(catalogue: Catalogue, operation: Operation) -> Place:
    """The place of an operation's whole request."""
    return next(places(schema_of(catalogue, operation)))


def plain(place: Place) -> JSON:
    """The least that is valid and sensible in a place."""
    schema, kind = place.schema, place.kind
    named = words.plain_value(place.path)
    if "const" in schema or "enum" in schema:
        choices = schema.get("enum", [schema.get("const")])
        return named if named in choices and named is not None else choices[0]
    if kind in ("object", "array"):
        return (
            _plain_object(place) if kind == "object" else [plain(item_of(place))] * schema.get("minItems", 0)
        )
    if named is not None:
        return named
    if "x-image" in schema:
        return picture(words.PICTURE)
    if kind == "string":
        return words.URL if "x-format" in schema else "x" * schema.get("minLength", 0)
    return False if kind == "boolean" else _plain_number(schema)


def with_place(body: JSON, place: Place) -> JSON:
    """The body with something in a place: what it holds there, else the plain value, in plain company."""
    for length in range(len(place.path) + 1):
        within = _ancestor(place, length)
        if not _holds(body, within):
            body = put(body, within.path, plain(within))
    return body


def put(body: JSON, path: Path, value: JSON | Gone) -> JSON:
    """A copy of the body with a value in a place, or without it; what isn't on the way is shared."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    copy: JSON = dict(body) if isinstance(body, dict) else list(body)
    if rest:
        copy[step] = put(copy[step], rest, value)
    elif isinstance(value, Gone):
        del copy[step]
    elif isinstance(copy, list) and step == len(copy):
        copy.append(value)
    else:
        copy[step] = value
    return copy


def at(body: JSON, path: Path) -> JSON:
    """What stands in a place of a body.

    Raises:
        LookupError: nothing does.
    """
    for step in path:
        body = body[step]
    return body


def item_of(place: Place) -> Place:
    """The place of an array's items."""
    return Place((*place.path, 0), place.schema["items"], False, (*place.ancestors, place.schema))


def child_of(place: Place, name: str) -> Place:
    """The place of a field of an object."""
    required = name in place.schema.get("required", ())
    path, ancestors = (*place.path, name), (*place.ancestors, place.schema)
    return Place(path, place.schema["properties"][name], required, ancestors)


@lru_cache(maxsize=512)
def picture(name: str) -> PictureText:
    """The picture of that name, made once."""
    return PictureText.of(name)


def _plain_object(place: Place) -> JSON:
    names = place.schema.get("required", ())
    if not names and place.schema.get("x-empty-absent"):
        names = place.schema["properties"]  # without anything in it, it would be as good as absent
    return {name: plain(child_of(place, name)) for name in place.schema["properties"] if name in names}


def _plain_number(schema: JSON) -> JSON:
    least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    if kind_of(schema) == "integer":
        return least + ("minimum" not in schema and "exclusiveMinimum" in schema)
    most = schema.get("maximum", schema.get("exclusiveMaximum", least + 1))
    return least + min(0.5, (most - least) / 2)


def _ancestor(place: Place, length: int) -> Place:
    if length == len(place.path):
        return place
    holder, step = place.ancestors[length], place.path[:length]
    required = length == 0 or step[-1] in place.ancestors[length - 1].get("required", ())
    return Place(step, holder, required, place.ancestors[:length])


def _holds(body: JSON, place: Place) -> bool:
    try:
        value = at(body, place.path)
    except LookupError:
        return False
    wanted = {"object": dict, "array": list}.get(place.kind)
    return wanted is None or isinstance(value, wanted)


@cache
def _documented() -> Catalogue:
    return load()
