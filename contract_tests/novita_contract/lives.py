"""What was seen of tasks on their way, over a whole run: what a moment's luck decides in a single case.

A case that polls a quick task may never see it at work, so no step of a case tells of it. What all
the polls of a run saw together is hardly a matter of luck any more, and is compared by law: a state
that one target never showed is no difference, one that only it knows is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from novita_contract.exchange import Exchange
from novita_contract.likeness import PROGRESSES, joined, shape
from novita_contract.task_words import PROCESSING, RANK, TERMINAL
from novita_mock.types import JSON

#: Polls of tasks at work that must all say nothing is done before we believe that it is never told.
ENOUGH = 6
MOVES, STAYS, UNSEEN = "moves", "stays at 0", "too few polls to say"


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one poll saw of a task.

    Attributes:
        operation: what made the task, as far as its case knows; else what was polled.
        state: in the words of V3.
        moved: whether some progress was told.
        shape: the types of the answer.
    """

    operation: str
    state: str
    moved: bool
    shape: JSON


@dataclass(slots=True)
class _Life:
    """What was seen of the tasks of one operation."""

    states: set[str] = field(default_factory=set)
    at_work: int = 0
    moved: bool = False
    under_way: JSON = None


class Lives:
    """Gathers sightings, operation by operation."""

    def __init__(self) -> None:
        self._lives: dict[str, _Life] = {}

    def add(self, sightings: Iterable[Sighting]) -> None:
        """What the polls of one case saw."""
        for sighting in sightings:
            life = self._lives.setdefault(sighting.operation, _Life())
            life.states.add(sighting.state)
            if sighting.state not in TERMINAL:
                life.under_way = _joined(life.under_way, sighting.shape)
            if sighting.state == PROCESSING:
                life.at_work += 1
                life.moved = life.moved or sighting.moved

    def told(self) -> JSON:
        """By operation: states, whether progress moves while a task is at work, the shape of such answers."""
        return {name: _told(life) for name, life in sorted(self._lives.items())}


def seen(poll: Exchange, operation: str, state: str) -> Sighting:
    """What a poll saw of a task in that state."""
    place = stand(poll.body)
    moved = any(place.get(name) not in (None, 0) for name in PROGRESSES)
    return Sighting(operation, state, moved, shape(poll.body))


def stand(body: JSON) -> Mapping[str, JSON]:
    """The part of an answer that says where the task stands."""
    place = body.get("task", body.get("data")) if isinstance(body, dict) else None
    return place if isinstance(place, dict) else {}


def _told(life: _Life) -> JSON:
    moves = MOVES if life.moved else STAYS if life.at_work >= ENOUGH else UNSEEN
    states = sorted(life.states, key=lambda state: (RANK[state], state))
    return {"states": states, "progress": moves, "under_way": life.under_way}


def _joined(one: JSON, other: JSON) -> JSON:
    return other if one is None else joined(one, other)
