"""A way to be broken, as a value; and what breaks: a behaviour of the proxy."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mutants.messages import Call, Reply
from mutants.witness import Probe

if TYPE_CHECKING:
    from mutants.world import World

#: Kinds of mutations. A sample has some of each, and the score is told for each.
LAXER, TIGHTER, REFUSAL, EFFECT, REPLY, WIRE, LIFE, DOOR, LINK, EVENT, V2, MONEY, READING = KINDS = (
    "laxer",
    "tighter",
    "refusal",
    "effect",
    "reply",
    "wire",
    "life",
    "door",
    "link",
    "event",
    "v2",
    "money",
    "reading",
)


class Behaviour:
    """What the proxy does in place of passing on. One is made each time a mutation comes into force.

    ``world`` is set before the first call.
    """

    world: "World"

    def concerns(self, call: Call) -> bool:
        """Whether ``answer`` is to be asked about a request; what it is not asked about is passed on."""
        return True

    async def answer(self, call: Call) -> Reply | None:
        """The reply to a request; None breaks the connection off."""
        return await self.world.forward(call)

    async def deliver(self, event: "Event") -> Reply | None:
        """Take an event to where it belongs, and say what was answered; None breaks off."""
        return await self.world.send(event)


@dataclass(frozen=True)
class Event:
    """What the double posts to a webhook.

    Attributes:
        url: where the client wants it.
        call: the request as the double made it.
        attempt: the how many-th request for this webhook it is, from 1.
    """

    url: str
    call: Call
    attempt: int


@dataclass(frozen=True, slots=True)
class Expect:
    """By what one sees that a finding means this mutation and no other.

    Attributes:
        operations: names of rows, ``webhook`` or ``image``: one of them is the case's.
        words: one of them stands in the case's id, pointer or keyword, or in a finding; empty: any finding
            of those operations will do.
        quirk: ``ID=VALUE``: the suite must tell this reading.
    """

    operations: tuple[str, ...]
    words: tuple[str, ...] = ()
    quirk: str = ""

    def fits(self, operation: str, texts: Iterable[str]) -> bool:
        """Whether a finding of a case of an operation, told in these texts, names it."""
        if operation not in self.operations:
            return False
        said = _plain(" ".join(texts))
        return not self.words or any(_plain(word) in said for word in self.words)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way in which a service may break the contract.

    Attributes:
        id: unique: ``laxer upscale request.scale_factor maximum``.
        title: a sentence: what the service does wrong.
        row: the row of the facts that it breaks: ``1.3 scale_factor``.
        kind: one of ``KINDS``.
        expect: what a finding should name.
        behave: makes the behaviour.
        probe: what shows it.
    """

    id: str
    title: str
    row: str
    kind: str
    expect: Expect
    behave: Callable[[], Behaviour] = field(repr=False)
    probe: Probe

    @property
    def operation(self) -> str:
        """The first operation that shows it."""
        return self.expect.operations[0]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9.=]+", " ", text.lower())
