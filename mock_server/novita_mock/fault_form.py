"""The form in which a fault is asked for: JSON in, a rule out, or every field that is wrong with it.

Its shape is ``schemas/control/fault.json``. What a schema can't say is here: which effect makes sense
in which phase, which fields belong to which effect, and which operations a fault can meet at all.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from novita_mock.catalogue import Catalogue, Operation
from novita_mock.fault_rule import Effect, FaultRule, Match, path_fits
from novita_mock.problems import Fault, Refused, cut
from novita_mock.spelling import meant
from novita_mock.types import JSON
from novita_mock.validation import Validator

SCHEMA = "control/fault.json"


class Form(Struct, frozen=True):
    """What an effect may say in one phase.

    Attributes:
        one_of: exactly one of these fields is there.
        optional: these may be there too.
        hows: the values that ``how`` has here.
    """

    one_of: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    hows: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Every field that it may have, beside its kind."""
        return self.one_of + self.optional


_ERROR = Form(("reason", "code", "problem"), ("message", "retry_after_s"))
_LATENCY = Form(("seconds", "uniform", "lognormal"))
_BODY = Form(("how",), hows=("truncated", "malformed", "schema-breaking", "surprise"))
_SOCKET = Form(("how",), ("bytes_per_second",), ("reset", "hang", "drip"))

#: What can go wrong in which phase. Before anything has happened there is no body to break.
EFFECTS: Mapping[str, Mapping[str, Form]] = {
    "before": {"error": _ERROR, "latency": _LATENCY, "socket": replace(_SOCKET, hows=("reset", "hang"))},
    "after": {"error": _ERROR, "latency": _LATENCY, "body": _BODY, "socket": _SOCKET},
    "task": {
        "fail": Form(optional=("reason",)),
        "slow": Form(("seconds",)),
        "nsfw": Form(optional=("valid", "confidence")),
    },
    "download": {
        "error": Form(("status",), ("message",)),
        "latency": _LATENCY,
        "body": replace(_BODY, hows=("truncated",)),
        "socket": _SOCKET,
        "expired": Form(),
    },
    "webhook": {
        "drop": Form(),
        "duplicate": Form(optional=("times",)),
        "late": Form(("seconds",)),
        "reorder": Form(),
    },
}

#: What an effect says where nobody says it.
_DEFAULTS: Mapping[str, Mapping[str, JSON]] = {
    "fail": {"reason": "TASK_FAILED"},
    "duplicate": {"times": 2},
    "nsfw": {"valid": True, "confidence": 99.0},
}
#: How fast a socket drips unless told.
DRIP_BYTES_PER_SECOND = 64


def parse(body: JSON, fault_id: str, catalogue: Catalogue) -> FaultRule:
    """The rule that a body asks for.

    Raises:
        Refused: with one fault for each field that is wrong.
    """
    checked = Validator(catalogue, SCHEMA).check(body)
    if checked.faults:
        raise Refused(tuple(checked.faults))
    asked = checked.body
    phase, match, effect = asked["phase"], asked.get("match", {}), asked["effect"]
    faults = [*_wrong_match(match, catalogue), *_wrong_effect(phase, effect)]
    if not faults:
        faults.extend(_wrong_error(phase, effect, catalogue))
    if faults:
        raise Refused(tuple(faults))
    built = _effect(effect, catalogue)
    return FaultRule(
        fault_id,
        Match(**match),
        phase,
        built,
        skip=asked["skip"],
        # null is what makes it fire always; the leniency for requests takes it for absence
        times=None if body.get("times", 1) is None else asked["times"],
        rate=float(asked["rate"]),
        reach=_reach(phase, match, built, catalogue),
    )


def nearest(word: str, choices: Iterable[str]) -> str:
    """The end of a message about an unknown word: the choice most like it, or all of them if few."""
    known = sorted(set(choices))
    by_lower = {choice.lower(): choice for choice in known}
    near = meant(word.lower()[:100], by_lower)
    if near:
        return f"; did you mean {by_lower[near]!r}?"
    return f"; there is {', '.join(known)}" if len(known) <= 12 else ""


def _fault(path: str, message: str) -> Fault:
    return Fault("invalid-request", tuple(path.split("/")), message)


def _wrong_match(match: Mapping[str, str], catalogue: Catalogue) -> Iterator[Fault]:
    rows = catalogue.operations
    known = {
        "operation": ("an operation", {row.name for row in rows}),
        "kind": ("a kind of operation", {row.kind for row in rows}),
        "task_type": ("a task type", {row.task_type for row in rows if row.task_type}),
    }
    for name, (what, choices) in known.items():
        if name in match and match[name] not in choices:
            yield _fault(f"match/{name}", f"{cut(match[name])} is not {what}{nearest(match[name], choices)}")
    path = match.get("path", "/")
    if not path.startswith("/") or "*" in path[:-1]:
        yield _fault("match/path", f"{cut(path)} is not a path: it begins with / and has * only at its end")


