"""What a behaviour is handed: the way to the double, the way to receivers, and the tasks so far."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mutants.messages import Call, Reply
from novita_mock.types import JSON

if TYPE_CHECKING:
    from mutants.mutation import Event


@dataclass(frozen=True)
class Submitted:
    """A task that was accepted: the request as its client sent it."""

    task_id: str
    call: Call

    @property
    def body(self) -> JSON:
        """The body of the request."""
        return self.call.json


@dataclass
class World:
    """What there is beside the request in hand.

    Attributes:
        keys: those that the double lets in, the first account's first.
        tell: passes a request on to the double.
        send: posts an event to where it belongs.
        later: has something done beside the request in hand.
        tasks: what was accepted since the mutation came into force, by id.
    """

    keys: tuple[str, ...]
    tell: Callable[[Call], Awaitable[Reply | None]]
    send: Callable[["Event"], Awaitable[Reply | None]]
    later: Callable[[Coroutine[Any, Any, object]], None]
    tasks: dict[str, Submitted] = field(default_factory=dict)

    async def forward(self, call: Call) -> Reply:
        """What the double answers.

        Raises:
            ConnectionError: nothing whole.
        """
        reply = await self.tell(call)
        if reply is None:
            raise ConnectionError("the double gave no answer")
        task_id = task_id_of(reply.json) if call.operation and call.operation.kind == "submit" else None
        if task_id:
            self.tasks[task_id] = Submitted(task_id, call)
        return reply


def task_id_of(body: JSON) -> str | None:
    """The task that a submit's reply names, in V3 or V2."""
    holder = body.get("data", body) if isinstance(body, dict) else None
    found = holder.get("task_id") if isinstance(holder, dict) else None
    return found if isinstance(found, str) else None
