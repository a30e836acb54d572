"""The commands for webhooks: an event is made, sent, shown, passed on, and answered for."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx2
import pytest

from conftest import KEY
from novita_mock.listening import receiver, summary
from typed import typist


@contextmanager
def listening(forward_to: str | None = None) -> Iterator[str]:
    """A receiver as ``listen`` starts it."""
    with receiver(0, forward_to) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


def posted(url: str, **headers: str) -> httpx2.Response:
    """A delivery as the double makes it."""
    return httpx2.post(url, content=b'{"event_type": "ASYNC_TASK_RESULT"}', headers=headers, trust_env=False)


def test_an_event_is_shown_and_answered(start, capsys):
    client = start()
    with listening() as url:
        typed = typist(capsys, f"--url {client.base_url} --account {KEY}")
        said = typed(
            f"trigger fail --to {url} --set /payload/task/reason=why --set /payload/task/task_id=mine"
        )
        client.post("/_mock/clock/advance", json={"seconds": 0})
    shown = (
        said.out + capsys.readouterr().out
    )  # the event may be there before it is said that it is on its way
    assert re.search(r"^event \S+ is on its way to ", shown, re.MULTILINE)
    assert "ASYNC_TASK_RESULT  mine  TASK_STATUS_FAILED\n          reason   why\n" in shown
    assert "          answered 200\n" in shown
    (event,) = client.get("/_mock/webhooks").json()["webhooks"]
    assert event["state"] == "delivered"


def test_an_event_is_passed_on_and_the_answer_is_the_targets(start, capsys):
    client = start()
    client.put("/_mock/inbox/app", json=[{"status": 503, "body": "busy"}])
    with listening(f"{client.base_url}/_mock/inbox/app?account={KEY}") as url:
        answer = posted(url, **{"X-Novita-Mock-Attempt": "3", "X-Mine": "kept", "Connection": "close"})
    assert (answer.status_code, answer.text) == (503, "busy")
    (event,) = client.get("/_mock/inbox/app").json()["events"]
    assert event["body"] == {"event_type": "ASYNC_TASK_RESULT"}
    assert (event["headers"]["x-mine"], event["headers"]["x-novita-mock-attempt"]) == ("kept", "3")
    assert "attempt  3" in capsys.readouterr().out


@pytest.mark.parametrize("target", ["http://127.0.0.1:9/", "ftp://127.0.0.1/", "file:/etc/hosts"])
def test_a_target_that_does_not_answer_is_said(capsys, target):
    with listening(target) as url:
        assert posted(url).status_code == 502
    assert f"error: nothing answers at {target}" in capsys.readouterr().err


def test_a_page_in_a_browser_is_not_passed_on(start, capsys):
    client = start()
    with listening(f"{client.base_url}/_mock/inbox/app?account={KEY}") as url:
        assert posted(url, Origin="http://evil.example").status_code == 403
    assert client.get("/_mock/inbox/app").json()["events"] == []


@pytest.mark.parametrize("length", ["-1", "x", str(1 << 30)])
def test_a_length_that_is_too_much_or_none_is_refused(capsys, length):
    with listening() as url:
        connection = HTTPConnection(urlsplit(url).netloc)
        connection.request("POST", "/", headers={"Content-Length": length})
        assert connection.getresponse().status == 413
        connection.close()


def test_an_event_is_shown_with_its_pictures_and_no_control_characters():
    image = {"image_url": "http://x/\x1b[2J"}
    event = {"event_type": "A\x07", "payload": {"task": {"task_id": "t", "status": "S"}, "images": [image]}}
    shown = summary(json.dumps(event).encode(), {}, 0.0, 200)
    assert shown == "00:00:00  A\\x07  t  S\n          image    http://x/\\x1b[2J\n          answered 200"
    assert summary(b"\xff\x1b", {}, 0.0, 200).startswith("00:00:00  no event of the API: \ufffd\\x1b\n")


@pytest.mark.parametrize("line", ["--set nonsense", "--set payload=1"])
def test_a_wrong_change_says_how_it_is_written(capsys, line):
    said = typist(capsys)(f"trigger succeed --to http://127.0.0.1:9/ {line}")
    assert said.code == 2
    assert "is not /POINTER=JSON\n  try: novita-mock trigger succeed" in said.err


def test_a_port_in_use_is_said_with_a_way_out(capsys):
    with receiver(0, None) as other:
        said = typist(capsys)(f"listen --port {other.server_address[1]}")
    assert (said.code, "try: novita-mock listen --port 0" in said.err) == (2, True)


def test_ctrl_c_ends_it(tmp_path):
    line = [sys.executable, "-m", "novita_mock", "listen", "--port", "0"]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(line, stdout=subprocess.PIPE, env=environ, cwd=tmp_path, text=True) as process:
        assert process.stdout is not None
        assert " receives" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5) == 130
