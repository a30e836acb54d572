"""Mutations of what replies and events hold, generated from their schemas: one change in one place."""

from collections.abc import Callable, Iterator
from functools import partial

from mutants.changes import posted, worse
from mutants.fields import EACH, contract, holders
from mutants.kinds import Told, others, results, told_events
from mutants.mutation import EVENT, Expect, Mutation
from novita_mock.places import Place, places, spellings, type_of
from novita_mock.types import JSON

_OF_EACH_TYPE: tuple[JSON, ...] = (None, True, 7, 0.5, "text", [], {})
_NUMERIC = frozenset({"integer", "number"})
Alter = Callable[[JSON], JSON]


class _Gone:
    """Stands for a place that is taken away."""


GONE = _Gone()


def mutations() -> Iterator[Mutation]:
    """Every place of every kind of reply, changed in every way that its schema forbids."""
    for told in (*results(), *others(), *told_events()):
        yield from _of(told)


def _of(told: Told) -> Iterator[Mutation]:
    everywhere = list(places(contract().bundle(told.schema), told.body))
    needed = {(*place.path, name) for place in everywhere for name in place.schema.get("required", ())}
    for place in everywhere:
        path = tuple(EACH if isinstance(step, int) else step for step in place.path)
        if any(isinstance(step, int) and step > 0 for step in place.path) or path[:-1] == ("metadata",):
            continue
        if not path and told.part:
            continue
        for label, title, alter in _ways(place, place.path in needed):
            dotted = ".".join(path).replace(f".{EACH}", "[]") or "body"
            change = partial(_put, path=path, alter=alter)
            yield Mutation(
                f"{told.kind} {told.label} {dotted} {label}",
                f"{told.label}: {dotted} {title}",
                f"{told.section} {dotted}",
                told.kind,
                Expect(told.seen_by, _words(path, told)),
                posted(change) if told.kind == EVENT else worse(told.names, change, told.when),
                told.probe,
            )


def _words(path: tuple[str, ...], told: Told) -> tuple[str, ...]:
    names = [step for step in path if step != EACH]
    # A field that is not there is told by its parent, one that is wrapped by what is not in the wrapping.
    return (names[-1], "/".join(names[:-1]) or "body") if names else ("body", "json", told.label)


def _put(body: JSON, path: tuple[str, ...], alter: Alter) -> JSON:
    if not path:
        return alter(body)
    found = [
        (holder, key) for holder, key in holders(body, path) if not isinstance(holder, dict) or key in holder
    ]
    for holder, key in found:
        value = alter(holder[key])
        if value is GONE:
            del holder[key]
        else:
            holder[key] = value
    return body


def _ways(place: Place, needed: bool) -> Iterator[tuple[str, str, Alter]]:
    """What can be done to a place that its schema forbids: a label, a title, and how."""
    if needed:
        yield "missing", "is missing", lambda value: GONE
    wrong = [value for value in _OF_EACH_TYPE if type_of(value) not in place.types]
    if None in wrong and place.path:
        yield "null", "is null", lambda value: None
    left = [value for value in wrong if value is not None]
    if left:
        one = left[sum(map(ord, "".join(map(str, place.path)))) % len(left)]
        yield "type", f"is {type_of(one)}", lambda value: one
    for other in _spelled(place):
        yield f"as-{type_of(other)}", f"is {type_of(other)} in place of {type_of(place.value)}", _respelled
    if place.path and "object" not in place.types:
        yield "nested", "is one deeper", lambda value: {"value": value}
    yield from _new_words(place)
    yield from _out_of_bounds(place)


def _spelled(place: Place) -> list[JSON]:
    found = [value for value in spellings(place.value) if type_of(value) not in place.types]
    return [value for value in found if not {type_of(value), type_of(place.value)} <= _NUMERIC][:1]


def _respelled(value: JSON) -> JSON:
    return next(iter(spellings(value)), value)


def _new_words(place: Place) -> Iterator[tuple[str, str, Alter]]:
    known = place.schema.get("enum", [place.schema["const"]] if "const" in place.schema else [])
    words = [word for word in known if isinstance(word, str)]
    numbers = [number for number in known if type_of(number) == "integer"]
    if words:
        word = f"{words[0].rpartition('_')[0]}_UNHEARD_OF" if words[0].isupper() else "unheard-of"
        yield "word", f"is {word}", lambda value: word
        other = words[0].swapcase()
        yield "case", f"is {other}", lambda value: value.swapcase() if isinstance(value, str) else value
    elif numbers:
        yield "word", f"is {max(numbers) + 1}", lambda value: max(numbers) + 1


def _out_of_bounds(place: Place) -> Iterator[tuple[str, str, Alter]]:
    schema = place.schema
    if "minimum" in schema:
        yield "minimum", f"is under {schema['minimum']}", lambda value: schema["minimum"] - 1
    if "maximum" in schema:
        yield "maximum", f"is over {schema['maximum']}", lambda value: schema["maximum"] + 1
    if schema.get("minLength", 0) > 0:
        yield "minLength", "is empty", lambda value: ""
