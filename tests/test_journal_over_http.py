"""The journal over HTTP: every request of an account with what it was answered, and how to ask for it."""

import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

import nobody
from conftest import Start, b64, finished, img2img_body, picture, upscale_body
from novita_mock import models
from novita_mock.journal import MAX_ENTRIES
from novita_mock.redaction import outline
from novita_mock.types import JSON
from raw import Raw

UPSCALE, IMG2IMG, RESULT = "/v3/async/upscale", "/v3/async/img2img", "/v3/async/task-result"


def journal(client: httpx2.Client, **query: JSON) -> list[JSON]:
    """What the journal of the client's account holds."""
    return client.get("/_mock/requests", params=query).raise_for_status().json()["requests"]


def fault(client: httpx2.Client, phase: str, **effect: JSON) -> str:
    """Ask for a fault, once; gives its id."""
    asked = {"phase": phase, "effect": effect}
    return client.post("/_mock/faults", json=asked).raise_for_status().json()["faults"][0]["fault_id"]


def told(replies: list[httpx2.Response]) -> list[tuple[str, str, int]]:
    return [(reply.request.method, reply.request.url.path, reply.status_code) for reply in replies]


def test_every_request_is_there_with_what_it_was_answered(start: Start) -> None:
    client = start()
    submit = client.post(UPSCALE, json=upscale_body())
    poll = client.get(RESULT, params={"task_id": submit.json()["task_id"]})
    link = poll.json()["images"][0]["image_url"]
    replies = [
        submit,
        poll,
        client.get(link),
        client.head(link),
        nobody.get(link),
        client.get(link[:-1] + "x"),
        v2 := client.post("/v2/upscale", json={"image": b64(picture())}),
        client.get("/v2/progress", params={"task_id": v2.json()["data"]["task_id"]}),
        client.get("/v2/progress", params={"task_id": "nothing"}),
        client.post("/v2/upscale", json={"image": "no base64!"}),
        client.get("/v3/model"),
        client.get("/v3/user"),
        client.post(UPSCALE, json=upscale_body(scale_factor=9)),
        client.post(UPSCALE, content=b"{", headers={"Content-Type": "application/json"}),
        client.get(RESULT, params={"task_id": "nothing"}),
        client.get(RESULT),
        client.delete(UPSCALE),
        client.get("/v3/nothing"),
        client.get("/favicon.ico"),
    ]
    client.get("/_mock/clock")
    rows = journal(client)
    assert [(row["method"], row["path"], row["status"]) for row in rows] == told(replies)
    assert [row["number"] for row in rows] == list(range(1, len(replies) + 1))
    for row, reply in zip(rows, replies, strict=True):
        assert (row["response_bytes"], row["response_type"]) == (
            len(reply.content),
            reply.headers["content-type"].partition(";")[0],
        )
        if row["response_type"] == "application/json":
            assert row["response"] == outline(reply.json())
        elif row["response_type"] == "text/plain":
            assert row["response"] == reply.text
        else:
            assert row["response"] is None
        good = reply.status_code == 200 and reply.content[:10] not in (b'{"code":1,', b'{"code":3,')
        assert row["outcome"] == ["accepted" if good else "refused"], row
        assert bool(row["problem"]) is not good
    assert [row["operation"] for row in rows[:8]] == [
        "upscale", "task-result", "image", "image", "image", "image", "upscale-v2", "progress"
    ]  # fmt: skip
    assert {row["task_id"] for row in rows[:2]} == {submit.json()["task_id"]}


def test_pictures_are_told_by_their_size_and_digest(start: Start) -> None:
    client = start()
    content = picture(40, 30)
    unit = {"model_name": "canny", "image_base64": b64(content), "strength": 1}
    body = img2img_body(image_base64=b64(content), controlnet={"units": [unit]}, prompt="x" * 1024)
    finished(client, client.post(IMG2IMG, json=body))
    client.post(UPSCALE, json=upscale_body(image_base64=b64(content), scale_factor=9))
    first, _, refused = journal(client)
    digest = hashlib.sha256(content).hexdigest()[:12]
    shown = f"<a picture of {len(content)} bytes, sha256 {digest}>"
    assert first["request"]["request"]["image_base64"] == shown
    assert first["request"]["request"]["controlnet"]["units"][0]["image_base64"] == shown
    assert refused["request"]["request"]["image_base64"] == shown
    assert first["request"]["request"]["prompt"].startswith("<1,024 characters, sha256 ")
    assert first["request_bytes"] > len(b64(content))
    assert b64(content)[:60] not in client.get("/_mock/requests").text


