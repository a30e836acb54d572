"""What counts as spent: never more than the budget, never less than what was sent and may have been taken."""

import json
import threading
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)

from novita_contract.ledger import BudgetReached, Ledger, Reservation, account_mark
from novita_contract.ledger_file import LedgerError
from novita_contract.options import Secret
from novita_contract.pricing import UnknownPrice
from novita_mock.types import JSON

PRICES = {"upscale": 0.01, "img2img": 0.02}
DEEP = settings.get_current_profile_name() == "deep"
EXAMPLES, STEPS = (500, 50) if DEEP else (60, 40)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.jsonl"


def opened(path: Path, budget: float = 1.0, **more: JSON) -> Ledger:
    return Ledger(path, budget, PRICES, **more)


def lines(path: Path) -> list[JSON]:
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


def test_a_reservation_is_on_disk_before_anything_is_sent(path: Path) -> None:
    opened(path).reserve("img2img", pictures=3, nsfw=True, case="I2I-1")
    first, second = lines(path)
    assert first == {"ledger": 1, "currency": "USD", "account": ""}
    told = {
        key: second[key] for key in ("do", "micro_usd", "number", "operation", "pictures", "nsfw", "case")
    }
    assert told == {
        "do": "reserve", "micro_usd": 3 * 21_500, "number": 1, "operation": "img2img", "pictures": 3,
        "nsfw": True, "case": "I2I-1",
    }  # fmt: skip
    assert opened(path).spent_usd == 0.0645


def test_what_was_refused_costs_nothing_and_all_else_counts(path: Path) -> None:
    ledger = opened(path)
    taken, refused, lost = (ledger.reserve("upscale") for _ in range(3))
    assert (ledger.spent_usd, ledger.calls) == (0.03, 3)
    refused.release("HTTP 400")
    taken.spend()
    assert (ledger.spent_usd, ledger.calls) == (0.02, 2)
    told = ledger.summary()
    assert (told.unanswered, told.released, told.held, told.freed) == (1, 1, 0, 0)
    assert (told.budget_usd, told.left_usd) == (1.0, 0.98)
    assert lost.micro_usd == 10_000


def test_the_budget_is_reached_to_the_last_micro_dollar_and_never_passed(path: Path) -> None:
    ledger = Ledger(path, 0.3, {"upscale": 0.1, "img2img": 0.000001})
    for _ in range(3):  # 0.1 + 0.1 + 0.1 is more than 0.3 in floats
        ledger.reserve("upscale").spend()
    for operation in ("upscale", "img2img"):
        with pytest.raises(BudgetReached, match=r"of \$0.30 there is \$0.00 left"):
            ledger.reserve(operation)
    assert ledger.spent_usd == 0.3


def test_what_was_released_can_be_spent_again(path: Path) -> None:
    ledger = opened(path, 0.01)
    for _ in range(5):
        reserved = ledger.reserve("upscale")
        with pytest.raises(BudgetReached):
            ledger.reserve("upscale")
        reserved.release("HTTP 400")
    assert ledger.spent_usd == 0


@pytest.mark.parametrize(
    ("operation", "pictures", "refusal"),
    [
        ("upscale", 200, BudgetReached),
        ("upscale", 10**12, BudgetReached),
        ("upscale-v2", 1, UnknownPrice),
        ("task-result", 1, UnknownPrice),
        ("upscale", 0, ValueError),
        ("upscale", -5, ValueError),
        ("upscale", 1.5, ValueError),
        ("upscale", True, ValueError),
    ],
)
def test_what_may_not_be_sent_is_not_written(
    path: Path, operation: str, pictures: int, refusal: type[Exception]
) -> None:
    ledger = opened(path)
    ledger.reserve("upscale")
    before = path.read_bytes()
    for ask in (ledger.reserve, ledger.hold):
        with pytest.raises(refusal):
            ask(operation, pictures)
    assert path.read_bytes() == before


@pytest.mark.parametrize("budget", [0, -1, float("nan"), float("inf")])
def test_a_ledger_without_a_budget_is_none(path: Path, budget: float) -> None:
    with pytest.raises(ValueError, match="no amount"):
        opened(path, budget)
    assert not path.exists()


def test_the_number_of_calls_is_bounded_too(path: Path) -> None:
    ledger = opened(path, max_calls=2)
    ledger.reserve("upscale").release("HTTP 400")
    ledger.reserve("upscale").spend()
    ledger.hold("upscale")
    with pytest.raises(BudgetReached, match="2 requests were paid, and 2 may be"):
        ledger.reserve("upscale")
    with pytest.raises(BudgetReached):
        opened(path, max_calls=0).reserve("upscale")
    opened(path, max_calls=3).reserve("upscale")


