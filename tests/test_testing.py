"""Starting and stopping a double from Python."""

import os
import signal
import subprocess
import sys
import threading

import httpx2
import psutil
import pytest

from conftest import finished, upscale_body
from novita_mock.calling import CallFailed
from novita_mock.catalogue import load
from novita_mock.testing import DoubleFailed, running

SIDES = pytest.mark.parametrize("where", ["process", "thread"])
#: Wall seconds in which a process that was told to end has ended.
GONE_S = 10


def client(url, key):
    return httpx2.Client(
        base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False
    )


def children(of=None):
    """The doubles that are children of a process, this one by default."""
    return [each for each in psutil.Process(of).children() if "novita_mock.child" in str(each.cmdline())]


def ask_for_user(url, key):
    row = load().operation("user")
    with client(url, key) as asking:
        return asking.request(row.method, row.path)


@SIDES
def test_a_double_serves_while_the_block_runs_and_not_after(where):
    with running(speed=0, where=where) as double, client(double.url, "sk_a") as asking:
        reply = asking.post(load().operation("upscale").path, json=upscale_body())
        assert finished(asking, reply)["task"]["progress_percent"] == 0
    with pytest.raises(httpx2.ConnectError):
        ask_for_user(double.url, "sk_a")


def test_a_double_has_a_process_of_its_own_and_leaves_none():
    with running():
        (child,) = children()
    assert not child.is_running()


def test_a_double_in_a_thread_has_no_process():
    with running(where="thread"):
        assert children() == []


@SIDES
def test_only_the_keys_are_let_in_and_the_first_is_the_handles(where):
    with running(keys=("sk_a", "sk_b"), where=where) as double:
        told = [ask_for_user(double.url, key).status_code for key in ("sk_a", "sk_b", "sk_other")]
    assert told == [200, 200, 403]
    assert double.api_key == "sk_a"


def test_a_balance_can_be_set_while_it_runs():
    with running(where="thread") as double:
        double.account("sk_a").balance = 2.5
        assert ask_for_user(double.url, "sk_a").json()["credit_balance"] == 25_000


def test_no_key_stands_in_the_list_of_processes_or_in_the_environment():
    with running(keys=("sk_canary_1", "sk_canary_2")) as double:
        (child,) = children()
        assert "canary" not in str(child.cmdline()) + str(child.environ())
    assert "canary" not in repr(double)


@SIDES
def test_time_passes_for_one_account_alone(where):
    with running(speed="manual", seed=1, where=where) as double:
        one, other = (double.account(key) for key in ("sk_a", "sk_b"))
        before = {mock: mock.advance(0)["accounts"][0]["now_s"] for mock in (one, other)}
        one.advance(60)
        passed = {mock: mock.advance(5)["accounts"][0]["now_s"] - before[mock] for mock in (one, other)}
    assert list(passed.values()) == [65, 5]


def test_an_advance_that_can_not_be_is_refused():
    with running(where="thread") as double, pytest.raises(CallFailed, match="seconds"):
        double.advance(-1)


@SIDES
def test_quirks_strictness_and_other_settings_reach_the_double(where):
    path = load().operation("upscale").path
    told = {"quirks": {"submit-shape": "both"}, "strict": True, "max_pending_tasks": 1, "speed": "manual"}
    with running(where=where, **told) as double, client(double.url, "sk_a") as asking:
        submitted = asking.post(path, json=upscale_body()).json()
        stray = asking.post(path, json=upscale_body() | {"stray": 1})
        one_too_many = asking.post(path, json=upscale_body())
    assert submitted["data"]["task_id"] == submitted["task_id"]
    assert stray.status_code == 400
    assert one_too_many.json()["reason"] == "RATE_LIMIT_EXCEEDED"