def test_what_the_validator_noticed_is_there(start: Start) -> None:
    client = start()
    body = img2img_body(steps="20", width=128.0, loras=None, sd_vae="", colour="red")
    body |= {"extra": {"custom_storage": {}}}
    finished(client, client.post(IMG2IMG, json=body))
    noticed = {(each["quirk"], each["field"]) for each in journal(client)[0]["notices"]}
    assert noticed == {
        ("numeric-string", "request.steps"), ("integral-float", "request.width"),
        ("null-optional", "request.loras"), ("empty-string", "request.sd_vae"),
        ("unknown-field", "request.colour"), ("empty-object", "extra.custom_storage"),
    }  # fmt: skip


def test_an_injected_error_is_marked_and_told_as_it_was_answered(start: Start) -> None:
    client = start()
    named = fault(client, "before", kind="error", reason="RATE_LIMIT_EXCEEDED")
    reply = client.post(UPSCALE, json=upscale_body())
    scenario = client.post(UPSCALE, json=upscale_body(), headers={"X-Novita-Mock-Scenario": "rate-limited"})
    first, second = journal(client)
    assert (first["faults"], first["outcome"], first["status"]) == ([named], ["refused", "fault"], 429)
    assert first["response"] == reply.json()
    assert second["faults"] == ["rate-limited/rate-limited-1"]
    assert second["response"] == scenario.json()


@pytest.mark.parametrize("how", ["truncated", "malformed", "schema-breaking", "surprise"])
def test_a_bent_body_is_told_as_it_arrived_and_marked(start: Start, how: str) -> None:
    client = start(strict_responses=False)
    task_id = client.post(UPSCALE, json=upscale_body()).json()["task_id"]
    fault(client, "after", kind="body", how=how)
    arrived = b""
    try:
        arrived = client.get(RESULT, params={"task_id": task_id}).content
    except httpx2.RemoteProtocolError:
        assert how == "truncated"
    row = journal(client)[-1]
    assert row["bent"] == how
    assert row["outcome"] == ["accepted", "fault"]
    if how in ("schema-breaking", "surprise"):
        assert row["response"] == outline(httpx2.Response(200, content=arrived).json())
    else:
        assert isinstance(row["response"], str)
        assert how == "truncated" or row["response_bytes"] == len(arrived)


def test_a_lost_reply_is_told_as_lost_and_its_task_is_named(start: Start) -> None:
    client = start()
    named = fault(client, "after", kind="socket", how="reset")
    with pytest.raises(httpx2.TransportError):
        client.post(UPSCALE, json=upscale_body())
    (row,) = journal(client)
    (task,) = client.get("/_mock/tasks").json()["tasks"]
    assert (row["status"], row["response"], row["faults"]) == (0, None, [named])
    assert row["outcome"] == ["accepted", "fault", "lost"]
    assert row["task_id"] == task["task_id"]


def test_a_request_is_told_at_the_moment_it_came(start: Start) -> None:
    client = start(speed=1000.0)
    before_s = client.get("/_mock/clock").json()["accounts"][0]["now_s"]
    fault(client, "before", kind="latency", seconds=0.5)
    client.get("/v3/user")
    row = journal(client)[0]
    assert row["duration_ms"] >= 500
    assert row["at_s"] < before_s + 400


