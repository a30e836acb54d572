"""Behaviours that most mutations are made of: a request, a reply or a poll that is changed on its way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from mutants.messages import Call, Reply, copied
from mutants.mutation import Behaviour, Event, Expect, Mutation
from mutants.replies import succeeded
from mutants.witness import Probe
from novita_mock.types import JSON

#: Changes a copy of a body in place, or gives another one.
Change = Callable[[JSON], JSON]
When = Callable[[Call, Reply], bool]


class Sent(Behaviour):
    """Requests of some operations are changed before the double sees them."""

    def __init__(self, names: tuple[str, ...], change: Change) -> None:
        self._names = names
        self._change = change

    def concerns(self, call: Call) -> bool:
        return call.name in self._names

    async def answer(self, call: Call) -> Reply | None:
        return await self.world.forward(with_changed(call, self._change))


class Replied(Behaviour):
    """Replies of some operations are changed; ``image`` stands for every link to a picture."""

    def __init__(
        self, names: tuple[str, ...], change: Callable[[Reply, Call], Reply | None], when: When = succeeded
    ) -> None:
        self._names = names
        self._change = change
        self._when = when

    def concerns(self, call: Call) -> bool:
        return call.name in self._names or (call.operation is not None and call.operation.name in self._names)

    async def answer(self, call: Call) -> Reply | None:
        reply = await self.world.forward(call)
        return self._change(reply, call) if self._when(call, reply) else reply


class Posted(Behaviour):
    """The body of events is changed."""

    def __init__(self, change: Change) -> None:
        self._change = change

    def concerns(self, call: Call) -> bool:
        return False

    async def deliver(self, event: Event) -> Reply | None:
        return await self.world.send(Event(event.url, with_changed(event.call, self._change), event.attempt))


class Polled(Behaviour):
    """What polls of a task show is changed, knowing what they showed before.

    Args:
        change: given all that was shown of the task until now, and the double's body; gives what to show.
    """

    def __init__(self, names: tuple[str, ...], change: Callable[[list[JSON], JSON], JSON]) -> None:
        self._names = names
        self._change = change
        self._shown: dict[str, list[JSON]] = {}

    def concerns(self, call: Call) -> bool:
        return call.name in self._names

    async def answer(self, call: Call) -> Reply | None:
        reply = await self.world.forward(call)
        if not succeeded(call, reply):
            return reply
        shown = self._shown.setdefault(call.query.get("task_id", ""), [])
        body = self._change(shown, copied(reply.json))
        shown.append(body)
        return reply.with_json(body)


def with_changed(call: Call, change: Change) -> Call:
    """A request with its JSON changed; what is no JSON object stays."""
    if not isinstance(call.json, dict):
        return call
    return call.with_json(changed(call.json, change))


def changed(body: JSON, change: Change) -> JSON:
    """A copy of a body, changed; where the change does not fit it, as it was."""
    copy = copied(body)
    try:
        other = change(copy)
    except (KeyError, TypeError, IndexError, AttributeError):
        return body
    return copy if other is None else other


def body_changed(change: Change) -> Callable[[Reply, Call], Reply]:
    """A change of a reply's JSON as a change of the reply."""

    def changes(reply: Reply, call: Call) -> Reply:
        after = changed(reply.json, change)
        return reply if after == reply.json and repr(after) == repr(reply.json) else reply.with_json(after)

    return changes


@dataclass(frozen=True)
class Group:
    """Mutations that have much in common: it has to be said once only.

    Attributes:
        kind: of each.
        about: how the title of each begins.
        row: of the facts.
        seen_by: operations of the cases that see them.
        words: one of which a finding has.
        probe: what shows them.
        made: those that were added.
    """

    kind: str
    about: str
    row: str
    seen_by: tuple[str, ...]
    words: tuple[str, ...]
    probe: Probe
    made: list[Mutation] = field(default_factory=list)

    def add(
        self,
        label: str,
        title: str,
        behave: Callable[[], Behaviour],
        probe: Probe | None = None,
        row: str = "",
        words: tuple[str, ...] = (),
    ) -> None:
        """Add one; what is given here goes before what the group has."""
        expect = Expect(self.seen_by, words or self.words)
        said = f"{self.about}{title}"
        self.made.append(
            Mutation(
                f"{self.kind} {label}", said, row or self.row, self.kind, expect, behave, probe or self.probe
            )
        )


def sent(names: str | tuple[str, ...], change: Change) -> Callable[[], Behaviour]:
    """Makes ``Sent``."""
    return partial(Sent, _names(names), change)


def replied(
    names: str | tuple[str, ...], change: Callable[[Reply, Call], Reply | None], when: When = succeeded
) -> Callable[[], Behaviour]:
    """Makes ``Replied``."""
    return partial(Replied, _names(names), change, when)


def worse(names: str | tuple[str, ...], change: Change, when: When = succeeded) -> Callable[[], Behaviour]:
    """Makes ``Replied`` for a change of the JSON."""
    return partial(Replied, _names(names), body_changed(change), when)


def polled(
    names: str | tuple[str, ...], change: Callable[[list[JSON], JSON], JSON]
) -> Callable[[], Behaviour]:
    """Makes ``Polled``."""
    return partial(Polled, _names(names), change)


def posted(change: Change) -> Callable[[], Behaviour]:
    """Makes ``Posted``."""
    return partial(Posted, change)


def _names(names: str | tuple[str, ...]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names
