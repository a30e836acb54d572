"""Values spread over all that a schema allows of a number, a text or a picture; the plain one is number 0."""

from collections.abc import Callable
from functools import cache

from novita_contract import words
from novita_contract.bases import plain
from novita_contract.keywords import Place, types_of
from novita_contract.pictures import MODES, name_of
from novita_mock.types import JSON

#: Numbers from which a value is picked: from 0 up to, not including, this.
PICKS = 1 << 20
#: One in so many picks what is special: the plain value, null, the bounds. So do the first few, which a
#: shrinker tries before all others.
_SPECIAL = 4
#: Where a schema has no bound, this far away it ends.
_FAR = 1000
#: The most that cheap requests ask for; what a picture costs grows with it.
_CHEAP = {
    "width": 512,
    "height": 512,
    "image_num": 3,
    "upscaling_resize": 4,
    "upscaling_resize_w": 256,
    "upscaling_resize_h": 256,
}
#: Longest text where a schema gives no bound, in characters.
_LONG_NAME = 64
_SIDES = ((8, 8), (1, 1), (16, 9), (7, 13), (33, 5), (64, 48))

Pick = Callable[[int], JSON]


def numbers(place: Place, *, cheap: bool) -> Pick:
    """Numbers of a place: special ones, then all between the bounds; the cheap ones mostly small."""
    schema, whole = place.schema, place.kind == "integer"
    least, most = _ends(schema, whole)
    costly = cheap and place.path[-1] in _CHEAP
    if costly:
        most = _CHEAP[str(place.path[-1])]
    bounds = [schema[name] for name in ("minimum", "maximum") if name in schema and schema[name] <= most]
    special = list(dict.fromkeys([plain(place), *[None] * ("null" in types_of(schema)), *reversed(bounds)]))
    power = 3 if costly else 1

    def pick(number: int) -> JSON:
        if number < len(special):
            return special[number]
        if number % _SPECIAL == 0:
            return special[number // _SPECIAL % len(special)]
        share, of = (number + 1) ** power, (PICKS + 1) ** power
        if whole:
            return least + (most - least) * share // of
        return _neat(least + (most - least) * (share / of), least, most, number % 3)

    return pick


def _ends(schema: JSON, whole: bool) -> tuple[JSON, JSON]:
    """The least and the most of a number; of a number that isn't whole, ends may be excluded."""
    least = schema.get("minimum", schema.get("exclusiveMinimum", -_FAR))
    most = schema.get("maximum", schema.get("exclusiveMaximum", max(least, 0) + _FAR))
    if whole:
        least += "minimum" not in schema and "exclusiveMinimum" in schema
        most -= "maximum" not in schema and "exclusiveMaximum" in schema
    return least, most


def choices(place: Place) -> tuple[JSON, ...]:
    """The words of a list, the plain one first."""
    schema = place.schema
    listed = schema["enum"] if "enum" in schema else [schema["const"]]
    first = plain(place)
    return (first, *(each for each in listed if each != first))


def texts(place: Place) -> tuple[str, ...]:
    """Texts of a place, the plain one first."""
    least, most = place.schema.get("minLength", 0), place.schema.get("maxLength", _LONG_NAME)
    every = words.fitting(place.path) or (plain(place), *words.TEXTS)
    return tuple(text for text in every if least <= len(text) <= most)


@cache
def picture_names() -> tuple[str, ...]:
    """Names of small pictures of every format and mode, the plain one first."""
    names = [
        name_of(kind, mode, *sides) for sides in _SIDES for kind, modes in MODES.items() for mode in modes
    ]
    names += [name_of(kind, "RGB", 12, 7, orientation=turn) for kind in MODES for turn in range(1, 9)]
    names += [name_of("png", "RGB", 8, 8, look=look) for look in range(1, 4)]
    assert names[0] == words.PICTURE
    return tuple(names)


def _neat(value: float, least: float, most: float, digits: int) -> float:
    """The value, or as people type it, with one or two digits, where that is still between the bounds."""
    rounded = round(value, digits) if digits else value
    return rounded if least < rounded < most else value
