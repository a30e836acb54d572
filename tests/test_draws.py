"""Dice draw what Hypothesis could have drawn, and hand over to it what fails."""

from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.database import InMemoryExampleDatabase, choices_to_bytes

from generator_world import SUBMITS, contract
from novita_contract.bases import base
from novita_contract.breaking import broken_maker
from novita_contract.dice import FLAG, Dice, drawn, number, one_of, text
from novita_contract.draws import for_all
from novita_contract.exchange import named
from novita_contract.strategies import like_clients_maker, valid_maker
from novita_contract.verdicts import Deviation, Finding

MAKERS = {"valid": valid_maker, "broken": broken_maker, "like clients": like_clients_maker}


class Found(InMemoryExampleDatabase):
    """A database that holds one failure, whatever the test is called."""

    def __init__(self, choices):
        super().__init__()
        self.choices = choices

    def fetch(self, key):
        return () if key.endswith((b".secondary", b".pareto")) else (choices_to_bytes(self.choices),)


def session(*, live=False, seed=1):
    return SimpleNamespace(options=SimpleNamespace(seed=seed, live=live))


def told(value):
    return named(getattr(value, "body", value[0] if isinstance(value, tuple) else value))


def replayed(maker, choices):
    """What Hypothesis makes of choices."""
    seen = []
    configured = settings(
        database=Found(choices), phases=[Phase.reuse], deadline=None, suppress_health_check=list(HealthCheck)
    )

    def law(value):
        seen.append(value)

    configured(given(drawn(maker))(law))()
    return seen


@pytest.mark.parametrize("name", SUBMITS)
@pytest.mark.parametrize("kind", MAKERS)
def test_hypothesis_makes_of_the_choices_of_dice_what_they_made(kind, name):
    maker = MAKERS[kind](contract(), contract().operation(name))
    dice = Dice(7)
    for _ in range(25):
        dice.choices.clear()
        value = maker(dice)
        assert list(map(told, replayed(maker, dice.choices))) == [told(value)]


def test_each_thing_is_drawn_within_its_bounds_and_all_of_it():
    dice, things = Dice(3), (number(-2, 5), FLAG, one_of("abc"), text(1, 3))
    seen = [{dice(thing) for _ in range(400)} for thing in things]
    assert seen[:3] == [set(range(-2, 6)), {False, True}, set("abc")]
    assert {len(each) for each in seen[3]} == {1, 2, 3}
    signs = {ord(sign) for each in seen[3] for sign in each}
    assert min(signs) < 0x80
    assert max(signs) > 0xFFFF
    assert not any(0xD800 <= sign < 0xE000 for sign in signs)


@pytest.mark.parametrize("name", SUBMITS)
def test_the_plainest_comes_first_and_no_value_twice_in_the_same_order_in_every_run(name):
    runs = []
    for seed in (1, 1, 2):
        seen = []
        for_all(
            session(seed=seed), "X", valid_maker(contract(), contract().operation(name)), seen.append, 200
        )
        runs.append([str(named(body)) for body in seen])
    assert runs[0] == runs[1] != runs[2]
    assert len(set(runs[0])) == len(runs[0]) == 200
    assert runs[0][0] == str(named(base(contract().operation(name))))


def test_a_law_is_tried_no_more_often_than_there_are_values():
    seen = []
    for_all(session(), "X", lambda draw: draw(number(0, 3)), seen.append, 50)
    assert sorted(seen) == [0, 1, 2, 3]


def refuse(body):
    """A law that a request of more than 40 steps breaks."""
    if body["request"]["steps"] > 40:
        raise Deviation(Finding("few_steps", "/request/steps", "at most 40", str(body["request"]["steps"])))


def test_what_fails_is_cut_down():
    maker = valid_maker(contract(), contract().operation("img2img"))
    with pytest.raises(Deviation) as found:
        for_all(session(), "X", maker, refuse, 200)
    plain = base(contract().operation("img2img"))
    example = found.value.example["request"]
    steps = example.pop("steps")
    assert 40 < steps <= 100
    assert example == {name: value for name, value in named(plain)["request"].items() if name != "steps"}
    assert found.value.findings[0].received == str(steps)


def test_on_the_real_service_nothing_is_cut_down():
    maker = valid_maker(contract(), contract().operation("img2img"))
    tried = []

    def law(body):
        tried.append(body)
        refuse(body)

    with pytest.raises(Deviation) as found:
        for_all(session(live=True), "X", maker, law, 200)
    assert found.value.example == named(tried[-1])
    assert all(body["request"]["steps"] <= 40 for body in tried[:-1])


def test_other_problems_of_a_law_are_its_own():
    def law(body):
        raise KeyError("images")

    with pytest.raises(KeyError, match="images"):
        for_all(session(), "X", valid_maker(contract(), contract().operation("upscale")), law, 3)
