"""What an account paid twice, because a reply was lost and the request was sent again."""

from collections import OrderedDict

from msgspec import Struct
from msgspec.structs import replace

from novita_mock.types import JSON

#: Tasks of an account of which a second payment would be noticed.
MAX_NOTED = 10_000


class Payment(Struct, frozen=True, gc=False):
    """What one task cost; ``lost`` where its sender was not told that it was accepted."""

    task_id: str
    digest: str
    at_s: float
    cost: int
    lost: bool


class Spending:
    """Finds what an account paid twice: a reply was lost, and the same request was sent again."""

    def __init__(self, max_noted: int = MAX_NOTED) -> None:
        self._max_noted = max_noted
        self._noted: OrderedDict[str, Payment] = OrderedDict()

    def __len__(self) -> int:
        return len(self._noted)

    def note(self, task_id: str, digest: str, at_s: float, cost: int, lost: bool) -> None:
        """A task was accepted; the oldest note makes room.

        Args:
            task_id: of the task.
            digest: of its normalised request.
            at_s: account time.
            cost: in 1/10,000 USD.
            lost: whether the reply never reached the sender.
        """
        self._noted[task_id] = Payment(task_id, digest, at_s, cost, lost)
        if len(self._noted) > self._max_noted:
            self._noted.popitem(last=False)

    def lose(self, task_id: str) -> None:
        """The reply that accepted a task turned out to be lost."""
        if task_id in self._noted:
            self._noted[task_id] = replace(self._noted[task_id], lost=True)

    def give_back(self, task_id: str) -> None:
        """What a task cost was given back: it was not paid."""
        self._noted.pop(task_id, None)

    def clear(self) -> None:
        """Forget every payment."""
        self._noted.clear()

    def double(self) -> list[JSON]:
        """Each request that was paid more than once since its first reply was lost, the oldest first.

        The first reply that arrived ends a chain: who asks again after it wants another picture.
        """
        chains: list[list[Payment]] = []
        open_chains: dict[str, list[Payment]] = {}
        for payment in self._noted.values():
            chain = open_chains.setdefault(payment.digest, [])
            chain.append(payment)
            if not payment.lost:
                chains.append(open_chains.pop(payment.digest))
        chains += open_chains.values()
        doubled = [chain for chain in chains if len(chain) > 1]
        return [_doubled(chain) for chain in sorted(doubled, key=lambda chain: chain[0].at_s)]


def _doubled(chain: list[Payment]) -> JSON:
    """The first payment was needed; the others bought the same once more."""
    tasks = [
        {"task_id": paid.task_id, "at_s": paid.at_s, "cost": paid.cost, "lost": paid.lost} for paid in chain
    ]
    return {"digest": chain[0].digest, "tasks": tasks, "wasted": sum(paid.cost for paid in chain[1:])}
