"""The table of quirks: complete, with switches that mean something."""

from copy import deepcopy

import pytest
from jsonschema import Draft202012Validator

from contract_files import (
    claims,
    demands,
    is_a_source,
    nodes,
    schemas,
    source_ids,
    source_of,
    table,
    validator,
)
from novita_mock.types import JSON

#: What the double can be told to do otherwise: id to its values, the default first.
SWITCHES = {
    "submit-shape": "flat both envelope",
    "final-progress": "0 100",
    "upscale-progress": "simulated zero",
    "image-url-ttl": "string integer",
    "nsfw-off": "null absent",
    "seed-echo": "requested drawn",
    "missing-key": "400 403 401",
    "result-webhook": "echoed absent",
    "debug-info": "absent present",
    "image-size-reason": "INVALID_IMAGE_SIZE INVALID_REQUEST_BODY",
    "balance": "400 403",
    "data-url": "refused accepted",
    "content-type": "required ignored",
    "null-optional": "absent refused",
    "steps-null": "20 refused",
    "empty-object": "absent refused",
    "empty-string": "absent refused",
    "numeric-string": "accepted refused",
    "integral-float": "accepted refused",
    "boolean-text": "accepted refused",
    "unknown-field": "ignored refused",
    "bare-key": "accepted refused",
    "omni-key": "accepted refused",
}
STRICT = set(list(SWITCHES)[13:])
#: Rows of the list of facts: where its sources disagree, and what they leave open.
ROWS = {f"1.9#{row}" for row in range(1, 24)} | {f"9#{row}" for row in range(1, 37)}

QUIRKS = {quirk["id"]: quirk for quirk in table("quirks")["quirks"]}
PATCHED = [
    (quirk["id"], alternative["value"])
    for quirk in QUIRKS.values()
    for alternative in quirk["alternatives"]
    if "patch" in alternative
]


def patched(quirk: str, value: str) -> dict[str, JSON]:
    """The schemas that an alternative changes, changed."""
    changed: dict[str, JSON] = {}
    [alternative] = [row for row in QUIRKS[quirk]["alternatives"] if row["value"] == value]
    for step in alternative["patch"]:
        schema = changed.setdefault(step["schema"], deepcopy(schemas()[step["schema"]]))
        *parents, last = step["pointer"].strip("/").split("/")
        for part in parents:
            schema = schema[part]
        schema[last] = step["value"]
    return changed


def test_an_id_names_one_quirk() -> None:
    assert len(QUIRKS) == len(table("quirks")["quirks"])


def test_the_switches_are_the_ones_the_double_knows() -> None:
    given = {
        quirk["id"]: " ".join([quirk["default"], *(row["value"] for row in quirk["alternatives"])])
        for quirk in QUIRKS.values()
        if quirk["alternatives"]
    }
    assert given == SWITCHES


def test_strict_refuses_each_leniency() -> None:
    assert {quirk["id"] for quirk in QUIRKS.values() if "strict" in quirk} == STRICT
    for name in STRICT:
        assert [row["value"] for row in QUIRKS[name]["alternatives"]] == ["refused"]


def test_every_contradiction_and_every_silence_is_a_quirk_or_out_of_scope() -> None:
    covered = {row for quirk in QUIRKS.values() for row in quirk.get("rows", [])}
    out_of_scope = set(table("quirks")["out_of_scope"])
    assert covered | out_of_scope == ROWS
    assert not covered & out_of_scope


def test_a_quirk_names_claims_that_exist() -> None:
    assert {claim for quirk in QUIRKS.values() for claim in quirk["sources"]} <= set(claims())


def test_what_is_documented_names_a_claim() -> None:
    assert [
        id for id, quirk in QUIRKS.items() if quirk["basis"] == "documented" and not quirk["sources"]
    ] == []


@pytest.mark.parametrize(("quirk", "value"), PATCHED)
def test_a_patch_gives_a_valid_schema_with_sources(quirk: str, value: str) -> None:
    for path, schema in patched(quirk, value).items():
        Draft202012Validator.check_schema(schema)
        assert schema != schemas()[path]
        for pointer, node in nodes(schema):
            assert all(source_of(node, key) for key in demands(node)), pointer
            assert all(map(is_a_source, source_ids(node.get("x-source")))), pointer


SUBMITS: dict[str, JSON] = {
    "flat": {"task_id": "t"},
    "both": {"task_id": "t", "code": 0, "msg": "", "data": {"task_id": "t"}},
    "envelope": {"code": 0, "msg": "", "data": {"task_id": "t"}},
}


@pytest.mark.parametrize(
    ("value", "accepted"),
    [("flat", {"flat", "both"}), ("both", {"both"}), ("envelope", {"both", "envelope"})],
)
def test_submit_shape_changes_what_a_submit_may_answer(value: str, accepted: set[str]) -> None:
    changed = {} if value == "flat" else patched("submit-shape", value)
    check = validator("v3/submit.response.json", changed)
    assert {shape for shape, body in SUBMITS.items() if check.is_valid(body)} == accepted


def picture(**fields: JSON) -> JSON:
    return {"image_url": "http://localhost/a.png", "image_url_ttl": "3600", "image_type": "png", **fields}


def test_image_url_ttl_changes_its_type() -> None:
    check = validator("common/result-image.json", patched("image-url-ttl", "integer"))
    assert check.is_valid(picture(image_url_ttl=3600, nsfw_detection_result=None))
    assert not check.is_valid(picture(nsfw_detection_result=None))


def test_nsfw_off_takes_the_null_away() -> None:
    check = validator("common/result-image.json", patched("nsfw-off", "absent"))
    assert check.is_valid(picture())
    assert check.is_valid(picture(nsfw_detection_result={"valid": True, "confidence": 3}))
    assert not check.is_valid(picture(nsfw_detection_result=None))


def test_debug_info_has_to_be_there_when_it_is_asked_for() -> None:
    times = dict.fromkeys(("request_info", "submit_time_ms", "execute_time_ms", "complete_time_ms"), "")
    check = validator("common/result-extra.json", patched("debug-info", "present"))
    assert check.is_valid({"debug_info": times})
    assert not check.is_valid({})
