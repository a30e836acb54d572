"""What a service that is too lax accepts at a place of a request."""

from collections.abc import Iterator

from mutants.fields import EACH, Field, sample
from mutants.lines import (
    Line,
    Test,
    bounds,
    fits_type,
    fraction,
    is_fraction,
    long,
    longer,
    near,
    never,
    outside,
    passes,
    step,
)  # fmt: skip
from novita_mock.places import type_of
from novita_mock.types import JSON

#: One value of each JSON type; which of them a place must refuse, its schema says.
_OF_EACH_TYPE: tuple[JSON, ...] = (None, True, 7, 0.5, "text", [], {})


def beyond(place: Field) -> Iterator[Line]:
    """Every line of a place, crossed from within."""
    yield from _wrong_types(place)
    yield from _wrong_words(place)
    yield from _beyond_bounds(place)
    yield from _lengths(place)
    if place.required and place.path[-1] != EACH:
        yield Line(place, "required", "is not asked for", never, gone=True)
        if "null" not in place.types and "x-null-default" not in place.schema:
            yield Line(place, "required null", "may be null", lambda value: value is None)


def _wrong_types(place: Field) -> Iterator[Line]:
    if not place.types or place.operation.query:
        return
    wrong = [value for value in _OF_EACH_TYPE if not passes(place, value)]
    yield Line(place, "type", "may be of any type", lambda value: not passes(place, value), wrong[-1])
    one = wrong[sum(map(ord, place.dotted)) % len(wrong)]
    kind = type_of(one)
    same: Test = lambda value: not passes(place, value) and type_of(value) == kind  # noqa: E731
    yield Line(place, f"type {kind}", f"may be {kind} too", same, one)
    if "integer" in place.types and "number" not in place.types and "enum" not in place.schema:
        yield Line(place, "type fraction", "may be a fraction", is_fraction, fraction(place))


def _wrong_words(place: Field) -> Iterator[Line]:
    schema = place.schema
    if "enum" in schema:
        choices = schema["enum"]
        other: JSON = (
            "UNHEARD-OF" if "string" in place.types else max(v for v in choices if v is not None) + 1
        )
        known = lambda value: value in choices or value is None or value == ""  # noqa: E731
        yield Line(
            place,
            "enum",
            "may be anything",
            lambda value: not known(value) and fits_type(place, value),
            other,
        )
        if "string" in place.types:
            folded = [choice.casefold() for choice in choices if isinstance(choice, str)]
            alike: Test = lambda value: (  # noqa: E731
                isinstance(value, str) and not known(value) and value.strip().casefold() in folded
            )
            if any(word.swapcase() not in choices for word in choices if isinstance(word, str)):
                yield Line(place, "enum case", "may be in capitals or not", alike, choices[0].swapcase())
    if "x-format" in schema:
        strange: Test = lambda value: (  # noqa: E731
            isinstance(value, str) and not value.startswith(("http://", "https://"))
        )
        yield Line(place, "x-format", "may be of any scheme", strange, "ftp://127.0.0.1/hook")


def _beyond_bounds(place: Field) -> Iterator[Line]:
    for keyword, limit in bounds(place):
        away = step(place) * (1 if "aximum" in keyword else -1)
        far, close = outside(keyword, limit), near(limit, away)
        beside = limit if keyword == "exclusiveMinimum" else limit + away
        slightly = lambda value, far=far, close=close: far(value) and close(value)  # noqa: E731
        yield Line(place, f"{keyword} slightly", f"may be a little beyond {limit}", slightly, beside)
        yield Line(place, keyword, f"may be any way beyond {limit}", far, limit + 5 * away)


def _lengths(place: Field) -> Iterator[Line]:
    schema = place.schema
    if schema.get("minLength") and not place.operation.query and not schema.get("x-empty-absent"):
        yield Line(place, "minLength", "may be empty", lambda value: value == "", "")
    if "maxLength" in schema and "x-image" not in schema:
        most = schema["maxLength"]
        yield Line(place, "maxLength slightly", "may be one longer", long(most + 1), "x" * (most + 1))
        yield Line(place, "maxLength", "may be of any length", longer(most), "x" * (2 * most))
    if "maxItems" in schema:
        most, item = schema["maxItems"], sample(place)[0]
        yield Line(place, "maxItems slightly", "may have one more", long(most + 1, list), [item] * (most + 1))
        yield Line(place, "maxItems", "may have any number", longer(most, list), [item] * (2 * most + 1))
