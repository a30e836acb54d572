"""Every probe is valid, or broken in exactly the way that it says; the double agrees with each of them."""

import json
from functools import cache

import pytest

from generator_world import QUERIES, SUBMITS, UPSCALE, Double, contract, named_fields, patched
from novita_contract.boundaries import Probe, probes, query_probes
from novita_contract.exchange import named
from novita_contract.judging import Judge, broken_only, read_query
from novita_contract.keywords import asserted, places, schema_of
from novita_contract.pictures import MODES, PictureText
from novita_contract.words import KNOWN_TASK
from novita_mock.catalogue import Catalogue, load
from novita_mock.types import JSON

#: Fields of every kind, with every keyword that no page of today makes us use.
SYNTHETIC: dict[str, JSON] = {
    "level": {"type": "integer", "exclusiveMinimum": 2, "exclusiveMaximum": 10},
    "share": {"type": ["number", "null"], "minimum": 0, "exclusiveMaximum": 1},
    "kind": {"type": "string", "const": "photo"},
    "side": {"type": "integer", "const": 3},
    "tags": {
        "type": "array", "minItems": 2, "maxItems": 4,
        "items": {"type": "string", "minLength": 3, "maxLength": 5, "x-source": "assumed: a test"},
    },
    "flag": {"type": ["boolean", "null"]},
    "note": {"type": ["string", "null"]},
    "some": {"type": "array", "items": {"type": "integer", "enum": [1, 5], "x-source": "assumed: a test"}},
    "closed": {
        "type": "object", "required": ["on"], "additionalProperties": False,
        "properties": {"on": {"type": "boolean", "x-source": "assumed: a test"}},
    },
}  # fmt: skip


def synthetic() -> Catalogue:
    """The contract with fields that it doesn't have."""
    fields = "/properties/request/properties"
    return patched(
        *(
            (UPSCALE, f"{fields}/{name}", {**schema, "x-source": "assumed: a test"})
            for name, schema in SYNTHETIC.items()
        )
    )


@cache
def probed(name: str, strict: bool = False) -> tuple[Probe, ...]:
    operation = contract(strict).operation(name)
    return (probes if operation.request else query_probes)(contract(strict), operation)


def tried(catalogue: Catalogue, name: str, found: list[Probe]) -> None:
    """Each probe against the judge, and against the double."""
    operation = catalogue.operation(name)
    schema = schema_of(catalogue, operation)
    judge, double = Judge(schema), Double(catalogue, operation)
    for probe in found:
        body = probe.body
        breaches = judge.violations(body if operation.request else read_query(schema, body))
        problem = double.refusal(body)
        if probe.accepted:
            assert (breaches, problem) == ([], None), probe.id
            assert double.quirks == set(), probe.id
            assert (probe.fault, probe.fields) == ("", ())
        else:
            assert broken_only(breaches, probe.pointer, probe.keyword), (probe.id, breaches)
            assert problem is not None, probe.id
            assert (problem.kind, named_fields(problem)) == (probe.fault, probe.fields), probe.id


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", [*SUBMITS, *QUERIES])
def test_a_probe_is_what_it_says(name: str, strict: bool) -> None:
    tried(contract(strict), name, [probe for probe in probed(name, strict) if not probe.heavy])


@pytest.mark.parametrize("name", SUBMITS)
def test_a_heavy_probe_is_what_it_says(name: str) -> None:
    heavy = [probe for probe in probed(name) if probe.heavy]
    assert {probe.keyword for probe in heavy} >= {"maxLength", "x-image.max_bytes"}
    tried(contract(), name, [probe for probe in heavy if not probe.same_as])


def test_keywords_that_no_page_makes_us_use_are_probed_rightly_too() -> None:
    changed = synthetic()
    found = [probe for probe in probes(changed, changed.operation("upscale")) if not probe.heavy]
    tried(changed, "upscale", found)
    for field in SYNTHETIC:
        mine = [probe for probe in found if probe.pointer.startswith(f"/request/{field}")]
        assert {probe.accepted for probe in mine} == {True, False}


