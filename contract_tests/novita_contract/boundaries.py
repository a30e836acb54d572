"""Probes: for every place and keyword of a request, values that must be accepted and values that must not."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from novita_contract import edges, query_edges
from novita_contract.bases import base, put, with_place
from novita_contract.edge import Edge
from novita_contract.exchange import named
from novita_contract.keywords import Place, asserted, dotted, places, schema_of
from novita_contract.meaning import claim_of, fault_of
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.types import JSON

_Inside = Callable[[Place, str], list[Edge]]
_Outside = Callable[[Catalogue, Place, str], list[Edge]]


@dataclass(frozen=True, slots=True)
class Probe:
    """A request that is valid, or broken in exactly one way, at the edge of one keyword.

    Attributes:
        id: stable: ``UPS-REQUEST.SCALE_FACTOR-MAXIMUM-ACCEPTED``.
        pointer: the place in the body; of a field that is left out, where it would be.
        keyword: as the schema spells it; of a picture's bounds ``x-image.max_side`` and the like.
        accepted: whether it must be accepted.
        value_told: what stands in the place, for a person to read.
        claim: what says so: the id of a claim, or ``assumed: ...`` or ``observed: ...``.
        fault: the row of ``errors.json`` that a refusal has to tell; empty where none may come.
        fields: the fields that the refusal has to name, dotted; none where it is the whole body.
        heavy: whether it is megabytes to send, or millions of pixels to make.
        make: makes the request.
        same_as: the id of an earlier probe with the very same request, or empty.
    """

    id: str
    pointer: str
    keyword: str
    accepted: bool
    value_told: str
    claim: str
    fault: str
    fields: tuple[str, ...]
    heavy: bool
    make: Callable[[], JSON] = field(repr=False, compare=False)
    same_as: str = ""

    @property
    def body(self) -> JSON:
        """The request, pictures by name (``PictureText``); of a query its parameters as text."""
        return self.make()


def probes(catalogue: Catalogue, operation: Operation) -> tuple[Probe, ...]:
    """Every probe of the body of an operation, in the order of its schema.

    Raises:
        UnsupportedKeyword: the schema says something that can't be tried.
    """
    return _each_once(_probes(catalogue, operation, edges.inside, edges.outside))


def query_probes(catalogue: Catalogue, operation: Operation) -> tuple[Probe, ...]:
    """Every probe of the query of an operation; where a task is asked for, it is ``words.KNOWN_TASK``.

    Raises:
        UnsupportedKeyword: the schema says something that can't be tried.
    """
    return _each_once(_probes(catalogue, operation, query_edges.inside, query_edges.outside))


def _probes(
    catalogue: Catalogue, operation: Operation, inside: _Inside, outside: _Outside
) -> Iterator[Probe]:
    plain = base(operation, catalogue)
    for place in places(schema_of(catalogue, operation)):
        company = with_place(plain, place)
        for keyword in asserted(place):
            for each in inside(place, keyword):
                yield _probe(catalogue, operation, place, keyword, company, each, accepted=True)
            for each in outside(catalogue, place, keyword):
                yield _probe(catalogue, operation, place, keyword, company, each, accepted=False)


def _probe(
    catalogue: Catalogue,
    operation: Operation,
    place: Place,
    keyword: str,
    company: JSON,
    each: Edge,
    *,
    accepted: bool,
) -> Probe:
    where = place.field.upper() or ("BODY" if operation.request else "QUERY")
    what = filter(None, ["ACCEPTED" if accepted else "", each.what])
    return Probe(
        id="-".join([operation.id_prefix, where, keyword.upper(), *what]),
        pointer=place.pointer,
        keyword=keyword,
        accepted=accepted,
        value_told=each.told,
        claim=claim_of(catalogue, place, keyword),
        fault="" if accepted else fault_of(place, keyword),
        fields=() if accepted else fields_of(place, keyword),
        heavy=each.heavy,
        make=lambda: put(company, place.path, each.make()),
    )


def fields_of(place: Place, keyword: str) -> tuple[str, ...]:
    """The fields that a refusal has to name where a keyword is broken in a place."""
    if keyword == "additionalProperties":
        return (dotted((*place.path, edges.STRAY)),)
    return (place.field,) if place.path else ()


def _each_once(found: Iterator[Probe]) -> tuple[Probe, ...]:
    """The probes, those that repeat a request of an earlier one marked so."""
    first: dict[str, str] = {}
    marked = []
    for probe in found:
        sent = f"{probe.pointer} {probe.value_told}" if probe.heavy else json.dumps(named(probe.body))
        same = first.setdefault(sent, probe.id)
        marked.append(probe if same == probe.id else replace(probe, same_as=same))
    return tuple(marked)
