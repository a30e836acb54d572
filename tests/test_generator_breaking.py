"""Whatever is drawn as broken is broken in exactly the way that it says, and the double refuses it so.

CI takes a sample; ``make check-deep`` draws 100,000.
"""

from collections import Counter
from dataclasses import replace
from time import perf_counter

import pytest
from hypothesis import Phase, find, settings

from generator_world import DEEP, SUBMITS, Double, contract, draw, named_fields
from novita_contract.bases import base, root_of
from novita_contract.breaking import Broken, NotBroken, Target, broken, made_broken, targets
from novita_contract.coverage import table
from novita_contract.exchange import named
from novita_contract.judging import Judge, violations
from novita_contract.keywords import schema_of
from novita_contract.strategies import drawn
from novita_mock.types import JSON
from test_generator_boundaries import synthetic

COUNT = 33_400 if DEEP else 700
FEW = 5_000 if DEEP else 300
#: A picture can't be too long for its text and not too large: those are the probes' alone.
HEAVY = {"maxLength", "x-image.max_bytes"}


def law_of(name: str, strict: bool, seen: Counter[tuple[str, str]]):
    catalogue = contract(strict)
    operation = catalogue.operation(name)
    double = Double(catalogue, operation)

    def law(case: Broken) -> None:
        problem = double.refusal(case.body)
        assert problem is not None, (case.pointer, case.keyword, case.how)
        assert (problem.kind, named_fields(problem)) == (case.fault, case.fields), (case.pointer, case.how)
        assert case.claim
        seen[case.pointer, case.keyword] += 1

    return broken(catalogue, operation), law


@pytest.mark.parametrize("name", SUBMITS)
def test_what_is_drawn_as_broken_is_refused_with_the_fault_that_it_names(name: str) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    strategy, law = law_of(name, False, seen)
    began = perf_counter()
    assert draw(strategy, COUNT, law) >= COUNT
    print(f"{name}: {COUNT} drawn and broken, {COUNT / (perf_counter() - began):.0f} a second, judged twice")
    assert len(seen) > 30


@pytest.mark.parametrize("name", SUBMITS)
def test_where_every_habit_is_refused_more_can_be_broken(name: str) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    strategy, law = law_of(name, True, seen)
    draw(strategy, FEW, law)
    assert any(keyword == "additionalProperties" for _, keyword in seen)


@pytest.mark.parametrize("name", SUBMITS)
def test_the_judge_alone_says_the_same(name: str) -> None:
    schema = schema_of(contract(), contract().operation(name))

    def law(case: Broken) -> None:
        found = violations(schema, case.body)
        assert {each.pointer for each in found} == {case.pointer}
        assert case.keyword in {each.keyword for each in found}

    draw(broken(contract(), contract().operation(name)), FEW, law)


def test_keywords_that_no_page_makes_us_use_are_broken_rightly_too() -> None:
    changed = synthetic()
    root = root_of(changed, changed.operation("upscale"))
    mine = [target for target in targets(changed, root) if target.place.path[1:2] and target.fault]
    fields = {str(target.place.path[1]) for target in mine}
    assert fields >= {"level", "share", "kind", "side", "tags", "closed", "some", "flag"}
    seen: Counter[str] = Counter()
    draw(broken(changed, changed.operation("upscale")), 750, lambda case: seen.update([case.keyword]))
    assert seen.keys() >= {"exclusiveMaximum", "const", "minItems", "maxItems", "additionalProperties"}


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", SUBMITS)
def test_all_that_can_be_refused_can_be_drawn(name: str, strict: bool) -> None:
    catalogue = contract(strict)
    root = root_of(catalogue, catalogue.operation(name))
    drawn_ones = {(target.place.pointer, target.keyword) for target in targets(catalogue, root)}
    probed = {(row.pointer, row.keyword) for row in table(catalogue) if row.operation == name and row.refused}
    assert probed >= drawn_ones
    pictures = {pointer for pointer, keyword in probed if keyword == "x-image"}
    assert probed - drawn_ones == {(pointer, keyword) for pointer in pictures for keyword in HEAVY}


