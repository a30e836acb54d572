"""The validator: what it reads, what it says, and how long it takes: rows J14 to J17."""

import json
import time

import pytest

from conftest import Start, img2img_body, upscale_body
from laws import refused, spoken
from novita_mock.catalogue import load, parse_quirks, schema_paths
from novita_mock.types import JSON
from novita_mock.validation import MAX_FAULTS, MAX_ITEMS, Checked, Validator
from raw import timed

IMG2IMG = "v3/img2img.request.json"
V2 = "v2/upscale.request.json"


def check(body: JSON, path: str = IMG2IMG, *quirks: str, strict: bool = False) -> Checked:
    """A body as the validator of a schema sees it."""
    return Validator(load(parse_quirks(quirks), strict), path).check(body)


def faults(checked: Checked) -> dict[str, str]:
    """Kind of fault by dotted path."""
    return {fault.dotted: fault.kind for fault in checked.faults}


def test_absent_fields_get_their_documented_default() -> None:
    body = check(img2img_body() | {"extra": {}}).body
    assert body["extra"] == {"response_image_type": "png", "nsfw_detection_level": 0}
    assert check({"request": {"seed": None}}).body["request"]["seed"] == -1


@pytest.mark.parametrize(
    "name", ["strength", "sd_vae", "negative_prompt", "loras", "clip_skip", "controlnet"]
)
def test_null_is_absence(name: str) -> None:
    checked = check(img2img_body(**{name: None}))
    assert not checked.faults
    assert name not in checked.body["request"]


@pytest.mark.parametrize(
    "name", ["model_name", "image_base64", "prompt", "width", "image_num", "sampler_name"]
)
def test_null_is_no_value_of_a_required_field(name: str) -> None:
    assert faults(check(img2img_body(**{name: None}))) == {f"request.{name}": "invalid-request"}


@pytest.mark.parametrize("number", [2, 2.0, "2", "2.0", "2.00", "+2", "2e0"])
def test_a_number_has_one_spelling_inside(number: JSON) -> None:
    """Equal requests give equal bytes, so they must be equal first."""
    scale = check(upscale_body(scale_factor=number), "v3/upscale.request.json").body["request"][
        "scale_factor"
    ]
    assert (scale, type(scale)) == (2, int)


@pytest.mark.parametrize("strict", [False, True])
def test_a_number_in_a_query_is_text_on_its_way_and_nothing_to_be_forgiven(strict: bool) -> None:
    validator = Validator(load(strict=strict), "v3/model.query.json")
    checked = validator.check_query({"pagination.limit": "7", "filter.query": "7"})
    assert (checked.body["pagination.limit"], checked.body["filter.query"]) == (7, "7")
    assert not checked.faults
    assert not checked.notices
    for wrong in ("0", "101", "-1", "seven", "", "9" * 31):
        assert faults(validator.check_query({"pagination.limit": wrong})) == {
            "pagination.limit": "invalid-request"
        }


@pytest.mark.parametrize("number", [2.5, "2.5", "25e-1"])
def test_a_fraction_stays_one(number: JSON) -> None:
    assert check({"image": "x", "upscaling_resize": number}, V2).body["upscaling_resize"] == 2.5


def test_a_number_beyond_floats_is_out_of_range() -> None:
    """J3."""
    assert faults(check({"image": "x", "upscaling_resize": 10**400}, V2)) == {
        "upscaling_resize": "out-of-range"
    }


def test_the_innermost_fault_is_told_last_and_not_more_than_some() -> None:
    bad = {"request": {"controlnet": {"units": [{}] * 30}, "steps": 0}, "extra": 1}
    checked = check(bad)
    assert len(checked.faults) == MAX_FAULTS
    lengths = [len(fault.path) for fault in checked.faults]
    assert checked.faults[0].dotted == "extra"
    assert lengths[-1] == max(lengths)


def test_a_message_names_what_came_and_what_is_allowed() -> None:
    said = {
        fault.dotted: fault.message for fault in check(img2img_body(steps=101, sampler_name="euler a")).faults
    }
    assert said["request.steps"] == "101 is greater than the maximum of 100"
    assert "did you mean 'Euler a'?" in said["request.sampler_name"]


def test_a_list_that_no_page_limits_is_not_looked_at_for_ever() -> None:
    """J17."""
    unit = {"model_name": "canny", "image_base64": "x", "strength": 1}
    assert not check(img2img_body(controlnet={"units": [unit] * MAX_ITEMS})).faults
    assert "request.controlnet.units" in faults(
        check(img2img_body(controlnet={"units": [unit] * (MAX_ITEMS + 1)}))
    )


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "//x", "http://", "http://a b/", "http://x:99999", "http://" + "u:p@x", "x", "http://x\\y"],
)
def test_a_webhook_needs_an_address_that_can_be_posted_to(url: str) -> None:
    assert "extra.webhook.url" in faults(check(img2img_body() | {"extra": {"webhook": {"url": url}}}))


def with_text(name: str, text: str) -> bytes:
    """A good body of img2img, but that one field of its request is written as told."""
    return json.dumps(img2img_body(**{name: "@@"})).replace('"@@"', text).encode()


def test_the_schemas_have_no_keyword_that_takes_long() -> None:
    """J14, J15."""
    catalogue = load()
    text = json.dumps([catalogue.bundle(path) for path in schema_paths()])
    for keyword in (
        "uniqueItems",
        "pattern",
        "patternProperties",
        "format",
        "contains",
        "unevaluatedProperties",
    ):
        assert f'"{keyword}":' not in text


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "case", ["keys", "nested keys", "loras", "strings", "units", "long key", "equal keys"]
)
def test_many_little_things_take_little_time(start: Start, case: str, strict: bool) -> None:
    """J14, J16, J17."""
    path = "/v3/async/img2img"
    many = ", ".join(f'"k{n}": 0' for n in range(200_000))
    content = {
        "keys": with_text("steps", "20")[:-1] + f", {many}}}".encode(),
        "nested keys": with_text("steps", f"20, {many}"),
        "loras": with_text("loras", json.dumps([{}] * 200_000)),
        "strings": with_text("embeddings", json.dumps(["x"] * 400_000)),
        "units": with_text("controlnet", json.dumps({"units": [{"x": 0}] * 100_000})),
        "long key": with_text("steps", f'20, "{"k" * 10_000_000}": 1'),
        "equal keys": with_text("steps", '20, "k": 1' + ', "k": 1' * 400_000),
    }[case]
    client = start(strict=strict)
    with timed(time.process_time) as took:
        reply = client.post(path, content=content, headers={"Content-Type": "application/json"})
    assert took[0] < 10
    told = spoken(path, reply.status_code, dict(reply.headers), reply.content)
    if case in ("loras", "strings", "units") or strict:
        refused(told, 400, "INVALID_REQUEST_BODY")
    else:
        assert "task_id" in told