def test_a_later_run_goes_on_where_the_last_one_ended(path: Path) -> None:
    opened(path).reserve("upscale").spend()
    opened(path).reserve("upscale")
    ledger = Ledger(path, 0.05, {"upscale": 0.03})
    assert ledger.spent_usd == 0.02
    ledger.reserve("upscale").spend()
    with pytest.raises(BudgetReached):
        opened(path, 0.05).reserve("upscale")
    assert opened(path, 0.06).reserve("upscale").number == 4
    told = opened(path, 0.01).summary()
    assert (told.spent_usd, told.budget_usd, told.left_usd) == (0.06, 0.01, 0.0)


def test_many_objects_on_one_file_know_of_each_other(path: Path) -> None:
    one, other = opened(path, 0.03), opened(path, 0.03)
    first, second, third = one.reserve("upscale"), other.reserve("upscale"), one.reserve("upscale")
    assert [first.number, second.number, third.number] == [1, 2, 3]
    for ledger in (one, other):
        with pytest.raises(BudgetReached):
            ledger.reserve("upscale")
    first.release("HTTP 400")
    assert other.reserve("upscale").number == 4
    assert one.spent_usd == other.spent_usd == 0.03


@pytest.mark.parametrize(
    ("first", "second"), [("spend", "release"), ("release", "spend"), ("spend", "spend")]
)
def test_a_reservation_ends_once(path: Path, first: str, second: str) -> None:
    ledger = opened(path)
    reserved = ledger.reserve("upscale")
    end = {"spend": reserved.spend, "release": lambda: reserved.release("HTTP 400")}
    end[first]()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="reservation 1 is"):
        end[second]()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("delta", "freed"),
    [(0, True), (0.0, True), (0.01, False), (-0.01, False), (None, False), (float("nan"), False)],
)
def test_what_should_be_free_counts_until_the_balance_shows_that_it_was(
    path: Path, delta: float | None, freed: bool
) -> None:
    ledger = opened(path)
    answered, refused, lost = (ledger.hold("upscale") for _ in range(3))
    answered.spend()
    refused.release("HTTP 400")
    assert (ledger.calls, ledger.summary().held) == (2, 2)
    assert ledger.free_unless_charged(delta) is freed
    # What was not answered may still be on its way, and be charged when it arrives.
    assert (ledger.calls, ledger.spent_usd) == ((1, 0.01) if freed else (2, 0.02))
    assert ledger.summary().freed == int(freed)
    assert ledger.free_unless_charged(0) is True
    assert ledger.calls == 1
    lost.spend()
    assert ledger.calls == 1


def test_only_ones_own_are_freed_and_only_what_was_held(path: Path) -> None:
    one, other = opened(path), opened(path)
    one.hold("upscale").spend()
    other.hold("upscale").spend()
    other.reserve("upscale").spend()
    assert other.free_unless_charged(0)
    assert one.calls == other.calls == 2
    assert one.free_unless_charged(0)
    assert one.calls == 1


def test_accounts_and_targets_do_not_share_a_ledger(path: Path) -> None:
    live, key = "https://api.novita.ai", Secret("sk_canary_1")
    mark = account_mark(live, key)
    opened(path, account=mark).reserve("upscale")
    before = path.read_bytes()
    for base, other in ((live, Secret("sk_canary_2")), ("http://127.0.0.1:9", key)):
        with pytest.raises(LedgerError, match="another account or another target") as refused:
            opened(path, account=account_mark(base, other))
        assert refused.value.hint
    with pytest.raises(LedgerError):
        opened(path)
    assert path.read_bytes() == before
    assert opened(path, account=mark).calls == 1


def test_nothing_that_is_nobody_elses_business_is_written(path: Path) -> None:
    key = Secret("sk_canary_77aa88bb99cc")
    ledger = opened(path, account=account_mark("https://api.novita.ai", key))
    picture = "iVBORw0KGgo" + "A" * 5000
    link = "https://bucket.test/a.png?X-Amz-Signature=cafe0123456789"
    for text in (f"key {key.reveal()}", picture, link, "Bearer sk-0123456789abcdef"):
        ledger.reserve("upscale", case=text).release(text)
    written = path.read_text("ascii")
    for secret in ("canary", "AAAAAAAA", "cafe0123", "0123456789abcdef"):
        assert secret not in written
    assert max(map(len, written.splitlines())) < 512
    assert key.reveal() not in repr(vars(ledger))


def test_only_its_owner_reads_it(path: Path) -> None:
    opened(path)
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o077) == (0o600, 0)