def _wrong_effect(phase: str, effect: Mapping[str, JSON]) -> Iterator[Fault]:
    kind, forms = effect["kind"], EFFECTS[phase]
    if kind not in forms:
        homes = " or ".join(name for name, known in EFFECTS.items() if kind in known)
        message = f"{cut(kind)} makes no sense in phase {phase!r}, which has {', '.join(forms)}"
        yield _fault("effect/kind", f"{message}; {kind} belongs to phase {homes}")
        return
    form = forms[kind]
    fields = f"in phase {phase!r}, which has {', '.join(form.names) or 'none'}"
    for name in effect:
        if name != "kind" and name not in form.names:
            yield _fault(f"effect/{name}", f"is not a field of {kind!r} {fields}")
    given = [name for name in form.one_of if name in effect]
    if form.one_of and len(given) != 1:
        wanted = f"exactly one of {', '.join(form.one_of)}" if form.one_of[1:] else form.one_of[0]
        yield _fault("effect", f"{kind!r} needs {wanted}, it has {', '.join(given) or 'none'}")
    elif "how" in effect and form.hows and effect["how"] not in form.hows:
        wanted = ", ".join(form.hows)
        yield _fault(
            "effect/how", f"{cut(effect['how'])} is not what a {kind} has in phase {phase!r}: {wanted}"
        )
    elif "bytes_per_second" in effect and effect.get("how") != "drip":
        yield _fault("effect/bytes_per_second", "is for a socket that drips")
    if len(effect.get("uniform", ())) == 2 and effect["uniform"][0] > effect["uniform"][1]:
        yield _fault("effect/uniform", "the least is over the most")


def _wrong_error(phase: str, effect: Mapping[str, JSON], catalogue: Catalogue) -> Iterator[Fault]:
    if "problem" in effect and effect["problem"] not in catalogue.errors:
        near = nearest(effect["problem"], catalogue.errors)
        yield _fault("effect/problem", f"{cut(effect['problem'])} is not a row of errors.json{near}")
    elif "code" in effect and not _rows_of_code(effect["code"], catalogue):
        codes = sorted({row["v2"]["code"] for row in catalogue.errors.values() if "v2" in row})
        yield _fault(
            "effect/code", f"{effect['code']} is not a V2 code; there is {', '.join(map(str, codes))}"
        )
    elif (
        effect["kind"] == "error" and "reason" in effect and not _rows_of_reason(effect["reason"], catalogue)
    ):
        reasons = {row["v3"]["reason"] for row in catalogue.errors.values() if "v3" in row}
        near = nearest(effect["reason"], reasons)
        yield _fault("effect/reason", f"{cut(effect['reason'])} is not a documented reason{near}")


def _rows_of_reason(reason: str, catalogue: Catalogue) -> list[str]:
    return [kind for kind, row in catalogue.errors.items() if row.get("v3", {}).get("reason") == reason]


def _rows_of_code(code: int, catalogue: Catalogue) -> list[str]:
    """The rows that V2 tells by a code: those that speak V2 as the page does first."""
    rows = [(kind, row) for kind, row in catalogue.errors.items() if row.get("v2", {}).get("code") == code]
    rows.sort(key=lambda pair: (pair[1]["v2"]["status"] != 200, "v3" in pair[1]))
    return [kind for kind, _ in rows]


def _effect(asked: Mapping[str, JSON], catalogue: Catalogue) -> Effect:
    told: dict[str, JSON] = dict(asked)
    if told["kind"] == "error" and "code" in told:
        told["problem"] = _rows_of_code(told["code"], catalogue)[0]
    elif told["kind"] == "error" and "reason" in told:
        told["problem"] = _rows_of_reason(told["reason"], catalogue)[0]
    if told.get("how") == "drip":
        told.setdefault("bytes_per_second", DRIP_BYTES_PER_SECOND)
    if told["kind"] == "nsfw" and told.get("valid") is False:
        told.setdefault("confidence", 0.0)
    if "uniform" in told:
        told["uniform"] = tuple(told["uniform"])
    if "lognormal" in told:
        told["lognormal"] = (told["lognormal"]["median_s"], told["lognormal"]["sigma"])
    return Effect(**dict(_DEFAULTS.get(told["kind"], {})) | told)


def _reach(phase: str, match: Mapping[str, str], effect: Effect, catalogue: Catalogue) -> frozenset[str]:
    """The operations that a rule can meet; a rule that could never fire is refused."""
    rows = [row for row in catalogue.operations if _speaks_of(phase, row) and _wants(match, row)]
    if not rows:
        raise Refused((_fault("match", f"no operation of phase {phase!r} fits it"),))
    if effect.problem:
        spelled = {"v2"} if effect.code is not None else set(catalogue.errors[effect.problem])
        rows = [row for row in rows if row.dialect in spelled]
        if not rows:
            field = next(name for name in _ERROR.one_of if getattr(effect, name) is not None)
            raise Refused((_fault(f"effect/{field}", "is not spelled in the dialect of what is matched"),))
    return frozenset(row.name for row in rows)


def _speaks_of(phase: str, row: Operation) -> bool:
    if phase in ("task", "webhook"):
        return row.kind == "submit" and (phase == "task" or row.dialect == "v3")
    return (row.kind == "image") == (phase == "download")


def _wants(match: Mapping[str, str], row: Operation) -> bool:
    pattern = match.get("path", "")
    fixed, template, _ = row.path.partition("{")
    # A row's path with a name in it fits what begins like it, as far as both are known.
    near = template and (
        pattern.startswith(fixed) or (pattern.endswith("*") and fixed.startswith(pattern[:-1]))
    )
    return (
        match.get("operation", row.name) == row.name
        and match.get("kind", row.kind) == row.kind
        and (match.get("task_type", row.task_type) == row.task_type or row.kind != "submit")
        and bool(near or path_fits(pattern, row.path))
    )
