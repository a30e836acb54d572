"""A finished run, as a value that every kind of report is made from."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from novita_contract.verdicts import Outcome, Verdict

#: Exit codes.
CONFORMS, DEVIATES, USAGE, UNREACHABLE, BUDGET, INTERRUPTED = 0, 1, 2, 3, 4, 130


@dataclass(frozen=True, slots=True)
class Reading:
    """How the target reads one quirk.

    Attributes:
        id: of the quirk.
        title: what it is about.
        expected: the value that the suite was told to expect, or the default.
        observed: the value that the target shows, or empty where it could not be checked.
        basis: ``documented``, ``observed`` or ``assumed``.
        said: why it could not be checked, or where it was seen.
    """

    id: str
    title: str
    expected: str
    observed: str
    basis: str
    said: str = ""

    @property
    def differs(self) -> bool:
        """Whether the target shows another of the known values."""
        return self.observed not in ("", self.expected)


@dataclass(frozen=True, slots=True)
class Spend:
    """What a run on money has cost, in USD.

    Attributes:
        budget: what may be spent.
        reserved: what the ledger holds as spent, at worst-case prices.
        calls: paid requests that were sent.
        balance_before, balance_after: what the service said, or None where it did not.
    """

    budget: float
    reserved: float
    calls: int
    balance_before: float | None = None
    balance_after: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything there is to say about a run.

    Attributes:
        target: ``mock``, ``live`` or the URL, without secrets.
        url: where requests went.
        profile, seed: of the options.
        command: what repeats the run.
        started: date and time, ISO 8601 in UTC.
        seconds: wall time.
        versions: of the tool, the schemas (a digest), Python, and what the target says of itself.
        outcomes: one a case, in the order of the plan.
        readings: one a quirk that can be switched.
        habits: how the target answers what real clients send: (what, where, ``accepted`` or ``refused``).
        coverage: operation to ``(exercised, all)`` of its constraints; ``*`` is the sum.
        notes: what a reader should know of the run: an open door, no receiver.
        spend: on live.
        interrupted: whether it was broken off.
        over_budget: whether cases were left out because the money was out.
        trouble: why it ended before its time, or empty.
        exit_code: one of the codes above.
    """

    target: str
    url: str
    profile: str
    seed: int
    command: str
    started: str
    seconds: float
    versions: Mapping[str, str]
    outcomes: tuple[Outcome, ...]
    readings: tuple[Reading, ...] = ()
    habits: tuple[tuple[str, str, str], ...] = ()
    coverage: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    spend: Spend | None = None
    interrupted: bool = False
    over_budget: bool = False
    trouble: str = ""
    exit_code: int = CONFORMS

    def counts(self, operation: str = "") -> Counter[Verdict]:
        """How many cases ended how, of one operation or of all."""
        return Counter(
            outcome.verdict for outcome in self.outcomes if operation in ("", outcome.case.operation)
        )

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """What deviates."""
        return tuple(outcome for outcome in self.outcomes if outcome.verdict is Verdict.FAIL)
