"""The lines that the keywords of a request's schema draw, and on which side of one a value lies."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mutants.fields import Field
from novita_mock.places import type_of
from novita_mock.types import JSON

Test = Callable[[JSON], bool]
_NUMBERS = frozenset({"integer", "number"})
#: Between the last value that is good and the first that a slightly wrong service takes or refuses.
_SHARE = 0.01


@dataclass(frozen=True)
class Line:
    """One way in which a value of a place can be on the wrong side, or on the right side and refused.

    Attributes:
        keyword: of the schema, with a word on the variant behind it: ``maximum slightly``.
        meets: whether the mutation is about this value.
        example: such a value; None with ``gone``.
        gone: the mutation is about the place being absent.
    """

    place: Field
    keyword: str
    title: str
    meets: Test
    example: JSON = None
    gone: bool = False

    @property
    def word(self) -> str:
        """The keyword alone."""
        return self.keyword.partition(" ")[0]


def never(value: JSON) -> bool:
    """For lines that are about no value."""
    return False


def numeric(value: JSON) -> float | int | None:
    """A number, or a query's digits, as a number."""
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        return int(value)
    if type_of(value) not in _NUMBERS or not math.isfinite(value):
        return None
    number: float | int = value
    return number


def bounds(place: Field) -> list[tuple[str, Any]]:
    """The bounds of a number: keyword and limit."""
    keywords = ("minimum", "maximum", "exclusiveMinimum")
    return [(keyword, place.schema[keyword]) for keyword in keywords if keyword in place.schema]


def least(place: Field) -> float:
    """The lower bound of a number, or 0."""
    return float(place.schema.get("minimum", place.schema.get("exclusiveMinimum", 0)))


def step(place: Field) -> float:
    """One for whole numbers, else a hundredth of the range."""
    if "number" not in place.types:
        return 1
    return float((place.schema.get("maximum", least(place) + 4) - least(place)) * _SHARE)


def fraction(place: Field) -> float:
    """A number between the bounds that is not whole."""
    most: float = min(place.schema.get("maximum", least(place) + 4), 1000)
    return math.floor((least(place) + most) / 2) + 0.5


def outside(keyword: str, limit: float) -> Test:
    """Whether a value lies beyond a bound."""
    tests: dict[str, Callable[[float], bool]] = {
        "minimum": lambda number: number < limit,
        "maximum": lambda number: number > limit,
        "exclusiveMinimum": lambda number: number <= limit,
    }

    def test(value: JSON) -> bool:
        number = numeric(value)
        return number is not None and tests[keyword](number)

    return test


def near(limit: float, away: float) -> Test:
    """Whether a value is no further from a bound than that."""

    def test(value: JSON) -> bool:
        number = numeric(value)
        return number is not None and abs(number - limit) <= abs(away) * 1.001

    return test


def equal(limit: JSON) -> Test:
    """Whether a value is that one."""

    def test(value: JSON) -> bool:
        if isinstance(limit, int | float) and not isinstance(limit, bool):
            return numeric(value) == limit
        return type_of(value) == type_of(limit) and value == limit

    return test


def long(length: int, kind: type = str) -> Test:
    """Whether a text or a list is exactly so long."""
    return lambda value: isinstance(value, kind) and len(value) == length  # type: ignore[arg-type]


def longer(length: int, kind: type = str) -> Test:
    """Whether a text or a list is longer."""
    return lambda value: isinstance(value, kind) and len(value) > length  # type: ignore[arg-type]


def is_fraction(value: JSON) -> bool:
    """Whether a value is a number with something behind the point."""
    return isinstance(value, float) and not value.is_integer()


def fits_type(place: Field, value: JSON) -> bool:
    """Whether a value is of a type that a place may have; a query carries text."""
    return type_of(value) in place.types or (place.operation.query != "" and isinstance(value, str))


def passes(place: Field, value: JSON) -> bool:
    """Whether the type of a value is none that a place must refuse, leniency for real clients included."""
    if type_of(value) in place.types:
        return True
    if value is None:
        return not place.required or "x-null-default" in place.schema
    if value in ({}, "") and place.empty_absent:
        return True
    if isinstance(value, str) and _NUMBERS & place.types:
        return numeric(value) is not None
    return isinstance(value, float) and value.is_integer() and "integer" in place.types
