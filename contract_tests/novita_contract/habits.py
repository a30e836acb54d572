"""The shapes that real clients send, where the pages say something else: reported, never failed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from novita_contract.bases import at, base, put, with_place
from novita_contract.keywords import Path, schema_of
from novita_contract.manners import OF_QUERIES, Manner, manners
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.types import JSON


@dataclass(frozen=True, slots=True)
class Habit:
    """A request that is valid but for what some clients do.

    Attributes:
        id: stable: ``I2I-REQUEST.LORAS-NULL-OPTIONAL``.
        quirk: the quirk that says how it is taken; of a whole client's request, the first of them.
        pointer: the place that it is about, or empty where it is many.
        title: what the client does, as a sentence.
        body: the request.
        quirks: every quirk that it needs to pass.
    """

    id: str
    quirk: str
    pointer: str
    title: str
    body: JSON
    quirks: tuple[str, ...]


def habits(catalogue: Catalogue, operation: Operation) -> tuple[Habit, ...]:
    """Every habit that a request of an operation can show: one by one, then those of whole clients."""
    found = possible(schema_of(catalogue, operation), operation)
    plain = base(operation, catalogue)
    return (*(_single(operation, plain, manner) for manner in found), *_clients(catalogue, operation, found))


def possible(schema: JSON, operation: Operation) -> list[Manner]:
    """What clients may do with the places of a request; of a query, what can be done there."""
    return [manner for manner in manners(schema) if operation.request or manner.quirk in OF_QUERIES]


def spelled(body: JSON, manner: Manner) -> JSON:
    """The body in a client's manner; as it was where that can't be done with what it holds."""
    path = manner.place.path
    # of a field, what holds it; of an item or the whole body, itself
    holder = _found(body, path[:-1] if path and isinstance(path[-1], str) else path)
    value = _found(body, path)
    if not isinstance(holder, dict) or not manner.fits(value):
        return body
    return put(body, path, manner.spell(value))


def _found(body: JSON, path: Path) -> JSON:
    try:
        return at(body, path)
    except (LookupError, TypeError):
        return None


def _single(operation: Operation, plain: JSON, manner: Manner) -> Habit:
    place = manner.place
    where = place.field.upper() or ("BODY" if operation.request else "QUERY")
    word = [manner.word.upper()] if manner.word else []
    return Habit(
        id="-".join([operation.id_prefix, where, manner.quirk.upper(), *word]),
        quirk=manner.quirk,
        pointer=place.pointer,
        title=f"A client {manner.title}",
        body=spelled(with_place(plain, place), manner),
        quirks=(manner.quirk,),
    )


def _clients(catalogue: Catalogue, operation: Operation, found: list[Manner]) -> Iterator[Habit]:
    """Whole requests as the official SDKs make them, as far as the schema knows what that is (facts 1.4)."""
    plain = base(operation, catalogue)
    if "extra" in catalogue.bundle(operation.request or operation.query)["properties"]:
        plain = plain | {"extra": {}}
    for name, title, does in _CLIENTS if operation.request else ():
        body, quirks = plain, []
        for manner in filter(does, found):
            changed = spelled(body, manner)
            quirks += [manner.quirk] if changed is not body else []
            body = changed
        if quirks:
            names = tuple(dict.fromkeys(quirks))
            yield Habit(f"{operation.id_prefix}-{name}", names[0], "", title, body, names)


def _python(manner: Manner) -> bool:
    path = manner.place.path
    if manner.quirk == "unknown-field":
        return path == ("request",)
    return len(path) == 2 and manner.quirk in (
        {"null-optional", "steps-null"} if path[0] == "request" else {"empty-object"}
    )


#: A client, what it does, and which manners those are.
_CLIENTS: tuple[tuple[str, str, Callable[[Manner], bool]], ...] = (
    ("PYTHON-SDK", "The Python SDK sends null or {} for all that it does not set", _python),
    (
        "JAVASCRIPT-SDK",
        "The JavaScript SDK's example sends a number as text",
        lambda manner: manner.quirk == "numeric-string",
    ),
    (
        "GO-SDK",
        "The Go SDK sends empty texts for what it does not set",
        lambda manner: manner.quirk == "empty-string",
    ),
)