@pytest.mark.parametrize("shared", [True, False], ids=["one object", "an object each"])
def test_many_threads_share_one_budget(path: Path, shared: bool) -> None:
    ledger, got, start = opened(path, 1.0), [], threading.Barrier(12)

    def spender(number: int) -> None:
        own = ledger if shared else opened(path, 1.0)
        start.wait()
        for turn in range(40):
            try:
                reserved = own.reserve("upscale", case=f"{number}.{turn}")
            except BudgetReached:
                continue
            if turn % 3 == 0:
                reserved.release("HTTP 400")
                continue
            if turn % 3 == 1:
                reserved.spend()
            got.append(reserved.number)

    threads = [threading.Thread(target=spender, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 100
    assert (ledger.spent_usd, ledger.calls) == (1.0, 100)
    numbers = [line["number"] for line in lines(path)[1:] if line["do"] == "reserve"]
    assert numbers == list(range(1, len(numbers) + 1))


class Spending(RuleBasedStateMachine):
    """Runs on one file, beside a service that charges at once for what it takes."""

    folder: Path
    count = 0
    sent = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        Spending.count += 1
        self.path = self.folder / f"{Spending.count}.jsonl"
        self.budget = 200_000
        self.most = 0
        self.charged = 0
        self.released = 0
        self.reserved = 0
        self.torn = 0
        self.runs = [self.run(), self.run()]

    def run(self) -> Ledger:
        return Ledger(self.path, self.budget / 10**6, PRICES)

    @rule(
        target=sent, which=st.integers(0, 1), operation=st.sampled_from(sorted(PRICES)),
        pictures=st.integers(1, 3), nsfw=st.booleans(), held=st.booleans(), charges=st.booleans(),
    )  # fmt: skip
    def send(
        self, which: int, operation: str, pictures: int, nsfw: bool, held: bool, charges: bool
    ) -> tuple[Reservation, bool] | None:
        cost = round(PRICES[operation] * 10**6 + nsfw * 1500) * pictures
        counted = self.reserved - self.released
        try:
            ask = self.runs[which].hold if held else self.runs[which].reserve
            reservation = ask(operation, pictures, nsfw)
        except BudgetReached:
            assert counted + cost > self.budget
            return None
        assert counted + cost <= self.budget
        assert reservation.micro_usd == cost
        self.reserved += cost
        self.charged += cost * charges
        return reservation, charges

    @rule(one=consumes(sent))
    def hear(self, one: tuple[Reservation, bool] | None) -> None:
        if one is None:
            return
        reservation, charged = one
        if charged:
            reservation.spend()
        else:
            reservation.release("HTTP 400")
            self.released += reservation.micro_usd

    @rule(one=consumes(sent))
    def hear_nothing(self, one: tuple[Reservation, bool] | None) -> None:
        """It stays as it is."""

    @rule(which=st.integers(0, 1))
    def die_and_come_again(self, which: int) -> None:
        self.runs[which] = self.run()

    @rule(share=st.floats(0, 0.999), do=st.sampled_from(["reserve", "hold", "spend", "release", "free"]))
    def die_while_writing(self, share: float, do: str) -> None:
        """A line was begun and nothing was sent for it; it may make the file unusable, never cheaper."""
        before = self.path.read_bytes()
        whole, newline, old = before.rpartition(b"\n")
        amount = {"micro_usd": 10_000} if do in ("reserve", "hold") else {}
        line = json.dumps({"do": do} | amount | {"number": 1, "at": "now", "operation": "upscale"}).encode()
        torn = line[: int(len(line) * share)]
        self.path.write_bytes(whole + newline + torn + old[len(torn) :])
        try:
            counted = round(self.run().spent_usd * 10**6)
        except LedgerError:
            assert b"10000," not in torn
            self.path.write_bytes(before)
            return
        known = self.reserved - self.released
        assert counted == known + (10_000 if b"10000," in torn else 0)
        self.reserved += counted - known
        self.torn += counted - known

    @rule(budget=st.integers(1, 400_000))
    def change_the_budget(self, budget: int) -> None:
        self.budget = budget
        self.runs = [self.run(), self.run()]

    @invariant()
    def what_counts_is_never_too_little_or_too_much(self) -> None:
        self.most = max(self.most, self.budget)
        counted = round(self.runs[0].spent_usd * 10**6)
        assert counted == self.reserved - self.released
        assert self.charged <= counted
        assert counted - self.torn <= self.most  # nothing was sent for a torn line, though it counts


def test_the_sum_never_passes_the_budget_and_is_never_too_low(tmp_path: Path) -> None:
    Spending.folder = tmp_path
    run_state_machine_as_test(
        Spending, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
    )
