"""Custom storage on a real S3 service, end to end: moto's server, and a stub where the service misbehaves."""

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator

import httpx2
import pytest

import nobody
from conftest import Start, finished, img2img_body, upscale_body
from faulty import balance
from novita_mock.types import JSON
from raw import timed
from s3_services import Told, drip, garbage, hang, moto_server, reset, stub_server
from served import served
from test_s3 import PUBLIC
from test_storage_over_http import IMG2IMG, UPSCALE, into, objects

RESULT = "/v3/async/task-result"
#: More than the uploads that may be under way at the same time, and more than the loop's own threads.
MANY = 40


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The URL of a moto server with a bucket that everybody can read."""
    with moto_server() as url:
        nobody.ask("PUT", f"{url}/pictures").raise_for_status()
        nobody.ask("PUT", f"{url}/pictures?policy", json=PUBLIC).raise_for_status()
        yield url


def permitted(permits: threading.Semaphore) -> Callable[[Told], None]:
    """An answer that takes a picture once it is let to."""

    def answer(told: Told) -> None:
        permits.acquire(timeout=30)
        told.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")

    return answer


def status_of(client: httpx2.Client, task_id: str) -> JSON:
    return client.get(RESULT, params={"task_id": task_id}).raise_for_status().json()


def until(condition: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait, in wall time, for what another thread does."""
    waiting = threading.Event()
    deadline = time.perf_counter() + within_s
    while not condition():
        assert time.perf_counter() < deadline, "it never came to that"
        waiting.wait(0.01)


@pytest.mark.parametrize("directly", [False, True])
@pytest.mark.parametrize("image_type", ["png", "webp", "jpeg"])
def test_pictures_are_really_there_whole_and_with_their_type(
    start: Start, moto: str, image_type: str, directly: bool
) -> None:
    here, there = start(), start(s3_endpoint=moto)
    body = into(img2img_body(image_num=2), image_type, path="/a b/ä", save_to_path_directly=directly)
    wanted = finished(here, here.post(IMG2IMG, json=body))["images"]
    result = finished(there, there.post(IMG2IMG, json=body))
    for image, same in zip(result["images"], wanted, strict=True):
        assert image["image_url"].startswith(f"{moto}/pictures/a%20b/%C3%A4/")
        assert (result["task"]["task_id"] in image["image_url"]) is not directly
        fetched = nobody.get(image["image_url"])
        assert (fetched.status_code, fetched.headers["content-type"]) == (200, f"image/{image_type}")
        assert fetched.content == nobody.get(same["image_url"]).content
        assert image["image_url_ttl"] == "3600"
    assert objects(there) == []


