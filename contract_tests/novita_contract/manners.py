"""What clients do with single places of a request, where the pages say something else."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from novita_contract.edges import STRAY
from novita_contract.keywords import Place, places, types_of
from novita_mock.types import JSON

#: Largest whole number that is the same number with a point in every language.
_MAX_WHOLE = 2**53
#: What can be done in a query, where all is text and nothing is null.
OF_QUERIES = frozenset({"unknown-field", "boolean-text"})


@dataclass(frozen=True, slots=True)
class Manner:
    """One way to spell what stands in a place.

    Attributes:
        quirk: the quirk that says how it is taken.
        place: where.
        word: names it among those of the same quirk and place; mostly empty.
        title: what the client does.
        spell: the value in this spelling.
        fits: whether a value can be spelled so; a field that isn't there is None.
    """

    quirk: str
    place: Place
    word: str
    title: str
    spell: Callable[[JSON], JSON]
    fits: Callable[[JSON], bool]


def manners(schema: JSON) -> Iterator[Manner]:
    """What clients may do with each place of a request, in the schema's order."""
    for place in places(schema):
        yield from _nulls(place)
        yield from _empties(place)
        yield from _numbers(place)
        yield from _booleans(place)
        yield from _strays(place)
        yield from _data_urls(place)


def _nulls(place: Place) -> Iterator[Manner]:
    if not place.path or not isinstance(place.path[-1], str) or "null" in types_of(place.schema):
        return
    if "x-null-default" in place.schema:
        title = f"sends null for {place.field}, which is required"
        yield Manner("steps-null", place, "", title, lambda _: None, lambda _: True)
    elif place.optional and not _is_all(place):
        title = f"sends null for {place.field}, which it does not set"
        yield Manner("null-optional", place, "", title, lambda _: None, lambda _: True)


def _is_all(place: Place) -> bool:
    """Whether what holds the field holds nothing else and is as good as absent then: a habit of its own."""
    holder = place.ancestors[-1]
    return bool(holder.get("x-empty-absent")) and len(holder["properties"]) == 1


def _empties(place: Place) -> Iterator[Manner]:
    if place.schema.get("x-empty-absent"):
        quirk, empty = ("empty-object", {}) if place.kind == "object" else ("empty-string", "")
        title = f"sends {place.field} empty where it does not set it"
        yield Manner(quirk, place, "", title, lambda _: empty, lambda _: True)


def _numbers(place: Place) -> Iterator[Manner]:
    if place.kind in ("integer", "number"):
        yield Manner("numeric-string", place, "", f"sends {place.field} as text", str, _is_number)
    if place.kind == "integer":
        yield Manner("integral-float", place, "", f"sends {place.field} with a point", float, _is_whole)


def _booleans(place: Place) -> Iterator[Manner]:
    if place.schema.get("enum") == ["true", "false"]:
        title = f"spells {place.field} as Python does"
        for word in ("True", "False"):
            yield Manner("boolean-text", place, word, title, partial(_instead, word), lambda _: True)


def _strays(place: Place) -> Iterator[Manner]:
    if place.kind == "object":
        title = f"sends a field in {place.field or 'the body'} that no page knows"
        # one more field in what is as good as absent makes it something
        fits = bool if place.schema.get("x-empty-absent") else _is_object
        yield Manner("unknown-field", place, "", title, lambda value: value | {STRAY: "1"}, fits)


def _data_urls(place: Place) -> Iterator[Manner]:
    if "x-image" in place.schema:
        title = f"sends {place.field} as a data: URL"
        yield Manner("data-url", place, "", title, "data:image/png;base64,{}".format, bool)


def _instead(word: str, _: JSON) -> JSON:
    return word


def _is_object(value: JSON) -> bool:
    return isinstance(value, dict)


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: JSON) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MAX_WHOLE
