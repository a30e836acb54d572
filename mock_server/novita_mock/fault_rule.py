"""A fault as a value: whom it meets, when, what it does, and how it is written down."""

from math import exp

from msgspec import Struct
from msgspec.structs import fields

from novita_mock.problems import Problem
from novita_mock.types import JSON

#: Longest wait that a fault of latency makes, in seconds of wall time.
MAX_LATENCY_S = 300.0
#: Steps of the scale on which chance draws a fraction: the most that ``Chance`` gives.
SCALE = 2**32

#: Effects of which only one can be had at a time: each of them decides what the caller gets.
_ANSWERS = frozenset({"error", "body", "socket", "expired"})
#: Ways in which an answer breaks so that who asked does not learn from it what happened.
_LOSING = frozenset({"reset", "hang", "truncated", "malformed", "schema-breaking"})


class Match(Struct, frozen=True):
    """What a rule is asked for; what is empty fits all.

    Attributes:
        operation: a row of ``operations.json`` by name.
        kind: rows of that kind: ``submit``, ``result``, ...
        task_type: as the API spells it: ``UPSCALE``.
        path: a path of the API; with ``*`` at its end, all that begin so.
    """

    operation: str = ""
    kind: str = ""
    task_type: str = ""
    path: str = ""


class Effect(Struct, frozen=True):
    """What a rule does. Which fields count for which ``kind``: ``fault_form.EFFECTS``.

    Attributes:
        kind: ``error``, ``latency``, ``body``, ``socket``, ``fail``, ``slow``, ``nsfw``, ``expired``,
            ``drop``, ``duplicate``, ``late`` or ``reorder``.
        problem: of an error: the row of ``errors.json`` that is told.
        reason: of an error: the V3 reason it was asked for by; of ``fail``: the task's reason.
        code: of an error: the V2 code it was asked for by.
        status: of an error of a download: the HTTP status.
        message: of an error: what it says.
        retry_after_s: of an error: the header Retry-After, in seconds.
        seconds: of latency in wall time; of ``slow`` and ``late`` in account time.
        uniform: of latency: least and most, in seconds of wall time.
        lognormal: of latency: median in seconds of wall time, and sigma.
        how: of a body or a socket: in what way it breaks.
        bytes_per_second: of a socket that drips.
        valid: of ``nsfw``: whether the detection worked.
        confidence: of ``nsfw``: 0 to 100.
        times: of ``duplicate``: how often the event is delivered in all.
    """

    kind: str
    problem: str | None = None
    reason: str | None = None
    code: int | None = None
    status: int | None = None
    message: str | None = None
    retry_after_s: int | None = None
    seconds: float | None = None
    uniform: tuple[float, float] | None = None
    lognormal: tuple[float, float] | None = None
    how: str | None = None
    bytes_per_second: int | None = None
    valid: bool | None = None
    confidence: float | None = None
    times: int | None = None

    @property
    def slot(self) -> str:
        """What only one rule of a draw can decide: the answer, the latency, the failure, ..."""
        return "answer" if self.kind in _ANSWERS else self.kind

    @property
    def loses(self) -> bool:
        """Whether who asked does not learn from the answer what happened; a drip is slow, but tells."""
        return self.kind == "error" or self.how in _LOSING


class FaultRule(Struct, frozen=True):
    """One thing that was asked to go wrong.

    Attributes:
        phase: ``before`` (nothing happened), ``after`` (it happened, the answer suffers), ``task``
            (accepted, then it goes so), ``download`` (of a picture), ``webhook``.
        skip: how many that match pass first.
        times: how often it fires; None for always.
        rate: the share of those that match in which it fires, 0 to 1.
        scenario: the scenario it belongs to, or empty.
        reach: names of the operations that it can meet: those its phase speaks of, whose dialect
            can tell its error. Empty for all.
    """

    fault_id: str
    match: Match
    phase: str
    effect: Effect
    skip: int = 0
    times: int | None = 1
    rate: float = 1.0
    scenario: str = ""
    reach: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """What its counters are kept under: two scenarios may number their rules alike."""
        return f"{self.scenario}/{self.fault_id}" if self.scenario else self.fault_id

    def meets(self, operation: str, task_type: str, path: str) -> bool:
        """Whether it is asked for here; what the caller doesn't know is empty."""
        match = self.match
        if operation and self.reach and operation not in self.reach:
            return False
        if match.operation not in ("", operation) or (match.kind and not operation):
            return False
        return match.task_type in ("", task_type) and path_fits(match.path, path)


class Injected(Problem):
    """An error that was asked for. ``retry_after_s`` is the header Retry-After, if it is to be sent."""

    def __init__(self, rule: FaultRule) -> None:
        whose = f"scenario {rule.scenario}" if rule.scenario else f"fault {rule.fault_id}"
        super().__init__(rule.effect.message or f"asked for by the {whose}")
        self.kind = rule.effect.problem or "create-task-failed"
        self.literal = rule.effect.reason is not None
        self.retry_after_s = rule.effect.retry_after_s


def path_fits(pattern: str, path: str) -> bool:
    """Whether a path is meant by a pattern: all by an empty one, those that begin so by one with ``*``."""
    if pattern.endswith("*"):
        return path.startswith(pattern[:-1])
    return pattern in ("", path)


def latency_s(effect: Effect, fraction: float) -> float:
    """How long an effect of latency waits, in seconds of wall time, at most ``MAX_LATENCY_S``.

    Args:
        effect: of kind ``latency``.
        fraction: what chance says, from 0 up to 1; the share of waits that are shorter.
    """
    seconds = effect.seconds or 0.0
    if effect.uniform:
        low, high = effect.uniform
        seconds = low + fraction * (high - low)
    elif effect.lognormal:
        from statistics import NormalDist  # brings much, and few ask for it

        median_s, sigma = effect.lognormal
        # Neither 0 nor 1 has a quantile: half a step inside.
        inside = min(max(fraction, 0.5 / SCALE), 1 - 0.5 / SCALE)
        seconds = median_s * exp(sigma * NormalDist().inv_cdf(inside))
    return min(seconds, MAX_LATENCY_S)


def written(rule: FaultRule) -> JSON:
    """A rule as it could be asked for again, and the scenario that it is from."""
    match = {f.name: getattr(rule.match, f.name) for f in fields(Match) if getattr(rule.match, f.name)}
    given = {f.name: getattr(rule.effect, f.name) for f in fields(Effect)}
    effect = {name: value for name, value in given.items() if value is not None}
    if "reason" in effect or "code" in effect:
        effect.pop("problem", None)
    if rule.effect.uniform:
        effect["uniform"] = list(rule.effect.uniform)
    if rule.effect.lognormal:
        effect["lognormal"] = dict(zip(("median_s", "sigma"), rule.effect.lognormal, strict=True))
    body: JSON = {"match": match, "phase": rule.phase, "effect": effect}
    body |= {"skip": rule.skip, "times": rule.times, "rate": rule.rate}
    return body | ({"scenario": rule.scenario} if rule.scenario else {})
