"""Ways to break one keyword in one place, as values that are drawn; each breaks nothing else.

None is a value that real clients send and a quirk forgives.
"""

import base64
from collections.abc import Callable, Iterator
from itertools import cycle, islice

from novita_contract import edges, words
from novita_contract.bases import Gone, item_of, picture, plain
from novita_contract.dice import Draw, number, one_of, text
from novita_contract.edge import Edge
from novita_contract.keywords import Place, types_of
from novita_contract.pictures import made
from novita_contract.spread import picture_names
from novita_contract.value_edges import ASTRAL, COMBINED
from novita_mock.catalogue import Catalogue
from novita_mock.types import JSON

#: What is drawn: how it is broken, and what stands in the place then.
Breach = tuple[str, JSON | Gone]
#: Draws a breach, given what stands in the place now.
Breaker = Callable[[Draw, JSON], Breach]
Ways = Callable[[Place, str], Iterator[Breaker]]

_LARGEST_WITH_FRACTION = 2**50
#: What base64 doesn't know, nor any of its kin.
_NO_BASE64 = "*!%\u00e9"
_SCHEMES = ("ftp", "ws", "file", "httpx", "javascript", "mailto")
_NAMES = ("undocumented_field", "Extra", "imageBase64", "__proto__", "\u043a\u043b\u044e\u0447")

_FAR, _FEW = number(0, 10**6), number(0, 7)
_SIGNS = one_of(("x", ASTRAL, COMBINED, " ", "\n"))
_TEXTS = text(0, 8)
_STRAY_NAMES = one_of(_NAMES)


def breakers(catalogue: Catalogue, place: Place, keyword: str) -> list[Breaker]:
    """Ways to break a keyword in a place: the values at its edge, and those beyond it.

    Of a picture what would be megabytes is left out: the probes have it.
    """
    at_edge = [each for each in edges.outside(catalogue, place, keyword) if not each.heavy]
    if "x-image" in place.schema and keyword not in ("type", "required"):
        beyond = _OF_PICTURES.get(keyword, _nothing)
    else:
        beyond = _BEYOND.get(keyword, _nothing)
    return [*map(_of_edge, at_edge), *beyond(place, keyword)]


def _of_edge(each: Edge) -> Breaker:
    return lambda draw, now: (each.what.lower(), each.make())


def _nothing(place: Place, keyword: str) -> Iterator[Breaker]:
    yield from ()


def _other_types(place: Place, keyword: str) -> Iterator[Breaker]:
    allowed = types_of(place.schema)
    if "array" not in allowed:
        yield lambda draw, now: ("wrapped-in-array", [now])
    if "object" not in allowed and place.path:
        yield lambda draw, now: ("wrapped-in-object", {"value": now})
    if "string" not in allowed and place.path:
        yield lambda draw, now: ("text", f"text {draw(_TEXTS)}")
    if not {"integer", "number"} & set(allowed):
        yield lambda draw, now: ("number", draw(_FAR))
    if "integer" in allowed and "enum" not in place.schema:
        yield lambda draw, now: ("fraction", _fraction(place, now))


def _fraction(place: Place, now: JSON) -> float:
    """A number beside the one that is there, between the same bounds; beside a huge one there is none."""
    whole = plain(place) if now is None or abs(now) > _LARGEST_WITH_FRACTION else now
    return float(whole + (-0.5 if whole == place.schema.get("maximum") else 0.5))