def test_requests_of_nobody_show_only_where_all_are_shown(start: Start) -> None:
    client = start(key=("sk_test", "sk_other"))
    nobody.ask("POST", f"{client.base_url}{UPSCALE}", json=upscale_body())
    client.get("/v3/user", headers={"Authorization": "Bearer sk_wrong"})
    nobody.get(f"{client.base_url}/v3/nothing")
    client.get("/v3/user", headers={"Authorization": "Bearer sk_other"})
    client.get("/v3/user")
    assert [row["path"] for row in journal(client)] == ["/v3/user"]
    everything = nobody.get(f"{client.base_url}/_mock/requests").json()["requests"]
    accounts = [row["account"] for row in everything]
    assert [row["status"] for row in everything if row["account"] is None] == [400, 403, 404]
    assert len(everything) == 5 and len(set(accounts)) == 3
    one = client.get("/_mock/requests", params={"account": accounts[-1]}).json()["requests"]
    assert [row["account"] for row in one] == [accounts[-1]]


def test_the_journal_can_be_asked_by_what_matters(start: Start) -> None:
    client = start(speed="manual")
    task_id = client.post(UPSCALE, json=upscale_body()).json()["task_id"]
    client.get(RESULT, params={"task_id": task_id})
    client.post(UPSCALE, json=upscale_body(scale_factor=9))
    fault(client, "before", kind="error", reason="RATE_LIMIT_EXCEEDED")
    client.post(IMG2IMG, json=img2img_body())
    client.post("/_mock/clock/advance", json={"seconds": 60})
    now_s = client.get("/_mock/clock").json()["accounts"][0]["now_s"]
    client.get("/v3/user")

    def numbers(**query: JSON) -> list[int]:
        return [row["number"] for row in journal(client, **query)]

    assert numbers() == [1, 2, 3, 4, 5]
    assert numbers(operation="upscale") == [1, 3]
    assert numbers(path="/v3/async/*") == [1, 2, 3, 4]
    assert numbers(task_id=task_id) == [1, 2]
    assert numbers(status="4xx") == [3, 4]
    assert numbers(status=429) == numbers(outcome="fault") == [4]
    assert numbers(outcome="refused") == [3, 4]
    assert numbers(since_s=now_s) == [5]
    assert numbers(until_s=now_s) == [1, 2, 3, 4]
    assert numbers(after=2) == [3, 4, 5]
    assert numbers(after=2, limit=2) == [3, 4]
    assert numbers(limit=2) == [4, 5]
    assert numbers(operation="upscale", outcome="accepted") == [1]


def test_a_limit_counts_all_accounts_together_and_after_needs_one(start: Start) -> None:
    client = start()
    for key in ("sk_a", "sk_b", "sk_a", "sk_b"):
        client.get("/v3/user", headers={"Authorization": f"Bearer {key}"})
    asked = nobody.get(f"{client.base_url}/_mock/requests", params={"limit": 3}).json()
    assert asked["count"] == len(asked["requests"]) == 3
    whose = [row["account"] for row in asked["requests"]]
    assert whose[0] == whose[2] != whose[1]
    assert nobody.get(f"{client.base_url}/_mock/requests", params={"after": 1}).status_code == 400


