"""The edges of a type: a value of each type that is allowed, and of each that isn't."""

import math
from collections.abc import Iterator

from novita_contract.bases import item_of, plain
from novita_contract.edge import Edge, edge
from novita_contract.keywords import Place, types_of
from novita_mock.types import JSON

#: A value of each JSON type, none of them empty.
_OF_EACH_TYPE: dict[str, tuple[tuple[str, JSON], ...]] = {
    "null": (("NULL", None),),
    "boolean": (("BOOLEAN", True),),
    "integer": (("INTEGER", 7),),
    "number": (("FRACTION", 0.5),),
    "string": (("STRING", "text"),),
    "array": (("ARRAY", ["text"]),),
    "object": (("OBJECT", {"unexpected": 1}),),
}
#: What is taken for a boolean elsewhere.
_NO_BOOLEANS = (("ZERO", 0), ("ONE", 1), ("TRUE-STRING", "true"))


def inside(place: Place) -> Iterator[Edge]:
    """A value of each allowed type, the plainest first."""
    kind, value = place.kind, plain(place)
    if kind == "boolean":
        yield from (edge("FALSE", False), edge("TRUE", True))
    elif kind == "number":
        yield edge("FRACTION", value)
        yield from (edge("INTEGER", whole) for whole in _whole(place.schema, value))
    else:
        yield edge("", value)
    if kind == "string" and not {"enum", "const", "minLength", "x-image", "x-format"} & set(place.schema):
        yield edge("EMPTY", "")
    if kind == "array" and place.schema.get("minItems", 0) <= 1:
        yield edge("ONE-ITEM", [plain(item_of(place))])
    if "null" in types_of(place.schema):
        yield edge("NULL", None)


def outside(place: Place) -> Iterator[Edge]:
    """Values of each type that is not allowed."""
    allowed = set(types_of(place.schema))
    allowed |= {"integer"} if "number" in allowed else set()
    for name, choices in _OF_EACH_TYPE.items():
        # where a whole body is null, a client sends none; and text is the one thing that may pass as JSON
        if name not in allowed and (place.path or name not in ("null", "string")):
            yield from (edge(what, value) for what, value in _choices(place, name, choices))


def _choices(place: Place, name: str, choices: tuple[tuple[str, JSON], ...]) -> Iterator[tuple[str, JSON]]:
    if place.kind == "integer" and name == "number":
        choices = (("FRACTION", plain(place) + 0.5), ("WHOLE-FLOAT", float(plain(place))))
    elif place.kind in ("integer", "number") and name == "string":
        choices = (*choices, ("NUMERIC-STRING", str(plain(place))))
    yield from choices
    if place.kind == "boolean" and name == "integer":
        yield from _NO_BOOLEANS


def _whole(schema: JSON, value: JSON) -> list[int]:
    """A whole number beside a number, where there is one between the bounds."""
    near = (math.ceil(value), math.floor(value))
    least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum", -math.inf), schema.get("exclusiveMaximum", math.inf)
    return [whole for whole in near if least <= whole <= most and above < whole < below][:1]
