"""The commands that look at a running double: what they print, and what they say when they can't."""

import json
import os
from pathlib import Path

import pytest

from conftest import KEY, upscale_body
from novita_mock.showing import cell, record, safe, table
from typed import Said, Type, typist

VERBS = ("tasks", "requests", "webhooks", "faults", "clock", "scenarios")


@pytest.fixture(autouse=True)
def _clean(monkeypatch, tmp_path):
    for name in os.environ:
        if name.startswith("NOVITA_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def client(start):
    return start(speed="manual")


@pytest.fixture
def type_command(client, capsys) -> Type:
    return typist(capsys, f"--url {client.base_url}")


def submit(client, **extra) -> str:
    reply = client.post("/v3/async/upscale", json=upscale_body() | {"extra": extra})
    return str(reply.json()["task_id"])


def hooked(client) -> str:
    """The id of a task whose event came to an inbox."""
    task_id = submit(client, webhook={"url": f"{client.base_url}/_mock/inbox/hook"})
    client.post("/_mock/clock/advance", json={"seconds": 3600})
    return task_id


@pytest.mark.parametrize("verb", VERBS)
def test_a_new_double_has_nothing_to_show(type_command, verb):
    said = type_command(verb)
    assert (said.code, said.err) == (0, "")
    assert said.out == "none\n" or verb == "scenarios"


@pytest.mark.parametrize("verb", VERBS)
def test_json_is_what_the_control_route_answers(client, type_command, verb):
    submit(client)
    told = json.loads(type_command(f"{verb} --json").out)
    del client.headers["Authorization"]  # as the command: of all accounts
    assert told == client.get(f"/_mock/{verb}").json()


def test_tasks_are_listed_and_shown(client, type_command):
    task_id = hooked(client)
    listed = type_command("tasks").out.splitlines()
    assert listed[0].split()[:3] == ["TASK_ID", "OPERATION", "STATUS"]
    assert listed[1].split()[:4] == [task_id, "upscale", "TASK_STATUS_SUCCEED", "1"]
    one = type_command(f"tasks {task_id}").out
    assert f"task_id       {task_id}\n" in one
    assert '"image_url"' in one


def test_one_account_can_be_named_by_its_key(client, type_command):
    submit(client)
    assert type_command(f"tasks --account {KEY}").out != "none\n"
    assert type_command("tasks --account sk_other").out == "none\n"


def test_requests_are_filtered_asserted_and_exported(client, type_command):
    submit(client)
    client.get("/v3/nowhere")
    assert len(type_command("requests").out.splitlines()) == 3
    assert "/v3/nowhere" in type_command("requests --status 4xx").out
    assert "upscale" not in type_command("requests --status 4xx").out
    assert type_command("requests --har all.har --status 4xx") == Said(0, "", "")
    assert len(json.loads(Path("all.har").read_text())["log"]["entries"]) == 1
    assert type_command("requests --operation upscale --assert '{\"count\": 1}'") == Said(0, "it holds\n", "")
    missed = type_command("requests --operation upscale --assert '{\"count\": 2}'")
    assert missed.code == 1
    assert missed.out.startswith("wanted exactly 2 requests with operation 'upscale'; there was 1\n")


def test_webhooks_are_listed_shown_and_sent_again(client, type_command):
    hooked(client)
    listed = type_command("webhooks").out.splitlines()
    event = listed[1].split()[0]
    assert "delivered" in listed[1]
    assert '{"event_type":"ASYNC_TASK_RESULT"' in type_command(f"webhooks {event}").out
    assert type_command(f"webhooks --resend {event}").out.startswith("sent once more as ")
    assert len(type_command("webhooks").out.splitlines()) == 3


def test_scenarios_are_listed_with_what_they_do(type_command):
    assert "rate-limited " in type_command("scenarios").out
    assert "Every submit is over the rate limit" in type_command("scenarios").out


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("tasks nothing", "there is no such task", "novita-mock tasks"),
        ("webhooks nothing", "there is no such event", "novita-mock"),
        ("webhooks --resend nothing", "there is no such event", "novita-mock"),
        ("requests --status teapot", "/status: 'teapot' is not a status like 429 or 4xx", "--help"),
        ("requests --assert nonsense", "nonsense is not JSON", "novita-mock requests --operation upscale"),
        ("requests --assert '{}'", "not clear which account", "--account YOUR_API_KEY"),
        ("requests --har no/such/file", "can't write no/such/file", "folder of yours"),
    ],
)
def test_an_error_says_what_is_wrong_and_what_to_type(type_command, line, message, hint):
    said = type_command(line)
    assert said.code == 2
    assert said.out == ""
    first, second = said.err.splitlines()
    assert first.startswith("error: ")
    assert message in first
    assert second.startswith("  try: ")
    assert hint in second


