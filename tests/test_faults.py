"""Which faults fire when: counters, chance that repeats, and never one that nobody asked for."""

from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novita_mock import catalogue
from novita_mock.chance import Chance
from novita_mock.fault_form import parse
from novita_mock.fault_rule import MAX_LATENCY_S, Effect, FaultRule, Match, latency_s
from novita_mock.faults import MAX_RULES, Faults
from novita_mock.problems import TooMuch
from novita_mock.types import JSON

CONTRACT = catalogue.load()
ERROR = Effect("error", problem="rate-limit")
WAIT = Effect("latency", seconds=1.0)


def faults(*rules: FaultRule, seed: int = 1, account: str = "a") -> Faults:
    made = Faults(Chance(seed), account)
    for rule in rules:
        made.add(rule)
    return made


def rule(fault_id: str = "f-1", effect: Effect = ERROR, phase: str = "before", **more: JSON) -> FaultRule:
    return FaultRule(fault_id, more.pop("match", Match()), phase, effect, **more)


def drawn(made: Faults, times: int, phase: str = "before", **here: JSON) -> list[str]:
    """The ids that fire in so many draws, one text for each draw."""
    return [" ".join(fired.fault_id for fired in made.draw(phase, **here)) for _ in range(times)]


def test_without_rules_nothing_ever_fires() -> None:
    made = faults()
    for phase in ("before", "after", "task", "download", "webhook"):
        assert made.draw(phase, operation="upscale", task_type="UPSCALE", path="/v3/async/upscale") == ()
    assert made.told() == []


def test_a_rule_skips_then_fires_so_many_times_and_then_rests() -> None:
    made = faults(rule(skip=2, times=3))
    assert drawn(made, 7) == ["", "", "f-1", "f-1", "f-1", "", ""]
    (told,) = made.told()
    assert (told["met"], told["fired"], told["left"]) == (7, 3, 0)


def test_a_rule_without_times_fires_always_and_has_none_left_to_tell() -> None:
    made = faults(rule(times=None))
    assert drawn(made, 50) == ["f-1"] * 50
    assert made.told()[0]["left"] is None


def test_a_rule_fires_in_its_phase_only() -> None:
    made = faults(rule(phase="after"))
    assert drawn(made, 3, "before") == ["", "", ""]
    assert drawn(made, 1, "after") == ["f-1"]


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        (Match(), True),
        (Match(operation="upscale"), True),
        (Match(operation="img2img"), False),
        (Match(task_type="UPSCALE"), True),
        (Match(task_type="IMG_TO_IMG"), False),
        (Match(path="/v3/async/upscale"), True),
        (Match(path="/v3/*"), True),
        (Match(path="/v3/async"), False),
        (Match(path="/v2/*"), False),
        (Match(operation="upscale", path="/v2/*"), False),
    ],
)
def test_every_field_of_a_match_has_to_fit(match: Match, fits: bool) -> None:
    made = faults(rule(match=match))
    fired = made.draw("before", operation="upscale", task_type="UPSCALE", path="/v3/async/upscale")
    assert bool(fired) is fits
    assert made.told()[0]["met"] == fits


def test_what_does_not_match_is_not_counted_as_skipped() -> None:
    made = faults(rule(match=Match(operation="img2img"), skip=1))
    assert drawn(made, 5, operation="upscale") == [""] * 5
    assert drawn(made, 2, operation="img2img") == ["", "f-1"]


def test_of_two_errors_the_first_is_told_now_and_the_second_the_next_time() -> None:
    made = faults(rule("f-1"), rule("f-2", Effect("socket", how="reset")), rule("f-3", WAIT))
    assert drawn(made, 3) == ["f-1 f-3", "f-2", ""]


def test_skipping_goes_on_while_another_rule_fires() -> None:
    made = faults(rule("f-1", times=2), rule("f-2", skip=1))
    assert drawn(made, 4) == ["f-1", "f-1", "f-2", ""]


def test_a_rate_is_kept_roughly_and_repeats_exactly() -> None:
    made = drawn(faults(rule(times=None, rate=0.3)), 2000)
    assert 500 < made.count("f-1") < 700
    assert made == drawn(faults(rule(times=None, rate=0.3)), 2000)
    assert made != drawn(faults(rule(times=None, rate=0.3), seed=2), 2000)
    assert made != drawn(faults(rule(times=None, rate=0.3), account="b"), 2000)


def test_what_other_rules_do_changes_nothing_about_a_rule_of_another_slot() -> None:
    alone = drawn(faults(rule("w", WAIT, times=None, rate=0.5)), 200)
    beside = drawn(faults(rule("e", times=None, rate=0.5), rule("w", WAIT, times=None, rate=0.5)), 200)
    assert ["w" if "w" in fired else "" for fired in beside] == alone


