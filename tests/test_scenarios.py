"""The scenarios that are shipped: each loads, says what it does, and is found when misspelled."""

import tomllib

import pytest

from contract_files import FIXTURES
from novita_mock import catalogue, scenarios
from novita_mock.chance import Chance
from novita_mock.dialects import refusal
from novita_mock.fault_rule import Injected
from novita_mock.faults import Faults

CONTRACT = catalogue.load()
#: Those that the first design names; more may be there.
PROMISED = {
    "happy", "slow", "flaky", "rate-limited", "no-balance", "queue-full", "task-fails", "nsfw",
    "expired-links", "lost-reply", "malformed", "reset", "hang", "webhook-flaky", "webhook-duplicate",
    "bad-image", "server-error", "wrong-key",
}  # fmt: skip


def fired(name: str, phase: str, operation: str, draws: int = 1) -> list[list[str]]:
    made, extra = Faults(Chance(1), "a"), scenarios.load(name, CONTRACT)
    here = CONTRACT.operation(operation)
    told = []
    for _ in range(draws):
        rules = made.draw(phase, operation=operation, task_type=here.task_type, path=here.path, extra=extra)
        told.append([rule.effect.kind for rule in rules])
    return told


def test_every_promised_scenario_is_there() -> None:
    assert set(scenarios.names()) >= PROMISED


@pytest.mark.parametrize("name", scenarios.names())
def test_a_scenario_loads_and_says_in_a_line_what_it_does(name: str) -> None:
    rules = scenarios.load(name, CONTRACT)
    assert all(rule.scenario == name for rule in rules)
    assert len({rule.key for rule in rules}) == len(rules)
    line = scenarios.about(name)
    assert "\n" not in line
    assert 10 < len(line) <= 110
    assert line.endswith(".")
    assert scenarios.load(name, catalogue.load(strict=True)) == rules


@pytest.mark.parametrize("name", scenarios.names())
def test_no_file_of_a_scenario_holds_a_word_that_nobody_reads(name: str) -> None:
    text = (FIXTURES / "scenarios" / f"{name}.toml").read_text("utf-8")
    assert set(tomllib.loads(text)) <= {"about", "faults"}
    assert text == text.rstrip() + "\n"


@pytest.mark.parametrize(
    ("name", "nearest"), [("rate-limit", "rate-limited"), ("Flaky", "flaky"), ("no_balance", "no-balance")]
)
def test_an_unknown_scenario_is_told_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(scenarios.UnknownScenario, match=f"did you mean '{nearest}'"):
        scenarios.load(name, CONTRACT)


@pytest.mark.parametrize("name", ["", "../models", "/etc/passwd", "happy.toml", "x" * 5000, "\x00"])
def test_a_name_is_never_a_path(name: str) -> None:
    with pytest.raises(scenarios.UnknownScenario) as caught:
        scenarios.about(name)
    assert len(caught.value.message) < 200
    assert refusal(caught.value, "v3", CONTRACT).body["reason"] == "INVALID_REQUEST_BODY"


def test_happy_asks_for_nothing() -> None:
    assert scenarios.load("happy", CONTRACT) == ()


def test_a_rate_limit_meets_every_submit_and_no_poll() -> None:
    for operation in ("upscale", "img2img", "upscale-v2"):
        assert fired("rate-limited", "before", operation, 3) == [["error"]] * 3
    assert fired("rate-limited", "before", "task-result", 3) == [[]] * 3
    (rule,) = scenarios.load("rate-limited", CONTRACT)
    assert Injected(rule).retry_after_s == 1
    assert "scenario rate-limited" in Injected(rule).message


def test_the_reply_of_the_first_submit_is_lost_and_the_next_is_not() -> None:
    assert fired("lost-reply", "after", "upscale", 3) == [["socket"], [], []]
    assert fired("lost-reply", "before", "upscale") == [[]]


def test_flaky_fails_now_and_then() -> None:
    before = fired("flaky", "before", "upscale", 1000)
    assert 130 < sum(map(bool, before)) < 260
    assert {kind for kinds in before for kind in kinds} == {"error", "socket"}


def test_links_are_expired_for_pictures_only() -> None:
    assert fired("expired-links", "download", "image", 2) == [["expired"], ["expired"]]
    assert fired("expired-links", "after", "task-result") == [[]]
