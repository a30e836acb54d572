"""The handle of an inbox: what a test tells it to answer, and what it gets to see of what came."""

from collections.abc import Mapping
from typing import Any

from novita_mock.calling import Double
from novita_mock.types import JSON

#: A JSON object of the control routes; ``docs/reference.md`` tells what stands in each.
Row = dict[str, Any]  # Any: the values of JSON


class Inbox:
    """A receiver of webhooks inside the double, which answers as it is told: 200 at first.

    Attributes:
        url: what to give as ``extra.webhook.url``.
    """

    def __init__(self, double: Double, name: str) -> None:
        self.url = double.address(f"/inbox/{name}")
        self._path = f"/inbox/{name}"
        self._double = double

    @property
    def events(self) -> list[Row]:
        """What came, the oldest first: ``headers``, ``body``, ``answer``, ``at_s``."""
        return list(self._double.get(self._path)["events"])

    @property
    def bodies(self) -> list[JSON]:
        """The bodies of ``events``."""
        return [event["body"] for event in self.events]

    def answer(self, *steps: Mapping[str, JSON]) -> None:
        """Say how it answers from now on.

        Args:
            *steps: one after the other, the last one for ever: ``{"status": 500, "times": 2}``,
                ``{"hang": True}``, ``{"status": 200, "delay_s": 3}``. None: 200 again.
        """
        self._double.send("PUT", self._path, list(map(dict, steps)))

    def clear(self) -> None:
        """Forget what came and how it answers."""
        self._double.send("DELETE", self._path)
