"""What the suite says: a case, what was found, and the outcome."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from novita_contract.exchange import Exchange
from novita_mock.types import JSON

if TYPE_CHECKING:
    from novita_contract.session import Session

#: The layers, cheapest first.
RULES, PROPERTIES, STORIES = "rules", "properties", "stories"
LAYERS = (RULES, PROPERTIES, STORIES)


class Verdict(StrEnum):
    """How a case ended.

    Only ``FAIL`` means that the target deviates, and ``UNDOCUMENTED`` where assumptions count too.
    """

    #: As the contract says.
    PASS = "pass"
    #: Not as a page, or an observation, says.
    FAIL = "fail"
    #: Allowed, and yet worth knowing: what a client of the target should not rely on.
    WARN = "warn"
    #: Not checked, with the reason. Never a kind of agreement.
    SKIP = "skip"
    #: Differs from what we assume where every page is silent.
    UNDOCUMENTED = "undocumented"
    #: The pages contradict each other, and the target follows another one than we do.
    CONTRADICTION = "contradiction"
    #: A deviation that the baseline accepts.
    ACCEPTED = "accepted"
    #: The baseline accepts a deviation which is gone.
    UNEXPECTED_PASS = "unexpected-pass"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as expected.

    Attributes:
        check: the sentence that does not hold, as a name: ``status_is_documented``.
        where: a JSON pointer into the body, ``header NAME``, or what else it is about.
        expected: in words or as JSON.
        received: likewise, cut and without secrets.
        claim: id of the claim in ``sources.json``, or ``assumed: ...`` or ``observed: ...``.
        exchange: the request and reply that show it, if one does.
        quirk: the quirk that it is about, where it is one: ``ID=VALUE`` as the target reads it.
    """

    check: str
    where: str
    expected: str
    received: str
    claim: str = ""
    exchange: Exchange | None = None
    quirk: str = ""

    @property
    def assumed(self) -> bool:
        """Whether no page and no observation stands behind the expectation."""
        return self.claim.startswith("assumed")


class Deviation(Exception):
    """The case found something; raised by its ``run``. ``example`` is what was drawn that shows it."""

    def __init__(self, *findings: Finding, example: JSON = None) -> None:
        super().__init__(findings[0].check if findings else "")
        self.findings = findings
        self.example = example


class NotChecked(Exception):
    """The case can't be checked here; the message says why, and what would make it possible."""


class Noted(Exception):
    """Allowed and worth knowing; raised at the end of a ``run`` that found nothing else."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(findings[0].check if findings else "")
        self.findings = findings


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that can be checked.

    Attributes:
        id: stable, in capitals: ``UPS-REQUEST.SCALE_FACTOR-MAXIMUM-REFUSED``.
        layer: one of ``LAYERS``.
        operation: the name of the row of ``operations.json``, or ``webhook``, or ``image``.
        title: a sentence: what must hold.
        run: checks it; returns when it holds, raises ``Deviation``, ``NotChecked`` or ``Noted``.
        claims: ids of claims, or ``assumed: ...``; the first is the one that matters most.
        pointer: the place of the schema it is about (``/request/scale_factor``), or empty.
        keyword: the keyword of the schema it is about (``maximum``), or empty.
        paid: how many tasks it has made at most, by operation: ``{"upscale": 1}``; empty is free.
        refusal: whether all that it sends must be refused.
        profiles: in which profiles it runs.
    """

    id: str
    layer: str
    operation: str
    title: str
    run: Callable[["Session"], None]
    claims: tuple[str, ...] = ()
    pointer: str = ""
    keyword: str = ""
    paid: dict[str, int] = field(default_factory=dict)
    refusal: bool = False
    profiles: frozenset[str] = frozenset({"quick", "ci", "thorough"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case.

    Attributes:
        case: the case.
        verdict: how it ended.
        said: one line: why it was skipped, what failed; empty where it passed.
        findings: what was found, worst first.
        evidence: the requests and replies that show it; of a case that passed, the last few.
        seconds: wall time it took.
        seed: what chance started from, where chance had a part.
        example: what was drawn, cut down to the least that shows it, for a person to read.
    """

    case: Case
    verdict: Verdict
    said: str = ""
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Exchange, ...] = ()
    seconds: float = 0.0
    seed: int | None = None
    example: JSON = None
