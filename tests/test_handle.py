"""The handle of a double: every method, wherever the double runs."""

import asyncio
import json

import httpx2
import pytest

from conftest import img2img_body, upscale_body
from novita_mock.calling import CallFailed
from novita_mock.handle import NovitaMock
from novita_mock.testing import connect, running, running_async

UPSCALE = "/v3/async/upscale"


@pytest.fixture(params=["thread", "process", "asgi"])
def mock(request):
    with running(where=request.param, speed=0) as double:
        yield double


@pytest.fixture
def quick():
    """A double where it starts fastest."""
    with running(where="thread", speed="manual") as double:
        yield double


def asked(mock: NovitaMock, method: str, path: str, **more) -> httpx2.Response:
    """What the API answers, by whatever way leads there."""
    headers = {"Authorization": f"Bearer {mock.api_key}"}

    async def over_asgi() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=mock.app)
        async with httpx2.AsyncClient(transport=transport, base_url=mock.url, headers=headers) as client:
            return await client.request(method, path, **more)

    if mock.url.endswith(".test"):
        return asyncio.run(over_asgi())
    with httpx2.Client(base_url=mock.url, headers=headers, timeout=60, trust_env=False) as client:
        return client.request(method, path, **more)


def upscale(mock: NovitaMock, hook: str = "", **request) -> httpx2.Response:
    extra = {"extra": {"webhook": {"url": hook}}} if hook else {}
    return asked(mock, "POST", UPSCALE, json=upscale_body(**request) | extra)


def test_it_shows_what_happened(mock) -> None:
    task_id = upscale(mock, mock.inbox("app").url).json()["task_id"]
    mock.wait_idle()
    (task,) = mock.tasks
    assert (task["task_id"], task["status"]) == (task_id, "TASK_STATUS_SUCCEED")
    (request,) = mock.requests
    assert (request["path"], request["status"], request["task_id"]) == (UPSCALE, 200, task_id)
    (event,) = mock.webhooks
    assert (event["task_id"], event["state"]) == (task_id, "delivered")
    (body,) = mock.inbox("app").bodies
    assert body["payload"]["task"]["task_id"] == task_id
    assert mock.har()["log"]["entries"][0]["response"]["status"] == 200
    assert mock.balance < 100


def test_links_work_wherever_the_double_runs(mock) -> None:
    task_id = upscale(mock).json()["task_id"]
    result = asked(mock, "GET", "/v3/async/task-result", params={"task_id": task_id}).json()
    link = result["images"][0]["image_url"]
    assert link.startswith(mock.url)
    assert asked(mock, "GET", link).headers["content-type"] == "image/png"


def test_a_part_or_all_is_made_new(mock) -> None:
    upscale(mock, mock.inbox("app").url)
    mock.fail_next()
    mock.reset("journal")
    assert (mock.requests, len(mock.tasks), len(mock.faults)) == ([], 1, 1)
    mock.reset()
    assert mock.tasks == mock.faults == mock.webhooks == mock.inbox("app").events == []
    assert mock.balance == 100


def test_an_inbox_answers_as_it_is_told(mock) -> None:
    inbox = mock.inbox("app")
    inbox.answer({"status": 500, "times": 2}, {"status": 204})
    upscale(mock, inbox.url)
    mock.wait_idle()
    assert [event["answer"]["status"] for event in inbox.events] == [500, 500, 204]
    (event,) = mock.webhooks
    mock.resend(event["id"])
    mock.wait_idle()
    assert len(inbox.events) == 4
    inbox.clear()
    mock.trigger("fail", inbox.url)
    mock.wait_idle()
    assert [body["payload"]["task"]["status"] for body in inbox.bodies] == ["TASK_STATUS_FAILED"]


def test_what_fails_next_can_be_said(mock) -> None:
    mock.fail_next(retry_after_s=3, times=2, skip=1)
    replies = [upscale(mock) for _ in range(4)]
    assert [reply.status_code for reply in replies] == [200, 429, 429, 200]
    assert replies[1].headers["retry-after"] == "3"
    mock.fail_next("out of luck", "upscale", phase="task")
    upscale(mock)
    mock.wait_idle()
    assert (mock.tasks[-1]["status"], mock.tasks[-1]["reason"]) == ("TASK_STATUS_FAILED", "out of luck")
    (fault_id,) = mock.scenario("no-balance")
    assert [fault["fault_id"] for fault in mock.faults][-1] == fault_id
    mock.clear_faults()
    assert upscale(mock).status_code == 200


def test_faults_at_the_socket_can_be_asked_for_where_there_is_one(mock) -> None:
    if mock.url.endswith(".test"):
        with pytest.raises(CallFailed, match="does not offer its socket"):
            mock.scenario("reset")
        return
    mock.scenario("reset")
    with pytest.raises(httpx2.TransportError):
        upscale(mock)


def test_another_account_is_another_world(mock) -> None:
    other = mock.account("sk_other")
    upscale(other)
    other.balance = 0.001
    assert mock.requests == mock.tasks == []
    assert (mock.balance, other.balance) == (100, 0.001)
    assert upscale(other).json()["reason"] == "BILLING_BALANCE_NOT_ENOUGH"
    assert len(other.refused()) == 1
    assert mock.refused() == []


