"""What happens when: runs the effects of an account in order, by the wall or by being told to advance.

Nothing here knows what an effect is. A source says when its next one is due, applies those that are,
and says what must be waited for before time may go on.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from math import inf
from typing import NamedTuple, Protocol

from msgspec import Struct

from novita_mock.accounts import Account
from novita_mock.clock import Wall
from novita_mock.effects import Effect

#: Wall seconds that one advance waits for deliveries; the rest stay in flight.
DELIVERIES_S = 1.0
#: Two moments that are nearer to each other are one: a timer that rings too soon is set again.
_NEAR_S = 0.0005


class Source(Protocol):
    """Something whose effects fall due."""

    def next_due_s(self, account_id: str) -> float | None:
        """When the account's next effect is due."""

    def run_due(self, account: Account, until_s: float) -> None:
        """Apply what is due by then, in order."""

    def under_way(self, account: Account) -> Sequence[Awaitable[object]]:
        """What was due and has not come to its end."""


class Sending(Source, Protocol):
    """A source whose effects are up to others, who may never answer."""

    async def ready(self) -> None:
        """Wait for what is not up to others."""


class Patience(Struct):
    """Wall seconds that are left to wait for deliveries."""

    left_s: float = DELIVERIES_S


class _Timer(NamedTuple):
    """What rings at a moment of the wall's monotonic clock."""

    at_s: float
    handle: asyncio.TimerHandle


class Timeline:
    """The order of things in every account.

    Args:
        wall: what tells real time.
        makers: the sources that time waits for: no end of a task passes before its pictures are made.
        senders: the sources that time waits for a little: peers may never answer.
    """

    def __init__(self, wall: Wall, makers: Sequence[Source], senders: Sequence[Sending]) -> None:
        self._wall = wall
        self._makers = makers
        self._senders = senders
        self._sources = (*makers, *senders)
        self._timers: dict[str, _Timer] = {}
        self._advancing: dict[str, asyncio.Lock] = {}
        self._stopped = asyncio.Event()

    def run_due(self, account: Account) -> None:
        """Apply, in order, what is due in this account by now; then wait for what is next."""
        due = self._next(account)
        while due is not None and due[0] <= account.clock.now() and not self._stopped.is_set():
            due[1].run_due(account, due[0])
            due = self._next(account)
        self._arm(account, None if due is None else due[0])

    def expect(self, account: Account, due_s: float) -> None:
        """Something is due then: see to it, where the account is not looked at by then anyway."""
        clock = account.clock
        if due_s > clock.now():
            timer, moment_s = self._timers.get(account.account_id), clock.wall_moment(due_s)
            if moment_s == inf if timer is None else timer.at_s <= moment_s:
                return
        self.run_due(account)

    async def advance(self, account: Account, seconds: float) -> list[Effect]:
        """Let account time pass, stopping wherever something is due; what happened, in order.

        Raises:
            ValueError: ``seconds`` is negative.
        """
        if seconds < 0:
            raise ValueError("time can't go back")
        async with self._advancing.setdefault(account.account_id, asyncio.Lock()):
            with account.effects.heard() as heard:
                await self._pass(account, seconds)
            return heard

    async def _pass(self, account: Account, seconds: float) -> None:
        target_s = account.clock.now() + seconds
        patience = Patience()
        while not self._stopped.is_set():
            await self._settle(account, patience)
            due = self._next(account)
            if due is None or due[0] > target_s:
                break
            account.clock.advance_to(due[0])
        account.clock.advance_to(target_s)
        await self._settle(account, patience)

    def close(self) -> None:
        """Stop: nothing falls due any more."""
        self._stopped.set()
        for timer in self._timers.values():
            timer.handle.cancel()

    async def _settle(self, account: Account, patience: Patience) -> None:
        """Run what is due and wait for what that set going, until nothing more comes of it."""
        while True:
            before = account.effects.count
            self.run_due(account)
            for source in self._makers:
                await asyncio.gather(*source.under_way(account))
            await self._wait_for_peers(account, patience)
            self.run_due(account)
            if account.effects.count == before:
                return

    async def _wait_for_peers(self, account: Account, patience: Patience) -> None:
        waited = [sent for source in self._senders for sent in source.under_way(account)]
        if not waited or patience.left_s <= 0:
            return
        for source in self._senders:
            await source.ready()
        began_s = self._wall.monotonic()
        sent = asyncio.ensure_future(asyncio.wait([asyncio.ensure_future(each) for each in waited]))
        stopped = asyncio.ensure_future(self._stopped.wait())
        await asyncio.wait((sent, stopped), timeout=patience.left_s, return_when=asyncio.FIRST_COMPLETED)
        sent.cancel()  # that ends our waiting, not what is on its way
        stopped.cancel()
        patience.left_s -= self._wall.monotonic() - began_s

    def _next(self, account: Account) -> tuple[float, Source] | None:
        """When something is due next, and where."""
        first: tuple[float, Source] | None = None
        for source in self._sources:
            due_s = source.next_due_s(account.account_id)
            if due_s is not None and (first is None or due_s < first[0]):
                first = due_s, source
        return first

    def _arm(self, account: Account, due_s: float | None) -> None:
        """Have the account looked at when that is due; mostly a timer for it runs already."""
        moment_s = inf if due_s is None or self._stopped.is_set() else account.clock.wall_moment(due_s)
        timer = self._timers.get(account.account_id)
        if timer is None and moment_s == inf:
            return
        if timer is not None:
            if abs(timer.at_s - moment_s) < _NEAR_S:
                return
            timer.handle.cancel()
            del self._timers[account.account_id]
        if moment_s != inf:
            delay_s = max(0.0, moment_s - self._wall.monotonic())
            handle = asyncio.get_running_loop().call_later(delay_s, self._ring, account)
            self._timers[account.account_id] = _Timer(moment_s, handle)

    def _ring(self, account: Account) -> None:
        del self._timers[account.account_id]
        self.run_due(account)
