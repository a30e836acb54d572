"""Faults of tasks, of downloads and of webhooks, over HTTP; and that every fault leaves its mark."""

from collections.abc import Iterator
from contextlib import suppress

import httpx2
import pytest

import faulty
from conftest import Start, b64, picture
from faulty import ask, keyed, link, marks, noted, poll, submit, task_of
from novita_mock.types import JSON
from test_fault_form import sayings


@pytest.fixture
def client(url: str, request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """A client of the session's double, with an account that no other test has."""
    with keyed(url, request.node.nodeid.replace(" ", "")[-200:].encode().hex()) as client:
        yield client


def test_a_task_fails_for_the_reason_that_was_asked_for(client: httpx2.Client) -> None:
    ask(client, "task", {"kind": "fail", "reason": "out of paint"})
    body = faulty.finished(client)
    assert (body["task"]["status"], body["task"]["reason"]) == ("TASK_STATUS_FAILED", "out of paint")
    assert (body["images"], body["extra"]) == ([], {"enable_nsfw_detection": False})
    assert faulty.finished(client)["task"]["status"] == "TASK_STATUS_SUCCEED"


def test_a_task_of_v2_fails_too(client: httpx2.Client) -> None:
    ask(client, "task", {"kind": "fail", "reason": "out of paint"}, match={"operation": "upscale-v2"})
    reply = client.post("/v2/upscale", json={"image": b64(picture())})
    data = client.get("/v2/progress", params={"task_id": reply.json()["data"]["task_id"]}).json()["data"]
    assert (data["status"], data["failed_reason"], data["imgs"]) == (3, "out of paint", None)
    assert (data["enable_nsfw_detection"], data["nsfw_detection_result"]) == (False, [])


def test_a_slow_task_takes_so_much_longer_of_account_time(start: Start) -> None:
    client = start(speed="manual")
    usual = poll(client, task_of(submit(client))).json()["task"]["eta"]
    ask(client, "task", {"kind": "slow", "seconds": 60})
    assert poll(client, task_of(submit(client))).json()["task"]["eta"] == usual + 60


@pytest.mark.parametrize(
    ("effect", "seen"),
    [
        ({"kind": "nsfw"}, {"valid": True, "confidence": 99.0}),
        ({"kind": "nsfw", "confidence": 12.5}, {"valid": True, "confidence": 12.5}),
        ({"kind": "nsfw", "valid": False}, {"valid": False, "confidence": 0.0}),
    ],
    ids=["flagged", "told", "detector failed"],
)
def test_detection_says_what_was_asked_for_where_it_is_on(
    client: httpx2.Client, effect: JSON, seen: JSON
) -> None:
    ask(client, "task", effect, times=2)
    found = faulty.finished(client, extra={"enable_nsfw_detection": True})
    assert [image["nsfw_detection_result"] for image in found["images"]] == [seen]
    assert faulty.finished(client)["images"][0]["nsfw_detection_result"] is None


def test_detection_is_the_same_for_the_same_request_and_never_lower_for_a_stricter_level(
    client: httpx2.Client,
) -> None:
    for factor in (1.5, 2, 2.5, 3):
        confidences = []
        for level in (0, 1, 2, 2):
            extra = {"enable_nsfw_detection": True, "nsfw_detection_level": level}
            (image,) = faulty.finished(client, extra=extra, scale_factor=factor)["images"]
            assert image["nsfw_detection_result"]["valid"] is True
            confidences.append(image["nsfw_detection_result"]["confidence"])
        assert 0 <= confidences[0] <= confidences[1] <= confidences[2] == confidences[3] <= 100


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_download_fails_with_the_status_that_was_asked_for(client: httpx2.Client, status: int) -> None:
    address = link(client)
    ask(client, "download", {"kind": "error", "status": status})
    reply = client.get(address)
    assert reply.status_code == status
    assert reply.headers["content-type"].startswith("text/plain")
    assert client.get(address).headers["content-type"] == "image/png"


def test_a_link_can_be_expired_before_its_time(client: httpx2.Client) -> None:
    address = link(client)
    ask(client, "download", {"kind": "expired"}, times=2)
    assert "expired" in client.get(address).text
    assert client.head(address).status_code == 403
    assert client.get(address).status_code == 200
    entry = noted(client, operation="image")[0]
    assert (entry["outcome"], entry["status"]) == (["refused", "fault"], 403)
    assert entry["task_id"] == noted(client, operation="upscale")[0]["task_id"]


@pytest.mark.parametrize(
    ("effect", "seen"),
    [
        ({"kind": "body", "how": "truncated"}, httpx2.RemoteProtocolError),
        ({"kind": "socket", "how": "reset"}, httpx2.ReadError),
        ({"kind": "socket", "how": "hang"}, httpx2.ReadTimeout),
    ],
    ids=["truncated", "reset", "hang"],
)
def test_a_download_breaks_off(client: httpx2.Client, effect: JSON, seen: type[Exception]) -> None:
    address = link(client)
    ask(client, "download", effect)
    with pytest.raises(seen):
        client.get(address, timeout=0.5 if seen is httpx2.ReadTimeout else 30)
    assert client.get(address).status_code == 200


def test_a_download_waits_and_drips() -> None:
    with faulty.noting() as (client, slept):
        address = link(client)
        whole = client.get(address).content
        ask(client, "download", {"kind": "latency", "seconds": 5})
        ask(client, "download", {"kind": "socket", "how": "drip", "bytes_per_second": 100})
        assert client.get(address).content == whole
    assert slept[0] == 5
    assert sum(slept[1:]) == pytest.approx(len(whole) / 100, abs=0.2)


@pytest.mark.parametrize("effect", [{"kind": "body", "how": "truncated"}, {"kind": "socket", "how": "drip"}])
def test_a_head_has_no_body_to_break(client: httpx2.Client, effect: JSON) -> None:
    address = link(client)
    length = client.head(address).headers["content-length"]
    ask(client, "download", effect)
    reply = client.head(address)
    assert (reply.status_code, reply.headers["content-length"]) == (200, length)
    assert client.get(address).status_code == 200


def test_a_download_fault_for_a_task_type_leaves_the_others_alone(client: httpx2.Client) -> None:
    address = link(client)
    ask(client, "download", {"kind": "expired"}, match={"task_type": "IMG_TO_IMG"})
    assert client.get(address).status_code == 200
    ask(client, "download", {"kind": "expired"}, match={"task_type": "UPSCALE"})
    assert client.get(address).status_code == 403


def test_a_link_of_a_double_that_was_there_before_leads_to_nothing(start: Start) -> None:
    # Equal seeds sign alike, so the link is whole; but this double has never seen its account.
    before, after = start(seed=3), start(seed=3)
    path = link(before).removeprefix(str(before.base_url).rstrip("/"))
    assert after.get(path).status_code == 404


def life(client: httpx2.Client, inbox: str) -> None:
    """A whole task: submit, poll, download, one event; whatever of it comes through."""
    extra = {"webhook": {"url": str(client.base_url).rstrip("/") + "/_mock/inbox/" + inbox}}
    task_id, address = "", ""
    with suppress(httpx2.TransportError, KeyError, TypeError, ValueError):
        task_id = submit(client, extra={**extra, "enable_nsfw_detection": True}).json()["task_id"]
    with suppress(httpx2.TransportError, KeyError, TypeError, ValueError, IndexError):
        address = poll(client, task_id).json()["images"][0]["image_url"]
    with suppress(httpx2.TransportError):
        if address:
            client.get(address)
    with suppress(httpx2.TransportError):
        client.post("/v2/upscale", json={"image": b64(picture())})


@pytest.mark.parametrize(("phase", "effect"), sayings(), ids=lambda v: v if isinstance(v, str) else str(v))
def test_every_fault_that_fires_is_marked_once_in_the_journal(phase: str, effect: JSON) -> None:
    with faulty.noting() as (client, _):
        if effect.get("how") == "hang":
            client.timeout = 1.5
        life(client, "usual")
        assert marks(client) == []
        fault_id = ask(client, phase, effect)
        life(client, "faulty")
        (told,) = client.get("/_mock/faults").json()["faults"]
        assert (told["fired"], told["left"]) == (1, 0)
        assert marks(client) == [fault_id]
        life(client, "usual")
        assert marks(client) == [fault_id]
