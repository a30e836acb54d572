"""Draws requests for a law, and lets Hypothesis cut a failing one down; alone in running Hypothesis.

No drawn request is sent twice, neither to make sure nor to show it again: what became of it is remembered.
On the real service nothing is cut down, since every step would cost money.
"""

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar
from zlib import crc32

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.database import ExampleDatabase, choices_to_bytes

from novita_contract.clock import now_s
from novita_contract.dice import Dice, Draw, drawn
from novita_contract.exchange import named
from novita_contract.session import Session
from novita_contract.verdicts import Deviation
from novita_mock.types import JSON

T = TypeVar("T")

#: What was drawn before is drawn again; so many times as many values as are wanted are drawn at most.
_PATIENCE = 5
#: Wall seconds that a failing request is cut down for.
CUT_DOWN_S = 8.0


def for_all(
    session: Session, name: str, maker: Callable[[Draw], T], check: Callable[[T], None], draws: int
) -> None:
    """Check a law for so many drawn values, no two of them alike.

    Args:
        session: the run; its seed, and the name, say what is drawn.
        name: of the case.
        maker: makes a value from draws.
        check: raises ``Deviation`` where the law does not hold.
        draws: how many values are drawn at most.

    Raises:
        Deviation: of the smallest value found for which the law does not hold; with its example.
    """
    trial = _Trial(check)
    state = crc32(name.encode()) ^ session.options.seed
    dice = Dice()
    for _ in range(_PATIENCE * draws):
        dice.choices.clear()
        try:
            trial.of(maker(dice))
        except Deviation as found:
            smallest = found if session.options.live else _cut_down(maker, dice.choices, trial) or found
            raise Deviation(*smallest.findings, example=trial.shown(smallest)) from None
        if trial.many >= draws:
            break
        dice.state = state if dice.state is None else dice.state


def _cut_down(
    maker: Callable[[Draw], T], choices: list[int | bool | str], trial: "_Trial"
) -> Deviation | None:
    """What deviates still and is smaller, as Hypothesis finds it; None where nothing does."""
    configured = settings(
        max_examples=1, database=_Found(choices), deadline=None, phases=[Phase.reuse, Phase.shrink],
        report_multiple_bugs=False, suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
        print_blob=False,
    )  # fmt: skip

    def law(made: T) -> None:
        trial.of(made)

    try:
        configured(given(drawn(maker))(law))()
    except Deviation as found:
        return found
    return None


class _Found(ExampleDatabase):
    """Says that the test failed with these choices when it ran before."""

    def __init__(self, choices: list[int | bool | str]) -> None:
        super().__init__()
        # One more than is needed: else it would be taken for what was cut down before.
        self._kept = choices_to_bytes([*choices, 0])

    def fetch(self, key: bytes) -> Iterable[bytes]:
        """The choices, whatever the test's key is."""
        return (self._kept,)

    def save(self, key: bytes, value: bytes) -> None:
        """Nothing is kept beyond the run."""

    def delete(self, key: bytes, value: bytes) -> None:
        """Nothing is kept beyond the run."""


class _Trial:
    """What became of each value, and when the first failed."""

    def __init__(self, check: Callable[[Any], None]) -> None:  # Any: whatever the maker makes
        self._check = check
        self._became: dict[str, Exception | None] = {}
        self._example: dict[int, JSON] = {}
        self._failed_s: float | None = None

    @property
    def many(self) -> int:
        """Different values that were tried."""
        return len(self._became)

    def of(self, drawn: object) -> None:
        """Check a value, or say again what became of it."""
        key = _key(drawn)
        if key not in self._became:
            if self._failed_s is not None and now_s() - self._failed_s > CUT_DOWN_S:
                return  # time is up: what is not known to fail counts as holding
            self._became[key] = self._tried(drawn)
        problem = self._became[key]
        if problem is not None:
            raise problem

    def shown(self, problem: Deviation) -> JSON:
        """The value that a deviation is about, as it may be shown."""
        return self._example.get(id(problem))

    def _tried(self, drawn: object) -> Exception | None:
        try:
            self._check(drawn)
        except Deviation as problem:
            self._failed_s = self._failed_s or now_s()
            classed = _class_of(problem.findings[0].check)(*problem.findings)
            self._example[id(classed)] = named(_plain(drawn))
            return classed
        except Exception as problem:
            return problem
        return None


@lru_cache(maxsize=256)
def _class_of(check: str) -> type[Deviation]:
    """A class of its own for each check, so that cutting down keeps to the same failure."""
    return type(f"Broke_{check}", (Deviation,), {})


def _plain(drawn: object) -> JSON:
    """The body in what was drawn."""
    if isinstance(drawn, tuple):
        return [_plain(item) for item in drawn]
    return getattr(drawn, "body", drawn)


def _key(drawn: object) -> str:
    return json.dumps(named(_plain(drawn)), sort_keys=True, default=str)
