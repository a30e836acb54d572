"""Trying again: how long to wait in between, and when to give up. Time and chance are passed in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import count
from typing import TypeVar

T = TypeVar("T")


class Again(Exception):
    """A try came to nothing, and another one is safe.

    Attributes:
        after_s: what the service asks to wait; None where it asks for nothing.
    """

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.after_s = after_s


@dataclass(frozen=True, slots=True)
class Patience:
    """Waits between tries, with full jitter: clients that failed together do not come back together.

    Attributes:
        clock: seconds that never run backwards.
        sleep: lets seconds pass.
        chance: a number from 0 up to 1, another one each time.
        first_s: what the second try waits for at most.
        cap_s: what the bound, doubled with each try, grows to.
    """

    clock: Callable[[], float]
    sleep: Callable[[float], None]
    chance: Callable[[], float]
    first_s: float = 0.5
    cap_s: float = 20.0

    def insist(self, ask: Callable[[], T], until: float) -> T:
        """Ask until there is an answer.

        Raises:
            Again: the next wait would end after ``until``; the last try's reason.
        """
        for tries in count(1):
            try:
                return ask()
            except Again as problem:
                wait_s = self.wait_s(tries, problem.after_s)
                if self.clock() + wait_s > until:
                    raise
                self.sleep(wait_s)
        raise AssertionError

    def wait_s(self, tries: int, after_s: float | None) -> float:
        """Seconds until the next try; never less than the service asks for, with jitter on top."""
        if after_s is not None:
            return after_s + self.chance() * self.first_s
        return self.chance() * min(self.cap_s, self.first_s * 2.0 ** min(tries - 1, 30))


def asked_s(headers: Mapping[str, str]) -> float | None:
    """What ``Retry-After`` asks for, in seconds; None where nothing can be read.

    A date is held against the ``Date`` of the same reply: whose clock is right does not matter then.
    """
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(headers["date"])
    except (KeyError, TypeError, ValueError):
        return None
    return max(0.0, wait.total_seconds())