@pytest.mark.parametrize("name", SUBMITS)
def test_every_way_of_every_target_breaks_just_that(name: str) -> None:
    root, plain = root_of(contract(), contract().operation(name)), base(contract().operation(name))
    judge, tried = Judge(root.schema), 0
    for target in targets(contract(), root):
        told: list[Broken] = []
        for way in target.ways:
            # found to be broken in just that way, or else it raises
            told += plainly_broken(replace(target, ways=[way]), plain, judge, 2)
        assert {case.keyword for case in told} == {target.keyword}
        tried += len(target.ways)
    assert tried > 100


def plainly_broken(target: Target, plain: JSON, judge: Judge, count: int) -> list[Broken]:
    """A plain request with a target of it broken, so many times."""
    told: list[Broken] = []
    draw(drawn(lambda pick: made_broken(pick, target, plain, judge)), count, told.append)
    return told


def test_a_way_that_breaks_nothing_is_the_generators_fault() -> None:
    catalogue = contract()
    root = root_of(catalogue, catalogue.operation("upscale"))
    (target, *_) = (each for each in targets(catalogue, root) if each.keyword == "maximum")
    harmless = replace(target, ways=[lambda pick, now: ("not-at-all", 4)])
    doubly = replace(target, ways=[lambda pick, now: ("twice", "text")])
    for wrong in (harmless, doubly):
        with pytest.raises(NotBroken, match="/request/scale_factor maximum"):
            plainly_broken(wrong, base(catalogue.operation("upscale")), Judge(root.schema), 1)


def smallest(name: str, wanted: JSON) -> Broken:
    told = settings(max_examples=5_000, database=None, derandomize=True,
                    phases=[Phase.generate, Phase.shrink])  # fmt: skip
    found: Broken = find(broken(contract(), contract().operation(name)), wanted, settings=told)
    return found


def test_what_is_drawn_shrinks_to_the_plain_request_with_one_thing_wrong() -> None:
    plain = base(contract().operation("img2img"))
    found = smallest("img2img", lambda case: case.keyword == "maximum" and case.pointer == "/request/steps")
    assert found.body == {"request": plain["request"] | {"steps": 101}}
    assert found.how == "above"
    found = smallest("img2img", lambda case: case.keyword == "required" and "/loras/" in case.pointer)
    (lora,) = found.body["request"]["loras"]
    assert len(lora) == 1
    assert {key: value for key, value in found.body["request"].items() if key != "loras"} == plain["request"]


def test_any_item_of_an_array_may_be_the_broken_one() -> None:
    operation = contract().operation("img2img")
    root, plain = root_of(contract(), operation), base(operation)
    lora = {"model_name": "x", "strength": 1}
    body = {"request": plain["request"] | {"loras": [lora, lora, lora]}}
    (target,) = (
        each
        for each in targets(contract(), root)
        if (each.place.field, each.keyword) == ("request.loras.0.strength", "maximum")
    )
    told = plainly_broken(target, body, Judge(root.schema), 60)
    assert {case.pointer for case in told} == {f"/request/loras/{number}/strength" for number in range(3)}
    assert all(case.fields == (case.pointer[1:].replace("/", "."),) for case in told)


def test_a_strategy_is_named_in_a_word() -> None:
    assert len(repr(broken(contract(), contract().operation("img2img")))) < 100


def test_what_is_drawn_is_the_same_in_every_run() -> None:
    runs = []
    for _ in range(2):
        told: list[str] = []
        strategy = broken(contract(), contract().operation("upscale"))
        draw(strategy, 60, lambda case, told=told: told.append(f"{case.pointer} {named(case.body)}"))
        runs.append(told)
    assert runs[0] == runs[1]
    assert len(set(runs[0])) > 40
