"""The generator knows a closed set of keywords, and refuses any other wherever it is asked for something."""

from collections.abc import Callable

import pytest

from generator_world import QUERIES, SUBMITS, UPSCALE, contract, patched
from novita_contract.bases import base, full
from novita_contract.boundaries import probes
from novita_contract.breaking import broken
from novita_contract.coverage import missing
from novita_contract.habits import habits
from novita_contract.keywords import UnsupportedKeyword, asserted, places, schema_of
from novita_contract.strategies import like_clients, valid
from novita_mock.catalogue import Catalogue, Operation, load
from novita_mock.types import JSON

FACTOR = "/properties/request/properties/scale_factor"

#: Everything that reads a schema of a request.
ASKED: dict[str, Callable[[Catalogue, Operation], object]] = {
    "base": lambda catalogue, operation: base(operation, catalogue),
    "full": lambda catalogue, operation: full(operation, catalogue),
    "probes": probes,
    "habits": habits,
    "valid": valid,
    "broken": broken,
    "like_clients": like_clients,
    "coverage": lambda catalogue, _: missing(catalogue),
}
#: A pointer, what is put there, and the keyword that is named then.
UNKNOWN: dict[str, tuple[str, JSON, str]] = {
    "another keyword": (f"{FACTOR}/multipleOf", 0.5, "multipleOf"),
    "a pattern": ("/properties/request/properties/model_name/pattern", "^x", "pattern"),
    "a choice": ("/properties/request/properties/scale_factor", {"anyOf": []}, "type"),
    "a choice beside a type": (f"{FACTOR}/anyOf", [{"type": "null"}], "anyOf"),
    "a condition": ("/if", {"required": ["extra"]}, "if"),
    "a format that is asserted": ("/properties/request/properties/model_name/format", "uuid", "format"),
    "two types": (f"{FACTOR}/type", ["number", "string"], "type"),
    "no type": (f"{FACTOR}", {"minimum": 1}, "type"),
    "a type that JSON lacks": (f"{FACTOR}/type", "float", "type"),
    "a bound that is none": (f"{FACTOR}/maximum", "4", "maximum"),
    "a bound of something else": (f"{FACTOR}/maxLength", 4, "maxLength"),
    "a list that is empty": ("/properties/request/properties/model_name/enum", [], "enum"),
    "a list of lists": ("/properties/request/properties/model_name/enum", [["x"]], "enum"),
    "a schema for other fields": ("/additionalProperties", {"type": "string"}, "additionalProperties"),
    "other fields, said aloud": ("/additionalProperties", True, "additionalProperties"),
    "another encoding": (
        "/properties/request/properties/image_base64/contentEncoding", "base32", "contentEncoding",
    ),
    "another bound of pictures": (
        "/properties/request/properties/image_base64/x-image", {"max_bytes": 9, "min_side": 1}, "x-image",
    ),
    "a picture without end": ("/properties/request/properties/image_base64/x-image", {}, "x-image"),
    "an address of another kind": ("/properties/request/properties/model_name/x-format", "email", "x-format"),
    "an array of anything": ("/properties/request/properties/scale_factor", {"type": "array"}, "items"),
    "an annotation of nobody": (f"{FACTOR}/x-unit", "times", "x-unit"),
}  # fmt: skip


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_the_generator_does_not_know_is_refused_by_name(case: str) -> None:
    pointer, value, keyword = UNKNOWN[case]
    changed = patched((UPSCALE, pointer, value))
    with pytest.raises(UnsupportedKeyword) as refusal:
        schema_of(changed, changed.operation("upscale"))
    assert (refusal.value.file, refusal.value.keyword) == (UPSCALE, keyword)
    assert pointer.startswith(refusal.value.pointer)
    assert f"{UPSCALE}#{refusal.value.pointer}: {keyword} " in str(refusal.value)


@pytest.mark.parametrize("asked", ASKED)
def test_nothing_is_generated_from_a_schema_that_is_not_known_whole(asked: str) -> None:
    changed = patched((UPSCALE, f"{FACTOR}/multipleOf", 0.5))
    with pytest.raises(UnsupportedKeyword, match="multipleOf"):
        ASKED[asked](changed, changed.operation("upscale"))


def test_an_unknown_keyword_of_a_schema_that_others_share_is_refused_too() -> None:
    changed = patched(("common/lora.json", "/properties/strength/multipleOf", 0.05))
    with pytest.raises(UnsupportedKeyword) as refusal:
        probes(changed, changed.operation("img2img"))
    assert refusal.value.pointer == "/properties/request/properties/loras/items/properties/strength"


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", [*SUBMITS, *QUERIES])
def test_every_keyword_in_use_is_known(name: str, strict: bool) -> None:
    operation = contract(strict).operation(name)
    assert list(places(schema_of(contract(strict), operation)))


def test_every_quirk_leaves_schemas_that_are_known() -> None:
    for row in contract().quirk_rows:
        for other in row["alternatives"]:
            read = load({row["id"]: other["value"]})
            for name in (*SUBMITS, *QUERIES):
                schema_of(read, read.operation(name))


def test_an_operation_without_a_request_has_none() -> None:
    with pytest.raises(ValueError, match="user takes neither"):
        schema_of(contract(), contract().operation("user"))


def test_every_place_is_there_once_with_what_holds_it() -> None:
    found = {place.field: place for place in places(schema_of(contract(), contract().operation("img2img")))}
    strength = found["request.loras.0.strength"]
    assert (strength.pointer, strength.kind) == ("/request/loras/0/strength", "number")
    assert strength.required
    assert not found["request.loras.0"].required
    assert [above.get("type") for above in strength.ancestors] == ["object", "object", "array", "object"]
    assert (found[""].pointer, found[""].optional) == ("", False)
    assert found["extra"].optional
    assert found["request.strength"].kind == "number"


def test_what_counts_is_each_keyword_that_a_body_can_break() -> None:
    found = {
        place.field: asserted(place)
        for place in places(schema_of(contract(), contract().operation("upscale")))
    }
    assert found["request.image_base64"] == (
        "type", "contentEncoding", "minLength", "maxLength", "x-image", "x-image.max_bytes",
        "x-image.max_side", "required",
    )  # fmt: skip
    assert found["request.scale_factor"] == ("type", "exclusiveMinimum", "maximum", "required")
    assert found["extra"] == ("type",)
    assert found[""] == ("type",)
