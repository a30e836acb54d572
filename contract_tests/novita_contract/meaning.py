"""What it means to break a keyword in a place: the claim behind it, and how the breach is called."""

from novita_contract.keywords import Place
from novita_mock.catalogue import Catalogue
from novita_mock.types import JSON

#: Faults that a picture's own keywords mean, whatever the schema says of its string.
_OF_PICTURES = {
    "contentEncoding": "image-format",
    "x-image": "image-format",
    "x-image.max_bytes": "image-file-size",
    "x-image.max_side": "image-resolution",
    "x-image.max_pixels": "image-resolution",
}
#: Keywords whose breach is always of the request's shape.
_OF_SHAPE = frozenset({"type", "required", "additionalProperties", "x-format"})
#: Keywords that a quirk puts into a schema where it has none, and the quirk.
_FROM_QUIRKS = {
    "additionalProperties": "unknown-field",
    "required": "empty-object",
    "minLength": "empty-string",
}


def fault_of(place: Place, keyword: str) -> str:
    """The row of ``errors.json`` that a breach of this keyword means here."""
    if keyword in _OF_SHAPE:
        return "invalid-request"
    if keyword in _OF_PICTURES:
        return _OF_PICTURES[keyword]
    named = place.schema.get("x-fault", "invalid-request")
    return str(named.get(keyword, "invalid-request") if isinstance(named, dict) else named)


def claim_of(catalogue: Catalogue, place: Place, keyword: str) -> str:
    """The claim that stands behind a keyword in a place: an id, or ``assumed: ...``, or ``observed: ...``.

    ``required`` is the field's, and written at the object that requires it.

    Raises:
        KeyError: the schema doesn't say.
    """
    holder = place.ancestors[-1] if keyword == "required" else place.schema
    named = holder.get("x-source", {})
    if isinstance(named, dict):
        named = named.get(keyword)
    if isinstance(named, dict):
        named = named.get(place.path[-1])
    return str(named) if named else _unwritten(catalogue, keyword, place)


def _unwritten(catalogue: Catalogue, keyword: str, place: Place) -> str:
    if keyword == "x-image":
        source: JSON = catalogue.errors[_OF_PICTURES[keyword]]["source"]
        return str(source)
    quirk = _FROM_QUIRKS.get(keyword, "")
    if catalogue.quirks.get(quirk) == "refused":
        return f"assumed: the quirk {quirk} is read as refused"
    raise KeyError(f"{place.pointer}: {keyword} names no source")
