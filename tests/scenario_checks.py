"""What each scenario is to do, as a check of a client whose every request chooses it.

A check is called with the client and with the sleeps of the server, in seconds.
"""

from collections.abc import Callable

import httpx2
import pytest

from conftest import b64, picture
from faulty import finished, link, marks, poll, submit, task_of
from novita_mock.catalogue import load
from novita_mock.types import JSON
from novita_mock.validation import Validator

SUBMITTED = Validator(load(), "v3/submit.response.json")
Check = Callable[[httpx2.Client, list[float]], None]


def statuses(client: httpx2.Client, count: int) -> list[int]:
    """The statuses of so many submits; 0 where the connection broke."""
    found = []
    for _ in range(count):
        try:
            found.append(submit(client).status_code)
        except httpx2.TransportError:
            found.append(0)
    return found


def refuses(reason: str, status: int, code: int, retry_after: str | None = None) -> Check:
    """Every submit is refused so, and polls and other questions are not."""

    def check(client: httpx2.Client, slept: list[float]) -> None:
        for _ in range(2):
            reply = submit(client)
            assert (reply.status_code, reply.json()["reason"]) == (status, reason)
            assert reply.headers.get("retry-after") == retry_after
        if code:
            assert client.post("/v2/upscale", json={"image": b64(picture())}).json()["code"] == code
        assert client.get("/v3/user").status_code == 200

    return check


def happy(client: httpx2.Client, slept: list[float]) -> None:
    assert client.get(link(client)).status_code == 200


def bends(good: Callable[[httpx2.Response], bool]) -> Check:
    """Every reply is of a kind, and what was asked for has happened."""

    def check(client: httpx2.Client, slept: list[float]) -> None:
        replies = []
        for _ in range(4):
            try:
                replies.append(good(submit(client)))
            except httpx2.RemoteProtocolError:
                replies.append(True)
        assert all(replies)
        assert len(client.get("/_mock/tasks").json()["tasks"]) == 4

    return check


def is_json(reply: httpx2.Response) -> bool:
    try:
        reply.json()
    except ValueError:
        return False
    return True


def breaks_off(error: type[Exception]) -> Check:
    def check(client: httpx2.Client, slept: list[float]) -> None:
        with pytest.raises(error):
            client.get("/v3/user", timeout=0.5 if error is httpx2.ReadTimeout else 30)

    return check


def downloads_break(client: httpx2.Client, slept: list[float]) -> None:
    for _ in range(2):
        with pytest.raises(httpx2.RemoteProtocolError):
            client.get(link(client))


def downloads_are_slow(client: httpx2.Client, slept: list[float]) -> None:
    address = link(client, scale_factor=4, image_base64=b64(picture(100, 100)))
    assert slept == []
    size = len(client.get(address).content)
    assert sum(slept) == pytest.approx(size / 4096, abs=0.11)


def links_are_expired(client: httpx2.Client, slept: list[float]) -> None:
    assert client.get(link(client)).status_code == 403
    assert client.head(link(client)).status_code == 403


def drips(client: httpx2.Client, slept: list[float]) -> None:
    size = len(client.get("/v3/user").content)
    assert sum(slept) == pytest.approx(size / 16, abs=0.1)


def fails(client: httpx2.Client, slept: list[float]) -> None:
    assert [finished(client)["task"]["status"] for _ in range(2)] == ["TASK_STATUS_FAILED"] * 2


def takes_longer(seconds: float, waits: bool) -> Check:
    def check(client: httpx2.Client, slept: list[float]) -> None:
        task_id = task_of(submit(client))
        told = client.get(f"/_mock/tasks/{task_id}").json()
        assert seconds <= told["plan"]["processing_s"] < seconds + 5
        assert bool(slept) is waits

    return check


def detects(result: JSON) -> Check:
    def check(client: httpx2.Client, slept: list[float]) -> None:
        (image,) = finished(client, extra={"enable_nsfw_detection": True})["images"]
        assert image["nsfw_detection_result"] == result
        assert finished(client)["images"][0]["nsfw_detection_result"] is None

    return check


def polls_find(*found: int) -> Check:
    def check(client: httpx2.Client, slept: list[float]) -> None:
        task_id = task_of(submit(client))
        assert tuple(poll(client, task_id).status_code for _ in found) == found

    return check


def submits_end(*found: int) -> Check:
    def check(client: httpx2.Client, slept: list[float]) -> None:
        assert tuple(statuses(client, len(found))) == found

    return check