def test_a_scenario_counts_for_itself_and_comes_after_what_was_added() -> None:
    extra = (rule("s-1", scenario="flaky", times=2), rule("s-2", WAIT, scenario="flaky", times=None))
    made = faults(rule("f-1"))
    assert drawn(made, 4, extra=extra) == ["f-1 s-2", "s-1 s-2", "s-1 s-2", "s-2"]
    assert drawn(made, 2) == ["", ""]
    assert [(told["fault_id"], told.get("scenario"), told["fired"]) for told in made.told()] == [
        ("f-1", None, 1), ("s-1", "flaky", 2), ("s-2", "flaky", 4),
    ]  # fmt: skip


def test_two_scenarios_may_number_their_rules_alike() -> None:
    made = faults(rule("1"))
    one, other = rule("1", scenario="one"), rule("1", scenario="other")
    assert drawn(made, 2, extra=(one,)) == ["1", "1"]
    assert drawn(made, 2, extra=(other,)) == ["1", ""]


def test_a_rule_of_a_scenario_that_was_added_does_not_fire_twice() -> None:
    named = rule("s-1", WAIT, scenario="slow", times=1)
    made = faults(named)
    assert drawn(made, 2, extra=(named,)) == ["s-1", ""]


def test_rules_are_removed_one_by_one_or_all_at_once() -> None:
    made = faults(rule("f-1"), rule("f-2"))
    assert made.remove("f-1") is True
    assert made.remove("f-1") is False
    assert drawn(made, 1) == ["f-2"]
    drawn(made, 1, extra=(rule("s-1", scenario="flaky"),))
    made.clear()
    assert made.told() == []
    assert drawn(made, 1) == [""]


def test_a_rule_of_the_same_id_takes_the_place_of_the_old_one_and_counts_anew() -> None:
    made = faults(rule("f-1"))
    assert drawn(made, 2) == ["f-1", ""]
    made.add(rule("f-1"))
    assert drawn(made, 2) == ["f-1", ""]


def test_spent_rules_make_room_and_waiting_ones_do_not() -> None:
    made = faults(*(rule(f"f-{n}", Effect("nsfw", valid=True), "task") for n in range(MAX_RULES)))
    with pytest.raises(TooMuch):
        made.add(rule("more"))
    drawn(made, 1, "task")
    made.add(rule("more"))
    assert len(made.told()) == MAX_RULES
    assert made.told()[0]["fault_id"] == "f-1"


def test_what_is_told_can_be_asked_for_again() -> None:
    body = {
        "match": {"operation": "upscale"}, "phase": "before", "rate": 0.25, "skip": 3, "times": None,
        "effect": {"kind": "error", "reason": "RATE_LIMIT_EXCEEDED", "retry_after_s": 2},
    }  # fmt: skip
    (told,) = faults(parse(body, "f-9", CONTRACT)).told()
    assert told == {"fault_id": "f-9"} | body | {"met": 0, "fired": 0, "left": None}


def test_a_slow_scale_of_chance_gives_the_latency_asked_for() -> None:
    assert latency_s(WAIT, 0.7) == 1.0
    spread = Effect("latency", uniform=(2.0, 4.0))
    assert (latency_s(spread, 0.0), latency_s(spread, 0.5)) == (2.0, 3.0)
    skewed = Effect("latency", lognormal=(0.8, 0.5))
    assert latency_s(skewed, 0.5) == pytest.approx(0.8)
    assert latency_s(skewed, 0.8413447) == pytest.approx(0.8 * 2.718281828**0.5)


@given(st.floats(0, 1), st.floats(0, 300), st.floats(0, 300), st.floats(0.001, 300), st.floats(0, 5))
def test_a_latency_is_never_negative_never_over_the_cap_and_rises_with_chance(
    fraction: float, low: float, more: float, median_s: float, sigma: float
) -> None:
    effects = (
        Effect("latency", seconds=low * 5),
        Effect("latency", uniform=(min(low, more), max(low, more))),
        Effect("latency", lognormal=(median_s, sigma)),
    )
    for effect in effects:
        assert 0 <= latency_s(effect, fraction) <= MAX_LATENCY_S
        assert latency_s(effect, fraction / 2) <= latency_s(effect, fraction)


def test_the_latencies_of_a_rule_differ_from_firing_to_firing_and_repeat_from_run_to_run() -> None:
    skewed = rule(effect=Effect("latency", lognormal=(1.0, 0.5)), times=None)

    def waits(seed: int) -> list[float]:
        made = faults(skewed, seed=seed)
        return [latency_s(skewed.effect, made.fraction(skewed)) for _ in range(400)]

    assert waits(1) == waits(1) != waits(2)
    assert len(set(waits(1))) == 400
    assert median(waits(1)) == pytest.approx(1.0, abs=0.1)


def test_the_numbers_of_one_firing_are_a_row_of_their_own() -> None:
    made, again = faults(rule()), faults(rule())
    first, second = made.numbers(rule()), made.numbers(rule())
    row = [first(100) for _ in range(20)]
    assert row != [second(100) for _ in range(20)]
    repeated = again.numbers(rule())
    assert row == [repeated(100) for _ in range(20)]
    assert len(set(row)) > 10
