"""What real clients send in place of the documented value, and the quirk by which it passes."""

import math

from novita_contract.bases import Gone
from novita_contract.keywords import Place
from novita_mock.catalogue import Catalogue
from novita_mock.types import JSON


def forgiven(catalogue: Catalogue, place: Place, value: JSON | Gone) -> str:
    """The quirk by which a value that its schema refuses passes in a place, or nothing.

    Such a value proves no rule: how a target takes it is a habit to report. Where the quirk is read as
    ``refused``, the value is as wrong as any other.
    """
    quirk = _quirk_of(place, value)
    return quirk if quirk and catalogue.quirks[quirk] != "refused" else ""


def _quirk_of(place: Place, value: JSON | Gone) -> str:
    schema = place.schema
    if isinstance(value, Gone):
        return "empty-object" if _leaves_nothing(place) else ""
    if value is None:
        of_field = place.optional and isinstance(place.path[-1], str)
        return "steps-null" if "x-null-default" in schema else "null-optional" if of_field else ""
    if schema.get("x-empty-absent") and value in ("", {}):
        return "empty-string" if value == "" else "empty-object"
    if place.kind in ("integer", "number") and isinstance(value, str):
        return "numeric-string" if _is_numeric(value) else ""
    if place.kind == "integer" and isinstance(value, float):
        return "integral-float" if value.is_integer() else ""
    return "boolean-text" if schema.get("enum") == ["true", "false"] and value in ("True", "False") else ""


def _leaves_nothing(place: Place) -> bool:
    """Whether what holds the field is empty without it, and empty is as good as absent there."""
    holder = place.ancestors[-1]
    return bool(holder.get("x-empty-absent")) and holder.get("required") == [place.path[-1]]


def _is_numeric(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
