"""What a run on real money needs before anything is sent; all that is missing is told at once."""

from dataclasses import replace
from pathlib import Path

import pytest

from novita_contract.consent import NotAllowed, check, missing
from novita_contract.options import LIVE, Options, Secret
from novita_mock.types import JSON

PAID = {"upscale": 3, "img2img": 2}
GOOD = Options(
    target=LIVE,
    key=Secret("sk_canary_5f3a"),
    budget_usd=0.5,
    prices={"upscale": 0.01, "img2img": 0.01},
    ledger=Path("ledger.jsonl"),
    consent=True,
)


def refusals(paid: JSON = None, **changed: JSON) -> list[str]:
    """What is told when something is changed: messages and hints."""
    with pytest.raises(NotAllowed) as refused:
        check(replace(GOOD, **changed), PAID if paid is None else paid)
    assert all(each.hint for each in refused.value.missing)
    assert str(refused.value).splitlines() == [str(each) for each in refused.value.missing]
    assert refused.value.hint.splitlines() == [each.hint for each in refused.value.missing]
    return [f"{each}\n{each.hint}" for each in refused.value.missing]


def nobody_is_asked(question: str) -> str:
    raise AssertionError(question)


def test_with_everything_there_a_run_may_begin_and_nobody_is_asked() -> None:
    check(GOOD, PAID)
    check(GOOD, PAID, nobody_is_asked)


def test_a_run_on_no_money_needs_nothing_even_with_a_key() -> None:
    check(Options(), PAID, nobody_is_asked)
    check(Options(target="http://127.0.0.1:4077", key=GOOD.key), PAID, nobody_is_asked)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"key": Secret("")}, "NOVITA_API_KEY"),
        ({"key": Secret("sk_canary_5f3a\n")}, "a line break"),
        ({"key": Secret(" sk_canary_5f3a")}, "a space"),
        ({"key": Secret("sk_canary_5f3ä")}, "a letter that no header may have"),
        ({"budget_usd": None}, "--budget-usd"),
        ({"budget_usd": 0.0}, "--budget-usd"),
        ({"budget_usd": -1.0}, "--budget-usd"),
        ({"budget_usd": float("nan")}, "--budget-usd"),
        ({"budget_usd": float("inf")}, "--budget-usd"),
        ({"prices": {}}, "--price upscale=USD --price img2img=USD"),
        ({"prices": {"upscale": 0.01}}, "the price of img2img:"),
        ({"prices": {"upscale": 0.01, "img2img": 0.0}}, "the price of img2img:"),
        ({"prices": {"upscale": float("nan"), "img2img": 0.1}}, "the price of upscale:"),
        ({"ledger": None}, "--ledger"),
        ({"max_paid_calls": -1}, "can't be negative"),
        ({"consent": False}, "--yes"),
    ],
)
def test_each_thing_that_is_missing_is_named_with_what_to_do(changed: JSON, said: str) -> None:
    (told,) = refusals(**changed)
    assert said in told
    assert "canary" not in told


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(NotAllowed) as refused:
        check(Options(target=LIVE, live_url="http://evil.test"), PAID)
    said = str(refused.value)
    for part in (
        "a key",
        "a budget",
        "the price of upscale and img2img",
        "a ledger",
        "nobody is here",
        "goes to",
    ):
        assert part in said, part
    assert len(refused.value.missing) == 6


def test_only_what_the_plan_pays_for_needs_a_price() -> None:
    check(replace(GOOD, prices={"upscale": 0.01}), {"upscale": 1, "img2img": 0})
    check(replace(GOOD, prices={}), {})
    assert "upscale-v2" in refusals(paid={"upscale": 1, "upscale-v2": 1})[0]


@pytest.mark.parametrize("answer", ["y", "Y", "yes", " Yes "])
def test_who_agrees_at_the_terminal_may_go_on(answer: str) -> None:
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return answer

    check(replace(GOOD, consent=False), PAID, ask)
    (question,) = asked
    assert "5 paid requests" in question
    assert "$0.50" in question
    assert "https://api.novita.ai" in question
    assert question.endswith("[y/N] ")


@pytest.mark.parametrize("answer", ["", "n", "no", "yep", "yes please", "1", "\x04"])
def test_any_other_answer_is_a_no(answer: str) -> None:
    with pytest.raises(NotAllowed, match="nothing was sent"):
        check(replace(GOOD, consent=False), PAID, lambda question: answer)


def test_nobody_is_asked_while_something_else_is_missing() -> None:
    with pytest.raises(NotAllowed) as refused:
        check(replace(GOOD, consent=False, budget_usd=None), PAID, nobody_is_asked)
    assert len(refused.value.missing) == 1


def test_without_a_terminal_nobody_is_asked() -> None:
    (told,) = refusals(consent=False)
    assert "nobody is here to agree" in told


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4077", "http://127.0.0.1:4077/", "http://127.8.9.1", "http://[::1]:9",
        "http://localhost:4077", "https://api.novita.ai", None,
    ],
)  # fmt: skip
def test_the_real_service_and_doubles_on_this_machine_are_let_in(url: str | None) -> None:
    assert missing(replace(GOOD, live_url=url), PAID) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://api.novita.ai", "https://api.novita.ai.evil.test", "https://evil.test", "http://10.0.0.1",
        "http://0.0.0.0:4077", "http://127.0.0.1" "@evil.test", "http://127.0.0.1.evil.test", "http://127.1",
        "http://127.0.0.1:4077/path", "http://127.0.0.1\\" "@evil.test", "http://127.0.0.1:80" "@evil.test",
        "https://api.novita.ai" "@evil.test", "https://api.novita.ai:444", "http://[::ffff:127.0.0.1]",
        "http://localhost.evil.test", "http://127.0.0.1#" "@evil.test", "http://127.0.0.1?x", "", "ftp://127.0.0.1",
        "http://127.0.0.1\n", "http://١٢٧.0.0.1", "https://API.novita.ai.",
    ],
)  # fmt: skip
def test_a_key_goes_nowhere_else(url: str) -> None:
    (told,) = refusals(live_url=url)
    assert "a key must not go elsewhere" in told
