"""Whatever is drawn as valid is valid, and shrinks to the plain request.

CI takes a sample; ``make check-deep`` draws 100,000.
"""

import json
import unicodedata
from collections import Counter
from time import perf_counter

import pytest
from hypothesis import Phase, find, settings

from generator_world import DEEP, SUBMITS, Double, contract, draw
from novita_contract.bases import EFFECTS, base, put
from novita_contract.exchange import named, pictures_in
from novita_contract.judging import Judge
from novita_contract.keywords import places, schema_of
from novita_contract.pictures import MODES
from novita_contract.strategies import like_clients, valid
from novita_mock.types import JSON
from test_generator_boundaries import SYNTHETIC, synthetic

#: Drawn of each operation.
COUNT = 33_400 if DEEP else 500
FEW = 3_000 if DEEP else 100


@pytest.mark.parametrize("name", SUBMITS)
def test_what_is_drawn_as_valid_is_valid_and_the_double_takes_it(name: str) -> None:
    operation = contract().operation(name)
    judge, double = Judge(schema_of(contract(), operation)), Double(contract(), operation)
    strict = Double(contract(True), operation)

    def law(body: JSON) -> None:
        assert judge.violations(body) == []
        assert double.refusal(body) is None
        assert double.quirks == set(), "a valid request needs no leniency"
        assert strict.refusal(body) is None

    began = perf_counter()
    assert draw(valid(contract(), operation), COUNT, law) >= COUNT
    print(f"{name}: {COUNT} drawn and valid, {COUNT / (perf_counter() - began):.0f} a second, judged thrice")


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", SUBMITS)
def test_dear_requests_and_those_with_effects_are_valid_too(name: str, strict: bool) -> None:
    catalogue = contract(strict)
    operation = catalogue.operation(name)
    judge, double = Judge(schema_of(catalogue, operation)), Double(catalogue, operation)

    def law(body: JSON) -> None:
        assert judge.violations(body) == []
        assert double.refusal(body) is None

    draw(valid(catalogue, operation, cheap=False, effects=True), FEW, law)


def test_keywords_that_no_page_makes_us_use_are_drawn_rightly_too() -> None:
    changed = synthetic()
    judge = Judge(schema_of(changed, changed.operation("upscale")))
    fields: Counter[str] = Counter()

    def law(body: JSON) -> None:
        assert judge.violations(body) == []
        fields.update(body["request"].keys())

    draw(valid(changed, changed.operation("upscale")), 250, law)
    assert min(fields[name] for name in SYNTHETIC) > 10


@pytest.mark.parametrize(("name", "effects"), [("upscale", True), ("img2img", False), ("upscale-v2", False)])
def test_every_documented_field_is_drawn(name: str, effects: bool) -> None:
    operation = contract().operation(name)
    seen: set[str] = set()
    draw(valid(contract(), operation, effects=effects), 750, lambda body: seen.update(fields_of(body)))
    documented = {
        place.field
        for place in places(schema_of(contract(), operation))
        if place.path and (effects or not EFFECTS & set(place.path))
    }
    assert seen == documented


def fields_of(body: JSON, prefix: str = "") -> list[str]:
    """The dotted paths in a body, all items of an array as number 0."""
    inner = body.items() if isinstance(body, dict) else [(0, item) for item in body]
    return [
        path
        for name, value in inner
        for path in (f"{prefix}{name}", *(fields_of(value, f"{prefix}{name}.") if is_holder(value) else ()))
    ]


def is_holder(value: JSON) -> bool:
    return isinstance(value, dict | list)


def test_every_word_of_every_list_is_drawn_and_every_kind_of_picture() -> None:
    operation = contract().operation("img2img")
    words: set[str] = set()
    kinds: set[str] = set()

    def law(body: JSON) -> None:
        words.add(body["request"]["sampler_name"])
        kinds.update(":".join(name.split(":")[:2]) for name in pictures_in(body))

    draw(valid(contract(), operation), 750, law)
    listed = schema_of(contract(), operation)["properties"]["request"]["properties"]["sampler_name"]["enum"]
    assert words == set(listed)
    assert kinds == {f"{kind}:{mode}" for kind, modes in MODES.items() for mode in modes}


def test_prompts_are_of_all_that_people_write() -> None:
    prompts: set[str] = set()
    draw(
        valid(contract(), contract().operation("img2img")), 750,
        lambda body: prompts.add(body["request"]["prompt"]),
    )  # fmt: skip
    signs = "".join(prompts)
    assert any(ord(sign) > 0xFFFF for sign in signs)
    assert any(unicodedata.combining(sign) for sign in signs)
    assert any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in signs)
    assert not any(0xD800 <= ord(sign) <= 0xDFFF for sign in signs)
    assert len(prompts) > 40
    assert max(map(len, prompts)) == 1024


