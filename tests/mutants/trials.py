"""The suite against a mutated service: whether it finds what is broken, and names it rightly."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2

from mutants.fields import contract
from mutants.mutation import (
    DOOR,
    EFFECT,
    EVENT,
    LAXER,
    LIFE,
    LINK,
    MONEY,
    READING,
    REFUSAL,
    TIGHTER,
    WIRE,
    Mutation,
)
from mutants.proxy import Proxy, mutating
from novita_contract.options import Options, OptionsError, Secret
from novita_contract.report import Report
from novita_contract.runner import run
from novita_contract.verdicts import RULES, Outcome, Verdict

#: Seconds that the double lives through in a real one: fast, and its tasks can still be seen at work.
SPEED = 12.0
#: Wall seconds that one run against one mutation may take before no further case is begun.
MAX_TIME_S = 40.0
KEYS = ("sk_first", "sk_second", "sk_poor")
_SHOWS = frozenset({Verdict.FAIL, Verdict.UNDOCUMENTED, Verdict.CONTRADICTION})
#: And one that is read here so and there so: it is warned of, place by place.
_WARNS = frozenset({Verdict.WARN})
#: Keywords whose pictures take their time: the quick profile leaves them out.
_LARGE = ("x-image.max_bytes", "x-image.max_pixels", "maxLength")


@dataclass(frozen=True)
class Trial:
    """How the suite fared against one mutation.

    Attributes:
        found: whether it says that anything is wrong.
        named: what of it names the mutation: an outcome, or a reading.
        said: what it says in all, a line each.
        seconds: wall time.
    """

    mutation: Mutation
    found: bool
    named: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    said: tuple[str, ...]
    seconds: float


@contextmanager
def served() -> Iterator[Proxy]:
    """A proxy before a double that a suite can be sent to; its third account has no money."""
    with mutating(KEYS, seed=1, speed=SPEED) as proxy:
        headers = {"Authorization": f"Bearer {KEYS[2]}"}
        reply = httpx2.post(f"{proxy.url}/_mock/balance", json={"usd": 0}, headers=headers, trust_env=False)
        assert reply.status_code == 200, reply.text
        yield proxy


def options(proxy: Proxy, **more: object) -> Options:
    """What the suite is told about the proxy."""
    first, second, poor = map(Secret, KEYS)
    told: dict[str, object] = {
        "target": proxy.url,
        "profile": "quick",
        "layers": (RULES,),
        "key": first,
        "second_key": second,
        "poor_key": poor,
        "target_speed": SPEED,
        "max_time_s": MAX_TIME_S,
    }
    return Options(**(told | more))  # type: ignore[arg-type]  # what is told are fields of it


def tried(proxy: Proxy, mutation: Mutation) -> Trial:
    """Send the suite against a mutation: first the cases about its place, then all that could see it."""
    trial = None
    seconds = 0.0
    for select, profile in _stages(mutation):
        with proxy.under(mutation):
            try:
                report = run(options(proxy, select=select, profile=profile))
            except OptionsError:
                continue  # no case is about that place
            except Exception as problem:
                # The suite itself broke on what it was shown. That is no finding.
                trial = Trial(
                    mutation, False, (), (), (f"crashed: {type(problem).__name__}: {problem}",), seconds
                )
                continue
        seconds += report.seconds
        trial = _trial(mutation, report, seconds)
        if trial.named:
            break
    assert trial is not None, mutation.id
    return trial


def _stages(mutation: Mutation) -> Iterator[tuple[tuple[str, ...], str]]:
    profile = "ci" if any(word in mutation.id for word in _LARGE) or mutation.kind == EFFECT else "quick"
    yield _nearest(mutation), profile
    yield tuple(dict.fromkeys(_rows(mutation))), profile
    yield (*_rows(mutation), "web-*"), "ci"


def _rows(mutation: Mutation) -> list[str]:
    return [name.replace("image-v2", "upscale-v2") for name in mutation.expect.operations if name]


def _nearest(mutation: Mutation) -> tuple[str, ...]:
    """Patterns of the cases that are most likely to see it."""
    names = [
        name
        for name in mutation.expect.operations
        if name not in ("webhook", "image", "image-v2", "path", "")
    ]
    prefixes = [contract().operation(name).id_prefix for name in names]
    if mutation.kind in (LAXER, TIGHTER):
        dotted = mutation.id.split()[2].replace("[]", ".0").upper()
        return (f"{prefixes[0]}-{dotted}-*", f"{prefixes[0]}-INPUT-*")
    if mutation.kind == READING:
        return (f"QRK-{mutation.expect.quirk.partition('=')[0]}", "RES-KEY-*")
    parts = {
        EFFECT: ("RESULT-*", "EFFECT-*", "SAME-*", "LINK-*"),
        EVENT: ("RESULT-PLAIN",),
        MONEY: ("BALANCE*", "KEY-*"),
        DOOR: ("KEY-*", "METHOD-*", "BODY-*", "TASK-*", "TASK_ID-*"),
        LINK: ("RESULT-*", "INPUT-*", "LINK-*"),
        LIFE: ("RESULT-*", "TASK-*"),
        REFUSAL: ("REQUEST*", "TASK*", "*-REQUIRED-*", "BODY-*", "KEY-*", "PAGINATION*"),
        WIRE: ("*",),
    }.get(mutation.kind, ("RESULT-*", "LIST", "BALANCE", "BODY-*", "TASK-*", "LINK-*", "SIZE-*", "KEY-*"))
    webhook = ("WEB-*",) if mutation.kind == EVENT or "webhook" in mutation.id else ()
    paths = ("PATH-*",) if "path" in mutation.expect.operations else ()
    return (*(f"{prefix}-{part}" for prefix in prefixes for part in parts), *webhook, *paths)


def _trial(mutation: Mutation, report: Report, seconds: float) -> Trial:
    shows = _SHOWS | _WARNS if mutation.kind == READING else _SHOWS
    wrong = tuple(outcome for outcome in report.outcomes if outcome.verdict in shows)
    named = [outcome.case.id for outcome in wrong if _names(mutation, outcome)]
    quirk, _, value = mutation.expect.quirk.partition("=")
    named += [
        f"{row.id}={row.observed}" for row in report.readings if row.id == quirk and row.observed == value
    ]
    said = [f"{outcome.case.id}: {outcome.said}" for outcome in wrong]
    said += [f"trouble: {report.trouble}"] if report.trouble else []
    said += [f"reading {row.id}={row.observed}" for row in report.readings if row.differs]
    if mutation.expect.quirk:
        named = [each for each in named if "=" in each]
        named += [
            outcome.case.id
            for outcome in wrong
            if any(finding.quirk.partition("=")[0] == quirk for finding in outcome.findings)
        ]
    return Trial(mutation, bool(said), tuple(named), wrong, tuple(said), seconds)


def _names(mutation: Mutation, outcome: Outcome) -> bool:
    case = outcome.case
    texts = [case.id, case.pointer, case.keyword, case.title, outcome.said]
    for finding in outcome.findings:
        texts += [finding.check, finding.where, finding.expected, finding.received, finding.quirk]
    return mutation.expect.fits(case.operation, texts)
