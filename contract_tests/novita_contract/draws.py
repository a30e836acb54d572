"""Lets Hypothesis draw requests for a law, and cut a failing one down; alone in running Hypothesis.

No drawn request is sent twice, neither to make sure nor to show it again: what became of it is remembered.
On the real service nothing is cut down, since every step would cost money.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from zlib import crc32

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis.strategies import SearchStrategy

from novita_contract.clock import now_s
from novita_contract.exchange import named
from novita_contract.session import Session
from novita_contract.verdicts import Deviation
from novita_mock.types import JSON

#: Wall seconds that a failing request is cut down for.
CUT_DOWN_S = 8.0


def for_all(
    session: Session, name: str, strategy: SearchStrategy[JSON], check: Callable[[JSON], None], draws: int
) -> None:
    """Check a law for so many drawn values.

    Args:
        session: the run; its seed, and the name, say what is drawn.
        name: of the case.
        strategy: what to draw from.
        check: raises ``Deviation`` where the law does not hold.
        draws: how many values are drawn at most.

    Raises:
        Deviation: of the smallest value found for which the law does not hold; with its example.
    """
    trial = _Trial(check)
    phases = [Phase.generate] if session.options.live else [Phase.generate, Phase.shrink]
    configured = settings(
        max_examples=draws, database=None, deadline=None, phases=phases, report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet, print_blob=False,
    )  # fmt: skip

    def law(drawn: JSON) -> None:
        trial.of(drawn)

    try:
        seed(crc32(name.encode()) ^ session.options.seed)(configured(given(strategy)(law)))()
    except Deviation as found:
        raise Deviation(*found.findings, example=trial.shown(found)) from None


class _Trial:
    """What became of each value, and when the first failed."""

    def __init__(self, check: Callable[[JSON], None]) -> None:
        self._check = check
        self._became: dict[str, Exception | None] = {}
        self._example: dict[int, JSON] = {}
        self._failed_s: float | None = None

    def of(self, drawn: JSON) -> None:
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

    def _tried(self, drawn: JSON) -> Exception | None:
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