def test_cheap_requests_ask_for_little() -> None:
    pixels = []

    def law(body: JSON) -> None:
        asked = body["request"]
        pixels.append(asked["width"] * asked["height"] * asked["image_num"])

    draw(valid(contract(), contract().operation("img2img")), 250, law)
    assert max(pixels) <= 512 * 512 * 3
    assert sorted(pixels)[len(pixels) // 2] < 256 * 256


def smallest(name: str, wanted: str, value: JSON) -> JSON:
    """The least request of an operation in which a field has a value, as the shrinker sees it."""
    path: list[JSON] = [int(step) if step.isdigit() else step for step in wanted.split(".")]

    def has(body: JSON) -> bool:
        for step in path:
            if isinstance(body, dict) and step not in body:
                return False
            if isinstance(body, list) and len(body) <= step:
                return False
            body = body[step]
        return bool(value(body) if callable(value) else body == value)

    told = settings(max_examples=5_000, database=None, derandomize=True,
                    phases=[Phase.generate, Phase.shrink])  # fmt: skip
    return find(valid(contract(), contract().operation(name)), has, settings=told)


@pytest.mark.parametrize(
    ("name", "field", "value", "shrunk"),
    [
        ("upscale", "request.scale_factor", lambda value: value > 3, 4),
        ("img2img", "request.guidance_scale", lambda value: value > 20, 30),
        ("img2img", "request.steps", lambda value: value > 1, 100),
        ("img2img", "request.sampler_name", "UniPC", "UniPC"),
        ("upscale-v2", "resize_mode", 1, 1),
        ("upscale-v2", "upscaler_2", None, None),
    ],
)
def test_what_is_drawn_shrinks_to_the_plain_request_but_for_the_reason(
    name: str, field: str, value: JSON, shrunk: JSON
) -> None:
    plain = base(contract().operation(name))
    assert smallest(name, field, value) == put(plain, tuple(field.split(".")), shrunk)


def test_optional_parts_shrink_away_but_for_the_reason() -> None:
    plain = base(contract().operation("img2img"))
    found = smallest("img2img", "extra.nsfw_detection_level", 1)
    assert found == plain | {"extra": {"nsfw_detection_level": 1}}
    found = smallest("img2img", "request.loras.1.strength", lambda value: value >= 0)
    lora = {"model_name": "add_detail_44319", "strength": 0.5}
    assert found == {"request": plain["request"] | {"loras": [lora, lora]}}


@pytest.mark.parametrize("name", SUBMITS)
def test_requests_of_real_clients_pass_by_just_the_quirks_that_are_told(name: str) -> None:
    operation = contract().operation(name)
    double = Double(contract(), operation)
    told: Counter[str] = Counter()

    def law(drawn: JSON) -> None:
        body, quirks = drawn
        assert double.refusal(body) is None
        assert double.quirks == set(quirks)
        told.update(quirks)

    draw(like_clients(contract(), operation), COUNT // 2, law)
    wanted = {"unknown-field", "numeric-string"}
    wanted |= {"upscale": {"null-optional", "empty-object"}, "upscale-v2": {"empty-string"}}.get(
        name, {"null-optional", "steps-null", "empty-object", "empty-string", "integral-float"}
    )
    assert set(told) >= wanted


def test_where_every_habit_is_refused_clients_send_what_is_valid() -> None:
    strict = contract(True)
    operation = strict.operation("img2img")
    judge = Judge(schema_of(strict, operation))

    def law(drawn: JSON) -> None:
        assert drawn[1] == ()
        assert judge.violations(drawn[0]) == []

    draw(like_clients(strict, operation), 50, law)


def test_a_strategy_is_named_in_a_word() -> None:
    operation = contract().operation("img2img")
    assert len(repr(valid(contract(), operation))) < 100
    assert len(repr(like_clients(contract(), operation))) < 100


def test_what_is_drawn_can_be_told_without_pictures() -> None:
    draw(valid(contract(), contract().operation("img2img")), 50, lambda body: shown(body))


def shown(body: JSON) -> None:
    text = json.dumps(named(body))
    assert len(text) < 20_000
    assert "iVBOR" not in text
    assert "/9j/" not in text
    assert "UklGR" not in text
