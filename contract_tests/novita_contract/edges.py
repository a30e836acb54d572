"""The edges of what a schema allows: values that just fit a keyword, and values that break it alone."""

from collections.abc import Callable, Iterator

from novita_contract import picture_edges, type_edges, value_edges
from novita_contract.bases import GONE, plain
from novita_contract.edge import Edge, edge
from novita_contract.keywords import Place
from novita_contract.leniency import forgiven
from novita_mock.catalogue import Catalogue

#: A field that no page knows.
STRAY = "undocumented_field"

Maker = Callable[[Place, str], Iterator[Edge]]


def inside(place: Place, keyword: str) -> list[Edge]:
    """Values that just fit a keyword, the plainest first."""
    return list(_makers(place, keyword)[0](place, keyword))


def outside(catalogue: Catalogue, place: Place, keyword: str) -> list[Edge]:
    """Values that break a keyword and nothing else.

    None of them is one that real clients send in place of the documented value and a quirk forgives.
    """
    makers = _makers(place, keyword)
    edges = list(makers[1](place, keyword))
    if makers == _OF_PICTURES:
        return edges
    return [each for each in edges if not forgiven(catalogue, place, each.make())]


def _makers(place: Place, keyword: str) -> tuple[Maker, Maker]:
    of_value = keyword not in ("type", "required")
    return _OF_PICTURES if of_value and "x-image" in place.schema else _EDGES[keyword]


def _present(place: Place, keyword: str) -> Iterator[Edge]:
    yield edge("", plain(place))


def _left_out(place: Place, keyword: str) -> Iterator[Edge]:
    yield edge("LEFT-OUT", GONE)


def _with_stray(place: Place, keyword: str) -> Iterator[Edge]:
    yield edge("STRAY", plain(place) | {STRAY: 1})


_OF_PICTURES: tuple[Maker, Maker] = (picture_edges.inside, picture_edges.outside)
_CHOICES: tuple[Maker, Maker] = (value_edges.choices_inside, value_edges.choices_outside)
_BOUNDS: tuple[Maker, Maker] = (value_edges.bound_inside, value_edges.bound_outside)
_LENGTHS: tuple[Maker, Maker] = (value_edges.length_inside, value_edges.length_outside)
_COUNTS: tuple[Maker, Maker] = (value_edges.count_inside, value_edges.count_outside)
_EDGES: dict[str, tuple[Maker, Maker]] = {
    "type": (lambda place, _: type_edges.inside(place), lambda place, _: type_edges.outside(place)),
    "required": (_present, _left_out),
    "additionalProperties": (_present, _with_stray),
    "enum": _CHOICES,
    "const": _CHOICES,
    "minimum": _BOUNDS,
    "maximum": _BOUNDS,
    "exclusiveMinimum": _BOUNDS,
    "exclusiveMaximum": _BOUNDS,
    "minLength": _LENGTHS,
    "maxLength": _LENGTHS,
    "minItems": _COUNTS,
    "maxItems": _COUNTS,
    "x-format": (value_edges.address_inside, value_edges.address_outside),
}
