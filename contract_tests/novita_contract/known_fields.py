"""Which fields the contract has: of each body and query, the places of its fields, from the schemas."""

from collections.abc import Iterator
from functools import cache

from novita_contract.page_fields import Place
from novita_mock import catalogue
from novita_mock.catalogue import Catalogue
from novita_mock.types import JSON


@cache
def known_fields() -> dict[str, tuple[Place, ...]]:
    """By the path of a schema in ``schemas/``, the places of all fields of that body or query.

    A place is the names around a field and its own; lists add nothing to it.
    A field that a quirk's alternative brings is known too.
    """
    found: dict[str, dict[Place, None]] = {path: {} for path in catalogue.schema_paths()}
    for contract in contracts().values():
        for path, places in found.items():
            places.update(dict.fromkeys(_places(contract.bundle(path))))
    return {path: tuple(places) for path, places in found.items() if not path.startswith("common/")}


@cache
def contracts() -> dict[str, Catalogue]:
    """The contract as it reads by default, under an empty name, and under each patch: by ``ID=VALUE``."""
    default = catalogue.load()
    patched = [
        (row["id"], other["value"])
        for row in default.quirk_rows
        for other in row["alternatives"]
        if other.get("patch")
    ]
    return {"": default} | {f"{name}={value}": catalogue.load({name: value}) for name, value in patched}


def _places(schema: JSON, around: Place = ()) -> Iterator[Place]:
    for name, inner in schema.get("properties", {}).items():
        yield (*around, name)
        yield from _places(inner, (*around, name))
    if "items" in schema:
        yield from _places(schema["items"], around)
    for option in schema.get("anyOf", ()):
        yield from _places(option, around)
