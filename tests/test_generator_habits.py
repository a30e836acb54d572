"""The habits of real clients: each passes by the quirk that it names, and by no other."""

import pytest

from contract_files import fixture
from generator_world import QUERIES, SUBMITS, Double, contract
from novita_contract.bases import at, base
from novita_contract.exchange import named
from novita_contract.habits import Habit, habits, possible, spelled
from novita_contract.judging import violations
from novita_contract.keywords import schema_of
from novita_mock.catalogue import load


def found(name: str, strict: bool = False) -> dict[str, Habit]:
    catalogue = contract(strict)
    return {habit.id: habit for habit in habits(catalogue, catalogue.operation(name))}


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", [*SUBMITS, *QUERIES])
def test_a_habit_passes_by_just_the_quirks_that_it_names(name: str, strict: bool) -> None:
    catalogue = contract(strict)
    double = Double(catalogue, catalogue.operation(name))
    for habit in found(name, strict).values():
        problem = double.refusal(habit.body)
        if any(catalogue.quirks[quirk] == "refused" for quirk in habit.quirks):
            assert problem is not None, habit.id
        else:
            assert problem is None, habit.id
            assert double.quirks == set(habit.quirks), habit.id
        assert habit.quirk == habit.quirks[0]


@pytest.mark.parametrize("name", SUBMITS)
def test_each_habit_is_refused_where_its_quirk_alone_is_read_so(name: str) -> None:
    for quirk in {habit.quirk for habit in found(name).values() if len(habit.quirks) == 1} - {"data-url"}:
        catalogue = load({quirk: "refused"})
        double = Double(catalogue, catalogue.operation(name))
        for habit in found(name).values():
            assert (double.refusal(habit.body) is not None) == (
                quirk in habit.quirks or habit.quirk == "data-url"
            ), (habit.id, quirk)


def test_a_data_url_passes_where_that_is_the_reading() -> None:
    catalogue = load({"data-url": "accepted"})
    double = Double(catalogue, catalogue.operation("upscale"))
    (habit,) = (each for each in found("upscale").values() if each.quirk == "data-url")
    assert double.refusal(habit.body) is None


WANTED = {
    "upscale": {
        "UPS-EXTRA-NULL-OPTIONAL", "UPS-EXTRA.CUSTOM_STORAGE-EMPTY-OBJECT", "UPS-BODY-UNKNOWN-FIELD",
        "UPS-EXTRA.CUSTOM_STORAGE.AWS_S3-EMPTY-OBJECT", "UPS-REQUEST-UNKNOWN-FIELD",
        "UPS-REQUEST.SCALE_FACTOR-NUMERIC-STRING", "UPS-REQUEST.IMAGE_BASE64-DATA-URL",
        "UPS-JAVASCRIPT-SDK",
    },
    "img2img": {
        "I2I-REQUEST.STEPS-STEPS-NULL", "I2I-REQUEST.LORAS-NULL-OPTIONAL", "I2I-PYTHON-SDK",
        "I2I-REQUEST.NEGATIVE_PROMPT-EMPTY-STRING", "I2I-REQUEST.SD_VAE-EMPTY-STRING",
        "I2I-REQUEST.WIDTH-INTEGRAL-FLOAT", "I2I-REQUEST.WIDTH-NUMERIC-STRING",
        "I2I-REQUEST.LORAS.0-UNKNOWN-FIELD", "I2I-REQUEST.CONTROLNET.UNITS.0.PREPROCESSOR-NULL-OPTIONAL",
        "I2I-REQUEST.SEED-NUMERIC-STRING", "I2I-GO-SDK",
    },
    "upscale-v2": {"UP2-UPSCALER_2-EMPTY-STRING", "UP2-UPSCALING_RESIZE-NUMERIC-STRING", "UP2-GO-SDK"},
    "model": {"MOD-FILTER.IS_INPAINTING-BOOLEAN-TEXT-FALSE", "MOD-QUERY-UNKNOWN-FIELD"},
    "task-result": {"RES-QUERY-UNKNOWN-FIELD"},
    "progress": {"PRG-QUERY-UNKNOWN-FIELD"},
}  # fmt: skip


@pytest.mark.parametrize("name", WANTED)
def test_the_habits_that_we_know_of_are_there(name: str) -> None:
    assert WANTED[name] <= set(found(name))


def test_every_optional_field_is_sent_as_null_once_and_none_that_may_be_null() -> None:
    nulls = {habit.pointer for habit in found("img2img").values() if habit.quirks == ("null-optional",)}
    assert "/request/clip_skip" in nulls
    assert "/extra/webhook/test_mode" in nulls
    assert "/request/strength" not in nulls
    assert "/request/steps" not in nulls
    assert "/request/loras/0/strength" not in nulls
    for pointer in nulls:
        (habit,) = (
            each
            for each in found("img2img").values()
            if (each.pointer, each.quirks) == (pointer, ("null-optional",))
        )
        path = [int(step) if step.isdigit() else step for step in pointer.split("/")[1:]]
        assert at(habit.body, tuple(path)) is None


def test_a_habit_breaks_the_strict_schema_at_its_place_or_not_at_all() -> None:
    schema = schema_of(contract(), contract().operation("img2img"))
    for habit in found("img2img").values():
        breaches = violations(schema, habit.body)
        if habit.pointer and habit.quirk not in ("unknown-field", "empty-object"):
            assert {each.pointer for each in breaches} == {habit.pointer}, habit.id
        if habit.quirk == "unknown-field":
            assert breaches == []


@pytest.mark.parametrize(
    ("name", "habit", "file"),
    [
        ("img2img", "I2I-PYTHON-SDK", "lenient/img2img.python-sdk.json"),
        ("upscale", "UPS-JAVASCRIPT-SDK", "lenient/upscale.javascript-sdk.json"),
        ("upscale-v2", "UP2-GO-SDK", "lenient/upscale-v2.go-sdk.json"),
    ],
)
def test_whole_clients_need_the_quirks_that_their_captured_requests_need(
    name: str, habit: str, file: str
) -> None:
    double = Double(contract(), contract().operation(name))
    assert double.refusal(fixture(file)) is None
    assert double.quirks == set(found(name)[habit].quirks)


def test_a_manner_that_does_not_fit_changes_nothing() -> None:
    operation = contract().operation("img2img")
    body = base(operation)
    manners = possible(schema_of(contract(), operation), operation)
    (text,) = (
        each
        for each in manners
        if (each.place.field, each.quirk) == ("request.loras.0.strength", "numeric-string")
    )
    assert spelled(body, text) is body
    (whole,) = (
        each for each in manners if (each.place.field, each.quirk) == ("request.seed", "integral-float")
    )
    huge = {"request": body["request"] | {"seed": 2**63 - 1}}
    assert spelled(huge, whole) is huge
    small = {"request": body["request"] | {"seed": 7}}
    assert repr(spelled(small, whole)["request"]["seed"]) == "7.0"


def test_ids_are_given_once_and_titles_are_sentences_without_pictures() -> None:
    every = [
        habit for name in (*SUBMITS, *QUERIES) for habit in habits(contract(), contract().operation(name))
    ]
    assert len({habit.id for habit in every}) == len(every)
    for habit in every:
        assert "iVBOR" not in habit.title
        assert habit.title[0].isupper()
        if habit.quirk != "data-url":
            assert "iVBOR" not in str(named(habit.body))
