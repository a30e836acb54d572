"""The plain requests: the least that is valid, and all that is documented."""

import pytest

from generator_world import QUERIES, SUBMITS, UPSCALE, Double, contract, patched
from novita_contract.bases import EFFECTS, GONE, at, base, full, put, with_place
from novita_contract.exchange import named
from novita_contract.judging import violations
from novita_contract.keywords import places, schema_of
from novita_contract.words import KNOWN_TASK, PICTURE


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("effects", [False, True])
@pytest.mark.parametrize("name", SUBMITS)
def test_plain_requests_are_valid_and_the_double_takes_them(name: str, effects: bool, strict: bool) -> None:
    catalogue = contract(strict)
    operation = catalogue.operation(name)
    double = Double(catalogue, operation)
    for body in (base(operation, catalogue), full(operation, catalogue, effects=effects)):
        assert violations(schema_of(catalogue, operation), body) == []
        assert double.refusal(body) is None
        assert double.quirks == set()


@pytest.mark.parametrize("name", QUERIES)
def test_plain_queries_are_valid(name: str) -> None:
    operation = contract().operation(name)
    assert base(operation) == ({} if name == "model" else {"task_id": KNOWN_TASK})
    assert violations(schema_of(contract(), operation), base(operation)) == []


def test_the_least_is_what_is_required_and_costs_least() -> None:
    assert named(base(contract().operation("img2img"))) == {
        "request": {
            "model_name": "sd_xl_base_1.0.safetensors", "image_base64": f"<picture {PICTURE}>",
            "prompt": "a lighthouse at dusk", "width": 128, "height": 128, "image_num": 1, "steps": 1,
            "guidance_scale": 1.5, "sampler_name": "Euler a",
        }
    }  # fmt: skip
    assert base(contract().operation("upscale"))["request"]["scale_factor"] == 1.5
    assert list(base(contract().operation("upscale-v2"))) == ["image"]


@pytest.mark.parametrize("effects", [False, True])
@pytest.mark.parametrize("name", SUBMITS)
def test_the_whole_has_every_documented_field(name: str, effects: bool) -> None:
    operation = contract().operation(name)
    body = full(operation, effects=effects)
    there = [
        place
        for place in places(schema_of(contract(), operation))
        if effects or not EFFECTS & set(place.path)
    ]
    for place in there:
        at(body, place.path)
    assert effects or not EFFECTS & set(body.get("extra", {}))


def test_each_request_is_another_one() -> None:
    operation = contract().operation("img2img")
    base(operation)["request"]["prompt"] = "changed"
    assert base(operation)["request"]["prompt"] == "a lighthouse at dusk"


def test_a_new_field_needs_no_new_code() -> None:
    changed = patched(
        (UPSCALE, "/properties/request/properties/tile", {"type": "integer", "minimum": 16}),
        (UPSCALE, "/properties/request/required", ["model_name", "image_base64", "scale_factor", "tile"]),
    )
    assert base(changed.operation("upscale"), changed)["request"]["tile"] == 16


def test_a_value_is_put_in_place_and_the_rest_is_left() -> None:
    body = {"a": [{"b": 1}, {"b": 2}], "c": 3}
    assert put(body, ("a", 1, "b"), 9) == {"a": [{"b": 1}, {"b": 9}], "c": 3}
    assert put(body, ("a", 2), 9) == {"a": [{"b": 1}, {"b": 2}, 9], "c": 3}
    assert put(body, ("a", 0), GONE) == {"a": [{"b": 2}], "c": 3}
    assert put(body, ("c",), GONE) == {"a": [{"b": 1}, {"b": 2}]}
    assert put(body, (), 1) == 1
    assert body == {"a": [{"b": 1}, {"b": 2}], "c": 3}


def test_a_place_is_made_with_all_that_it_stands_in() -> None:
    operation = contract().operation("img2img")
    found = {place.field: place for place in places(schema_of(contract(), operation))}
    body = with_place({"request": {"loras": None}}, found["request.loras.0.strength"])
    assert body == {"request": {"loras": [{"model_name": "add_detail_44319", "strength": 0.5}]}}
    kept = {"request": {"loras": [{"model_name": "x", "strength": 1}]}}
    assert with_place(kept, found["request.loras.0.strength"]) == kept
