"""Keeps a run on the real service below the documented rate, and stops it when that is not enough."""

from collections.abc import Callable

from novita_contract.clock import now_s, pause
from novita_contract.exchange import Exchange

#: Refusals for asking too often, one after the other, after which a run stops.
MOST_REFUSALS = 5
#: Wall seconds that are waited after such a refusal, where it says nothing, and at most.
PAUSE_S, LONGEST_S = 10.0, 60.0


class Pace:
    """When the next request to an operation may be sent.

    Args:
        keeps: whether there is a rate to keep; a double has none.
        now: seconds that only go forward.
        wait: lets seconds pass.
    """

    def __init__(
        self, keeps: bool, now: Callable[[], float] = now_s, wait: Callable[[float], None] = pause
    ) -> None:
        self._keeps = keeps
        self._now = now
        self._pause = wait
        self._next_s: dict[str, float] = {}
        self._refusals = 0

    def wait(self, operation: str, a_minute: int) -> None:
        """Wait until a request may be sent.

        Args:
            operation: where to.
            a_minute: how many images a minute are allowed there. Source: page rate-limits.
        """
        if not self._keeps or not a_minute:
            return
        self._pause(max(0.0, self._next_s.get(operation, 0.0) - self._now()))
        self._next_s[operation] = self._now() + 60.0 / a_minute

    def passed(self) -> None:
        """A request was not refused for asking too often."""
        self._refusals = 0

    def refused(self, answer: Exchange) -> str:
        """Wait as a refusal for asking too often asks for; why the run has to stop, or empty."""
        self._refusals += 1
        if self._refusals >= MOST_REFUSALS:
            return f"the service refused {self._refusals} requests in a row because we ask too often"
        try:
            asked = float(answer.reply_headers.get("retry-after", PAUSE_S))
        except ValueError:
            asked = PAUSE_S
        self._pause(min(max(asked, 0.0), LONGEST_S if self._keeps else 1.0))
        return ""
