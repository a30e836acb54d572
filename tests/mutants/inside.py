"""What a service that is too strict refuses at a place of a request."""

import math
from collections.abc import Iterator

from mutants.fields import Field, field_at, sample
from mutants.lines import (
    Line,
    Test,
    bounds,
    equal,
    fraction,
    is_fraction,
    least,
    long,
    near,
    never,
    outside,
    step,
)
from novita_mock.places import type_of
from novita_mock.types import JSON


def inside(place: Field) -> Iterator[Line]:
    """Every line of a place, drawn too far within."""
    for value in _choices(place):
        word = "null" if value is None else str(value).replace(" ", "-")
        yield Line(place, f"enum {word}", f"refuses {value!r}", equal(value), value)
    yield from _edges(place)
    yield from _lengths(place)
    yield from _types(place)
    if not place.required:
        yield Line(place, "optional", "is refused whatever it holds", _present, sample(place))
        if not _alone(place):
            yield Line(place, "optional absent", "has to be there", never, gone=True)


def _edges(place: Field) -> Iterator[Line]:
    for keyword, limit in bounds(place):
        if keyword == "exclusiveMinimum":
            far, close = outside(keyword, limit), near(limit, step(place))
            within: Test = lambda value, far=far, close=close: close(value) and not far(value)  # type: ignore[misc]  # noqa: E731
            beside = limit + step(place) / 2
            yield Line(place, f"{keyword} edge", f"refuses what is just over {limit}", within, beside)
        else:
            yield Line(place, f"{keyword} edge", f"refuses {limit} itself", equal(limit), limit)
    if "minimum" in place.schema and place.schema["minimum"] < 0:
        yield Line(place, "minimum zero", "refuses 0", equal(0), 0)


def _types(place: Field) -> Iterator[Line]:
    if place.nullable and "enum" not in place.schema:
        yield Line(place, "type null", "refuses null", lambda value: value is None)
    if "number" in place.types:
        yield Line(place, "type fraction", "refuses fractions", is_fraction, fraction(place))
        whole = math.floor(least(place)) + 1
        if whole < place.schema.get("maximum", math.inf):
            title = "refuses a number without a point"
            yield Line(place, "type whole", title, lambda value: type_of(value) == "integer", whole)


def _lengths(place: Field) -> Iterator[Line]:
    schema = place.schema
    if "x-image" in schema or place.operation.query:
        return
    if schema.get("minLength") and place.name != "url":
        yield Line(place, "minLength edge", "refuses one character", long(1), "x")
    if "maxLength" in schema:
        most = schema["maxLength"]
        yield Line(place, "maxLength edge", f"refuses {most} characters", long(most), "x" * most)
        in_bytes: Test = lambda value: isinstance(value, str) and len(value) <= most < len(value.encode())  # noqa: E731
        yield Line(place, "maxLength bytes", "counts bytes, not characters", in_bytes, "\u00fc" * most)
    if "maxItems" in schema:
        most = schema["maxItems"]
        yield Line(
            place, "maxItems edge", f"refuses {most} items", long(most, list), [sample(place)[0]] * most
        )


def _alone(place: Field) -> bool:
    """Whether an object without this place is empty, and so counts as absent itself."""
    parent = field_at(place.operation.name, place.path[:-1]) if place.path[:-1] else None
    return parent is not None and parent.empty_absent and len(parent.schema["properties"]) == 1


def _present(value: JSON) -> bool:
    return value is not None and value != {} and value != ""


def _choices(place: Field) -> list[JSON]:
    if place.types in ({"boolean"}, {"boolean", "null"}):
        return [True, False]
    choices = place.schema.get("enum", [])
    if len(choices) <= 6:
        return list(choices)
    return [choices[0], choices[len(choices) // 2], choices[-1]]
