"""Replies made worse: broken in one place by their own schema, or legal by it and yet not expected.

Every change comes from the schema and from numbers that the caller draws, so that a reply is broken
in the same way in every run, and a new schema needs nothing here.
"""

import json
from collections.abc import Callable, Iterator
from typing import TypeVar

from novita_mock.places import Change, Draw, Place, changed, places, sample, spellings, type_of
from novita_mock.types import JSON

T = TypeVar("T")

#: What a reply of the wrong type has in a place: one value of each JSON type.
_OF_EACH_TYPE: tuple[JSON, ...] = (None, True, 7, 0.5, "text", [], {})
#: Fields that no page knows, and what is in them: what trips parsers of one language or another.
_UNKNOWN_FIELDS = (
    ("unheard_of", {"deep": [[{"deeper": None}]]}),
    ("__proto__", {"unheard_of": True}),
    ("", ""),
    ("a b.c/d", 2**53 + 1),
    ("\u0449\u0438\u0442 \U0001f984", "\u202egnp.\u2028\U0001f469\u200d\U0001f52c"),
)
_ODD_TEXT = "\u202eodd\u2028\U0001f984 \u00fc\u0308 \\u0041 </script>"
_NUMERIC = frozenset({"integer", "number"})
#: Keywords beside the type that a changed value could offend against.
_LIMITS = frozenset({"enum", "const", "minimum", "maximum", "minLength", "maxLength", "anyOf"})


def broken(schema: JSON, body: JSON, draw: Draw) -> JSON:
    """The body with exactly one thing changed so that it breaks its schema.

    Args:
        schema: the schema of the reply, its references resolved (``Catalogue.bundle``).
        body: a reply that is valid under it; it is not changed itself.
        draw: gives a number from 0 up to its limit.
    """
    everywhere = list(places(schema, body))
    kinds = [[change for place in everywhere for change in kind(place)] for kind in _BREAKS]
    return changed(body, _one(_one([changes for changes in kinds if changes], draw), draw))


def surprising(schema: JSON, body: JSON, draw: Draw) -> JSON:
    """The body with one to three things changed that its schema allows and few clients expect.

    Args: as for ``broken``.
    """
    kinds, odd = list(_ODDITIES), body
    for _ in range(1 + draw(3)):
        kind = kinds.pop(draw(len(kinds)))
        choices = [change for place in places(schema, odd) for change in kind(place)]
        if choices:
            odd = changed(odd, _one(choices, draw))
    if repr(odd) == repr(body):  # nothing came of it: an unknown field and another order always do
        for kind in (_unknown_field, _other_order):
            choices = [change for place in places(schema, odd) for change in kind(place)]
            odd = changed(odd, choices[0]) if choices and repr(odd) == repr(body) else odd
    return odd


def spelled(body: JSON, draw: Draw) -> bytes:
    """A body as JSON that is right and looks strange: escapes, white space, slashes escaped too."""
    texts = (
        json.dumps(body, ensure_ascii=True, separators=(",", ":")),
        json.dumps(body, ensure_ascii=False, separators=(" ,\r\n", " :\t")),
        json.dumps(body, ensure_ascii=True, indent="\t"),
        json.dumps(body, ensure_ascii=True).replace("/", "\\/"),
    )
    return b"\n " + _one(list(texts), draw).encode() + b"\n"


