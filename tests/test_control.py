"""Every control route over HTTP: what it does, whose it is, and how it says no."""

from collections.abc import Iterator
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import finished, upscale_body
from novita_mock.files import read_json
from novita_mock.types import JSON

TABLE = read_json("schemas", "control.json")
OTHER = {"Authorization": "Bearer sk_other"}
NOBODY = {"Authorization": ""}
#: Bodies of every shape, some with the names that the routes know.
NAMES = ("phase", "effect", "kind", "match", "scenario", "seconds", "usd", "parts", "status", "to", "event",
         "override", "request", "count", "times")  # fmt: skip
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
BODIES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
)
FAULT = {"phase": "before", "effect": {"kind": "error", "reason": "RATE_LIMIT_EXCEEDED"}}


def told(client: httpx2.Client, path: str, headers: JSON = None, **query: JSON) -> JSON:
    reply = client.get(f"/_mock{path}", params=query, headers=headers)
    assert reply.status_code == 200, reply.text
    return reply.json()


def done(client: httpx2.Client, path: str, body: JSON = None, method: str = "POST") -> JSON:
    reply = client.request(method, f"/_mock{path}", json={} if body is None else body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def submit(client: httpx2.Client, headers: JSON = None, **extra: JSON) -> str:
    body = upscale_body() | ({"extra": extra} if extra else {})
    reply = client.post("/v3/async/upscale", json=body, headers=headers)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["task_id"])


def with_inbox(client: httpx2.Client, name: str = "hook") -> JSON:
    return {"webhook": {"url": f"{client.base_url}/_mock/inbox/{name}"}}


@pytest.fixture(scope="module")
def fuzzed(url: str) -> Iterator[httpx2.Client]:
    """A client with an account that nobody else needs."""
    headers = {"Authorization": "Bearer sk_fuzzed"}
    with httpx2.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


def test_health_tells_what_it_holds(start) -> None:
    client = start(speed="manual")
    submit(client)
    health = told(client, "/health")
    assert (health["status"], health["accounts"], health["unfinished_tasks"]) == ("ok", 1, 1)


def test_every_document_and_table_is_served(client: httpx2.Client) -> None:
    assert told(client, "/openapi.json")["openapi"] == "3.1.0"
    assert told(client, "/control.openapi.json")["openapi"] == "3.1.0"
    assert told(client, "/asyncapi.json")["asyncapi"] == "3.0.0"
    assert {"id", "value", "basis"} <= set(told(client, "/quirks")["quirks"][0])
    assert {"name": "happy", "about": "Nothing goes wrong."} in told(client, "/scenarios")["scenarios"]


def test_accounts_are_told_apart_and_hide_their_keys(start) -> None:
    client = start()
    submit(client)
    client.get("/v3/model", headers=OTHER)
    done(client, "/idle")  # until then something is held for the task
    everyone = told(client, "/accounts", NOBODY)
    assert [row["tasks"] for row in everyone["accounts"]] == [1, 0]
    assert "sk_" not in str(everyone)
    assert len(told(client, "/accounts")["accounts"]) == 1
    mine = told(client, "/accounts")["accounts"][0]["account"]
    assert told(client, "/accounts", NOBODY, account=mine) == told(client, "/accounts")
    assert told(client, "/accounts", NOBODY, account=mine[:8]) == told(client, "/accounts")
    assert told(client, "/accounts", NOBODY, account="sk_test") == told(client, "/accounts")


def test_an_id_of_no_account_is_not_taken_for_a_key(start) -> None:
    client = start()
    reply = client.get("/_mock/tasks", params={"account": "0" * 32}, headers=NOBODY)
    assert (reply.status_code, reply.json()["error"]) == (404, "there is no account of that id")
    assert told(client, "/health", NOBODY)["accounts"] == 0


def test_a_key_that_is_not_let_in_is_none_here_either(start) -> None:
    client = start(key=("sk_test",))
    assert client.get("/_mock/tasks", headers=OTHER).status_code == 403
    assert client.get("/_mock/tasks", params={"account": "sk_other"}).status_code == 403
    assert client.get("/_mock/tasks").status_code == 200


