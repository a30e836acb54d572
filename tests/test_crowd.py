"""Submits on many connections at once: each is answered as if it had come alone."""

import asyncio
import json
import threading
from contextlib import ExitStack
from random import Random  # noqa: TID251 - seeded, and of no double

import httpx2
import pytest

from novita_mock import express, heads
from novita_mock.crowd import Crowd, Waiting
from novita_mock.heads import Head
from novita_mock.quick import Quick
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON
from raw import Raw, request
from test_quick import PICTURES

UPSCALE, RESULT = "/v3/async/upscale", "/v3/async/task-result"
KEYS = [f"K{number}" for number in range(8)]
SETTINGS = Settings(port=0, seed=5, speed="manual", quiet=True)


def submit(key: str, **changes: object) -> bytes:
    wanted = {"model_name": "4x-UltraSharp", "scale_factor": 2, "image_base64": PICTURES[0]} | changes
    content = request(UPSCALE, method="POST", body=json.dumps({"request": wanted}).encode())
    return content.replace(b"sk_test", key.encode())


def poll(key: str, task_id: str) -> bytes:
    return request(f"{RESULT}?task_id={task_id}").replace(b"sk_test", key.encode())


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many were answered together, each time; even one connection is a crowd."""
    sizes: list[int] = []
    answers = Quick.answers

    def counting(self: Quick, asked: list[tuple[Head, bytes]]) -> list[bytes | None]:
        sizes.append(len(asked))
        return answers(self, asked)

    monkeypatch.setattr(express, "CROWD", 1)
    monkeypatch.setattr(Quick, "answers", counting)
    return sizes


#: Seconds after which a crowd that is held is answered, unless it has to be sooner.
HELD_S = 0.5


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Crowds are held, and each who joins one is counted."""
    waits = threading.Semaphore(0)

    def join(self: Crowd, who: Waiting, head: Head, content: bytes) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_later(HELD_S, self.answer)
        self._waiting.append((who, head, content))
        waits.release()

    monkeypatch.setattr(Crowd, "join", join)
    return waits


def of_all(url: str) -> JSON:
    """What the double keeps of all, without what depends on the order of the accounts, or on time."""
    told = {}
    for key in KEYS:
        for route in ("requests", "tasks", "balance"):
            found = httpx2.get(f"{url}/_mock/{route}?account={key}").json()
            for row in found.get("requests", ()):
                row["duration_ms"] = row["arrival"] = 0
            told[key, route] = found
    return json.loads(json.dumps([*told.values()]).replace(url.rpartition(":")[2], "PORT"))


def test_many_at_once_are_answered_as_one_after_the_other(
    joined: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = Random(3)
    with ExitStack() as stack:
        first = stack.enter_context(running(SETTINGS))
        with monkeypatch.context() as patch:
            patch.setattr(heads, "_rows_of", lambda context, kinds: {})
            second = stack.enter_context(running(SETTINGS))
        raws = {url: [stack.enter_context(Raw(url, 20)) for _ in KEYS] for url in (first, second)}
        for step in range(60):
            asked = [
                submit(key, **chance.choice([{}, {}, {}, {"scale_factor": 3}, {"scale_factor": 9}]))
                for key in KEYS[: chance.randrange(1, len(KEYS) + 1)]
            ]
            if step == 30:
                rule = {"phase": "before", "effect": {"kind": "error", "problem": "rate-limit"}}
                for url in raws:
                    httpx2.post(f"{url}/_mock/faults?account=K1", json=rule).raise_for_status()
            replies = {}
            for url, connections in raws.items():
                for raw, content in zip(connections, asked, strict=False):
                    raw.send(content)
                replies[url] = [raw.reply().content for raw, _ in zip(connections, asked, strict=False)]
            assert replies[first] == replies[second], step
        assert of_all(first) == of_all(second)
    assert sum(joined) > 100
    assert max(joined) > 1


def test_what_comes_after_a_submit_that_waits_is_answered_after_it(
    joined: list[int], waits: threading.Semaphore
) -> None:
    with running(SETTINGS) as url, Raw(url, 20) as raw:
        task_id = json.loads(raw.ask(submit("K0")).body)["task_id"]
        raw.send(submit("K0"))
        assert waits.acquire(timeout=20)
        raw.send(poll("K0", task_id) + submit("K0"))
        assert json.loads(raw.reply().body)["task_id"] != task_id
        assert json.loads(raw.reply().body)["task"]["task_id"] == task_id
        assert raw.reply().status == 200
    assert joined == [1]


def test_who_goes_away_while_waiting_has_submitted(joined: list[int], waits: threading.Semaphore) -> None:
    with running(SETTINGS) as url:
        with Raw(url) as raw:
            raw.ask(submit("K0"))
        for content in (submit("K0"), submit("K0", scale_factor=9)):
            with Raw(url) as raw:
                raw.send(content)
                assert waits.acquire(timeout=20)
        with Raw(url, 20) as raw:  # answered with them
            assert raw.ask(submit("K0")).status == 200
        assert len(httpx2.get(f"{url}/_mock/tasks?account=K0").json()["tasks"]) == 3
    assert joined == [3]


def test_a_double_that_stops_answers_who_waits(joined: list[int], waits: threading.Semaphore) -> None:
    with ExitStack() as stack:
        with running(SETTINGS) as url:
            raw = stack.enter_context(Raw(url))
            raw.ask(submit("K0"))
            raw.send(submit("K0"))
            assert waits.acquire(timeout=20)
        assert raw.reply().status == 200
    assert joined == [1]


def test_a_failure_of_the_double_is_told_to_all_who_wait(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(express, "CROWD", 1)
    with running(SETTINGS) as url:
        with Raw(url) as raw:
            raw.ask(submit("K0"))
            with monkeypatch.context() as patch:
                patch.setattr(Quick, "answers", lambda self, asked: 1 / 0)
                reply = raw.ask(submit("K0"))
            assert (reply.status, "reason" in json.loads(reply.body)) == (500, True)
            assert raw.ended(5)
        with Raw(url) as raw:
            assert raw.ask(submit("K0")).status == 200
    assert "the double failed" in caplog.text
