"""The commands that steer a running double: faults, time, and making it new."""

import pytest

from conftest import KEY, upscale_body
from typed import Said, Type, typist

ALL = "tasks, journal, faults, webhooks, storage, clock, balance"


@pytest.fixture
def client(start):
    return start(speed="manual")


@pytest.fixture
def type_command(client, capsys) -> Type:
    return typist(capsys, f"--url {client.base_url}")


def test_a_fault_is_added_by_reason_listed_and_cleared(client, type_command):
    added = type_command(
        f"faults add --reason RATE_LIMIT_EXCEEDED --times 2 --operation model --account {KEY}"
    )
    assert added == Said(0, "added fault-1\n", "")
    assert [client.get("/v3/model").status_code for _ in range(3)] == [429, 429, 200]
    row = type_command("faults").out.splitlines()[1]
    assert row.split()[:2] == ["fault-1", "before"]
    assert "RATE_LIMIT_EXCEEDED" in row
    assert type_command("faults clear") == Said(0, "no faults any more\n", "")
    assert type_command("faults").out == "none\n"


def test_a_fault_is_added_as_json_and_removed(client, type_command):
    fault = '{"phase": "before", "effect": {"kind": "error", "problem": "balance"}}'
    assert type_command(f"faults add '{fault}' --account {KEY}").code == 0
    assert (
        client.post("/v3/async/upscale", json=upscale_body()).json()["reason"] == "BILLING_BALANCE_NOT_ENOUGH"
    )
    assert type_command("faults remove fault-1").out == "none\n"


def test_a_scenario_is_added_whole(client, type_command):
    assert type_command(f"faults scenario flaky --account {KEY}").out.count("added ") == 3
    assert len(type_command("faults").out.splitlines()) == 4


def test_time_is_advanced_and_says_what_happened(client, type_command):
    task_id = client.post("/v3/async/upscale", json=upscale_body()).json()["task_id"]
    said = type_command("clock advance 3600").out
    assert said.count(task_id) == 2
    assert "task-succeeded" in said
    assert "nothing fell due" in type_command("clock advance 0.5").out


def test_time_is_frozen_and_resumed(start, capsys):
    client = start(speed=1.0)
    client.get("/v3/model")
    type_command = typist(capsys, f"--url {client.base_url}")
    assert "running" in type_command("clock").out
    assert "frozen" in type_command("clock freeze").out
    assert "running" in type_command("clock resume").out


def test_reset_makes_all_new_or_only_parts(client, type_command):
    client.post("/v3/async/upscale", json=upscale_body())
    assert type_command("reset journal faults").out == "as new: journal, faults\n"
    assert type_command("requests").out == "none\n"
    assert type_command("tasks").out != "none\n"
    assert type_command("reset").out == f"as new: {ALL}\n"
    assert type_command("tasks").out == "none\n"


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("faults add", "which fault is not said", "faults add --reason RATE_LIMIT_EXCEEDED"),
        ("faults add nonsense", "nonsense is not JSON", "novita-mock faults add '{"),
        ("faults add --reason RATE_LIMIT_EXCEEDED", "not clear which account", "--account YOUR_API_KEY"),
        (f"faults add --reason RATE_LIMIT --account {KEY}", "RATE_LIMIT_EXCEEDED", "--help"),
        (f"faults scenario flakey --account {KEY}", "did you mean 'flaky'", "--help"),
        ("faults remove fault-9", "there is no such fault", "novita-mock"),
        ("faults explode", "faults explode is not understood", "faults scenario NAME"),
        ("clock advance soon", "soon is not JSON", "novita-mock clock"),
        (f"clock advance -- -5 --account {KEY}", "is not understood", "clock advance 60"),
        ("clock stop", "clock stop is not understood", "clock freeze"),
        ("reset task", "/parts/0: ", "--help"),
    ],
)
def test_an_error_says_what_is_wrong_and_what_to_type(type_command, line, message, hint):
    said = type_command(line)
    assert said.code == 2
    first, second = said.err.splitlines()
    assert message in first
    assert hint in second