@pytest.mark.parametrize("ambient", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "HTTP_PROXY", "http_proxy"])
def test_the_machines_own_configuration_leads_nowhere_else(
    start: Start, moto: str, monkeypatch: pytest.MonkeyPatch, ambient: str
) -> None:
    """S9."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREALREALREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a real secret")
    with stub_server((200, "")) as elsewhere:
        monkeypatch.setenv(ambient, elsewhere.url)
        client = start(s3_endpoint=moto)
        result = finished(client, client.post(UPSCALE, json=into(upscale_body())))
        assert result["task"]["status"] == "TASK_STATUS_SUCCEED"
        assert elsewhere.asked == []


@pytest.mark.parametrize(
    ("answer", "reason", "times"),
    [
        ((404, "NoSuchBucket"), "there is no such bucket", 1),
        ((403, "AccessDenied"), "access was denied", 1),
        ((403, "InvalidAccessKeyId"), "the access key was not accepted", 1),
        ((503, "SlowDown"), "the storage asked to slow down", 3),
        ((500, "InternalError"), "the storage refused it", 3),
        ((301, "PermanentRedirect"), "the storage refused it", None),
        (hang, "did not answer in time", 3),
        (drip, "no answer within", None),
        (reset, "can't be reached or broke off", 3),
        (garbage, "can't be reached or broke off", 3),
    ],
)
def test_what_the_service_refuses_fails_the_task_with_a_reason_and_is_paid_back(
    start: Start, monkeypatch: pytest.MonkeyPatch, answer: JSON, reason: str, times: int | None
) -> None:
    """S7: in poll and webhook alike."""
    monkeypatch.setattr("novita_mock.s3.ANSWER_S", 0.2)
    if answer is drip:  # keeps every deadline of a socket: only the picture's own ends it
        monkeypatch.setattr(
            "novita_mock.s3.S3Store.__init__.__kwdefaults__",
            {"deadline_s": 0.5, "checksums": "when_required"},
        )
    with stub_server(answer) as stub:
        client = start(s3_endpoint=stub.url)
        body = into(upscale_body())
        body["extra"]["webhook"] = {"url": f"{client.base_url}/_mock/inbox/told"}
        before = balance(client)
        result = finished(client, client.post(UPSCALE, json=body))
        client.post("/_mock/clock/advance", json={"seconds": 0})
        (event,) = client.get("/_mock/inbox/told").json()["events"]
    assert (result["task"]["status"], result["images"]) == ("TASK_STATUS_FAILED", [])
    assert result["task"]["reason"].startswith("custom storage: bucket 'pictures': ")
    assert reason in result["task"]["reason"]
    assert event["body"]["payload"] == result
    assert balance(client) == before
    assert times in (None, len(stub.asked))


def test_a_bucket_that_moto_does_not_know_fails_the_task(start: Start, moto: str) -> None:
    client = start(s3_endpoint=moto)
    result = finished(client, client.post(UPSCALE, json=into(upscale_body(), bucket="elsewhere")))
    assert result["task"]["reason"] == (
        "custom storage: bucket 'elsewhere': there is no such bucket (HTTP 404 'NoSuchBucket')"
    )


def test_a_service_that_is_not_there_fails_the_task(start: Start) -> None:
    client = start(s3_endpoint="http://127.0.0.1:9")
    result = finished(client, client.post(UPSCALE, json=into(upscale_body())))
    assert "can't be reached" in result["task"]["reason"]


def test_pictures_after_one_that_failed_are_not_sent(start: Start) -> None:
    with stub_server((200, ""), (403, "AccessDenied"), (200, "")) as stub:
        client = start(s3_endpoint=stub.url)
        result = finished(client, client.post(IMG2IMG, json=into(img2img_body(image_num=4))))
        assert (result["task"]["status"], result["images"]) == ("TASK_STATUS_FAILED", [])
        assert len(stub.asked) == 2


def test_nothing_is_sent_for_a_task_that_fails_or_in_test_mode(start: Start) -> None:
    with stub_server((200, "")) as stub:
        client = start(s3_endpoint=stub.url)
        client.post("/_mock/faults", json={"phase": "task", "effect": {"kind": "fail", "reason": "no"}})
        assert finished(client, client.post(UPSCALE, json=into(upscale_body())))["task"]["reason"] == "no"
        body = into(upscale_body())
        mode = {"enabled": True, "return_task_status": "TASK_STATUS_SUCCEED"}
        body["extra"]["webhook"] = {"url": f"{client.base_url}/_mock/inbox/a", "test_mode": mode}
        image = finished(client, client.post(UPSCALE, json=body))["images"][0]
        assert nobody.get(image["image_url"]).status_code == 200
        assert stub.asked == []


def test_a_task_is_processing_until_its_last_picture_is_stored(start: Start) -> None:
    permits = threading.Semaphore(0)
    with stub_server(permitted(permits)) as stub:
        client = start(s3_endpoint=stub.url, speed=1000.0)
        task_id = client.post(IMG2IMG, json=into(img2img_body(image_num=3))).json()["task_id"]
        for stored in range(3):
            until(lambda stored=stored: len(stub.asked) == stored + 1)
            polls = [status_of(client, task_id) for _ in range(3)]
            assert {poll["task"]["status"] for poll in polls} == {"TASK_STATUS_PROCESSING"}
            assert all(poll["task"]["progress_percent"] <= 99 for poll in polls)
            assert all(poll["task"]["eta"] >= 1 and poll["images"] == [] for poll in polls)
            permits.release()
        until(lambda: status_of(client, task_id)["task"]["status"] != "TASK_STATUS_PROCESSING")
        result = status_of(client, task_id)
        assert result["task"]["status"] == "TASK_STATUS_SUCCEED"
        assert [f"{stub.url}{asked.path}" for asked in stub.asked] == [
            image["image_url"] for image in result["images"]
        ]


def test_to_advance_the_clock_waits_for_pictures_on_their_way(start: Start) -> None:
    permits = threading.Semaphore(0)
    with stub_server(permitted(permits)) as stub:
        client = start(s3_endpoint=stub.url, speed="manual")
        task_id = client.post(UPSCALE, json=into(upscale_body())).json()["task_id"]
        letting = threading.Thread(target=lambda: (until(lambda: stub.asked), permits.release()))
        letting.start()
        told = client.post("/_mock/clock/advance", json={"seconds": 60}).json()
        letting.join()
        assert [effect["effect"] for effect in told["effects"]] == ["task-started", "task-succeeded"]
        assert status_of(client, task_id)["task"]["status"] == "TASK_STATUS_SUCCEED"


def test_a_service_that_hangs_keeps_nobody_else_waiting(start: Start) -> None:
    """Large bodies are read in threads, too: those must not be the ones that hang."""
    with stub_server(hang) as stub:
        client = start(s3_endpoint=stub.url, speed=1000.0)
        for _ in range(MANY):
            assert client.post(UPSCALE, json=into(upscale_body())).status_code == 200
        until(lambda: len(stub.asked) >= 16)
        large = upscale_body() | {"padding": "x" * 300_000}
        with timed() as took:
            reply = client.post(UPSCALE, json=large, headers={"Authorization": "Bearer sk_other"})
        assert reply.status_code == 200
        assert took[0] < 5


def test_a_task_that_was_forgotten_while_its_picture_was_sent_stays_forgotten(start: Start) -> None:
    permits = threading.Semaphore(0)
    with stub_server(permitted(permits)) as stub:
        client = start(s3_endpoint=stub.url, speed=1000.0, max_pending_bytes=2000)
        task_id = client.post(UPSCALE, json=into(upscale_body())).json()["task_id"]
        until(lambda: stub.asked)
        client.post("/_mock/reset", json={"parts": ["tasks"]})
        permits.release()
        assert client.get(RESULT, params={"task_id": task_id}).json()["reason"] == "TASK_NOT_FOUND"
        assert client.get("/_mock/health").json()["unfinished_tasks"] == 0
        permits.release()
        again = client.post(UPSCALE, json=into(upscale_body())).json()["task_id"]
        until(lambda: status_of(client, again)["task"]["status"] == "TASK_STATUS_SUCCEED")


def test_pictures_on_their_way_count_as_unfinished_work(start: Start) -> None:
    permits = threading.Semaphore(0)
    with stub_server(permitted(permits)) as stub:
        client = start(s3_endpoint=stub.url, speed=1000.0, max_pending_bytes=5000)
        large = img2img_body(width=512, height=512)
        task_id = client.post(IMG2IMG, json=into(large)).json()["task_id"]
        until(lambda: stub.asked)
        refused = client.post(UPSCALE, json=upscale_body())
        assert (refused.status_code, refused.json()["reason"]) == (429, "RATE_LIMIT_EXCEEDED")
        permits.release()
        until(lambda: status_of(client, task_id)["task"]["status"] == "TASK_STATUS_SUCCEED")
        assert client.post(UPSCALE, json=upscale_body()).status_code == 200


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_the_double_ends_in_a_second_while_a_picture_is_sent(sent: signal.Signals) -> None:
    with (
        stub_server(hang) as stub,
        served("--speed", "1000", "--s3-endpoint", stub.url) as (process, client),
    ):
        client.post(UPSCALE, json=into(upscale_body())).raise_for_status()
        until(lambda: stub.asked, 30)
        with timed() as took:
            process.send_signal(sent)
            assert process.wait(10) == 0
        assert took[0] < 4


def test_a_picture_is_sent_whole_in_one_request_or_not_at_all(start: Start) -> None:
    """S10: what breaks off on its way is shorter than it says, and no service shows it."""
    with stub_server((200, "")) as stub:
        client = start(s3_endpoint=stub.url)
        finished(client, client.post(UPSCALE, json=into(upscale_body())))
        (asked,) = stub.asked
        assert int(asked.headers["content-length"]) == len(asked.content)
        assert asked.headers["content-type"] == "image/png"
        assert "transfer-encoding" not in json.dumps(dict(asked.headers)).lower()