def _other_words(place: Place, keyword: str) -> Iterator[Breaker]:
    listed = place.schema["enum"] if keyword == "enum" else [place.schema["const"]]
    known = [word for word in listed if isinstance(word, str)]
    numbers = [number for number in listed if isinstance(number, int)]
    if numbers:
        yield lambda draw, now: ("far-above", max(numbers) + 2 + draw(_FAR))
        yield lambda draw, now: ("far-below", min(numbers) - 2 - draw(_FAR))
        return
    which, where = one_of(known), number(0, max(map(len, known)) - 1)

    def misspelled(draw: Draw, now: JSON) -> Breach:
        word = draw(which)
        at = draw(where) % len(word)
        shorter = word[:at] + word[at + 1 :]
        return ("misspelled", shorter if shorter and shorter not in known else f"{word[:at]}_{word[at:]}")

    yield misspelled
    yield lambda draw, now: ("doubled", draw(which) * 2)
    yield lambda draw, now: ("unknown-word", f"x{draw(_TEXTS)}")


def _beyond_bound(place: Place, keyword: str) -> Iterator[Breaker]:
    bound, outwards = place.schema[keyword], 1 if "axi" in keyword else -1
    if place.kind == "integer":
        yield lambda draw, now: ("beyond", bound + outwards * (1 + draw(_FAR)))
    else:
        yield lambda draw, now: ("beyond", round(bound + outwards * (1 + draw(_FAR)) / 100, 6))
        yield lambda draw, now: ("far-beyond", bound + outwards * 10.0 ** (9 + draw(_FEW)))


def _too_long(place: Place, keyword: str) -> Iterator[Breaker]:
    most = place.schema[keyword]

    def make(draw: Draw, now: JSON) -> Breach:
        length, signs = most + 1 + draw(_FEW), draw(_SIGNS)
        return "longer", (signs * length)[:length]

    yield make


def _too_many(place: Place, keyword: str) -> Iterator[Breaker]:
    most = place.schema[keyword]

    def make(draw: Draw, now: JSON) -> Breach:
        return "more", list(islice(cycle(now or [plain(item_of(place))]), most + 1 + draw(_FEW)))

    yield make


def _strays(place: Place, keyword: str) -> Iterator[Breaker]:
    yield lambda draw, now: ("stray", now | {draw(_STRAY_NAMES): draw(_FEW)})


def _other_addresses(place: Place, keyword: str) -> Iterator[Breaker]:
    scheme, rest = one_of(_SCHEMES), words.URL.partition("://")[2]
    yield lambda draw, now: ("other-scheme", f"{draw(scheme)}://{rest}")
    yield lambda draw, now: ("spaced", f"{now} {draw(_FEW)}")


def _no_base64(place: Place, keyword: str) -> Iterator[Breaker]:
    sign, where = one_of(_NO_BASE64), number(0, 1 << 16)

    def make(draw: Draw, now: JSON) -> Breach:
        at = draw(where) % len(now)
        return "one-sign", f"{now[:at]}{draw(sign)}{now[at + 1 :]}"

    yield make


def _no_pictures(place: Place, keyword: str) -> Iterator[Breaker]:
    names, most = one_of(picture_names()), number(1, 20)
    yield lambda draw, now: ("cut-in-header", _base64(made(draw(names))[: draw(most)]))
    yield lambda draw, now: ("some-bytes", _base64(f"x{draw(_TEXTS)}".encode()))


def _too_wide(place: Place, keyword: str) -> Iterator[Breaker]:
    side = place.schema["x-image"]["max_side"] + 1
    yield lambda draw, now: ("wider", picture(f"png:1:{side + draw(_FEW)}x2"))
    yield lambda draw, now: ("higher", picture(f"png:1:2x{side + draw(_FEW)}"))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


_BEYOND: dict[str, Ways] = {
    "type": _other_types,
    "enum": _other_words,
    "const": _other_words,
    "minimum": _beyond_bound,
    "maximum": _beyond_bound,
    "exclusiveMinimum": _beyond_bound,
    "exclusiveMaximum": _beyond_bound,
    "maxLength": _too_long,
    "maxItems": _too_many,
    "additionalProperties": _strays,
    "x-format": _other_addresses,
}
_OF_PICTURES: dict[str, Ways] = {
    "contentEncoding": _no_base64,
    "x-image": _no_pictures,
    "x-image.max_side": _too_wide,
}
