"""Asking for faults: every documented error can be asked for, and what makes no sense is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contract_files import demands, nodes, source_of, validator
from novita_mock import catalogue
from novita_mock.dialects import refusal
from novita_mock.fault_form import EFFECTS, parse
from novita_mock.fault_rule import FaultRule, Injected, written
from novita_mock.problems import Refused
from novita_mock.types import JSON

CONTRACT = catalogue.load()
SCHEMA = CONTRACT.schema("control/fault.json")
REASONS = CONTRACT.schema("v3/error.json")["properties"]["reason"]["enum"]
CODES = CONTRACT.schema("v2/error.json")["properties"]["code"]["enum"]
LATENCIES: list[JSON] = [
    {"seconds": 2}, {"uniform": [0.5, 1]}, {"lognormal": {"median_s": 1, "sigma": 0.4}},
]  # fmt: skip
#: For each effect in each phase, every way to say it.
SAYINGS: dict[tuple[str, str], list[JSON]] = {
    (phase, kind): [{"how": how} for how in form.hows] or [{}]
    for phase, forms in EFFECTS.items()
    for kind, form in forms.items()
} | {
    ("task", "slow"): [{"seconds": 30}],
    ("task", "fail"): [{}, {"reason": "the picture breaks off"}],
    ("task", "nsfw"): [{}, {"valid": False}, {"valid": True, "confidence": 12.5}],
    ("webhook", "late"): [{"seconds": 60}],
    ("webhook", "duplicate"): [{}, {"times": 3}],
    ("download", "error"): [{"status": status} for status in (403, 404, 500, 503)],
}  # fmt: skip
for _phase in ("before", "after", "download"):
    SAYINGS[_phase, "latency"] = LATENCIES
for _phase in ("before", "after"):
    SAYINGS[_phase, "error"] = [
        {"reason": "RATE_LIMIT_EXCEEDED", "retry_after_s": 3}, {"code": 9, "message": "too late"},
        {"problem": "balance"},
    ]  # fmt: skip


def sayings() -> list[tuple[str, JSON]]:
    return [(phase, {"kind": kind} | way) for (phase, kind), ways in SAYINGS.items() for way in ways]


def asked(phase: str, effect: JSON, **more: JSON) -> FaultRule:
    return parse({"phase": phase, "effect": effect} | more, "f-1", CONTRACT)


def refusals(body: JSON) -> dict[str, str]:
    with pytest.raises(Refused) as caught:
        parse(body, "f-1", CONTRACT)
    return {fault.pointer: fault.message for fault in caught.value.faults}


def test_the_schema_of_a_fault_demands_nothing_without_saying_that_it_is_ours() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for pointer, node in nodes(SCHEMA):
        for keyword in demands(node):
            assert source_of(node, keyword) == "ours", pointer


def test_the_schema_and_the_table_of_effects_know_the_same_words() -> None:
    fields = SCHEMA["properties"]["effect"]["properties"]
    forms = [(kind, form) for known in EFFECTS.values() for kind, form in known.items()]
    assert set(SCHEMA["properties"]["phase"]["enum"]) == set(EFFECTS)
    assert set(fields["kind"]["enum"]) == {kind for kind, _ in forms}
    assert set(fields["how"]["enum"]) == {how for _, form in forms for how in form.hows}
    assert set(fields) - {"kind"} == {name for _, form in forms for name in form.names}


@pytest.mark.parametrize(("phase", "effect"), sayings())
def test_every_effect_can_be_asked_for_and_written_down_and_asked_for_again(phase: str, effect: JSON) -> None:
    rule = asked(phase, effect, skip=1, times=None, rate=0.5)
    again = written(rule)
    assert {name: again["effect"][name] for name in effect} == effect
    validator("control/fault.json").validate(again)
    assert parse(again, "f-1", CONTRACT) == rule


@pytest.mark.parametrize("reason", REASONS)
def test_every_documented_reason_can_be_asked_for_and_is_told(reason: str) -> None:
    rule = asked("before", {"kind": "error", "reason": reason})
    reply = refusal(Injected(rule), "v3", CONTRACT)
    assert reply.body["reason"] == reason
    assert reply.body["message"] == "asked for by the fault f-1"
    assert {"upscale", "img2img", "task-result"} <= rule.reach
    validator("v3/error.json").validate(reply.body)


@pytest.mark.parametrize("quirk", ["missing-key=403", "image-size-reason=INVALID_REQUEST_BODY"])
def test_a_reason_that_was_asked_for_is_told_whatever_the_readings(quirk: str) -> None:
    other = catalogue.load(catalogue.parse_quirks((quirk,)))
    for reason in REASONS:
        rule = asked("before", {"kind": "error", "reason": reason})
        assert refusal(Injected(rule), "v3", other).body["reason"] == reason


@pytest.mark.parametrize("code", CODES)
def test_every_code_of_v2_can_be_asked_for_and_is_told_to_v2_only(code: int) -> None:
    rule = asked("before", {"kind": "error", "code": code})
    reply = refusal(Injected(rule), "v2", CONTRACT)
    assert reply.body["code"] == code
    assert rule.reach == {"upscale-v2", "progress"}
    validator("v2/error.json").validate(reply.body)


@pytest.mark.parametrize("kind", [kind for kind, row in CONTRACT.errors.items() if {"v2", "v3"} & set(row)])
def test_every_error_can_be_asked_for_by_its_row_and_meets_only_who_can_spell_it(kind: str) -> None:
    rule = asked("after", {"kind": "error", "problem": kind, "message": "no"})
    dialects = {CONTRACT.operation(name).dialect for name in rule.reach}
    assert dialects == set(CONTRACT.errors[kind]) & {"v2", "v3"}
    assert Injected(rule).message == "no"


def test_a_reason_that_v2_has_a_code_for_meets_v2_too() -> None:
    assert "upscale-v2" in asked("before", {"kind": "error", "reason": "RATE_LIMIT_EXCEEDED"}).reach
    assert "upscale-v2" not in asked("before", {"kind": "error", "reason": "ILLEGAL_PROMPT"}).reach


def test_what_is_left_out_has_its_default() -> None:
    rule = asked("task", {"kind": "nsfw"})
    assert (rule.skip, rule.times, rule.rate, rule.match.operation) == (0, 1, 1.0, "")
    assert (rule.effect.valid, rule.effect.confidence) == (True, 99.0)
    assert asked("task", {"kind": "nsfw", "valid": False}).effect.confidence == 0.0
    assert asked("after", {"kind": "socket", "how": "drip"}).effect.bytes_per_second == 64
    assert asked("task", {"kind": "fail"}).effect.reason == "TASK_FAILED"


def test_a_rule_can_be_for_a_kind_of_operation() -> None:
    rule = asked("before", {"kind": "latency", "seconds": 1}, match={"kind": "result"})
    assert rule.reach == {"task-result", "progress"}
    assert rule.meets("progress", "", "")
    assert not rule.meets("upscale", "", "")
    assert not rule.meets("", "", "")


DROP = {"kind": "drop"}
FAIL = {"kind": "fail"}
WAIT = {"kind": "latency", "seconds": 1}


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        ([], "", "an object"),
        ({"effect": DROP}, "/phase", "is required"),
        ({"phase": "befor", "effect": DROP}, "/phase", "did you mean 'before'?"),
        ({"phase": "before"}, "/effect", "is required"),
        ({"phase": "before", "efect": 1, "effect": WAIT}, "/efect", "is not a documented field"),
        ({"phase": "webhook", "effect": DROP, "times": 0}, "/times", "less than the minimum of 1"),
        ({"phase": "webhook", "effect": DROP, "rate": 0}, "/rate", "not greater than 0"),
        ({"phase": "webhook", "effect": DROP, "skip": -1}, "/skip", "less than the minimum of 0"),
    ],
)
def test_a_form_that_is_not_filled_in_well_is_refused_by_name(body: JSON, pointer: str, says: str) -> None:
    assert says in refusals(body)[pointer]


@pytest.mark.parametrize(
    ("phase", "effect", "pointer", "says"),
    [
        ("before", {"kind": "latncy"}, "/kind", "did you mean 'latency'?"),
        ("before", DROP, "/kind", "drop belongs to phase webhook"),
        ("before", {"kind": "body", "how": "malformed"}, "/kind", "belongs to phase after or download"),
        ("before", {"kind": "socket", "how": "drip"}, "/how", "reset, hang"),
        ("download", {"kind": "body", "how": "surprise"}, "/how", "truncated"),
        ("after", {"kind": "socket"}, "", "'socket' needs how, it has none"),
        ("after", {"kind": "socket", "how": "reset", "bytes_per_second": 9}, "/bytes_per_second", "drips"),
        ("before", {"kind": "latency"}, "", "exactly one of seconds, uniform, lognormal, it has none"),
        ("before", {"kind": "latency", "seconds": -1}, "/seconds", "minimum of 0"),
        ("before", {"kind": "latency", "uniform": [2, 1]}, "/uniform", "the least is over the most"),
        ("before", {"kind": "latency", "uniform": [1]}, "/uniform", "at least 2"),
        ("before", {"kind": "latency", "lognormal": {"median_s": 1}}, "/lognormal/sigma", "is required"),
        ("task", {"kind": "slow", "seconds": 1, "how": "hang"}, "/how", "is not a field of 'slow'"),
        ("task", {"kind": "nsfw", "confidence": 101}, "/confidence", "maximum of 100"),
        ("download", {"kind": "error", "status": 418}, "/status", "403, 404, 500, 503"),
        ("before", {"kind": "error", "reason": "TASK_FAILED", "code": 1}, "", "it has reason, code"),
        ("before", {"kind": "error", "reason": "rate_limit_exeeded"}, "/reason", "'RATE_LIMIT_EXCEEDED'?"),
        ("before", {"kind": "error", "code": 11}, "/code", "there is -1, 1, 2"),
        ("before", {"kind": "error", "problem": "ballance"}, "/problem", "did you mean 'balance'?"),
    ],
)
def test_an_effect_that_makes_no_sense_is_refused_by_name(
    phase: str, effect: JSON, pointer: str, says: str
) -> None:
    assert says in refusals({"phase": phase, "effect": effect})[f"/effect{pointer}"]


@pytest.mark.parametrize(
    ("phase", "effect", "match", "pointer", "says"),
    [
        ("task", FAIL, {"operation": "upscal"}, "/match/operation", "did you mean 'upscale'?"),
        ("task", FAIL, {"kind": "submits"}, "/match/kind", "did you mean 'submit'?"),
        ("task", FAIL, {"task_type": "IMG2IMG"}, "/match/task_type", "did you mean 'IMG_TO_IMG'?"),
        ("task", FAIL, {"path": "v3"}, "/match/path", "begins with /"),
        ("task", FAIL, {"path": "/*/x"}, "/match/path", "only at its end"),
        ("task", FAIL, {"operation": "progress"}, "/match", "no operation of phase 'task' fits it"),
        ("webhook", DROP, {"operation": "upscale-v2"}, "/match", "no operation of phase 'webhook' fits it"),
        ("before", WAIT, {"operation": "image"}, "/match", "no operation of phase 'before' fits it"),
        ("before", WAIT, {"path": "/v4/*"}, "/match", "no operation of phase 'before' fits it"),
        (
            "before", {"kind": "error", "reason": "ILLEGAL_PROMPT"}, {"path": "/v2/*"},
            "/effect/reason", "not spelled in the dialect of what is matched",
        ),
    ],
)  # fmt: skip
def test_a_match_that_nothing_fits_is_refused_by_name(
    phase: str, effect: JSON, match: JSON, pointer: str, says: str
) -> None:
    assert says in refusals({"phase": phase, "effect": effect, "match": match})[pointer]


def test_every_wrong_field_is_named_at_once() -> None:
    body = {
        "phase": "task", "match": {"operation": "upscal", "path": "x"},
        "effect": {"kind": "slow", "status": 500, "code": 1},
    }  # fmt: skip
    found = refusals(body)
    assert set(found) == {"/match/operation", "/match/path", "/effect/status", "/effect/code", "/effect"}


@pytest.mark.parametrize(
    ("path", "meets"),
    [("/prod/*", {"image"}), ("/*", {"image", "image-v2"}), ("/prod/1f0c/*", {"image"}), ("/p*", {"image"})],
)
def test_a_path_finds_the_pictures_it_could_meet(path: str, meets: set[str]) -> None:
    assert asked("download", {"kind": "expired"}, match={"path": path}).reach == meets


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = list(SCHEMA["properties"]["effect"]["properties"])
WORDS = st.sampled_from([*SCHEMA["properties"]["effect"]["properties"]["kind"]["enum"], *FIELDS, "truncated"])
effects = st.dictionaries(st.sampled_from(FIELDS), WORDS | values, max_size=4)
bodies = st.fixed_dictionaries(
    {"phase": st.sampled_from(list(EFFECTS)) | values, "effect": effects | values},
    optional=dict.fromkeys(("match", "skip", "times", "rate", "odd"), values),
)


@given(bodies | values)
def test_any_body_is_a_rule_or_is_refused_with_the_places_that_are_wrong(body: JSON) -> None:
    try:
        rule = parse(body, "f-1", CONTRACT)
    except Refused:
        return
    assert rule.reach
    assert parse(written(rule), "f-1", CONTRACT) == rule