def flaky(client: httpx2.Client, slept: list[float]) -> None:
    found = statuses(client, 60)
    assert {0, 200, 500} == set(found)
    assert 30 <= found.count(200) <= 55


def nobody_is_let_in(client: httpx2.Client, slept: list[float]) -> None:
    assert client.get("/v3/user").json()["reason"] == "INVALID_API_KEY"
    assert submit(client).status_code == 403


def everything_fails(client: httpx2.Client, slept: list[float]) -> None:
    assert submit(client).json()["reason"] == "CREATE_TASK_FAILED"
    assert poll(client, "any").json()["reason"] == "GET_RESULT_FAILED"


def events(check: Callable[[list[JSON]], bool], count: int = 1) -> Check:
    """What becomes of the events of some tasks, as the double tells it."""

    def ask(client: httpx2.Client, slept: list[float]) -> None:
        url = str(client.base_url).rstrip("/") + "/_mock/inbox/hook"
        for _ in range(count):
            finished(client, extra={"webhook": {"url": url}})
        client.post("/_mock/clock/advance", json={"seconds": 1})
        told = client.get("/_mock/webhooks").json()["webhooks"]
        assert check(told), told
        assert len([fault for fault in marks(client) if "webhook" in fault]) > 0

    return ask


def late_by(seconds: float) -> Callable[[list[JSON]], bool]:
    return lambda told: told[0]["next_attempt_at"] - told[0]["created_at"] == pytest.approx(seconds, abs=0.01)


def some_lost_some_late(told: list[JSON]) -> bool:
    return {delivery["state"] for delivery in told} == {"dropped", "pending", "delivered"}


def overtaken(client: httpx2.Client, slept: list[float]) -> None:
    url = str(client.base_url).rstrip("/") + "/_mock/inbox/hook"
    order = [finished(client, extra={"webhook": {"url": url}})["task"]["task_id"] for _ in range(10)]
    client.post("/_mock/clock/advance", json={"seconds": 10})
    bodies = [event["body"] for event in client.get("/_mock/inbox/hook").json()["events"]]
    came = [body["payload"]["task"]["task_id"] for body in bodies]
    assert came != order
    assert sorted(came) == sorted(order)


UNSAFE, UNDETECTED = {"valid": True, "confidence": 99.0}, {"valid": False, "confidence": 0.0}
CHECKS: dict[str, Check] = {
    "bad-image": refuses("INVALID_IMAGE_FORMAT", 400, 1),
    "broken-download": downloads_break,
    "drip": drips,
    "expired-links": links_are_expired,
    "fails-twice": submits_end(500, 500, 200, 200),
    "flaky": flaky,
    "forgotten": polls_find(404, 404),
    "hang": breaks_off(httpx2.ReadTimeout),
    "happy": happy,
    "illegal-image": refuses("ILLEGAL_IMAGE_CONTENT", 400, 0),
    "illegal-prompt": refuses("ILLEGAL_PROMPT", 400, 0),
    "lost-reply": submits_end(0, 200, 200),
    "lost-result": polls_find(500, 500, 200),
    "malformed": bends(lambda reply: not is_json(reply)),
    "no-balance": refuses("BILLING_BALANCE_NOT_ENOUGH", 400, 7),
    "nsfw": detects(UNSAFE),
    "nsfw-undetected": detects(UNDETECTED),
    "queue-full": refuses("RATE_LIMIT_EXCEEDED", 429, 5, "10"),
    "rate-limited": refuses("RATE_LIMIT_EXCEEDED", 429, 5, "1"),
    "rate-limited-once": submits_end(429, 200, 200),
    "reset": breaks_off(httpx2.ReadError),
    "schema-breaking": bends(lambda reply: any(SUBMITTED.violations(reply.json()))),
    "server-error": everything_fails,
    "slow": takes_longer(30, waits=True),
    "slow-download": downloads_are_slow,
    "stuck": takes_longer(3600, waits=False),
    "surprises": bends(lambda reply: is_json(reply) and bool(reply.json()["task_id"])),
    "task-fails": fails,
    "truncated": bends(lambda reply: False),
    "webhook-duplicate": events(lambda told: [d["state"] for d in told] == ["delivered"] * 2),
    "webhook-flaky": events(some_lost_some_late, 20),
    "webhook-late": events(late_by(7200)),
    "webhook-lost": events(lambda told: [d["state"] for d in told] == ["dropped"]),
    "webhook-reorder": overtaken,
    "wrong-key": nobody_is_let_in,
}  # fmt: skip
#: Those that need planned time to show.
TIMED = {"slow", "stuck"}
