"""Large bodies, and connections that are kept: what the protocol of the short way does about them."""

import base64
import json
from collections.abc import Iterator

import httpx2
import pytest

from conftest import picture
from novita_mock.express import FILLED_BYTES, MOST_BYTES, ExpressProtocol
from novita_mock.server import running
from novita_mock.settings import Settings
from raw import Raw, RawReply, request, timed

UPSCALE = "/v3/async/upscale"
#: From one read of the socket to more than is worked on at once.
SIZES = (1000, FILLED_BYTES - 500, FILLED_BYTES + 500, 300_000, MOST_BYTES - 500, MOST_BYTES + 500, 9_000_000)


def submit(length: int, **changes: object) -> bytes:
    """A submit whose body has exactly so many bytes."""
    wanted = {"model_name": "4x-UltraSharp", "scale_factor": 2, "image_base64": ""} | changes
    content = picture(16, 16)
    room = length - len(json.dumps({"request": wanted}))
    padded = base64.b64encode(content.ljust(room // 4 * 3, b"\0")).decode()
    body = json.dumps({"request": wanted | {"image_base64": padded}}).ljust(length)
    assert len(body) == length
    return request(UPSCALE, method="POST", body=body.encode())


@pytest.fixture
def url() -> Iterator[str]:
    with running(Settings(port=0, speed="manual", quiet=True, body_deadline_s=2.0)) as url:
        yield url


def accepted(reply: RawReply) -> str:
    assert reply.status == 200, reply.body
    task_id: str = json.loads(reply.body)["task_id"]
    return task_id


def test_bodies_of_every_size_are_taken_one_after_the_other(url: str) -> None:
    with Raw(url, 30) as raw:
        made = [accepted(raw.ask(submit(size))) for size in (*SIZES, *reversed(SIZES))]
        for task_id in made:
            polled = raw.ask(request(f"/v3/async/task-result?task_id={task_id}"))
            assert json.loads(polled.body)["task"]["task_id"] == task_id
    noted = httpx2.get(f"{url}/_mock/requests?operation=upscale").json()["requests"]
    bodies = [len(submit(size).partition(b"\r\n\r\n")[2]) for size in (*SIZES, *reversed(SIZES))]
    assert [entry["request_bytes"] for entry in noted] == bodies
    assert all(entry["request"]["request"]["image_base64"].startswith("<a picture of ") for entry in noted)


@pytest.mark.parametrize("size", SIZES[1:])
def test_a_bad_body_is_refused_and_the_next_one_taken(url: str, size: int) -> None:
    with Raw(url, 30) as raw:
        reply = raw.ask(submit(size, scale_factor=9))
        assert reply.status == 400
        assert b"scale_factor" in reply.body
        accepted(raw.ask(submit(size)))


@pytest.mark.parametrize("size", SIZES)
def test_what_follows_a_large_body_at_once_is_answered_after_it(url: str, size: int) -> None:
    with Raw(url, 30) as raw:
        raw.send(submit(size) + request("/v3/user") + submit(2000))
        first, second, third = raw.reply(), raw.reply(), raw.reply()
    assert accepted(first) != accepted(third)
    assert "credit_balance" in json.loads(second.body)


def test_who_breaks_off_in_a_large_body_leaves_nothing(url: str) -> None:
    for size in SIZES[2:]:
        with Raw(url) as raw:
            raw.send(submit(size)[: size // 2])
    health = httpx2.get(f"{url}/_mock/health").json()
    assert health["unfinished_tasks"] == 0
    with Raw(url) as raw:
        accepted(raw.ask(submit(SIZES[3])))


def test_the_rest_of_a_large_body_has_a_deadline(url: str) -> None:
    with Raw(url, 30) as raw:
        raw.send(submit(1_000_000)[:500_000])
        with timed() as took:
            assert raw.ended(10)
    assert 1.0 < took[0] < 8.0


def test_a_kept_connection_is_closed_so_long_after_its_last_response(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ExpressProtocol.connection_made

    def impatient(self: ExpressProtocol, transport: object) -> None:
        self.timeout_keep_alive = 1
        made(self, transport)  # type: ignore[arg-type]

    monkeypatch.setattr(ExpressProtocol, "connection_made", impatient)
    poll, user = request(f"/v3/async/task-result?task_id={'0' * 36}"), request("/v3/user")
    with Raw(url, 30) as raw:
        with timed() as took:
            for asked in (submit(500), poll, user, submit(200_000), user) * 3:
                raw.send_on([asked, b""], 0.1)
                raw.reply()
        assert took[0] > 1.5  # longer than it would have been kept without them
        with timed() as took:
            assert raw.ended(10)
        assert 0.5 < took[0] < 5.0
