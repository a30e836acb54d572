"""The control routes of money, events, inboxes, storage and reset over HTTP."""

import httpx2
import pytest

from conftest import finished
from novita_mock.types import JSON
from test_control import FAULT, OTHER, done, submit, told, with_inbox


def test_the_balance_is_set_in_either_unit(start) -> None:
    client = start()
    assert done(client, "/balance", {"usd": 2.5})["accounts"][0]["credit_balance"] == 25_000
    assert done(client, "/balance", {"credit_balance": 7})["accounts"][0]["credit_balance"] == 7
    assert client.get("/v3/user").json() == {"credit_balance": 7}
    assert client.get("/v3/user", headers=OTHER).json() != {"credit_balance": 7}
    for wrong in ({}, {"usd": 1, "credit_balance": 1}, {"usd": -1}, {"credit_balance": 1.5}, [], 7, "x"):
        assert client.post("/_mock/balance", json=wrong).status_code == 400, wrong


def test_a_double_spend_is_reported(start) -> None:
    client = start()
    done(client, "/faults", {"scenario": "lost-reply"})
    with pytest.raises(httpx2.TransportError):
        submit(client)
    submit(client)
    assert len(told(client, "/double-spends")["double_spends"]) == 1
    assert told(client, "/double-spends", OTHER) == {"double_spends": []}


def test_events_are_told_and_sent_once_more(start) -> None:
    client = start(speed="manual")
    submit(client, **with_inbox(client))
    done(client, "/clock/advance", {"seconds": 3600})
    event = told(client, "/webhooks")["webhooks"][0]
    assert event["state"] == "delivered"
    assert '"ASYNC_TASK_RESULT"' in told(client, f"/webhooks/{event['id']}")["body"]
    again = done(client, f"/webhooks/{event['id']}/resend")
    done(client, "/clock/advance", {"seconds": 0})
    assert (again["event"], again["id"] != event["id"]) == ("resend", True)
    assert len(told(client, "/inbox/hook")["events"]) == 2
    assert told(client, "/webhooks", OTHER) == {"webhooks": []}
    for path in ("/webhooks/nothing", f"/webhooks/{event['id']}"):
        assert client.get(f"/_mock{path}", headers=OTHER).status_code == 404
    reply = client.post("/_mock/webhooks/nothing/resend", json={})
    assert (reply.status_code, reply.json()["error"]) == (404, "there is no such event")


def test_an_event_is_made_without_a_task(start) -> None:
    client = start(speed="manual")
    to = with_inbox(client)["webhook"]["url"]
    asked = {"event": "succeed", "to": to, "override": {"/payload/task/task_id": "mine"}}
    assert '"task_id":"mine"' in done(client, "/trigger", asked)["body"]
    done(client, "/trigger", {"event": "fail", "to": to, "operation": "img2img"})
    done(client, "/clock/advance", {"seconds": 0})
    bodies = [event["body"]["payload"]["task"] for event in told(client, "/inbox/hook")["events"]]
    assert [task["status"] for task in bodies] == ["TASK_STATUS_SUCCEED", "TASK_STATUS_FAILED"]


@pytest.mark.parametrize(
    ("wrong", "status", "says"),
    [
        ({"event": "explode"}, 400, "/event"), ({"to": "ftp://x"}, 400, "/to"),
        ({"override": {"/payload/nope/x": 1}}, 400, "/override"),
        ({"override": {"/payload/task/status": "DONE"}}, 400, "schema"),
        ({"task_id": "gone"}, 404, "finished"),
    ],
)  # fmt: skip
def test_a_wrong_trigger_is_refused(start, wrong: JSON, status: int, says: str) -> None:
    client = start()
    good = {"event": "succeed", "to": "http://127.0.0.1:9/hook"}
    reply = client.post("/_mock/trigger", json=good | wrong)
    assert (reply.status_code, says in reply.text) == (status, True), reply.text
    assert told(client, "/webhooks") == {"webhooks": []}


def test_an_inbox_answers_as_told_and_is_the_accounts_own(start) -> None:
    client = start()
    script = [{"status": 500, "times": 1}, {"status": 202, "body": "thanks"}]
    assert done(client, "/inbox/in", script, "PUT")["inboxes"][0]["name"] == "in"
    first, second = (client.post("/_mock/inbox/in", content=b"{}") for _ in range(2))
    assert (first.status_code, second.status_code, second.text) == (500, 202, "thanks")
    assert len(told(client, "/inbox/in")["events"]) == told(client, "/inbox")["inboxes"][0]["events"] == 2
    assert told(client, "/inbox/in", OTHER)["events"] == []
    assert done(client, "/inbox/in", method="DELETE") == {"inboxes": []}
    assert client.put("/_mock/inbox/in", json=[{"status": 99}]).json()["fields"].keys() == {"/0/status"}
    for method in ("GET", "PUT", "POST", "DELETE"):
        assert client.request(method, "/_mock/inbox/not%20one", json=[]).status_code == 400, method


def test_storage_is_listed_and_read(start) -> None:
    client = start()
    target = {"aws_s3": {"region": "us-east-1", "bucket": "mine", "path": "out"}}
    task_id = submit(client, custom_storage=target | {})
    finished(client, httpx2.Response(200, json={"task_id": task_id}))
    (stored,) = told(client, "/storage")["objects"]
    content = client.get(stored["url"])
    assert (content.headers["content-type"], len(content.content)) == ("image/png", stored["bytes"])
    assert told(client, "/storage", OTHER) == {"objects": []}
    gone = client.get("/_mock/storage/mine/nothing")
    assert (gone.status_code, gone.json()["error"]) == (404, "there is no such object")


@pytest.mark.parametrize(
    ("part", "path", "name"),
    [("tasks", "/tasks", "tasks"), ("journal", "/requests", "requests"), ("faults", "/faults", "faults"),
     ("webhooks", "/webhooks", "webhooks"), ("storage", "/storage", "objects")],
)  # fmt: skip
def test_reset_does_what_it_says_and_no_more(start, part: str, path: str, name: str) -> None:
    client = start()
    target = {"aws_s3": {"region": "us-east-1", "bucket": "mine", "path": "out"}}
    for headers in (None, OTHER):
        task_id = submit(client, headers, custom_storage=target, **with_inbox(client))
        client.get("/v3/async/task-result", params={"task_id": task_id}, headers=headers)
        client.post("/_mock/faults", json=FAULT, headers=headers)
    views = {"/tasks": "tasks", "/requests": "requests", "/faults": "faults", "/webhooks": "webhooks",
             "/storage": "objects"}  # fmt: skip
    assert all(told(client, each)[views[each]] for each in views)
    assert done(client, "/reset", {"parts": [part]})["reset"] == [part]
    assert told(client, path)[name] == []
    assert all(told(client, each)[views[each]] for each in views if each != path)
    assert all(told(client, each, OTHER)[views[each]] for each in views)


def test_reset_of_everything_is_the_default(start) -> None:
    client = start(speed="manual")
    before = told(client, "/clock")
    submit(client)
    done(client, "/balance", {"usd": 1})
    done(client, "/clock/advance", {"seconds": 5})
    assert len(done(client, "/reset")["reset"]) == 7
    assert client.get("/v3/user").json() == {"credit_balance": 1_000_000}
    assert told(client, "/tasks") == {"tasks": []}
    assert told(client, "/clock") == before
    wrong = client.post("/_mock/reset", json={"parts": ["task"]})
    assert (wrong.status_code, "/parts/0" in wrong.json()["fields"]) == (400, True)
