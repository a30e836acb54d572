"""What was asked and how it went, in a memory that does not grow: counts, histograms, a few examples."""

import math
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

#: Examples of what went wrong that are kept; all are counted.
MAX_KEPT = 50
#: The buckets of a histogram grow by so much; the first ends at so many seconds.
_GROWTH, _FIRST_S = 1.1, 0.0001


@dataclass(slots=True)
class Kind:
    """Requests of one kind: how many, their bytes both ways, and how long they took."""

    count: int = 0
    sent: int = 0
    received: int = 0
    longest_s: float = 0.0
    _buckets: Counter[int] = field(default_factory=Counter)

    def add(self, seconds: float, sent: int, received: int) -> None:
        """One more."""
        self.count += 1
        self.sent += sent
        self.received += received
        self.longest_s = max(self.longest_s, seconds)
        self._buckets[max(0, math.ceil(math.log(max(seconds, _FIRST_S) / _FIRST_S, _GROWTH)))] += 1

    def quantile_s(self, share: float) -> float:
        """The seconds in which such a share of them was answered, at most a tenth too high."""
        left = math.ceil(share * self.count)
        for place in sorted(self._buckets):
            left -= self._buckets[place]
            if left <= 0:
                return min(float(_FIRST_S * _GROWTH**place), self.longest_s)
        return self.longest_s


@dataclass(slots=True)
class Tally:
    """All that was counted.

    Attributes:
        things: what else is counted, by what it is.
        before: requests that were answered before the traffic whose kinds are told.
        asked: faults that were asked for, by name; ``seen``: those whose effect came as promised.
    """

    began_s: float = field(default_factory=time.monotonic)
    kinds: dict[str, Kind] = field(default_factory=dict)
    before: int = 0
    things: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    problems: int = 0
    kept: list[dict[str, Any]] = field(default_factory=list)

    def answered(self, kind: str, seconds: float, sent: int, received: int) -> None:
        """A request of a kind was answered."""
        self.kinds.setdefault(kind, Kind()).add(seconds, sent, received)

    def unexpected(self, what: str, **about: Any) -> None:
        """Something happened that nothing asked for: the soak has failed."""
        self.problems += 1
        if len(self.kept) < MAX_KEPT:
            self.kept.append({"at_s": round(time.monotonic() - self.began_s, 2), "what": what} | about)

    def begin(self) -> None:
        """The traffic begins whose kinds are told."""
        self.before = self.requests
        self.kinds.clear()

    @property
    def requests(self) -> int:
        """All that were answered."""
        return self.before + sum(kind.count for kind in self.kinds.values())

    def since(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began_s