def test_who_pays_twice_is_told(mock) -> None:
    mock.fail_next("CREATE_TASK_FAILED", phase="after")
    upscale(mock)
    upscale(mock)
    assert len(mock.double_spends) == 1


def test_custom_storage_is_seen(mock) -> None:
    where = {"aws_s3": {"region": "us-east-1", "bucket": "pictures", "path": "/out"}}
    asked(mock, "POST", UPSCALE, json=upscale_body() | {"extra": {"custom_storage": where}})
    mock.wait_idle()
    assert [each["bucket"] for each in mock.storage] == ["pictures"]


def test_requests_without_a_key_are_nobodys(mock) -> None:
    keyless = mock.account("")
    for _ in range(2):
        asked(keyless, "GET", "/v3/user", headers={"Authorization": ""})
    assert [row["number"] for row in mock.nobodys()] == [1, 2]
    assert [row["number"] for row in mock.nobodys(after=1)] == [2]
    assert [row["number"] for row in mock.nobodys(limit=1)] == [2]
    assert mock.requests == []


def test_what_was_called_is_asserted_with_the_nearest_and_its_differences(quick) -> None:
    upscale(quick, scale_factor=3)
    upscale(quick, scale_factor=9)
    asked(quick, "POST", "/v3/async/img2img", json=img2img_body())
    quick.assert_called("upscale")
    quick.assert_called("upscale", times=2)
    quick.assert_called("/v3/async/*", at_least=3)
    quick.assert_called("upscale", times=1, request={"request": {"scale_factor": 3}})
    quick.assert_called("task-result", times=0)
    assert quick.expected == set()
    quick.assert_called("upscale", status=400)
    assert quick.expected == {2}
    with pytest.raises(AssertionError) as failed:
        quick.assert_called("img2img", request={"request": {"steps": 21, "prompt": "a fern"}})
    assert str(failed.value).splitlines()[1:] == [
        f"  nearest: #3 POST /v3/async/img2img answered 200, task {quick.tasks[-1]['task_id']}",
        "    request.request.steps: wanted 21, got 20",
    ]
    with pytest.raises(CallFailed, match="did you mean 'request'"):
        quick.assert_called("upscale", requst=1)


def test_a_request_that_a_fault_refused_counts_with_its_body(quick) -> None:
    quick.fail_next()
    upscale(quick, scale_factor=3)
    upscale(quick, scale_factor=3)
    quick.assert_called("upscale", times=2, request={"request": {"scale_factor": 3}})
    assert "base64" not in quick.requests[0]["request"]["request"]["image_base64"]
    quick.fail_next()
    asked(quick, "POST", UPSCALE, content=b"no JSON", headers={"Content-Type": "application/json"})
    assert (quick.requests[-1]["status"], quick.requests[-1]["request"]) == (429, None)


def test_a_request_whose_body_was_never_read_is_not_the_nearest(quick) -> None:
    upscale(quick, scale_factor=2)
    quick.scenario("reset")
    with pytest.raises(httpx2.TransportError):
        upscale(quick, scale_factor=3)
    with pytest.raises(AssertionError, match=r"scale_factor: wanted 3, got 2"):
        quick.assert_called("upscale", request={"request": {"scale_factor": 3}})


def test_time_passes_as_it_is_told(quick) -> None:
    upscale(quick)
    with pytest.raises(TimeoutError, match=r"1 tasks and 0 events are under way; time stands still: advance"):
        quick.wait_idle()
    happened = quick.advance(60)
    assert [effect["effect"] for effect in happened["effects"]][-1] == "task-succeeded"
    quick.wait_idle()
    quick.set_speed(0)
    upscale(quick)
    quick.wait_idle()
    quick.set_speed(0.001)
    upscale(quick)
    with pytest.raises(TimeoutError, match=r"after 0\.05 s"):
        quick.wait_idle(timeout=0.05)
    with pytest.raises(CallFailed, match="neither a number from 0 nor manual"):
        quick.set_speed("fast")


def test_the_same_without_holding_up_an_event_loop() -> None:
    async def go() -> None:
        async with running_async(where="thread", speed="manual") as mock:
            await asyncio.to_thread(upscale, mock)
            await mock.advance_async(60)
            await mock.wait_idle_async()
            assert mock.tasks[0]["status"] == "TASK_STATUS_SUCCEED"
        with pytest.raises(CallFailed, match="no double answers"):
            await mock.wait_idle_async()

    asyncio.run(go())


def test_the_handle_of_a_double_elsewhere_is_the_same(quick) -> None:
    there = connect(quick.url + "/", "sk_there")
    upscale(there)
    there.advance(60)
    assert there.tasks == quick.account("sk_there").tasks != []
    with pytest.raises(RuntimeError, match="runs in another process"):
        there.app  # noqa: B018 - what is tested


def test_a_double_that_is_gone_says_so(mock) -> None:
    with running(where="thread") as other:
        pass
    with pytest.raises(CallFailed, match="no double answers at"):
        other.advance(1)


def test_it_never_shows_the_key(quick) -> None:
    shown = quick.account("sk_canary")
    upscale(shown)
    assert "canary" not in f"{shown!r}{vars(shown)['_double']!r}"
    assert "canary" not in json.dumps([shown.requests, shown.tasks, shown.har()])