@pytest.mark.parametrize("strict", [False, True])
def test_an_id_is_given_once(strict: bool) -> None:
    ids = [probe.id for name in (*SUBMITS, *QUERIES) for probe in probed(name, strict)]
    assert len(ids) == len(set(ids))
    assert all(set(each) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") for each in ids)


STABLE = {
    "UPS-REQUEST.SCALE_FACTOR-MAXIMUM-ACCEPTED": 4,
    "UPS-REQUEST.SCALE_FACTOR-MAXIMUM-ABOVE": 4.1,
    "UPS-REQUEST.SCALE_FACTOR-MAXIMUM-ABOVE-NEAREST": 4.000000000000001,
    "UPS-REQUEST.SCALE_FACTOR-EXCLUSIVEMINIMUM-ITSELF": 1,
    "UPS-REQUEST.SCALE_FACTOR-EXCLUSIVEMINIMUM-ACCEPTED-NEAREST": 1.0000000000000002,
    "UPS-REQUEST.MODEL_NAME-ENUM-ACCEPTED-4X-ULTRASHARP": "4x-UltraSharp",
    "UPS-REQUEST.MODEL_NAME-ENUM-TRAILING-SPACE": "RealESRGAN_x4plus_anime_6B ",
    "UPS-EXTRA.ENABLE_NSFW_DETECTION-TYPE-TRUE-STRING": "true",
    "I2I-REQUEST.LORAS.0.STRENGTH-MINIMUM-BELOW": -0.1,
    "I2I-REQUEST.WIDTH-MAXIMUM-ABOVE": 2049,
    "I2I-REQUEST.WIDTH-TYPE-FRACTION": 128.5,
    "I2I-REQUEST.SEED-MAXIMUM-ABOVE": 2**63,
    "I2I-REQUEST.SAMPLER_NAME-ENUM-DPMPLUSPLUS-KARRAS": "DPM++ Karras",
    "I2I-REQUEST.PROMPT-MAXLENGTH-ACCEPTED-ASTRAL": "\U0001f600" * 1024,
    "I2I-REQUEST.PROMPT-MINLENGTH-EMPTY": "",
    "I2I-REQUEST.STRENGTH-TYPE-ACCEPTED-NULL": None,
    "I2I-EXTRA.WEBHOOK.URL-X-FORMAT-FTP": "ftp://hooks.novita-contract.invalid/event",
    "UP2-RESIZE_MODE-ENUM-ABOVE": 2,
    "MOD-PAGINATION.LIMIT-MAXIMUM-ABOVE": "101",
    "MOD-PAGINATION.LIMIT-MINIMUM-BELOW": "0",
    "MOD-PAGINATION.LIMIT-TYPE-TEXT": "x",
    "RES-TASK_ID-MINLENGTH-EMPTY": "",
    "PRG-TASK_ID-REQUIRED-ACCEPTED": KNOWN_TASK,
}


@pytest.mark.parametrize("name", STABLE)
def test_the_ids_that_others_build_on_stay(name: str) -> None:
    (probe,) = (probe for each in (*SUBMITS, *QUERIES) for probe in probed(each) if probe.id == name)
    value = probe.body
    for step in probe.pointer.split("/")[1:]:
        value = value[int(step) if isinstance(value, list) else step]
    assert (value, type(value)) == (STABLE[name], type(STABLE[name]))
    assert probe.accepted is ("ACCEPTED" in name)


def test_a_field_that_is_left_out_is_pointed_at_and_named() -> None:
    (probe,) = (each for each in probed("upscale") if each.id == "UPS-REQUEST.SCALE_FACTOR-REQUIRED-LEFT-OUT")
    assert "scale_factor" not in probe.body["request"]
    assert (probe.pointer, probe.fields) == ("/request/scale_factor", ("request.scale_factor",))
    assert (probe.value_told, probe.claim) == ("left out", "upscale.scale_factor.type")


def test_claims_are_those_of_the_keyword() -> None:
    claims = {probe.id: probe.claim for probe in probed("upscale")}
    assert claims["UPS-REQUEST.SCALE_FACTOR-MAXIMUM-ABOVE"] == "upscale.scale_factor.range"
    assert claims["UPS-REQUEST.IMAGE_BASE64-X-IMAGE-GIF"] == "error.invalid-image-format"
    assert claims["UPS-EXTRA.WEBHOOK.URL-MINLENGTH-EMPTY"].startswith("assumed: ")
    assert all(probe.claim for name in (*SUBMITS, *QUERIES) for probe in probed(name))


FAULTS = {
    "I2I-REQUEST.WIDTH-MAXIMUM-ABOVE": "image-size",
    "I2I-REQUEST.WIDTH-TYPE-STRING": "invalid-request",
    "I2I-REQUEST.WIDTH-REQUIRED-LEFT-OUT": "invalid-request",
    "UPS-REQUEST.IMAGE_BASE64-X-IMAGE-TEXT": "image-format",
    "UPS-REQUEST.IMAGE_BASE64-CONTENTENCODING-NOT-BASE64": "image-format",
    "UPS-REQUEST.IMAGE_BASE64-X-IMAGE.MAX_SIDE-WIDE": "image-resolution",
    "UPS-REQUEST.IMAGE_BASE64-MAXLENGTH-LONGER": "image-file-size",
    "UPS-EXTRA.CUSTOM_STORAGE.AWS_S3.BUCKET-MINLENGTH-EMPTY": "output-path",
    "UP2-UPSCALER_1-ENUM-NEAR-MISS": "unknown-model",
    "UP2-GFPGAN_VISIBILITY-MAXIMUM-ABOVE": "out-of-range",
}


def test_a_breach_is_called_by_its_fault() -> None:
    faults = {probe.id: probe.fault for name in SUBMITS for probe in probed(name)}
    assert {name: faults[name] for name in FAULTS} == FAULTS


def test_every_format_and_mode_of_picture_is_sent_in_every_place_of_one() -> None:
    modes = sum(map(len, MODES.values()))
    for name, count in (("upscale", 1), ("img2img", 3), ("upscale-v2", 1)):
        found = [probe for probe in probed(name) if probe.keyword == "x-image" and probe.accepted]
        assert len(found) == modes * count


def test_strict_refuses_what_is_otherwise_a_habit() -> None:
    lenient = {probe.id for name in (*SUBMITS, *QUERIES) for probe in probed(name)}
    strict = {probe.id for name in (*SUBMITS, *QUERIES) for probe in probed(name, True)}
    assert lenient < strict
    assert {
        "UPS-REQUEST-ADDITIONALPROPERTIES-STRAY", "UPS-EXTRA-TYPE-NULL", "I2I-REQUEST.STEPS-TYPE-NULL",
        "UPS-REQUEST.SCALE_FACTOR-TYPE-NUMERIC-STRING", "I2I-REQUEST.STEPS-TYPE-WHOLE-FLOAT",
        "I2I-REQUEST.SD_VAE-MINLENGTH-EMPTY", "UPS-EXTRA.ENTERPRISE_PLAN.ENABLED-REQUIRED-LEFT-OUT",
        "MOD-QUERY-ADDITIONALPROPERTIES-STRAY",
    } <= strict - lenient  # fmt: skip


#: Quirks of requests, and what else they may be read as.
READINGS = [
    (row["id"], other["value"])
    for row in contract().quirk_rows
    for other in row["alternatives"]
    if "refused" in (row["default"], other["value"])
]


@pytest.mark.parametrize(("quirk", "value"), READINGS)
def test_no_probe_depends_on_how_a_quirk_is_read(quirk: str, value: str) -> None:
    read = load({quirk: value})
    for name in (*SUBMITS, *QUERIES):
        double = Double(read, read.operation(name))
        for probe in probed(name):
            problem = None if probe.heavy or probe.same_as else double.refusal(probe.body)
            if not probe.heavy and not probe.same_as:
                assert (problem is None) is probe.accepted, probe.id
                assert problem is None or problem.kind == probe.fault, probe.id


def test_probes_are_the_same_in_every_run_and_say_what_they_repeat() -> None:
    again = {probe.id: probe for probe in probes(contract(), contract().operation("img2img"))}
    repeated = 0
    for probe in probed("img2img"):
        assert again[probe.id] == probe
        if not probe.heavy:
            assert named(again[probe.id].body) == named(probe.body)
        if probe.same_as:
            repeated += 1
            assert not again[probe.same_as].same_as
            assert probe.heavy or named(again[probe.same_as].body) == named(probe.body)
    assert repeated > 50


def test_every_keyword_of_every_place_has_a_probe() -> None:
    schema = schema_of(contract(), contract().operation("img2img"))
    keywords = {(place.pointer, keyword) for place in places(schema) for keyword in asserted(place)}
    assert {(probe.pointer, probe.keyword) for probe in probed("img2img")} == keywords


def test_what_is_told_of_a_value_is_short_and_holds_no_picture() -> None:
    for name in (*SUBMITS, *QUERIES):
        for probe in probed(name):
            assert len(probe.value_told) <= 120, probe.id
            assert "iVBOR" not in probe.value_told, probe.id
            assert probe.value_told, probe.id


def test_pictures_are_told_by_name_wherever_they_are_sent() -> None:
    probe = next(probe for probe in probed("upscale") if probe.keyword == "x-image")
    assert isinstance(probe.body["request"]["image_base64"], PictureText)
    assert "iVBOR" not in json.dumps(named(probe.body))
