"""A ledger whose users are killed at any moment, beside a double that charges for what it takes.

After each of these: what is gone from the account <= what the ledger counts <= the budget.
``make check-deep`` takes all the moments and more deaths.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from hypothesis import settings

from faulty import ask, balance, keyed
from novita_contract.ledger import Ledger
from novita_mock.types import JSON
from spender import PRICES, spend_once

DEEP = settings.get_current_profile_name() == "deep"
TESTS = Path(__file__).parent
CENT = 100  # in 1/10,000 USD, as the API tells a balance
FIRST = 1_000_000
#: What a service does to those who pay: replies are lost after and before the charge, errors, refusals.
FAULTS = (
    ("after", {"kind": "socket", "how": "reset"}, 0.1),
    ("after", {"kind": "error", "problem": "create-task-failed"}, 0.1),
    ("before", {"kind": "socket", "how": "reset"}, 0.1),
    ("before", {"kind": "error", "problem": "rate-limit"}, 0.2),
)
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that fork")


def spent(what: str, **told: JSON) -> JSON:
    """What ``spender.py`` says, run in a process of its own."""
    path = os.pathsep.join(
        [str(TESTS), *(str(TESTS.parent / name) for name in ("mock_server", "contract_tests"))]
    )
    line = [sys.executable, str(TESTS / "spender.py"), what, json.dumps(told)]
    told_back = subprocess.run(
        line, capture_output=True, text=True, timeout=300, env=os.environ | {"PYTHONPATH": path}
    )
    assert (told_back.returncode, told_back.stderr) == (0, "")
    return json.loads(told_back.stdout)


@pytest.fixture
def client(url: str, request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """A client of the session's double, with an account that no other test has."""
    with keyed(url, request.node.nodeid.encode().hex()[-100:]) as client:
        yield client


def key_of(client: httpx2.Client) -> str:
    return client.headers["Authorization"].removeprefix("Bearer ")


def test_no_moment_of_death_makes_it_count_too_little(tmp_path: Path) -> None:
    told = spent("every_moment", folder=str(tmp_path), step=1 if DEEP else 7)
    assert told["wrong"] == []
    assert told["status"] == 0
    assert told["deaths"] >= (900 if DEEP else 100)


def test_a_process_that_was_forked_spends_from_the_same_budget(tmp_path: Path) -> None:
    told = spent("inherit", ledger=str(tmp_path / "ledger"), budget=0.5, workers=4)
    assert told == {"codes": [0], "calls": 50}


@pytest.mark.parametrize("seed", range(20) if DEEP else range(2))
def test_processes_that_are_killed_never_spend_more_than_is_counted(
    client: httpx2.Client, tmp_path: Path, seed: int
) -> None:
    kills, budget = (60, 3.0) if DEEP else (15, 1.2)
    for phase, effect, rate in FAULTS:
        ask(client, phase, effect, match={"kind": "submit"}, rate=rate, times=None)
    path = tmp_path / "ledger.jsonl"
    told = spent(
        "storm", ledger=str(path), url=str(client.base_url), key=key_of(client), budget=budget, workers=4,
        kills=kills, seed=seed,
    )  # fmt: skip
    assert told == {"killed": kills, "codes": [0]}
    gone, counted = (FIRST - balance(client)) // CENT, Ledger(path, budget, PRICES).summary()
    assert 0 < gone <= counted.calls == round(budget * 100)
    # More is counted only for requests of which nobody knows what became of them.
    assert counted.calls - gone <= counted.unanswered
    assert counted.released > 0
    assert counted.unanswered > 0


def test_a_lost_reply_counts_and_the_request_is_not_sent_again(url: str, tmp_path: Path) -> None:
    with keyed(url, "ledger-lost") as client:
        ledger = Ledger(tmp_path / "ledger", 0.02, PRICES)
        assert spend_once(ledger, url, "ledger-lost@lost-reply", "") == "lost"
        assert (FIRST - balance(client), ledger.calls) == (CENT, 1)
        assert spend_once(ledger, url, "ledger-lost", "") == "taken"
        assert (FIRST - balance(client), ledger.calls, ledger.summary().unanswered) == (2 * CENT, 2, 1)
