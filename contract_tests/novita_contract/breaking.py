"""Requests that are broken in exactly one named way."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hypothesis.strategies import SearchStrategy

from novita_contract import dice
from novita_contract.bases import at, put, root_of, with_place
from novita_contract.breaches import Breaker, breakers
from novita_contract.dice import Draw, drawn, one_of
from novita_contract.judging import Judge, broken_only
from novita_contract.keywords import Path, Place, asserted, places, pointer_of
from novita_contract.meaning import claim_of, fault_of
from novita_contract.strategies import maker_of
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.types import JSON


class NotBroken(Exception):
    """A request that was to be broken in one way is not, or in others too: the generator is at fault."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A request that would be valid but for one thing.

    Attributes:
        body: the request.
        pointer: where it is broken; of a field that is left out, where it would be.
        keyword: what it breaks there; of a picture's bounds ``x-image.max_side`` and the like.
        how: in a word or two: ``above-nearest``, ``wrapped-in-array``.
        fault: the row of ``errors.json`` that a refusal has to tell.
        claim: what says so: the id of a claim, or ``assumed: ...`` or ``observed: ...``.
        fields: the fields that the refusal has to name, dotted; none where it is the whole body.
    """

    body: JSON
    pointer: str
    keyword: str
    how: str
    fault: str
    claim: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A keyword in a place, and the ways to break it there."""

    place: Place
    keyword: str
    ways: list[Breaker] = field(repr=False)
    fault: str
    claim: str


def broken(catalogue: Catalogue, operation: Operation) -> SearchStrategy[Broken]:
    """What ``broken_maker`` makes, for Hypothesis."""
    return drawn(broken_maker(catalogue, operation))


def broken_maker(catalogue: Catalogue, operation: Operation) -> Callable[[Draw], Broken]:
    """Makes valid requests of an operation with one thing wrong, in every place and light way.

    What is drawn is judged before it is handed out.

    Raises:
        UnsupportedKeyword: the schema says something that can't be drawn.
    """
    root = root_of(catalogue, operation)
    maker, judge = maker_of(root, cheap=True, effects=False), Judge(root.schema)
    which = one_of(targets(catalogue, root))

    def make(draw: Draw) -> Broken:
        target = draw(which)
        return made_broken(draw, target, maker(draw), judge)

    return make


def targets(catalogue: Catalogue, root: Place) -> list[Target]:
    """Everything that can be broken in a request, but for what only a habit or megabytes would break."""
    return [
        Target(place, keyword, ways, fault_of(place, keyword), claim_of(catalogue, place, keyword))
        for place in places(root.schema)
        for keyword in asserted(place)
        if (ways := breakers(catalogue, place, keyword))
    ]


def made_broken(draw: Draw, target: Target, body: JSON, judge: Judge) -> Broken:
    """A valid request with a target of it broken in a drawn way.

    Raises:
        NotBroken: it is not broken then, or elsewhere too.
    """
    body, path = _made_room(draw, body, target.place)
    way = target.ways[draw(dice.number(0, len(target.ways) - 1))]
    how, value = way(draw, at(body, path))
    changed, pointer = put(body, path, value), pointer_of(path)
    found = judge.violations(changed)
    if not broken_only(found, pointer, target.keyword):
        raise NotBroken(f"{pointer} {target.keyword} {how}: {found}")
    # the whole body has no name, and of what follows from the breach the field is the same
    fields = tuple(dict.fromkeys(each.field for each in found if each.field))
    return Broken(changed, pointer, target.keyword, how, target.fault, target.claim, fields)


def _made_room(draw: Draw, body: JSON, place: Place) -> tuple[JSON, Path]:
    """The body with something in a place, and where that is: in an array, in any one of its items."""
    body, path = with_place(body, place), place.path
    for length, step in enumerate(place.path):
        if isinstance(step, int):
            count = len(at(body, path[:length]))
            number = draw(dice.number(0, count - 1)) if count > 1 else 0
            path = (*path[:length], number, *path[length + 1 :])
    return with_place(body, replace(place, path=path)), path
