"""The places where two sides of one case part, step by step, without saying yet what it means."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from novita_contract.clauses import ABSENT
from novita_contract.likeness import TEXT, UNDER_WAY
from novita_mock.types import JSON

#: A place that is no part of a body.
STATUS, CONTENT_TYPE = "status", "header Content-Type"
_REFUSED = 400


@dataclass(frozen=True, slots=True)
class Split:
    """A place where two answers to the same request differ.

    Attributes:
        step: its number, from 1; events count on after the steps.
        asked: the request.
        path: of the place in the body; empty where it is no part of the body.
        where: the same as a JSON pointer, or ``status``, or ``header NAME``.
        left, right: what each side has there.
        answers: both answers, whole.
    """

    step: int
    asked: JSON
    path: tuple[str, ...]
    where: str
    left: JSON
    right: JSON
    answers: tuple[JSON, JSON]


@dataclass(frozen=True, slots=True)
class Parting:
    """Two sides of a case, held against each other.

    Attributes:
        splits: where they differ.
        apart: why not all of it could be held against each other, though nothing differs; or empty.
    """

    splits: tuple[Split, ...]
    apart: str = ""


def parting(left: JSON, right: JSON) -> Parting:
    """Hold two cases against each other; what follows from a difference is not told as another."""
    splits: list[Split] = []
    pairs = zip(left["steps"], right["steps"], strict=False)
    for number, (one, other) in enumerate(pairs, 1):
        if _question(one) != _question(other):
            return _ended(splits, f"step {number}: each side was asked something else")
        if _waits(one, other):
            return _ended(splits, f"step {number}: the task had not ended on one side")
        found, ends = _answers(number, one, other)
        splits += found
        if ends:
            return Parting(tuple(splits))
    if len(left["steps"]) != len(right["steps"]):
        told = f"one side was asked {len(left['steps'])} things, the other {len(right['steps'])}"
        return _ended(splits, told)
    return Parting((*splits, *_events(len(left["steps"]), left["events"], right["events"])))


def walk(left: JSON, right: JSON, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], JSON, JSON]]:
    """Every place where two values differ; the order of keys is nothing, a key more is a difference."""
    if isinstance(left, dict) and isinstance(right, dict):
        for name in [*left, *(name for name in right if name not in left)]:
            yield from walk(left.get(name, ABSENT), right.get(name, ABSENT), (*path, name))
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for place, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from walk(one, other, (*path, str(place)))
    elif isinstance(left, list) and isinstance(right, list):
        yield path, f"<{len(left)} items>", f"<{len(right)} items>"
    elif not _same(left, right):
        yield path, left, right


def pointer(path: Sequence[str]) -> str:
    """A path as a JSON pointer."""
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in path)


def refused(answered: JSON) -> bool:
    """Whether an answer says no, in either dialect; no answer at all counts as one."""
    body = answered.get("body")
    code = body.get("code", 0) if isinstance(body, dict) else 0
    return not 0 < answered["status"] < _REFUSED or code not in (0, None)


def summary(answered: JSON) -> str:
    """An answer in a few words: ``400 INVALID_REQUEST_BODY``."""
    body = answered.get("body")
    more = [body[name] for name in ("reason", "code") if body.get(name)] if isinstance(body, dict) else []
    problem = answered.get("problem", "")
    status = answered.get("status") or "no reply"
    return " ".join(str(part) for part in (status, problem, *more[:1]) if part)


def _ended(splits: Sequence[Split], why: str) -> Parting:
    """After a difference the rest may well part: that tells nothing new."""
    return Parting(tuple(splits), "" if splits else why)


def _question(step: JSON) -> JSON:
    """What was asked, without the links, which come from earlier answers."""
    return {name: value for name, value in step["asked"].items() if name != "url"}


def _waits(one: JSON, other: JSON) -> bool:
    polled = {one.get("polled"), other.get("polled")}
    return UNDER_WAY in polled and len(polled) == 2 and None not in polled


def _answers(number: int, one: JSON, other: JSON) -> tuple[list[Split], bool]:
    """Where two answers differ, and whether nothing after them can be held against each other."""
    left, right, asked = one["answered"], other["answered"], one["asked"]
    both = (left, right)
    if refused(left) != refused(right):
        return [Split(number, asked, (), STATUS, summary(left), summary(right), both)], True
    if one.get("polled") != other.get("polled") and "polled" in one and "polled" in other:
        return [_end(number, asked, left, right)], False
    found = [
        Split(number, asked, (), where, left.get(name, ABSENT), right.get(name, ABSENT), both)
        for name, where in (
            ("status", STATUS),
            ("type", CONTENT_TYPE),
            ("problem", "no reply"),
            ("length", "length"),
        )
        if left.get(name) != right.get(name)
    ]
    for path, mine, yours in walk(left.get("picture"), right.get("picture"), ("picture",)):
        found.append(Split(number, asked, (), " ".join(path), mine, yours, both))
    for path, mine, yours in walk(left.get("body"), right.get("body")):
        if path != ("code",) or [mine, yours] != [left["status"], right["status"]]:
            found.append(Split(number, asked, path, pointer(path) or "/", mine, yours, both))
    return found, False


def _end(number: int, asked: JSON, left: JSON, right: JSON) -> Split:
    """Two ends of a task: all else that differs follows from it."""
    path = next(path for path, _, _ in walk(left["body"], right["body"]) if path[-1:] == ("status",))
    values = [answer["body"][path[0]]["status"] for answer in (left, right)]
    return Split(number, asked, path, pointer(path), values[0], values[1], (left, right))


def _events(steps: int, left: Sequence[JSON], right: Sequence[JSON]) -> Iterator[Split]:
    for place in range(max(len(left), len(right))):
        number = steps + place + 1
        if place >= min(len(left), len(right)):
            event = (left if place < len(left) else right)[place]
            had = [f"{event['asked']['method']} to {event['asked']['url']}", ABSENT]
            one, other = had if place < len(left) else reversed(had)
            yield Split(number, event["asked"], (), "event", one, other, ({}, {}))
            continue
        mine, yours = left[place], right[place]
        for path, one, other in walk(mine["asked"].get("body"), yours["asked"].get("body")):
            answers = ({"status": 200}, {"status": 200})
            yield Split(number, mine["asked"], path, pointer(path) or "/", one, other, answers)
        for name, where in (("method", "method"), ("type", CONTENT_TYPE)):
            if mine["asked"][name] != yours["asked"][name]:
                yield Split(
                    number, mine["asked"], (), where, mine["asked"][name], yours["asked"][name], ({}, {})
                )


def _same(left: JSON, right: JSON) -> bool:
    if isinstance(left, str) and isinstance(right, str) and left.startswith(TEXT):
        return right.startswith(TEXT)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