def test_the_ring_keeps_the_newest_and_counts_what_it_dropped(start: Start) -> None:
    client = start()

    def ask(place: int) -> None:
        client.get(f"/v3/nothing-{place}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, range(MAX_ENTRIES + 30)))
    answer = client.get("/_mock/requests").json()
    assert (answer["count"], answer["dropped"]) == (MAX_ENTRIES, 30)
    assert [answer["requests"][place]["number"] for place in (0, -1)] == [31, MAX_ENTRIES + 30]


def test_what_is_asserted_holds_or_the_nearest_request_is_named(start: Start) -> None:
    client = start()
    client.post(UPSCALE, json=upscale_body(scale_factor=3))

    def asserted(**wanted: JSON) -> JSON:
        return client.post("/_mock/requests/assert", json=wanted).raise_for_status().json()

    wanted = {"request": {"scale_factor": 3}}
    assert asserted(operation="upscale", count=1, request=wanted) == {
        "holds": True, "message": "", "numbers": [1],
    }  # fmt: skip
    missed = asserted(operation="upscale", request={"request": {"scale_factor": 2}})
    assert not missed["holds"]
    assert "nearest: #1 POST /v3/async/upscale answered 200" in missed["message"]
    assert "scale_factor: wanted 2, got 3" in missed["message"]
    assert not asserted(operation="upscale", count=2)["holds"]
    assert not asserted(operation="img2img")["holds"]


def test_our_own_failure_is_answered_and_written_down(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_query: JSON) -> JSON:
        raise RuntimeError("something inside")

    monkeypatch.setattr(models, "page", fail)
    client = start()
    with caplog.at_level(logging.ERROR):
        reply = client.get("/v3/model")
    (row,) = journal(client)
    assert (reply.status_code, row["status"], row["outcome"]) == (500, 500, ["refused"])
    assert row["response"] == reply.json()
    assert "something inside" not in reply.text
    assert "something inside" in caplog.text


def test_a_client_that_leaves_in_the_middle_is_told_so(start: Start) -> None:
    client = start()
    with Raw(str(client.base_url)) as raw:
        raw.send(
            b"POST /v3/async/upscale HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sk_test\r\n"
            b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
        )
    rows: list[JSON] = []
    for _ in range(200):
        rows = rows or journal(client, operation="upscale")
    assert rows[0]["problem"] == "the client went away"
    assert rows[0]["outcome"] == ["refused"]


@pytest.mark.parametrize(
    ("sent", "status", "path"),
    [
        (b"nonsense\r\n\r\n", 400, ""),
        (b"GET /v3/user HTTP/1.1\r\nHost: localhost\r\nno header\r\n\r\n", 400, "/v3/user"),
        (b"GET /v3/user HTTP/1.1\r\nHost: a\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431, "/v3/user"),
        (b"GET /v3/user HTTP/1.1\r\n\r\n", 400, "/v3/user"),
    ],
)
def test_what_is_no_http_is_there_as_nobodys(start: Start, sent: bytes, status: int, path: str) -> None:
    client = start()
    with Raw(str(client.base_url)) as raw:
        reply = raw.ask(sent)
    (row,) = nobody.get(f"{client.base_url}/_mock/requests").json()["requests"]
    assert (row["account"], row["status"], row["path"], row["outcome"]) == (None, status, path, ["refused"])
    assert reply.status == status
    assert row["response_bytes"] == len(reply.body)
    check_har(nobody.get(f"{client.base_url}/_mock/requests.har").json())


def check_har(archive: JSON) -> None:
    """What HAR 1.2 wants of an archive."""
    assert archive["log"]["version"] == "1.2"
    assert {"name", "version"} <= archive["log"]["creator"].keys()
    for entry in archive["log"]["entries"]:
        assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= entry.keys()
        request, response = entry["request"], entry["response"]
        assert {
            "method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize"
        } <= request.keys()  # fmt: skip
        assert {
            "status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL",
            "headersSize", "bodySize",
        } <= response.keys()  # fmt: skip
        assert {"size", "mimeType"} <= response["content"].keys()
        assert all(isinstance(pair["value"], str) for pair in request["headers"] + request["queryString"])
        assert isinstance(response["content"].get("text", ""), str)
        httpx2.URL(request["url"])


def test_the_archive_holds_what_the_journal_holds(start: Start) -> None:
    client = start()
    result = finished(client, client.post(UPSCALE, json=upscale_body()))
    nobody.get(result["images"][0]["image_url"])
    client.post(UPSCALE, json=upscale_body(scale_factor=9))
    fault(client, "before", kind="error", reason="RATE_LIMIT_EXCEEDED")
    client.get("/v3/model", params={"filter.query": "a b&c"})
    with pytest.raises(httpx2.TransportError):
        fault(client, "before", kind="socket", how="reset")
        client.get("/v3/user")
    archive = client.get("/_mock/requests.har").json()
    check_har(archive)
    rows = journal(client)
    assert [entry["response"]["status"] for entry in archive["log"]["entries"]] == [
        200,
        200,
        200,
        400,
        429,
        0,
    ]
    for entry, row in zip(archive["log"]["entries"], rows, strict=True):
        assert entry["_number"] == row["number"]
        assert entry["request"]["url"].startswith(f"{client.base_url}{row['path']}")
        assert entry["_faults"] == row["faults"]