@pytest.mark.parametrize(
    "verb", [*VERBS, "reset", "trigger succeed --to http://127.0.0.1:9/", "faults clear"]
)
def test_without_a_double_the_way_to_one_is_said(capsys, verb):
    said = typist(capsys, "--url http://127.0.0.1:9")(verb)
    assert said.code == 2
    assert said.err == "error: no double answers at http://127.0.0.1:9\n  try: novita-mock serve\n"


def test_what_is_no_double_is_said(capsys, tmp_path):
    (tmp_path / "requests.har").write_text("{}")
    for url in (tmp_path.as_uri(), "ftp://x", "nonsense", "http://"):
        said = typist(capsys, f"--url {url}")("tasks")
        assert said.code == 2, url
        assert "no double" in said.err


def test_the_port_of_the_environment_is_where_the_double_is(start, capsys, monkeypatch):
    client = start()
    monkeypatch.setenv("NOVITA_MOCK_PORT", str(client.base_url.port))
    assert typist(capsys)("tasks") == Said(0, "none\n", "")


def test_a_token_is_sent_and_asked_for(start, capsys, monkeypatch):
    client = start(control_token="s3cret")
    typed = typist(capsys, f"--url {client.base_url}")
    refused = typed("tasks")
    assert (refused.code, "try: the same with --control-token" in refused.err) == (2, True)
    assert typed("tasks --control-token s3cret").code == 0
    monkeypatch.setenv("NOVITA_MOCK_CONTROL_TOKEN", "s3cret")
    assert typed("tasks").code == 0


def test_a_key_that_is_not_let_in_is_said(start, capsys):
    client = start(key=("sk_mine",))
    said = typist(capsys, f"--url {client.base_url}")("tasks --account sk_yours")
    assert (said.code, "sk_yours" in said.err) == (2, False)
    assert said.err.endswith("try: the same with --account and a key that the double lets in\n")


def test_nothing_that_a_client_sent_reaches_the_terminal_as_it_is(client, type_command):
    client.get("/v3/%1b%5b31m%0d%e2%80%ae%c2%9b%7f")
    for line in ("requests", "requests --json"):
        out = type_command(line).out
        assert out.isascii()
        assert all(each.isprintable() or each == "\n" for each in out), line
    assert "\\x1b[31m" in type_command("requests").out


def test_cells_records_and_tables_are_safe_and_short():
    assert safe("a\x1b[2Jb\u202e\u200b\ud800\n") == r"a\x1b[2Jb\u202e\u200b\ud800\n"
    assert safe("Bücher 本 -") == "Bücher 本 -"
    assert (cell(None), cell(""), cell([]), cell({}), cell(0), cell(["a", 2])) == (
        "-",
        "-",
        "-",
        "-",
        "0",
        "a, 2",
    )
    assert len(cell("x" * 500)) == 60
    assert table(("a", "b"), [("1", None), ("22\n", 3)]) == "A     B\n1     -\n22\\n  3"
    assert record({"a": "x\x07", "bc": {"d": "\x07"}}) == 'a   x\\x07\nbc  {"d": "\\u0007"}'
