"""The suite where requests cost money, against doubles that charge and do what a real service may do.

After each run: what is gone from the account <= what the ledger counts <= the budget, and as many
requests were sent as were reserved, so that none was sent twice.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import httpx2
import pytest
from hypothesis import settings
from starlette.types import ASGIApp, Receive, Scope, Send

from faulty import ask, keyed, noted, until
from generous import SUBMITS, service
from live_run import PRICES, ended, live_options
from novita_contract.ledger import Ledger, Tally, account_mark
from novita_contract.options import Options, Secret
from novita_contract.plan import planned, worst_case_usd
from novita_contract.report import BUDGET, CONFORMS, DEVIATES, INTERRUPTED, UNREACHABLE, USAGE
from novita_contract.runner import opened_session, run
from novita_contract.trials import tried
from novita_contract.verdicts import Verdict
from novita_mock.app import create_app
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON
from typed import Type, typist

DEEP = settings.get_current_profile_name() == "deep"
TESTS = Path(__file__).parent
KEY, SECOND = "sk_canary_live_main_4c1d", "sk_canary_live_second_9e7b"
FIRST_USD = 100.0
#: Some rules of one operation: quick, with requests that must be taken and some that must be refused.
SOME = ("UPS-REQUEST.*",)
PAID_RULES: dict[str, JSON] = {"select": ("upscale",), "layers": ("rules",)}
SUBMIT = {"kind": "submit"}


class Counted:
    """Counts every request that could make a task as it comes in, whatever becomes of it."""

    def __init__(self, app: ASGIApp, lengths: list[int]) -> None:
        self.app = app
        self.lengths = lengths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in SUBMITS:
            self.lengths.append(int(dict(scope["headers"]).get(b"content-length", b"0")))
        await self.app(scope, receive, send)


@dataclass
class Bank:
    """A double that charges, and the ledger of those who pay there."""

    url: str
    client: httpx2.Client
    ledger: Path
    lengths: list[int]

    def options(self, budget: float, **more: JSON) -> Options:
        return live_options(self.url, self.ledger, budget, KEY, **more)

    def tally(self, budget: float) -> Tally:
        mark = account_mark(self.url, Secret(KEY))
        return Ledger(self.ledger, budget, PRICES, account=mark).summary()

    def gone(self) -> float:
        """What the account has paid, in USD; what was given back for tasks that failed is not gone."""
        return round(FIRST_USD - int(self.client.get("/v3/user").json()["credit_balance"]) / 10_000, 4)

    def posts(self) -> int:
        """Requests that could make tasks, taken or not."""
        return len(self.lengths)

    def has_posts(self, count: int) -> bool:
        return self.posts() >= count

    def lines(self) -> list[JSON]:
        return [json.loads(line) for line in self.ledger.read_text("ascii").splitlines()]

    def reserved(self) -> int:
        return sum(line.get("do") in ("reserve", "hold") for line in self.lines())

    def holds_the_law(self, budget: float) -> Tally:
        """What is gone <= what counts <= the budget, and nothing was sent that was not reserved."""
        tally = self.tally(budget)
        assert self.gone() <= tally.spent_usd <= budget
        assert self.posts() <= self.reserved()
        return tally


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    told = Settings(port=0, speed=0.0, seed=1, quiet=True, key=(KEY, SECOND))
    lengths: list[int] = []
    app = create_app(told)
    app.add_middleware(Counted, lengths=lengths)
    with running(told, app) as url, keyed(url, KEY) as client:
        yield Bank(url, client, tmp_path / "ledger.jsonl", lengths)


@contextmanager
def going(options: JSON) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own."""
    folders = [TESTS, *(TESTS.parent / name for name in ("mock_server", "contract_tests"))]
    process = subprocess.Popen(
        [sys.executable, str(TESTS / "live_run.py"), json.dumps(options)], stdout=subprocess.PIPE, text=True,
        stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def told_by(process: subprocess.Popen[str]) -> JSON:
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return json.loads(out)


def process_options(bank: Bank, budget: float, **more: JSON) -> JSON:
    return {"url": bank.url, "ledger": str(bank.ledger), "budget": budget, "key": KEY} | more


def test_a_service_that_conforms_is_paid_what_the_ledger_counts(bank: Bank) -> None:
    told = ended(run(bank.options(5.0, **PAID_RULES)))
    tally = bank.holds_the_law(5.0)
    assert told["exit_code"] == CONFORMS
    assert set(told["verdicts"]) == {"pass", "skip"}
    assert (told["reserved"], told["calls"]) == (tally.spent_usd, tally.calls)
    assert round(told["before"] - told["after"], 4) == bank.gone() > 0.5
    assert (tally.unanswered, tally.released > 30) == (0, True)
    # Only what was given back for tasks that fail, and what is held, is counted and not gone.
    assert tally.spent_usd - bank.gone() <= 0.3


def test_one_small_picture_at_a_time_without_detection_unless_that_is_the_case(bank: Bank) -> None:
    run(bank.options(9.0, select=("I2I-REQUEST.[I-Z]*", "UPS-EXTRA*", "UPS-RESULT-*"), layers=("rules",)))
    ends = {line["number"]: line["do"] for line in bank.lines()[1:]}
    paid = [line for line in bank.lines()[1:] if "micro_usd" in line and ends[line["number"]] != "release"]
    assert len(paid) > 60
    many = {line["case"] for line in paid if line["pictures"] > 1}
    assert {case for case in many if "IMAGE_NUM" not in case and "COUNT" not in case} == set()
    assert {line["case"] for line in paid if line["nsfw"] and "NSFW" not in line["case"]} == set()
    bodies = sorted(bank.lengths)
    assert bodies[len(bodies) // 2] < 2000
    bank.holds_the_law(9.0)


@pytest.mark.parametrize("budget", [0.01, 0.035, 0.2])
def test_a_budget_that_is_too_small_ends_in_time(bank: Bank, budget: float) -> None:
    told = ended(run(bank.options(budget, **PAID_RULES)))
    tally = bank.holds_the_law(budget)
    assert (told["exit_code"], told["over_budget"]) == (BUDGET, True)
    assert tally.spent_usd == round(budget // 0.01 * 0.01, 6)
    assert told["verdicts"]["skip"] > 40


@pytest.mark.parametrize("more", [{"budget": 0.005}, {"budget": 1.0, "max_paid_calls": 0}])
def test_a_budget_that_pays_for_nothing_ends_in_time(bank: Bank, more: JSON) -> None:
    budget = more.pop("budget")
    told = ended(run(bank.options(budget, **more, **PAID_RULES)))
    assert told["exit_code"] == BUDGET
    assert (bank.gone(), bank.tally(budget).calls) == (0, 0)


def test_the_number_of_paid_requests_is_a_bound_too(bank: Bank) -> None:
    told = ended(run(bank.options(5.0, max_paid_calls=7, **PAID_RULES)))
    assert (told["exit_code"], bank.holds_the_law(5.0).calls) == (BUDGET, 7)


def test_a_second_run_goes_on_with_what_the_first_has_left(bank: Bank) -> None:
    first = ended(run(bank.options(0.05, select=SOME)))
    second = ended(run(bank.options(0.08, select=SOME)))
    assert [told["exit_code"] for told in (first, second)] == [BUDGET] * 2
    assert [told["calls"] for told in (first, second)] == [5, 3]
    assert bank.gone() == bank.holds_the_law(0.08).spent_usd == 0.08


@pytest.mark.parametrize("seed", range(6) if DEEP else [1])
def test_processes_at_the_same_time_share_one_budget(bank: Bank, seed: int) -> None:
    budget = 0.2
    more = process_options(bank, budget, random_order=True, select=SOME)
    with ExitStack() as stack:
        processes = [stack.enter_context(going(more | {"seed": seed + 100 * each})) for each in range(4)]
        told = [told_by(process) for process in processes]
    tally = bank.holds_the_law(budget)
    assert budget - 0.0115 < tally.spent_usd <= budget
    assert {each["exit_code"] for each in told} <= {CONFORMS, BUDGET}
    assert BUDGET in {each["exit_code"] for each in told}
    assert bank.posts() > 40


@pytest.mark.parametrize("seed", range(10) if DEEP else [3])
def test_a_run_that_is_killed_is_gone_on_with_and_pays_nothing_twice(bank: Bank, seed: int) -> None:
    budget = 1.5
    ask(bank.client, "after", {"kind": "socket", "how": "reset"}, match=SUBMIT, rate=0.1, times=None)
    for turn in range(3):
        more = {"random_order": True, "seed": seed * 10 + turn, **PAID_RULES}
        with going(process_options(bank, budget, **more)) as process:
            until(partial(bank.has_posts, bank.posts() + 20 + seed * 3), 60)
            process.send_signal(signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
        bank.holds_the_law(budget)
    told = ended(run(bank.options(budget, **PAID_RULES)))
    tally = bank.holds_the_law(budget)
    assert told["exit_code"] in (DEVIATES, BUDGET)
    assert tally.unanswered > 0
    # What was under way when a run was killed counts, one request each at most, and what got no reply.
    assert bank.reserved() - bank.posts() <= 3 + 40


def test_who_presses_ctrl_c_is_told_what_was_spent(bank: Bank) -> None:
    with going(process_options(bank, 5.0, **PAID_RULES)) as process:
        until(partial(bank.has_posts, 100), 60)
        process.send_signal(signal.SIGINT)
        told = told_by(process)
    assert (told["exit_code"], told["interrupted"]) == (INTERRUPTED, True)
    assert told["reserved"] == bank.holds_the_law(5.0).spent_usd > 0


#: What a service may do to those who pay, and in which share of requests.
TROUBLES: dict[str, list[tuple[str, JSON, float]]] = {
    "lost replies": [("after", {"kind": "socket", "how": "reset"}, 0.3)],
    "errors after the charge": [("after", {"kind": "error", "problem": "create-task-failed"}, 0.3)],
    "broken replies": [
        ("after", {"kind": "body", "how": how}, 0.2) for how in ("malformed", "schema-breaking", "truncated")
    ],
    "lost requests": [("before", {"kind": "socket", "how": "reset"}, 0.3)],
    "too many requests": [("before", {"kind": "error", "problem": "rate-limit"}, 0.3)],
    "tasks that fail": [("task", {"kind": "fail"}, 0.5)],
}


@pytest.mark.parametrize("operation", ["upscale", "upscale-v2"])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_whatever_goes_wrong_is_counted_and_no_request_is_sent_again(
    bank: Bank, trouble: str, operation: str
) -> None:
    for phase, effect, rate in TROUBLES[trouble]:
        ask(bank.client, phase, effect, match=SUBMIT, rate=rate, times=None)
    select = (
        ("UPS-REQUEST.*", "UPS-EXTRA.RESPONSE*") if operation == "upscale" else ("UP2-UPSCALING_RESIZE*",)
    )
    run(bank.options(5.0, select=select))
    tally = bank.holds_the_law(5.0)
    assert tally.calls > 5
    lost = trouble not in ("too many requests", "tasks that fail", "broken replies")
    assert (tally.unanswered > 0) is (lost or trouble == "broken replies")
    # The journal notes each request that came in; one that was sent again would be one more.
    assert bank.posts() == bank.reserved()


@pytest.mark.parametrize(
    "select",
    [("upscale",), ("img2img",), ("upscale-v2",), ("*PROPERTY*",), ("QRK-*",), ("I2I-REQUEST.IMAGE_NUM*",)],
)
def test_the_first_wrong_request_that_is_taken_ends_the_run(bank: Bank, select: tuple[str, ...]) -> None:
    with service(bank.url, generous_key=KEY) as (url, taken):
        report = run(replace(bank.options(5.0, select=select), live_url=url))
        assert len(taken) == 1
        tally = Ledger(bank.ledger, 5.0, PRICES, account=account_mark(url, Secret(KEY))).summary()
    assert report.exit_code == DEVIATES
    assert "accepted what it must refuse" in report.trouble
    (failed,) = report.failures
    assert failed.said.startswith("a wrong request is refused")
    assert {each.verdict for each in report.outcomes} <= {Verdict.FAIL, Verdict.SKIP, Verdict.PASS}
    assert bank.gone() <= tally.spent_usd
    assert tally.calls == 1


def test_a_story_does_not_pay_for_a_second_wrong_request(bank: Bank) -> None:
    with service(bank.url, generous_key=KEY) as (url, taken):
        run(replace(bank.options(5.0, select=("STORY*",)), live_url=url))
        assert len(taken) == 1


def test_each_wrong_request_pays_once_at_most_is_counted_and_stops_the_run(bank: Bank) -> None:
    with service(bank.url, generous_key=KEY) as (url, taken):
        options = replace(bank.options(50.0), live_url=url)
        wrong = [case for case in planned(options) if case.refusal or not case.paid]
        paid = 0
        with opened_session(options) as (session, purse):
            assert purse is not None
            for case in wrong if DEEP else wrong[::9]:
                session.stopped = ""
                before = len(taken)
                tried(session, case)
                assert len(taken) - before <= 1, case.id
                assert bool(session.stopped) is (len(taken) > before), case.id
                paid += len(taken) - before
            assert bank.gone() <= purse.ledger.spent_usd
    assert paid > (200 if DEEP else 20)


@pytest.mark.parametrize(
    "select",
    [("UPS-RESULT*",), ("UPS-LINK*", "UP2-LINK*"), ("*PROPERTY*",), ("I2I-REQUEST.IMAGE_NUM*",), ("QRK-N*",)],
)
def test_the_plan_says_no_less_than_what_is_spent(bank: Bank, select: tuple[str, ...]) -> None:
    options = bank.options(5.0, select=select)
    run(options)
    assert 0 < bank.holds_the_law(5.0).spent_usd <= round(worst_case_usd(planned(options), PRICES), 6)


def test_pytest_with_workers_spends_from_the_same_ledger(bank: Bank, tmp_path: Path) -> None:
    folders = os.pathsep.join(str(TESTS.parent / name) for name in ("mock_server", "contract_tests"))
    flags = {
        "target": "live", "live-url": bank.url, "profile": "quick", "select": "UPS-REQUEST.S*",
        "budget-usd": "0.03", "price": "upscale=0.01", "ledger": str(bank.ledger),
    }  # fmt: skip
    line = [sys.executable, "-m", "pytest", "--pyargs", "novita_contract", "-n2", "-q", "--novita-yes"]
    line += ["-rs", "-p", "no:asyncio", "-p", "no:randomly"]
    line += [f"--novita-{name}={value}" for name, value in flags.items()] + ["--novita-price=img2img=0.01"]
    told = subprocess.run(
        line, cwd=tmp_path, env=os.environ | {"PYTHONPATH": folders, "NOVITA_API_KEY": KEY}, timeout=300,
        capture_output=True, text=True,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
    assert "the budget is reached" in told.stdout
    assert 0.02 <= bank.holds_the_law(0.03).spent_usd <= 0.03


def test_a_key_is_not_sent_to_where_the_service_points(bank: Bank) -> None:
    with service(bank.url, elsewhere=bank.url) as (url, _):
        report = run(replace(bank.options(1.0, select=SOME), live_url=url))
    assert report.exit_code != CONFORMS
    assert noted(bank.client) == []


def test_a_refused_key_ends_the_run_before_anything_is_paid(bank: Bank) -> None:
    told = ended(run(replace(bank.options(1.0, select=SOME), key=Secret("sk_canary_unknown"))))
    assert told["exit_code"] == UNREACHABLE
    assert (bank.gone(), told["calls"]) == (0, 0)


def test_webhook_tests_that_cost_nothing_are_not_counted(bank: Bank) -> None:
    run(bank.options(1.0, select=("WEB-UPS-TEST-SUCCEED",)))
    tally = bank.holds_the_law(1.0)
    assert (tally.freed > 0, tally.held, bank.gone()) == (True, 0, 0)


def test_webhook_tests_that_cost_money_are_counted(bank: Bank) -> None:
    with service(bank.url, dear=True) as (url, _):
        run(replace(bank.options(1.0, select=("WEB-UPS-TEST-SUCCEED",)), live_url=url))
        tally = Ledger(bank.ledger, 1.0, PRICES, account=account_mark(url, Secret(KEY))).summary()
    assert 0 < bank.gone() <= tally.spent_usd
    assert (tally.freed, tally.held > 0) == (0, True)


def test_a_service_that_refuses_everything_for_asking_too_often_is_left_alone(bank: Bank) -> None:
    ask(bank.client, "before", {"kind": "error", "problem": "rate-limit"}, match=SUBMIT, times=None)
    report = run(bank.options(1.0, select=("upscale",)))
    assert bank.posts() <= 12
    assert "too often" in report.trouble
    assert report.failures == ()
    assert (bank.gone(), bank.tally(1.0).calls) == (0, 0)


def test_a_price_that_is_too_low_shows_in_the_report(bank: Bank) -> None:
    options = replace(bank.options(1.0, select=SOME), prices={"upscale": 0.001})
    report = run(options)
    assert report.spend is not None
    assert report.spend.balance_before is not None
    assert report.spend.balance_after is not None
    assert report.spend.balance_before - report.spend.balance_after > report.spend.reserved * 5


@pytest.fixture
def typed(
    bank: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Type:
    """Types ``novita-mock conform --target live ...`` with a key, and with nobody at the terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NOVITA_API_KEY", KEY)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    more = f"--target live --live-url {bank.url} --profile quick --select {SOME[0]}"
    typist_of = typist(capsys)
    return lambda line: typist_of(f"conform {more} {line}")


PRICED = "--budget-usd 0.50 --price upscale=0.01 --price img2img=0.01"
GOOD = f"{PRICED} --yes"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("", ["--budget-usd", "the price of upscale", "--yes"]),
        (PRICED, ["--yes"]),
        ("--price upscale=0.01 --yes", ["--budget-usd"]),
        ("--budget-usd 0.50 --yes", ["--price upscale=USD"]),
        ("--budget-usd 0.50 --price upscale=0 --yes", ["above 0"]),
        ("--budget-usd 0.50 --price upscal=0.01 --yes", ["did you mean upscale?"]),
        ("--budget-usd inf --price upscale=0.01 --yes", ["no amount"]),
        (f"{GOOD} --live-url http://127.0.0.1.evil.test", ["a key must not go elsewhere"]),
    ],
)
def test_without_all_that_it_needs_nothing_is_sent(
    bank: Bank, typed: Type, tmp_path: Path, flags: str, said: list[str]
) -> None:
    told = typed(flags)
    assert told.code == USAGE, told
    for part in said:
        assert part in told.err
    assert KEY not in told.err + told.out
    assert (noted(bank.client), bank.posts()) == ([], 0)
    assert not (tmp_path / "state").exists()


def test_without_a_key_nothing_is_sent(bank: Bank, typed: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOVITA_API_KEY")
    told = typed(GOOD)
    assert (told.code, "set NOVITA_API_KEY" in told.err) == (USAGE, True)
    assert noted(bank.client) == []


def test_a_dry_run_sends_nothing(bank: Bank, typed: Type, tmp_path: Path) -> None:
    told = typed(f"{GOOD} --dry-run")
    assert told.code == CONFORMS, told
    assert "at most" in told.out
    assert noted(bank.client) == []
    assert not (tmp_path / "state").exists()


def test_no_key_link_or_picture_is_in_anything_that_a_run_writes(
    bank: Bank, typed: Type, tmp_path: Path
) -> None:
    told = typed(f"{GOOD} --report report --record transcript")
    assert told.code == CONFORMS, told.err
    written = {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {Path(name).suffix for name in written} >= {".html", ".json", ".xml", ".har", ".md", ".jsonl"}
    for name, content in (written | {"the terminal": (told.out + told.err).encode()}).items():
        for secret in (b"canary", b"X-Amz-Signature=", b"iVBORw0KGgoAAAANSUhEUg"):
            assert secret not in content, (name, secret)
    (ledger,) = (tmp_path / "state").rglob("ledger-*.jsonl")
    assert ledger.stat().st_mode & 0o077 == 0
    assert f"${bank.gone():.4f} charged" in told.out
