"""What the lines of a ledger mean: each reservation, how it ended, and the sum that counts as spent.

A line says what is done (``do``). The first opens the book; a reservation has its amount in front, so
that even a torn one tells it:

    {"ledger": 1, "currency": "USD", "account": "0f4be20a91c3"}
    {"do": "reserve", "micro_usd": 10000, "number": 1, "operation": "upscale", ...}
    {"do": "release", "number": 1, "why": "HTTP 400"}

A book in which anything is not understood is refused: it may have counted more than can be read.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field

from novita_mock.types import JSON

VERSION = 1
RESERVE, HOLD, SPEND, RELEASE, FREE = "reserve", "hold", "spend", "release", "free"
#: How a reservation stands. All count as spent but the last two.
OPEN, HELD, SPENT, ANSWERED, RELEASED, FREED = "open", "held", "spent", "answered", "released", "freed"
_COSTS_NOTHING = frozenset({RELEASED, FREED})
_BEGINNINGS = {RESERVE: OPEN, HOLD: HELD}
_STEPS = {
    (OPEN, SPEND): SPENT,
    (OPEN, RELEASE): RELEASED,
    (HELD, SPEND): ANSWERED,
    (HELD, RELEASE): RELEASED,
    (ANSWERED, FREE): FREED,
}
#: Beginnings of torn lines: one with its amount, and one without which the reservation stays counted.
_TORN_AMOUNT = re.compile(rb'\{"do": "(reserve|hold)", "micro_usd": ([0-9]+),')
_TORN_STEP = re.compile(rb'\{"do": "(spend|release|free)"')


class NotUnderstood(ValueError):
    """A line that no ledger of ours has in that place; the message says which and why."""


@dataclass(slots=True)
class Book:
    """All reservations that were read, in order.

    Attributes:
        account: whose money it is about; empty while nothing was read.
        read: bytes of the file that this holds.
        counted: micro-dollars that count as spent.
        calls: how many reservations count as spent.
        states: how each reservation stands, by its number less one.
        amounts: what each costs at most, in micro-dollars.
    """

    account: str = ""
    read: int = 0
    counted: int = 0
    calls: int = 0
    states: list[str] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)
    _lines: int = 0

    @property
    def opened(self) -> bool:
        """Whether its first line was read."""
        return self._lines > 0

    def tally(self) -> Counter[str]:
        """How many reservations stand how."""
        return Counter(self.states)

    def state(self, number: int) -> str:
        """How a reservation stands."""
        return self.states[number - 1]

    def step(self, number: int, do: str) -> str:
        """How a reservation would stand after a step.

        Raises:
            NotUnderstood: there is no such reservation, or it has ended, or was never asked.
        """
        stands = self.state(number) if 1 <= number <= len(self.states) else "missing"
        if (stands, do) not in _STEPS:
            raise NotUnderstood(f"reservation {number} is {stands}: it can't be followed by {do}")
        return _STEPS[stands, do]

    def enter(self, text: bytes) -> None:
        """Take in the next whole line.

        Raises:
            NotUnderstood: it is not one of ours, or not in its place.
        """
        self._lines += 1
        try:
            line = json.loads(text)
            if self._lines == 1:
                self._begin(line)
            elif line["do"] in _BEGINNINGS:
                self._reserve(_whole(line["number"]), _whole(line["micro_usd"]), _BEGINNINGS[line["do"]])
            else:
                self._settle(_whole(line["number"]), line["do"])
        except (ValueError, LookupError, TypeError) as problem:
            why = str(problem) if isinstance(problem, NotUnderstood) else "it is not a line of a ledger"
            raise NotUnderstood(f"line {self._lines}: {why}") from None
        self.read += len(text) + 1

    def _begin(self, line: JSON) -> None:
        if line["ledger"] != VERSION or line["currency"] != "USD" or not isinstance(line["account"], str):
            raise NotUnderstood(f"it is no ledger of version {VERSION}, in USD")
        self.account = line["account"]

    def _reserve(self, number: int, amount: int, state: str) -> None:
        if number != len(self.states) + 1:
            raise NotUnderstood(f"reservation {number} comes after {len(self.states)}: a line is missing")
        self.states.append(state)
        self.amounts.append(amount)
        self.counted += amount
        self.calls += 1

    def _settle(self, number: int, do: str) -> None:
        after = self.step(number, do)
        self.states[number - 1] = after
        if after in _COSTS_NOTHING:
            self.counted -= self.amounts[number - 1]
            self.calls -= 1


def first_line(account: str) -> JSON:
    """What a ledger of that account begins with."""
    return {"ledger": VERSION, "currency": "USD", "account": account}


def torn_amount(torn: bytes, opened: bool, account: str) -> int:
    """Micro-dollars to count for a line that breaks off; 0 where it reserved nothing.

    Whoever writes a reservation sends nothing before it is whole and on the disk, so a torn one was
    never used. That holds for crashes. Files are cut by other things, too, so what can be read counts.

    Args:
        torn: what is left of it.
        opened: whether there is a whole line before it.
        account: whose ledger it is to be.

    Raises:
        NotUnderstood: it can't be said what it was.
    """
    if not opened and json.dumps(first_line(account)).encode().startswith(torn.rstrip(b" ")):
        return 0
    amount = _TORN_AMOUNT.match(torn) if opened else None
    if amount:
        return int(amount[2])
    if opened and _TORN_STEP.match(torn):
        return 0
    raise NotUnderstood("the last line breaks off before it tells its amount")


def _whole(value: JSON) -> int:
    if type(value) is not int or value < 1:
        raise NotUnderstood(f"{value!r} is no number from 1")
    return value
