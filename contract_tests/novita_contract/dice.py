"""What requests are made of: whole numbers, texts and choices, as Hypothesis draws them or as dice fall.

Hypothesis spends a thousandth of a second on each request that it draws, most of it on what only matters
once one has failed. So dice draw, by a tenth of that, and note what they drew in Hypothesis's own terms:
of what fails it can go on from there, and cut it down.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

#: Knuth's multiplier and increment, modulo 2**64; of each state the upper half is used.
_TIMES, _PLUS, _STATES, _HALF = 6364136223846793005, 1442695040888963407, (1 << 64) - 1, 32
#: Where the signs of a text come from, the plainest first: from, and how many.
_SIGNS = ((0x20, 0x5F), (0x20, 0x5F), (0x00, 0x100), (0x100, 0x2F00), (0x3000, 0xA800), (0x10000, 0x20000))


class Draw(Protocol):
    """Draws one thing."""

    def __call__(self, what: "What[T]", /) -> T:
        """A value of it."""


class What(Protocol[T_co]):
    """A thing that can be drawn, with one choice."""

    @property
    def strategy(self) -> st.SearchStrategy[T_co]:
        """As Hypothesis draws it."""

    def fall(self, dice: "Dice") -> T_co:
        """As dice draw it; they note the choice."""


@dataclass(slots=True)
class Dice:
    """Draws the plainest of all at first, and what its state says once that is not None.

    Attributes:
        state: of the generator.
        choices: what was chosen, as Hypothesis would note it.
    """

    state: int | None = None
    choices: list[int | bool | str] = field(default_factory=list)

    def __call__(self, what: What[T], /) -> T:
        """A value of something."""
        return what.fall(self)

    def below(self, limit: int) -> int:
        """A whole number from 0 up to, not including, a limit of at most 2**32."""
        if self.state is None:
            return 0
        self.state = (self.state * _TIMES + _PLUS) & _STATES
        return (self.state >> _HALF) * limit >> _HALF


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number between two, both included; the plainest is the first."""

    least: int
    most: int
    strategy: st.SearchStrategy[int]

    def fall(self, dice: Dice) -> int:
        """As dice draw it."""
        number = self.least + dice.below(self.most - self.least + 1)
        dice.choices.append(number)
        return number


@dataclass(frozen=True, slots=True)
class Flag:
    """False or true."""

    strategy: st.SearchStrategy[bool]

    def fall(self, dice: Dice) -> bool:
        """As dice draw it."""
        flag = bool(dice.below(2))
        dice.choices.append(flag)
        return flag


@dataclass(frozen=True, slots=True)
class OneOf(Generic[T]):
    """One of several values; the plainest is the first."""

    values: Sequence[T]
    strategy: st.SearchStrategy[T]

    def fall(self, dice: Dice) -> T:
        """As dice draw it."""
        if len(self.values) == 1:
            return self.values[0]  # Hypothesis notes no choice either
        place = dice.below(len(self.values))
        dice.choices.append(place)
        return self.values[place]


@dataclass(frozen=True, slots=True)
class Text:
    """A text of any signs but halves of pairs, its length between two, both included."""

    least: int
    most: int
    strategy: st.SearchStrategy[str]

    def fall(self, dice: Dice) -> str:
        """As dice draw it."""
        length = self.least + dice.below(self.most - self.least + 1)
        text = "".join(_sign(dice) for _ in range(length))
        dice.choices.append(text)
        return text


def _sign(dice: Dice) -> str:
    if dice.state is None:
        return "0"
    first, many = _SIGNS[dice.below(len(_SIGNS))]
    return chr(first + dice.below(many))


@lru_cache(maxsize=1024)
def number(least: int, most: int) -> Number:
    """A whole number between two, both included; the first is at most 0 and the plainest."""
    return Number(least, most, st.integers(least, most))


def one_of(values: Sequence[T]) -> OneOf[T]:
    """One of several values."""
    return OneOf(values, st.sampled_from(values))


def text(least: int, most: int) -> Text:
    """A text."""
    signs = st.characters(exclude_categories=["Cs"])
    return Text(least, most, st.text(signs, min_size=least, max_size=most))


FLAG = Flag(st.booleans())


def drawn(maker: Callable[[Draw], T]) -> st.SearchStrategy[T]:
    """What a maker makes, as a strategy whose name is short: Hypothesis would spell out all that it is of."""

    @st.composite
    def request(draw: st.DrawFn) -> T:
        return maker(lambda what: draw(what.strategy))

    return request()