@SIDES
@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ({"quirks": {"no-such": "1"}}, "no quirk 'no-such'", "submit-shape"),
        ({"scenario": "no-such"}, "'no-such' is not a scenario", "novita-mock"),
        ({"host": "192.0.2.1"}, "can't listen on 192.0.2.1, port 0", "leave host and port out"),
    ],
    ids=["quirk", "scenario", "host"],
)
def test_a_double_that_can_not_be_says_why(where, settings, message, hint):
    with pytest.raises(DoubleFailed, match=message) as failed:
        running(where=where, **settings).__enter__()
    assert hint in failed.value.hint


def test_there_are_only_the_settings_that_there_are():
    with pytest.raises(TypeError, match="sped"):
        running(sped=1).__enter__()


def test_a_child_that_dies_at_once_is_told_with_its_last_words(monkeypatch, tmp_path):
    (tmp_path / "starlette.py").write_text("raise SystemExit('no double here')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DoubleFailed, match=r"did not start \(exit code 1\):\nno double here"):
        running().__enter__()


def test_a_child_that_never_answers_is_given_up(monkeypatch, tmp_path):
    (tmp_path / "starlette.py").write_text("import sys; sys.stdin.read()")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("novita_mock.parent.START_S", 0.2)
    with pytest.raises(DoubleFailed, match="did not start"):
        running().__enter__()
    assert children() == []


def test_a_child_that_dies_in_use_is_told():
    with pytest.raises(DoubleFailed, match="ended while it was in use"), running():
        children()[0].kill()


def test_an_error_in_the_block_goes_before_a_dead_child():
    with pytest.raises(ZeroDivisionError), running():
        children()[0].kill()
        raise ZeroDivisionError


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
def test_a_child_that_hangs_is_ended_by_force(monkeypatch):
    monkeypatch.setattr("novita_mock.parent.STOP_S", 0.1)
    with running():
        (child,) = children()
        child.suspend()
        monkeypatch.setattr("novita_mock.parent.TERMINATE_S", 0.1)
    assert not child.is_running()


PARENT = """
import sys
from novita_mock.testing import running
with running() as double:
    print(double.url, flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no such signal")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_no_child_outlives_its_parent(name):
    line = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}\n{PARENT}"]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as parent:
        parent.stdout.readline()
        (child,) = children(parent.pid)
        parent.send_signal(getattr(signal, name))
    assert psutil.wait_procs([child], GONE_S)[1] == []


def test_ctrl_c_at_the_terminal_is_the_parents_business():
    with running() as double:
        (child,) = children()
        child.send_signal(signal.SIGINT)
        assert ask_for_user(double.url, "sk_a").status_code == 200


def test_proxies_and_settings_of_the_environment_are_passed_by(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NOVITA_MOCK_KEY", "sk_other")
    monkeypatch.setenv("NOVITA_MOCK_NO_SUCH", "1")
    with running() as double:
        assert double.advance(1)["accounts"]


def test_several_doubles_run_at_once():
    with running(seed=1) as one, running(seed=1) as other, running(seed=1, where="thread") as third:
        assert len({one.url, other.url, third.url}) == 3
        assert all(ask_for_user(double.url, "sk_a").status_code == 200 for double in (one, other, third))


def test_doubles_can_be_started_from_threads():
    urls = []

    def start_and_stop():
        with running() as double:
            urls.append(double.url)

    threads = [threading.Thread(target=start_and_stop) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(urls) == 3


def test_a_double_for_others_than_this_machine_asks_for_a_token():
    with running(host="0.0.0.0") as double:  # noqa: S104 - what is tested
        told = httpx2.get(f"{double.url}/_mock/tasks", trust_env=False)
        assert told.status_code == 403
        assert double.advance(1)["accounts"]


def test_starting_a_child_imports_no_server():
    program = f"import sys; sys.path[:] = {sys.path!r}; import novita_mock.testing as t; import json;"
    program += (
        "print([n for n in ('uvicorn', 'starlette', 'aiohttp', 'PIL', 'jsonschema') if n in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert told.stdout == "[]\n", told.stderr
