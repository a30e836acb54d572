"""The edges of what a query may hold: a query carries text, and no value is of another type by itself."""

from novita_contract import edges
from novita_contract.bases import Gone
from novita_contract.edge import Edge, edge
from novita_contract.keywords import Place
from novita_mock.catalogue import Catalogue
from novita_mock.types import JSON


def inside(place: Place, keyword: str) -> list[Edge]:
    """Texts that just fit a keyword; a query is always an object, so that is not tried."""
    if not place.path and keyword == "type":
        return []
    return [_as_text(each) for each in edges.inside(place, keyword)]


def outside(catalogue: Catalogue, place: Place, keyword: str) -> list[Edge]:
    """Texts that break a keyword and nothing else; of the type, where a number is asked for."""
    if keyword != "type":
        return [_as_text(each) for each in edges.outside(catalogue, place, keyword)]
    numeric = place.kind in ("integer", "number")
    return [edge("TEXT", "x"), edge("FRACTION", "1.5")] if numeric else []


def _as_text(each: Edge) -> Edge:
    value = each.make()
    if isinstance(value, dict):
        texts: JSON = {name: str(inner) for name, inner in value.items()}
        return edge(each.what, texts)
    return each if isinstance(value, Gone | str) else edge(each.what, str(value))
