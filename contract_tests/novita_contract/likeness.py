"""What of a reply is the same every time: numbers by their law, times by their order, texts as texts.

A value that may differ from run to run becomes a mark, ``<task 1>``, ``<time 2>``, ``<eta>``,
but only where it keeps the law of its kind: a progress of 130 stays 130, so that it is seen.
A text for people keeps its words behind its mark, ``<text> no such task``; only the mark is compared.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from novita_contract.references import References
from novita_mock.types import JSON

#: Begins every text for people.
TEXT = "<text>"
#: Stands for the state, the eta and the progress of a task that has not ended.
UNDER_WAY, ETA, PROGRESS = "<under way>", "<eta>", "<progress>"
#: Stands for a seed that nobody asked for, as a text or as a number.
DRAWN_SEED, DRAWN_SEED_NUMBER = "<drawn seed>", "<drawn seed, a number>"
#: Stands for what a detection is sure of, whatever the figure.
CONFIDENCE = "<confidence>"

_TIME = re.compile(r"(^|_)(time|date|timestamp)(_m?s)?$|_at(_m?s)?$")
_FOR_PEOPLE = frozenset({"message", "msg", "failed_reason", "warn", "request_info", "info"})
#: Fields whose number is told by its law while a task is under way; of a progress, what all is.
ETAS = ("eta", "eta_relative")
PROGRESSES = {"progress_percent": 100, "progress": 1}
#: Seconds, and milliseconds, of the years from 2001: smaller numbers are durations.
_LEAST_EPOCH, _PAST_EPOCH = 10**9, 10**15
_PATH = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Sight:
    """How a body is looked at.

    Attributes:
        names: of what this case has seen.
        key: who asked.
        seeds: what was asked for as a seed, as texts.
        under_way: whether the body tells of a task that has not ended.
        models: whether the body lists models, which differ from account to account.
    """

    names: References
    key: str = ""
    seeds: frozenset[str] = frozenset()
    under_way: bool = False
    models: bool = False


def likeness(body: JSON, sight: Sight) -> JSON:
    """A body by what is the same in every run."""
    return _like(body, (), sight, _ranks(body))


def shape(value: JSON) -> JSON:
    """A value by its types: of a list, the one shape that all its items share as far as they do."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        merged: JSON = None
        for place, item in enumerate(value):
            merged = shape(item) if place == 0 else joined(merged, shape(item))
        return [merged] if value else []
    return _type(value)


def joined(one: JSON, other: JSON) -> JSON:
    """One shape for two; types that differ are both named."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = [*one, *(name for name in other if name not in one)]
        return {
            name: joined(one[name], other[name])
            if name in one and name in other
            else one.get(name, other.get(name))
            for name in names
        }
    if isinstance(one, list) and isinstance(other, list):
        return [joined(one[0], other[0])] if one and other else one or other
    if one == other:
        return one
    words = {word for each in (one, other) for word in _words(each)}
    return " or ".join(sorted(words))


def _like(value: JSON, path: _PATH, sight: Sight, ranks: dict[_PATH, int]) -> JSON:
    if isinstance(value, dict):
        return {name: _like(item, (*path, name), sight, ranks) for name, item in value.items()}
    if isinstance(value, list):
        if sight.models and path == ("models",):
            return shape(value)
        return [_like(item, (*path, place), sight, ranks) for place, item in enumerate(value)]
    if path in ranks:
        return f"<time {ranks[path]}>"
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
    parent = next((str(step) for step in reversed(path[:-1]) if isinstance(step, str)), "")
    for law in _LAWS:
        kept = law(value, name, parent, sight)
        if kept is not None:
            return kept
    return sight.names.text(value) if isinstance(value, str) else value


def _ids(value: JSON, name: str, parent: str, sight: Sight) -> JSON:
    if not isinstance(value, str) or not value:
        return None
    if name == "task_id":
        return sight.names.task(value)
    if name == "url" and parent == "webhook":
        return sight.names.hook(value) if value.startswith(("http://", "https://")) else None
    return sight.names.cursor(value) if name.endswith("cursor") else None


def _for_people(value: JSON, name: str, parent: str, sight: Sight) -> JSON:
    told = name in _FOR_PEOPLE or (name == "reason" and parent == "task") or parent == "metadata"
    return f"{TEXT} {sight.names.text(value)}" if told and isinstance(value, str) and value else None


def _seeds(value: JSON, name: str, parent: str, sight: Sight) -> JSON:
    if name != "seed" or parent != "extra" or str(value) in sight.seeds:
        return None
    if isinstance(value, str):
        return DRAWN_SEED if value.isdigit() else None
    return DRAWN_SEED_NUMBER if _is_number(value) else None


def _states(value: JSON, name: str, parent: str, sight: Sight) -> JSON:
    if not sight.under_way:
        return None
    if name == "status" and parent in ("task", "data"):
        return UNDER_WAY
    if name in ETAS and _is_number(value) and value >= 0:
        return ETA
    lawful = name in PROGRESSES and _is_number(value) and 0 <= value <= PROGRESSES[name]
    return PROGRESS if lawful else None


def _figures(value: JSON, name: str, parent: str, sight: Sight) -> JSON:
    if name == "confidence" and _is_number(value) and 0 <= value <= 100:
        return CONFIDENCE
    if "balance" in name and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return sight.names.balance(sight.key, value)
    return None


#: Each gives what is kept of a value, or None where it has nothing to say about it.
_LAWS: tuple[Callable[[JSON, str, str, Sight], JSON], ...] = (_for_people, _ids, _seeds, _states, _figures)


def _ranks(body: JSON) -> dict[_PATH, int]:
    """The place of every time among those of its kind that stand beside it; what is even keeps its order."""
    kinds: dict[tuple[_PATH, str], list[tuple[float, _PATH]]] = {}
    for path, value in _leaves(body, ()):
        if isinstance(path[-1], str) and _TIME.search(path[-1]) and (moment := _moment(value)) is not None:
            kinds.setdefault((path[:-1], type(value).__name__), []).append((moment, path))
    ranked = (sorted(times, key=lambda time: time[0]) for times in kinds.values())
    return {path: rank for times in ranked for rank, (_, path) in enumerate(times, 1)}


def _leaves(value: JSON, path: _PATH) -> Iterator[tuple[_PATH, JSON]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in inner:
        if isinstance(item, dict | list):
            yield from _leaves(item, (*path, step))
        else:
            yield (*path, step), item


def _moment(value: JSON) -> float | None:
    """A date and time, in whatever spelling, as a number; None of what is none."""
    if _is_number(value) or (isinstance(value, str) and value.isdecimal() and len(value) < 20):
        return float(value) if _LEAST_EPOCH <= float(str(value)) < _PAST_EPOCH else None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return None if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _type(value: JSON) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "whole number" if value.is_integer() else "number"
    if isinstance(value, int):
        return "whole number"
    return "text" if value else "empty text"


def _words(value: JSON) -> list[str]:
    if isinstance(value, str):
        return value.split(" or ")
    return ["object" if isinstance(value, dict) else "list"]


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
