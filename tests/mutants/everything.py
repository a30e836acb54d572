"""The catalogue: all mutations, a sample of them, and which belong together."""

from collections import defaultdict
from functools import cache
from hashlib import sha256
from itertools import zip_longest

from mutants import (
    asking,
    balance,
    bodies,
    codes,
    deliveries,
    detection,
    ends,
    events,
    keys,
    life,
    links,
    older,
    older_parameters,
    paintings,
    parameters,
    paths,
    readings,
    refusals,
    seeds,
    strangers,
    wires,
)  # fmt: skip
from mutants.mutation import KINDS, Mutation

_SOURCES = (
    asking, bodies, parameters, seeds, detection, older_parameters, refusals, codes, life, ends, older, keys,
    strangers,
    paths, links, paintings, deliveries, events, balance, wires, readings,
)  # fmt: skip


@cache
def catalogue() -> tuple[Mutation, ...]:
    """All of them; each id once."""
    return tuple(mutation for source in _SOURCES for mutation in source.mutations())


def sample(count: int) -> list[Mutation]:
    """So many of them, the same in every run: each kind in its turn, and of it each operation in its turn."""
    kinds: dict[str, dict[str, list[Mutation]]] = defaultdict(lambda: defaultdict(list))
    for mutation in sorted(catalogue(), key=lambda mutation: sha256(mutation.id.encode()).digest()):
        kinds[mutation.kind][mutation.operation].append(mutation)
    in_turn = [_in_turn([kinds[kind][name] for name in sorted(kinds[kind])]) for kind in KINDS]
    return _in_turn(in_turn)[:count]


def _in_turn(groups: list[list[Mutation]]) -> list[Mutation]:
    """The first of each group, then the second of each, and so on."""
    return [each for row in zip_longest(*groups) for each in row if each is not None]