def test_the_clock_is_told_frozen_advanced_and_resumed(start) -> None:
    client = start(speed=1.0)
    assert told(client, "/clock")["accounts"][0]["mode"] == "running"
    assert done(client, "/clock/freeze")["accounts"][0]["mode"] == "frozen"
    before = told(client, "/clock")["accounts"][0]["now_s"]
    advanced = done(client, "/clock/advance", {"seconds": 90.5})
    assert advanced["accounts"][0]["now_s"] == pytest.approx(before + 90.5)
    assert (advanced["effects"], advanced["in_flight"]) == ([], [])
    assert done(client, "/clock/resume")["accounts"][0]["mode"] == "running"


def test_advance_runs_what_falls_due_and_says_so(start) -> None:
    client = start(speed="manual")
    task_id = submit(client)
    effects = done(client, "/clock/advance", {"seconds": 3600})["effects"]
    assert [effect["of"] for effect in effects][:2] == [task_id, task_id]
    assert effects == sorted(effects, key=lambda effect: effect["at"])


def test_only_the_clock_that_is_named_goes_on(start) -> None:
    client = start(speed="manual")
    client.get("/v3/model", headers=OTHER)
    before = told(client, "/clock", OTHER)
    done(client, "/clock/advance", {"seconds": 60})
    assert told(client, "/clock", OTHER) == before
    client.post("/_mock/clock/advance", json={"seconds": 60}, headers=NOBODY)
    assert told(client, "/clock", OTHER) != before


def test_tasks_are_told_to_their_account_only(start) -> None:
    client = start()
    task_id = submit(client, **with_inbox(client))
    finished(client, httpx2.Response(200, json={"task_id": task_id}))
    one = told(client, f"/tasks/{task_id}")
    assert one["status"] == one["result"]["task"]["status"] == "TASK_STATUS_SUCCEED"
    assert one["result"]["images"]
    assert [each["task_id"] for each in one["webhooks"]] == [task_id]
    assert [each["task_id"] for each in told(client, "/tasks")["tasks"]] == [task_id]
    assert told(client, f"/tasks/{task_id}", NOBODY)["task_id"] == task_id
    assert told(client, "/tasks", OTHER) == {"tasks": []}
    assert client.get(f"/_mock/tasks/{task_id}", headers=OTHER).status_code == 404


def test_requests_are_filtered_and_exported(start) -> None:
    client = start()
    submit(client)
    client.get("/v3/model", headers=OTHER)
    client.get("/v3/no-such-path")
    assert [row["operation"] for row in told(client, "/requests")["requests"]] == ["upscale", ""]
    assert told(client, "/requests", status="4xx")["count"] == 1
    assert told(client, "/requests", limit=1)["requests"][0]["path"] == "/v3/no-such-path"
    assert told(client, "/requests", NOBODY)["count"] == 3
    assert told(client, "/requests", NOBODY, limit=2)["count"] == 2
    assert told(client, "/requests", NOBODY, limit=0)["count"] == 0
    assert len(told(client, "/requests.har")["log"]["entries"]) == 2
    assert len(told(client, "/requests.har", operation="upscale")["log"]["entries"]) == 1
    assert client.get("/_mock/requests.har", params={"after": 1}, headers=NOBODY).status_code == 400
    reply = client.get("/_mock/requests", params={"statsu": "400"})
    assert (reply.status_code, list(reply.json()["fields"])) == (400, ["/statsu"])


def test_the_journal_can_be_asserted(start) -> None:
    client = start()
    submit(client)
    assert done(client, "/requests/assert", {"operation": "upscale"}) == {
        "holds": True, "message": "", "numbers": [1],
    }  # fmt: skip
    missed = done(client, "/requests/assert", {"operation": "upscale", "count": 2})
    assert not missed["holds"]
    assert "exactly 2 requests" in missed["message"]
    assert client.post("/_mock/requests/assert", json={"cuont": 2}).status_code == 400
    client.get("/v3/model", headers=OTHER)
    whose = client.post("/_mock/requests/assert", json={}, headers=NOBODY)
    assert (whose.status_code, "say whose" in whose.json()["error"]) == (400, True)


def test_faults_are_asked_for_told_and_taken_back(start) -> None:
    client = start()
    added = done(client, "/faults", FAULT)["faults"][0]["fault_id"]
    assert client.get("/v3/model", headers=OTHER).status_code == 200
    assert client.get("/v3/model").status_code == 429
    row = told(client, "/faults")["faults"][0]
    assert (row["fault_id"], row["fired"], row["left"]) == (added, 1, 0)
    assert told(client, "/faults", OTHER) == {"faults": []}
    assert client.delete(f"/_mock/faults/{added}", headers=OTHER).status_code == 404
    assert done(client, f"/faults/{added}", method="DELETE") == {"faults": []}
    assert client.delete(f"/_mock/faults/{added}").status_code == 404
    assert len(done(client, "/faults", {"scenario": "flaky"})["faults"]) == 3
    assert done(client, "/faults", method="DELETE") == {"faults": []}


