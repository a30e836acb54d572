"""Prices as they are typed, and what a request may cost at most."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import img2img_body, upscale_body
from novita_contract.options import OptionsError
from novita_contract.pricing import (
    NSFW_MICRO_USD,
    Asked,
    UnknownPrice,
    asked_for,
    budget_micro_usd,
    cost_micro_usd,
    parse_budget,
    parse_prices,
    price_micro_usd,
    usd,
    worst_case,
)
from novita_mock.catalogue import load
from novita_mock.types import JSON

CENT = 10_000
PRICES = {"upscale": 0.01, "img2img": 0.01, "upscale-v2": 0.01}


def test_a_price_is_an_operation_and_an_amount() -> None:
    assert parse_prices(["upscale=0.01", "img2img=1"]) == {"upscale": 0.01, "img2img": 1.0}
    assert parse_prices([]) == {}


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        ("upscale", "not OP=USD"),
        ("=0.01", "no operation ''"),
        ("upscal=0.01", "did you mean upscale?"),
        ("task-result=0.01", "that are paid: upscale, img2img, upscale-v2"),
        ("upscale=", "no amount"),
        ("upscale=$0.01", "no amount"),
        ("upscale=0,01", "no amount"),
        ("upscale=-0.01", "no amount"),
        ("upscale=1e-2", "no amount"),
        ("upscale=1_0", "no amount"),
        ("upscale=nan", "no amount"),
        ("upscale=inf", "no amount"),
        ("upscale=٣", "no amount"),
        ("upscale= 0.01", "no amount"),
        ("upscale=0.01\n", "no amount"),
        ("upscale=0", "above 0"),
        ("upscale=0.000", "above 0"),
    ],
)
def test_what_is_no_price_is_refused_with_a_word_on_what_is(pair: str, said: str) -> None:
    with pytest.raises(OptionsError) as refused:
        parse_prices([pair])
    assert said in f"{refused.value}\n{refused.value.hint}"


def test_an_operation_has_one_price() -> None:
    with pytest.raises(OptionsError, match="upscale is given twice"):
        parse_prices(["upscale=0.01", "upscale=0.02"])


def test_a_budget_is_an_amount_above_nothing() -> None:
    assert parse_budget("0.50") == 0.5
    for wrong in ("", "0", "0.0", "-1", "nan", "inf", "1e9", "$1"):
        with pytest.raises(OptionsError, match="--budget-usd"):
            parse_budget(wrong)


@given(st.decimals(min_value=Decimal("1e-12"), max_value=10**6, places=12))
def test_a_price_is_never_rounded_down_and_a_budget_never_up(amount: Decimal) -> None:
    text = f"{amount:f}"
    exact = amount * 1_000_000
    assert 0 <= price_micro_usd(text) - exact < 1
    assert 0 <= exact - budget_micro_usd(text) < 1


@given(st.integers(1, 10**12))
def test_what_is_typed_in_whole_micro_dollars_is_kept_exactly(micro: int) -> None:
    typed = parse_budget(f"{micro // 10**6}.{micro % 10**6:06}")
    assert (price_micro_usd(typed), budget_micro_usd(typed)) == (micro, micro)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), "", "x"])
def test_no_sum_is_counted_with_what_is_no_amount(wrong: float | str) -> None:
    for counted in (price_micro_usd, budget_micro_usd):
        with pytest.raises(ValueError, match="no amount"):
            counted(wrong)


@pytest.mark.parametrize("operation", ["upscale", "img2img", "upscale-v2"])
def test_nothing_is_sent_at_a_price_that_nobody_told(operation: str) -> None:
    others = {name: price for name, price in PRICES.items() if name != operation}
    for prices in (others, others | {operation: 0.0}, others | {operation: float("nan")}):
        with pytest.raises(UnknownPrice) as refused:
            worst_case(operation, upscale_body(), prices)
        assert f"--price {operation}=USD" in refused.value.hint


def test_what_is_not_paid_has_no_price() -> None:
    with pytest.raises(UnknownPrice):
        worst_case("task-result", {}, PRICES | {"task-result": 1})


@pytest.mark.parametrize(
    ("image_num", "pictures"),
    [
        (1, 1), (3, 3), (8, 8),
        # beyond what is documented, a service that takes it may make as many
        (9, 9), (1000, 1000), ("9", 9), (8.5, 9), ("12.0", 12), (10**400, 10**9), ("1e999999", 10**9),
        # all else may be read as anything that is documented
        (0, 8), (-1, 8), (1.0, 8), ("1", 8), (True, 8), (None, 8), ("", 8), ("one", 8), ([1], 8), ({}, 8),
        (float("nan"), 8), (float("inf"), 8), ("-5", 8),
    ],
)  # fmt: skip
def test_as_many_pictures_count_as_can_be_made(image_num: JSON, pictures: int) -> None:
    assert asked_for("img2img", img2img_body(image_num=image_num)) == Asked(pictures, nsfw=False)
    assert worst_case("img2img", img2img_body(image_num=image_num), PRICES) == pictures * CENT


@pytest.mark.parametrize("body", [None, "", "{", b"\xff", [], [{}], 7, "image_num: 1"])
def test_what_is_no_object_counts_as_the_most_that_is_documented(body: JSON) -> None:
    assert asked_for("img2img", body) == Asked(8, nsfw=True)
    assert asked_for("upscale", body) == Asked(1, nsfw=True)
    assert asked_for("upscale-v2", body) == Asked(1, nsfw=False)
    assert worst_case("img2img", body, PRICES) == 8 * (CENT + NSFW_MICRO_USD)


@pytest.mark.parametrize("request_part", [None, [], "x", {}])
def test_a_request_without_its_number_counts_as_the_most(request_part: JSON) -> None:
    assert asked_for("img2img", {"request": request_part}).pictures == 8
    assert asked_for("upscale", {"request": request_part}).pictures == 1


@pytest.mark.parametrize(
    ("extra", "nsfw"),
    [
        (None, False), ({}, False), ({"enable_nsfw_detection": False}, False),
        ({"enable_nsfw_detection": None}, False), ({"enable_nsfw_detection": True}, True),
        ({"enable_nsfw_detection": "false"}, True), ({"enable_nsfw_detection": 0}, True),
        ([], True), ("x", True),
    ],
)  # fmt: skip
def test_detection_counts_unless_it_is_plainly_off(extra: JSON, nsfw: bool) -> None:
    assert asked_for("upscale", upscale_body() | {"extra": extra}) == Asked(1, nsfw)


def test_every_paid_operation_can_be_priced() -> None:
    paid = [row.name for row in load().operations if row.kind == "submit"]
    assert parse_prices(f"{name}=0.01" for name in paid) == dict.fromkeys(paid, 0.01)
    for name in paid:
        assert worst_case(name, None, PRICES) >= CENT


@given(st.integers(1, 8), st.booleans(), st.integers(1, 10**6))
def test_a_cost_is_the_price_and_the_detection_of_each_picture(pictures: int, nsfw: bool, micro: int) -> None:
    cost = cost_micro_usd("upscale", Asked(pictures, nsfw), {"upscale": micro / 10**6})
    assert cost == pictures * (micro + (1500 if nsfw else 0))


def test_money_is_told_as_people_read_it() -> None:
    told = [usd(micro) for micro in (0, 1, 10_000, 11_500, 500_000, 1_234_567, 12_000_000)]
    assert told == ["$0.00", "$0.000001", "$0.01", "$0.0115", "$0.50", "$1.234567", "$12.00"]
