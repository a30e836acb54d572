"""Money that adds up, and images a minute that slide with the account's clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from novita_mock.catalogue import load
from novita_mock.dialects import refusal
from novita_mock.wallet import FIRST_BALANCE, NotEnough, RateLimited, RateWindow, Wallet, cost_of, dollars


def test_a_new_account_holds_a_hundred_dollars():
    assert (Wallet().balance, dollars(FIRST_BALANCE)) == (1_000_000, "$100.00")


@pytest.mark.parametrize(
    ("units", "text"), [(0, "$0.00"), (15, "$0.0015"), (100, "$0.01"), (12_345, "$1.2345")]
)
def test_money_is_spelled_in_dollars(units, text):
    assert dollars(units) == text


@pytest.mark.parametrize(
    ("images", "nsfw", "cost"), [(1, False, 100), (1, True, 115), (8, False, 800), (8, True, 920)]
)
def test_a_request_costs_its_pictures_and_their_detection(images, nsfw, cost):
    assert cost_of(load().operation("img2img"), images, nsfw) == cost


def test_the_balance_pays_to_the_last_unit_and_not_one_more():
    wallet = Wallet(100)
    with pytest.raises(NotEnough) as caught:
        wallet.charge("a", 101)
    assert (caught.value.balance, caught.value.cost) == (100, 101)
    wallet.charge("a", 100)
    assert wallet.told() == {"credit_balance": 0, "spent": 100, "held": 100}


def test_a_failed_task_is_given_back_once_and_a_finished_one_never():
    wallet = Wallet(300)
    wallet.charge("a", 100)
    wallet.charge("b", 100)
    wallet.settle("b")
    assert [wallet.refund(task) for task in ("a", "a", "b", "unknown")] == [100, 0, 0, 0]
    assert wallet.told() == {"credit_balance": 200, "spent": 100, "held": 0}


def test_a_task_is_charged_once():
    wallet = Wallet()
    wallet.charge("a", 1)
    for task_id, cost in (("a", 1), ("b", -1)):
        with pytest.raises(ValueError):
            wallet.charge(task_id, cost)
    with pytest.raises(ValueError):
        wallet.set_balance(-1)
    assert wallet.balance == FIRST_BALANCE - 1


@pytest.mark.parametrize(
    ("dialect", "status", "word"), [("v3", 400, "BILLING_BALANCE_NOT_ENOUGH"), ("v2", 200, 7)]
)
def test_an_empty_wallet_is_told_in_both_dialects(dialect, status, word):
    reply = refusal(NotEnough(50, 115), dialect, load())
    assert (reply.status, reply.body.get("reason", reply.body["code"])) == (status, word)
    assert reply.body.get("message", reply.body.get("msg")).endswith(
        "this costs $0.0115, the balance is $0.0050"
    )


class Accounting(RuleBasedStateMachine):
    """What was put in is either there or spent, whatever happens in whatever order."""

    def __init__(self):
        super().__init__()
        self.wallet = Wallet(1000)
        self.put_in = 1000
        self.tasks = 0

    @rule(cost=st.integers(0, 400))
    def charge(self, cost):
        self.tasks += 1
        before = self.wallet.told()
        try:
            self.wallet.charge(str(self.tasks), cost)
        except NotEnough:
            assert (cost > before["credit_balance"], self.wallet.told()) == (True, before)

    @rule(task=st.integers(0, 20))
    def fail(self, task):
        self.wallet.refund(str(task))

    @rule(task=st.integers(0, 20))
    def succeed(self, task):
        self.wallet.settle(str(task))

    @rule(balance=st.integers(0, 2000))
    def fill(self, balance):
        self.put_in += balance - self.wallet.balance
        self.wallet.set_balance(balance)

    @invariant()
    def adds_up(self):
        told = self.wallet.told()
        assert told["credit_balance"] + told["spent"] == self.put_in
        assert told["credit_balance"] >= 0
        assert 0 <= told["held"] <= told["spent"]


TestAccounting = Accounting.TestCase


def test_images_are_counted_over_a_minute_that_slides():
    window = RateWindow()
    window.allow("img2img", 8, 1000.0, 10)
    window.allow("img2img", 2, 1030.0, 10)
    for now_s, images, wait_s in ((1030.0, 1, 30), (1059.5, 8, 1), (1059.5, 9, 31), (1030.0, 11, 60)):
        with pytest.raises(RateLimited) as caught:
            window.allow("img2img", images, now_s, 10)
        assert caught.value.retry_after_s == wait_s
    window.allow("img2img", 8, 1060.0, 10)


def test_each_operation_has_its_own_window_and_none_where_there_is_no_limit():
    window = RateWindow()
    window.allow("img2img", 10, 0.0, 10)
    window.allow("upscale", 20, 0.0, 20)
    for _ in range(100):
        window.allow("model", 8, 0.0, 0)
    with pytest.raises(RateLimited):
        window.allow("img2img", 1, 59.999, 10)
    window.clear()
    window.allow("img2img", 10, 59.999, 10)


@given(
    st.lists(st.tuples(st.integers(1, 8), st.floats(0, 90)), max_size=60),
    st.integers(8, 20),
    st.floats(0, 2e9),
)
def test_no_minute_ever_holds_more_than_the_limit_and_who_waits_is_let_in(asked, limit, start_s):
    window, now_s, taken = RateWindow(), start_s, []
    for images, pause_s in asked:
        now_s += pause_s
        try:
            window.allow("x", images, now_s, limit)
        except RateLimited as problem:
            now_s += problem.retry_after_s
            window.allow("x", images, now_s, limit)
        taken.append((now_s, images))
        assert sum(count for at_s, count in taken if at_s + 60 > now_s) <= limit
