"""Waiting until nothing is under way, and clocks at another speed, over the control routes."""

import httpx2
import pytest

from test_control import OTHER, done, submit, told, with_inbox


def test_it_waits_for_tasks_and_events(start) -> None:
    client = start(speed=60, seed=None)
    submit(client, **with_inbox(client))
    assert done(client, "/idle") == {"idle": True, "tasks": 0, "webhooks": 0, "stands": False}
    assert told(client, "/webhooks")["webhooks"][0]["state"] == "delivered"


def test_it_gives_up_when_its_time_is_over(start) -> None:
    client = start(speed=0.001, seed=None)
    submit(client)
    waited = done(client, "/idle", {"timeout_s": 0.02})
    assert (waited["idle"], waited["tasks"]) == (False, 1)


def test_where_time_stands_it_waits_only_for_what_has_begun(start) -> None:
    client = start(speed="manual")
    submit(client, **with_inbox(client))
    assert done(client, "/idle") == {"idle": False, "tasks": 1, "webhooks": 0, "stands": True}
    done(client, "/clock/advance", {"seconds": 60})
    assert done(client, "/idle")["idle"]


def test_an_account_waits_for_its_own_alone(start) -> None:
    client = start(speed="manual")
    submit(client)
    assert client.post("/_mock/idle", json={}, headers=OTHER).json()["idle"]


@pytest.mark.parametrize("body", [{"timeout_s": -1}, {"timeout_s": 301}, {"timeout_s": "x"}, []])
def test_a_time_that_can_not_be_waited_is_refused(start, body) -> None:
    assert start().post("/_mock/idle", json=body).status_code == 400


def status(client: httpx2.Client) -> str:
    task_id = submit(client)
    return client.get("/v3/async/task-result", params={"task_id": task_id}).json()["task"]["status"]


def test_the_speed_of_an_account_can_be_changed(start) -> None:
    client = start()
    assert status(client) == "TASK_STATUS_SUCCEED"
    assert done(client, "/clock/speed", {"speed": "manual"})["accounts"][0]["mode"] == "manual"
    assert status(client) == "TASK_STATUS_QUEUED"
    assert done(client, "/clock/speed", {"speed": "1000"})["accounts"][0]["rate"] == 1000
    assert done(client, "/idle")["idle"]
    assert done(client, "/clock/speed", {"speed": 0})["accounts"][0]["mode"] == "instant"
    assert status(client) == "TASK_STATUS_SUCCEED"
    assert client.get("/_mock/clock", headers=OTHER).json()["accounts"][0]["mode"] == "instant"


def test_a_reset_brings_the_first_speed_back(start) -> None:
    client = start()
    for speed in ("manual", 60):
        submit(client)
        done(client, "/clock/speed", {"speed": speed})
        assert done(client, "/reset", {"parts": ["clock"]})
        assert told(client, "/clock")["accounts"][0]["mode"] == "instant"


def test_a_frozen_clock_that_gets_a_speed_goes_on(start) -> None:
    client = start(speed=1)
    told(client, "/clock")
    done(client, "/clock/freeze")
    assert done(client, "/clock/speed", {"speed": 60})["accounts"][0] | {"now": 0, "now_s": 0} == {
        "account": told(client, "/clock")["accounts"][0]["account"], "now": 0, "now_s": 0,
        "mode": "running", "rate": 60,
    }  # fmt: skip


@pytest.mark.parametrize("speed", [-1, "fast", "inf", "nan", "", True, None, [], 1e400])
def test_a_speed_that_can_not_be_is_refused(start, speed) -> None:
    client = start()
    told(client, "/clock")
    content = f'{{"speed": {"1e400" if speed == 1e400 else __import__("json").dumps(speed)}}}'
    reply = client.post("/_mock/clock/speed", content=content, headers={"Content-Type": "application/json"})
    assert reply.status_code == 400
    assert "speed" in reply.text or "JSON" in reply.text
