"""What a run of the suite is told, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from novita_contract.verdicts import LAYERS

#: Profiles, quickest first, and how many requests Hypothesis draws for each property.
PROFILES: dict[str, int] = {"quick": 3, "ci": 20, "thorough": 200}
MOCK, LIVE = "mock", "live"


class OptionsError(Exception):
    """An option that can't be used; ``hint`` says what to type instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Secret(str):
    """A text that shows itself as ``***`` wherever Python prints values; only ``reveal`` gives it out."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def reveal(self) -> str:
        """The text itself."""
        return str.__str__(self)


#: No key at all.
NO_KEY = Secret("")


@dataclass(frozen=True, slots=True)
class Options:
    """A run: against what, which cases, how long, and what it may cost.

    Attributes:
        target: ``mock``, ``live`` or a URL.
        profile: one of ``PROFILES``.
        layers: which of them.
        select: only cases whose id, operation or layer fits one of these patterns (``*`` and ``?``).
        skip: no case that fits one of these.
        examples: requests that are drawn for each property; None: as the profile says.
        seed: what chance starts from.
        max_time_s: wall seconds after which no further case is begun.
        random_order: whether the cases come in an order drawn from the seed.
        workers: cases that are under way at the same time.
        quirks: readings that are expected in place of the defaults.
        double_quirks: readings that the private double is started with.
        double_strict: whether the private double refuses what real clients send.
        target_speed: seconds of the target's time in a real one, where it is known.
        max_wait_s: longest wall time that is waited for something to expire.
        webhook_url: where the world reaches the suite's receiver, when not at its own address.
        assumptions: whether what differs only from our assumptions counts as a deviation.
        key: the first key; the second opens another account; the poor one has no money left.
        prices: USD for one picture, by operation.
        budget_usd: most that may be spent, ever, by the ledger.
        max_paid_calls: most paid requests, whatever they cost.
        ledger: where what was spent is written down.
        consent: whether spending was agreed to.
        live_url: in place of the real service; loopback only, for tests of the suite itself.
        record: the folder for a transcript, or None.
        report_dir: the folder for the reports, or None for the terminal's alone.
        baseline: the file of accepted deviations, or None.
    """

    target: str = MOCK
    profile: str = "ci"
    layers: tuple[str, ...] = LAYERS
    select: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    examples: int | None = None
    seed: int = 0
    max_time_s: float | None = None
    random_order: bool = False
    workers: int = 8
    quirks: Mapping[str, str] = field(default_factory=dict)
    double_quirks: Mapping[str, str] = field(default_factory=dict)
    double_strict: bool = False
    target_speed: float | None = None
    max_wait_s: float = 10.0
    webhook_url: str | None = None
    assumptions: bool = True
    key: Secret = NO_KEY
    second_key: Secret = NO_KEY
    poor_key: Secret = NO_KEY
    prices: Mapping[str, float] = field(default_factory=dict)
    budget_usd: float | None = None
    max_paid_calls: int | None = None
    ledger: Path | None = None
    consent: bool = False
    live_url: str | None = None
    record: Path | None = None
    report_dir: Path | None = None
    baseline: Path | None = None

    @property
    def draws(self) -> int:
        """How many requests are drawn for each property."""
        return PROFILES[self.profile] if self.examples is None else self.examples

    @property
    def live(self) -> bool:
        """Whether this is about real money."""
        return self.target == LIVE