def truncated(content: bytes) -> bytes:
    """The first half of a body."""
    return content[: len(content) // 2]


def malformed(content: bytes) -> bytes:
    """A JSON body that no strict parser takes: it ends in a comma too many."""
    return content.rstrip()[:-1] + b",}"


def _missing(place: Place) -> Iterator[Change]:
    if isinstance(place.value, dict):
        for name in place.schema.get("required", ()):
            if name in place.value:
                yield Change((*place.path, name), gone=True)


def _other_type(place: Place) -> Iterator[Change]:
    for value in _OF_EACH_TYPE:
        if type_of(value) not in place.types:
            yield Change(place.path, value)


def _new_word(place: Place) -> Iterator[Change]:
    known = place.schema.get("enum", [place.schema["const"]] if "const" in place.schema else [])
    words = [word for word in known if isinstance(word, str)]
    numbers = [number for number in known if type_of(number) == "integer"]
    if words:
        # a word that begins as its kin do, as a new one would
        stem = words[0].rpartition("_")[0]
        word = f"{stem}_UNHEARD_OF" if stem else "UNHEARD_OF"
        yield Change(place.path, word if words[0].isupper() else word.lower())
    elif numbers:
        yield Change(place.path, max(numbers) + 1)


def _misspelled(place: Place) -> Iterator[Change]:
    for value in spellings(place.value):
        # 1.0 is an integer to JSON Schema, so it breaks nothing
        if type_of(value) not in place.types and not {type_of(value), type_of(place.value)} <= _NUMERIC:
            yield Change(place.path, value)


def _nested(place: Place) -> Iterator[Change]:
    required = place.schema.get("required", ())
    if "object" not in place.types or set(required) - {"value"}:
        yield Change(place.path, {"value": place.value})
    if "array" not in place.types:
        yield Change(place.path, [place.value])


def _out_of_bounds(place: Place) -> Iterator[Change]:
    schema = place.schema
    if place.value is not None and "minimum" in schema:
        yield Change(place.path, schema["minimum"] - 1)
    if place.value is not None and "maximum" in schema:
        yield Change(place.path, schema["maximum"] + 1)
    if schema.get("minLength", 0) > 0:
        yield Change(place.path, "")


_BREAKS: tuple[Callable[[Place], Iterator[Change]], ...] = (
    _missing, _other_type, _new_word, _misspelled, _nested, _out_of_bounds,
)  # fmt: skip


def _null(place: Place) -> Iterator[Change]:
    if "null" in place.types and place.value is not None:
        yield Change(place.path, None)


def _unknown_field(place: Place) -> Iterator[Change]:
    others = place.schema.get("additionalProperties", True)
    if isinstance(place.value, dict) and others is not False:
        for name, value in _UNKNOWN_FIELDS:
            fitting = value if others is True else sample(others)
            if name not in place.value and name not in place.schema.get("properties", {}):
                yield Change((*place.path, name), fitting)


def _empty(place: Place) -> Iterator[Change]:
    if isinstance(place.value, list) and place.value and not place.schema.get("minItems"):
        yield Change(place.path, [])


def _other_spelling(place: Place) -> Iterator[Change]:
    for value in spellings(place.value):
        # a number with a point is as large as without, so no limit minds it
        same = {type_of(value), type_of(place.value)} <= _NUMERIC
        if type_of(value) in place.types and (same or not _LIMITS & set(place.schema)):
            yield Change(place.path, value)


def _other_order(place: Place) -> Iterator[Change]:
    if isinstance(place.value, dict) and len(place.value) > 1:
        yield Change(place.path, dict(reversed(place.value.items())))


def _left_out(place: Place) -> Iterator[Change]:
    if isinstance(place.value, dict):
        for name in place.schema.get("properties", {}):
            if name in place.value and name not in place.schema.get("required", ()):
                yield Change((*place.path, name), gone=True)


def _put_in(place: Place) -> Iterator[Change]:
    if isinstance(place.value, dict):
        for name, schema in place.schema.get("properties", {}).items():
            if name not in place.value:
                yield Change((*place.path, name), sample(schema))


def _odd_text(place: Place) -> Iterator[Change]:
    # Only where nothing is written: an id or a link that is changed would be a lie, not a surprise.
    if place.value == "" and "string" in place.types and not _LIMITS & set(place.schema):
        yield Change(place.path, _ODD_TEXT)


_ODDITIES: tuple[Callable[[Place], Iterator[Change]], ...] = (
    _null, _unknown_field, _empty, _other_spelling, _other_order, _left_out, _put_in, _odd_text,
)  # fmt: skip


def _one(choices: list[T], draw: Draw) -> T:
    return choices[draw(len(choices))]
