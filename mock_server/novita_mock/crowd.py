"""Submits that come at the same time, on many connections, are answered together.

A step of a submit that is done for one after the other finds in a processor's caches what it needs; between
the other steps of one submit it does not, which takes a third of its time.
"""

import asyncio
from typing import Protocol

from novita_mock.heads import Head
from novita_mock.noting import log
from novita_mock.quick import Quick


class Waiting(Protocol):
    """Whoever waits for an answer."""

    def take_answer(self, reply: bytes | None) -> None:
        """The response, or None: the long way must be gone."""

    def take_failure(self) -> None:
        """The double failed."""


class Crowd:
    """Those who wait for the event loop to have read what has come on all connections."""

    def __init__(self, quick: Quick) -> None:
        self._quick = quick
        self._waiting: list[tuple[Waiting, Head, bytes]] = []

    def join(self, who: Waiting, head: Head, content: bytes) -> None:
        """Wait for the answer to a submit."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.answer)
        self._waiting.append((who, head, content))

    def answer(self) -> None:
        """Answer all of them now."""
        waiting, self._waiting = self._waiting, []
        try:
            replies = self._quick.answers([(head, content) for _, head, content in waiting])
        except Exception:
            log.exception("the double failed")
            for who, _, _ in waiting:
                who.take_failure()
        else:
            for (who, _, _), reply in zip(waiting, replies, strict=True):
                who.take_answer(reply)
