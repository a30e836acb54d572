"""The edges of lists of words, of bounds of numbers, of lengths and counts, and of addresses."""

import math
from collections.abc import Iterator

from novita_contract import words
from novita_contract.bases import item_of, plain
from novita_contract.edge import Edge, edge, in_capitals
from novita_contract.keywords import Place
from novita_mock.types import JSON

#: One sign of 4 bytes in UTF-8 and of 2 units in UTF-16; and a letter of 2 code points.
ASTRAL, COMBINED = "\N{GRINNING FACE}", "e\N{COMBINING ACUTE ACCENT}"
#: How far a number is outside that any client could have typed.
_STEP = 0.1

Edges = Iterator[Edge]


def choices_inside(place: Place, keyword: str) -> Edges:
    """Each word of the list."""
    for value in _choices(place, keyword):
        yield edge("NULL" if value is None else in_capitals(str(value)), value)


def choices_outside(place: Place, keyword: str) -> Edges:
    """Words like the first of the list, and numbers beside it."""
    choices = _choices(place, keyword)
    known = [value for value in choices if isinstance(value, str)]
    if not known:
        numbers = [value for value in choices if value is not None]
        yield from (edge("ABOVE", max(numbers) + 1), edge("BELOW", min(numbers) - 1))
        return
    first = known[0]
    near = {"NEAR-MISS": first[:-1], "LONGER": first + "x", "TRAILING-SPACE": first + " "}
    if known != ["true", "false"]:  # True is a habit, and TRUE too near to it
        near["OTHER-CASE"] = first.swapcase()
    if "minLength" not in place.schema:
        near["EMPTY"] = ""
    near |= {in_capitals(word): word for word in words.mistaken(place.path)}
    yield from (edge(what, word) for what, word in near.items() if word not in known)


def bound_inside(place: Place, keyword: str) -> Edges:
    """The bound itself, or where it is excluded what comes next."""
    bound, inwards = place.schema[keyword], -1 if "axi" in keyword else 1
    if not keyword.startswith("exclusive"):
        yield edge("", bound)
        if place.kind == "number":
            yield edge("AS-FLOAT", float(bound))
    elif place.kind == "integer":
        yield edge("", bound + inwards)
    else:
        yield edge("", round(bound + inwards * _STEP, 6))
        yield edge("NEAREST", math.nextafter(bound, inwards * math.inf))


def bound_outside(place: Place, keyword: str) -> Edges:
    """A step beyond the bound; of numbers the least step there is, too."""
    bound, outwards = place.schema[keyword], 1 if "axi" in keyword else -1
    word = "ABOVE" if outwards > 0 else "BELOW"
    if keyword.startswith("exclusive"):
        yield edge("ITSELF", bound)
    if place.kind == "integer":
        yield edge(word, bound + outwards)
    else:
        yield edge(word, round(bound + outwards * _STEP, 6))
        if not keyword.startswith("exclusive"):
            yield edge(f"{word}-NEAREST", math.nextafter(bound, outwards * math.inf))


def length_inside(place: Place, keyword: str) -> Edges:
    """Texts of just the length, counted in code points."""
    if "enum" in place.schema or "x-format" in place.schema or words.is_meant(place.path):
        yield edge("", plain(place))
        return
    length = place.schema[keyword]
    for what, signs in (("", "x"), ("ASTRAL", ASTRAL), ("COMBINED", COMBINED)):
        if length >= len(signs):
            yield edge(what, (signs * length)[:length])


def length_outside(place: Place, keyword: str) -> Edges:
    """Texts that are one code point too short, or too long."""
    length = place.schema[keyword]
    if keyword == "maxLength":
        yield from (edge("LONGER", "x" * (length + 1)), edge("LONGER-ASTRAL", ASTRAL * (length + 1)))
    elif length:
        yield edge("EMPTY" if length == 1 else "SHORTER", "x" * (length - 1))


def count_inside(place: Place, keyword: str) -> Edges:
    """Just as many items."""
    yield edge("", [plain(item_of(place))] * place.schema[keyword])


def count_outside(place: Place, keyword: str) -> Edges:
    """One item too many, or too few."""
    count = place.schema[keyword]
    if keyword == "maxItems":
        yield edge("ONE-MORE", [plain(item_of(place))] * (count + 1))
    elif count:
        yield edge("ONE-LESS", [plain(item_of(place))] * (count - 1))


def address_inside(place: Place, keyword: str) -> Edges:
    """Addresses of both schemes, with all that an address may have."""
    scheme, rest = words.URL.split(":", 1)
    yield edge("", f"{scheme}:{rest}")
    yield edge("HTTP", f"http:{rest}")
    yield edge("PORT-AND-QUERY", f"{words.URL.replace('/event', ':8443/a/b')}?task=1&kind=event")


def address_outside(place: Place, keyword: str) -> Edges:
    """What is no address, or leads to another kind of place."""
    rest = words.URL.partition("://")[2]
    yield edge("FTP", f"ftp://{rest}")
    yield edge("NO-SCHEME", rest)
    yield edge("NO-HOST", "https://")
    yield edge("RELATIVE", "/" + rest.partition("/")[2])
    yield edge("NO-ADDRESS", "not an address")


def _choices(place: Place, keyword: str) -> list[JSON]:
    return list(place.schema[keyword]) if keyword == "enum" else [place.schema[keyword]]