def test_a_wrong_fault_is_refused_field_by_field(start) -> None:
    client = start()
    wrong = {"phase": "before", "effect": {"kind": "error", "reason": "RATE_LIMIT"}}
    reply = client.post("/_mock/faults", json=wrong)
    assert reply.status_code == 400
    assert "RATE_LIMIT_EXCEEDED" in reply.json()["fields"]["/effect/reason"]
    assert client.post("/_mock/faults", json={"scenario": "flakey"}).status_code == 400
    assert "flaky" in client.post("/_mock/faults", json={"scenario": "flakey"}).json()["error"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/faults", FAULT), ("POST", "/balance", {"usd": 1}), ("PUT", "/inbox/x", []),
        ("POST", "/clock/freeze", {}), ("POST", "/clock/resume", {}),
        ("POST", "/clock/advance", {"seconds": 1}),
    ],
)  # fmt: skip
def test_a_change_of_no_account_is_no_silent_success(start, method: str, path: str, body: JSON) -> None:
    reply = start().request(method, f"/_mock{path}", json=body, headers=NOBODY)
    assert reply.status_code == 400
    assert "say whose" in reply.json()["error"]


@pytest.mark.parametrize("path", ["/reset", "/balance", "/faults", "/trigger", "/requests/assert"])
@pytest.mark.parametrize(
    "content", [b"{", b"\xff", b"[" * 9000, b'{"a": NaN}', b"[" * 200 + b"]" * 200, b"7"]
)
def test_a_body_that_is_none_is_refused(client: httpx2.Client, path: str, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    reply = client.post(f"/_mock{path}", content=content, headers=headers)
    assert reply.status_code == 400
    assert reply.json()["error"]


def test_a_body_that_is_too_long_is_refused(client: httpx2.Client) -> None:
    headers = {"Content-Type": "application/json"}
    reply = client.post("/_mock/faults", content=b" " * (9 << 20), headers=headers)
    assert (reply.status_code, set(reply.json())) == (413, {"error", "fields"})


@pytest.mark.parametrize(
    "where", ["requests/assert", "faults", "trigger", "balance", "reset", "clock/advance"]
)
@settings(max_examples=40, deadline=None)
@given(body=BODIES)
def test_no_body_breaks_the_double(fuzzed: httpx2.Client, where: str, body: JSON) -> None:
    reply = fuzzed.post(f"/_mock/{where}", json=body)
    assert reply.status_code in (200, 400, 404), reply.text


@settings(max_examples=60, deadline=None)
@given(body=BODIES, name=TEXT)
def test_no_script_or_name_breaks_an_inbox(fuzzed: httpx2.Client, body: JSON, name: str) -> None:
    assert fuzzed.put("/_mock/inbox/x", json=body).status_code in (200, 400)
    assert fuzzed.get(f"/_mock/inbox/{quote(name, safe='')}").status_code in (200, 400, 404, 405)


def test_what_breaks_the_rules_of_http_is_told_in_json_too(client: httpx2.Client) -> None:
    reply = client.get("/_mock/tasks", params={"x": "x" * 40_000})
    assert (reply.status_code, set(reply.json())) == (431, {"error", "fields"})


def test_unknown_paths_and_methods_are_told_as_everything_here(client: httpx2.Client) -> None:
    nowhere = client.get("/_mock/nowhere")
    assert (nowhere.status_code, set(nowhere.json())) == (404, {"error", "fields"})
    wrong = client.put("/_mock/faults", json={})
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "DELETE, GET, HEAD, POST")
    assert set(wrong.json()) == {"error", "fields"}


def test_control_routes_are_no_part_of_the_journal_and_the_front_page_lists_them(start) -> None:
    client = start()
    told(client, "/tasks")
    assert told(client, "/requests", NOBODY) == {"requests": [], "count": 0, "dropped": 0}
    page = client.get("/").text
    assert all(TABLE["prefix"] + row["path"] in page for row in TABLE["routes"])
