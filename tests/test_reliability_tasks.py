"""The life of tasks, as clients see it: rows T1 to T11 of the catalogue of faults, and B17."""

import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from urllib.parse import parse_qsl, urlsplit

import httpx2
import psutil
import pytest

from conftest import KEY, Start, b64, finished, img2img_body, picture, upscale_body
from fakes import FakeWall
from laws import refused, spoken
from novita_mock.app import create_app
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON
from raw import Raw, request

UPSCALE, RESULT, V2, PROGRESS = "/v3/async/upscale", "/v3/async/task-result", "/v2/upscale", "/v2/progress"


def poll(client: httpx2.Client, task_id: str) -> JSON:
    reply = client.get(RESULT, params={"task_id": task_id})
    return spoken(RESULT, reply.status_code, dict(reply.headers), reply.content)


def submitted(client: httpx2.Client, body: JSON | None = None) -> str:
    reply = client.post(UPSCALE, json=body or upscale_body())
    assert reply.status_code == 200, reply.text
    return str(reply.json()["task_id"])


def test_another_key_s_task_is_not_found_as_if_it_had_never_been(client: httpx2.Client) -> None:
    """T1."""
    task_id = submitted(client)
    other = {"Authorization": "Bearer another"}
    seen = [
        client.get(RESULT, params={"task_id": wanted}, headers=other).content
        for wanted in (task_id, "0" * 36, "not-a-task")
    ]
    assert len(set(seen)) == 1
    refused(json.loads(seen[0]), 404, "TASK_NOT_FOUND")


def test_a_thousand_polls_from_four_sides_show_one_life(start: Start) -> None:
    """T2, T3: eta never rises, progress never falls while it is processed."""
    client = start(speed=4)
    task_id = submitted(client)
    url = str(client.base_url)
    seen: list[list[JSON]] = [[] for _ in range(4)]

    def follow(mine: list[JSON]) -> None:
        with Raw(url) as raw:
            while len(mine) < 250 or not mine[-1]["status"].endswith(("SUCCEED", "FAILED")):
                reply = raw.ask(request(f"{RESULT}?task_id={task_id}"))
                mine.append(spoken(RESULT, reply.status, reply.headers, reply.body)["task"])

    pollers = [threading.Thread(target=follow, args=(mine,)) for mine in seen]
    for poller in pollers:
        poller.start()
    for poller in pollers:
        poller.join()
    order = ["TASK_STATUS_QUEUED", "TASK_STATUS_PROCESSING", "TASK_STATUS_SUCCEED"]
    for mine in seen:
        places = [order.index(task["status"]) for task in mine]
        assert places == sorted(places)
        assert set(places) == {0, 1, 2}
        going = [task for task in mine if task["status"] == order[1]]
        assert [t["eta"] for t in mine] == sorted((t["eta"] for t in mine), reverse=True)
        assert [t["progress_percent"] for t in going] == sorted(t["progress_percent"] for t in going)
        assert len({t["progress_percent"] for t in going}) >= 4
        assert all(t["eta"] >= 1 and t["progress_percent"] <= 99 for t in going)
        assert mine[-1]["eta"] == 0


def test_success_is_told_only_with_every_link_alive(start: Start) -> None:
    """T3."""
    client = start(speed=20)
    body = img2img_body(image_num=8)
    task_id = client.post("/v3/async/img2img", json=body).json()["task_id"]
    while (told := poll(client, task_id))["task"]["status"] != "TASK_STATUS_SUCCEED":
        assert told["images"] == []
    assert len(told["images"]) == 8
    assert all(client.get(image["image_url"]).status_code == 200 for image in told["images"])
    assert poll(client, task_id) == told


def test_a_task_that_breaks_off_fails_with_a_reason_and_no_traceback(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """T4."""
    client = start(quiet=False)
    file = picture(64, 48, "JPEG")
    half = b64(file[: len(file) * 3 // 4])
    with caplog.at_level(logging.INFO):
        told = poll(client, submitted(client, upscale_body(image_base64=half)))
        progress = client.post(V2, json={"image": half}).json()["data"]["task_id"]
        v2 = client.get(PROGRESS, params={"task_id": progress}).json()
    assert told["task"]["status"] == "TASK_STATUS_FAILED"
    assert told["task"]["reason"]
    assert (told["images"], told["task"]["eta"], told["task"]["progress_percent"]) == ([], 0, 0)
    assert (v2["data"]["status"], v2["data"]["imgs"], bool(v2["data"]["failed_reason"])) == (3, None, True)
    assert not [record for record in caplog.records if record.exc_info]


class SteppingWall(FakeWall):
    """A wall whose clock of the day can be set by hand, as people and machines do."""

    step_s = 0.0

    def time(self) -> float:
        return super().time() + self.step_s


Timed = Callable[..., tuple[httpx2.Client, SteppingWall]]


@pytest.fixture
def timed_double() -> Iterator[Timed]:
    """A double whose wall clock is the test's; its tasks are done at once."""
    with ExitStack() as stack:

        def make(**told: JSON) -> tuple[httpx2.Client, SteppingWall]:
            settings = Settings(port=0, speed=0.0, quiet=True, strict_responses=True, **told)
            wall = SteppingWall()
            url = stack.enter_context(running(settings, create_app(settings, wall=wall)))
            headers = {"Authorization": f"Bearer {KEY}"}
            return stack.enter_context(httpx2.Client(base_url=url, headers=headers, trust_env=False)), wall

        yield make


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_link_dies_exactly_when_it_says(timed_double: Timed, method: str) -> None:
    """T5: the ttl is a string; the link is as dead in HEAD as in GET, and stays the same while it lives."""
    client, wall = timed_double()
    told = poll(client, task_id := submitted(client))
    (image,) = told["images"]
    assert image["image_url_ttl"] == "3600"
    wall.pass_(3599.9)
    assert client.request(method, image["image_url"]).status_code == 200
    assert poll(client, task_id)["images"] == told["images"]
    wall.pass_(0.1)
    dead = client.request(method, image["image_url"])
    assert dead.status_code == 403
    assert dead.headers["content-type"].startswith("text/plain")


def test_a_step_of_the_machine_s_clock_neither_kills_nor_wakes_a_link(timed_double: Timed) -> None:
    """T6."""
    client, wall = timed_double()
    link = poll(client, submitted(client))["images"][0]["image_url"]
    wall.step_s = 10_000_000
    assert client.get(link).status_code == 200
    wall.pass_(3601)
    assert client.get(link).status_code == 403
    wall.step_s = -10_000_000
    assert client.get(link).status_code == 403


def test_a_link_with_any_byte_changed_opens_nothing(client: httpx2.Client) -> None:
    """T7."""
    first, second = (poll(client, submitted(client))["images"][0]["image_url"] for _ in range(2))
    parts = urlsplit(first)
    target = f"{parts.path}?{parts.query}"
    with Raw(f"{parts.scheme}://{parts.netloc}") as raw:
        for place in range(1, len(target)):
            other = target[:place] + chr(ord(target[place]) ^ 1) + target[place + 1 :]
            if (
                parse_qsl(urlsplit(other).query) == parse_qsl(parts.query)
                and urlsplit(other).path == parts.path
            ):
                continue
            reply = raw.ask(request(other))
            assert reply.status in (403, 404), other
            assert b"Signature:" not in reply.body
    assert client.get(f"{first.partition('?')[0]}?{urlsplit(second).query}").status_code == 403
    for cut in (first.partition("?")[0], first[:-1], first + "0", first.rpartition("&")[0]):
        assert client.get(cut).status_code == 403


@pytest.mark.parametrize(
    ("ttl_s", "code"), [(0, 0), (604_800, 0), (None, 0), ("60", 0), (-1, 6), (604_801, 6), (1.5, 1), ("x", 1)]
)
def test_a_v2_link_lives_as_long_as_asked(timed_double: Timed, ttl_s: JSON, code: int) -> None:
    """T8."""
    client, wall = timed_double(max_result_age_s=9e9)
    told = client.post(V2, json={"image": b64(picture()), "img_expire_ttl": ttl_s}).json()
    assert told["code"] == code
    if code == 0:
        progress = client.get(PROGRESS, params={"task_id": told["data"]["task_id"]}).json()
        (link,) = progress["data"]["imgs"]
        alive_s = 604_800 if ttl_s is None else int(ttl_s)
        assert client.get(link).status_code == (200 if alive_s else 403)
        wall.pass_(alive_s - 0.1 if alive_s else 0)
        assert client.get(link).status_code == (200 if alive_s else 403)
        wall.pass_(0.1)
        assert client.get(link).status_code == 403


def test_a_forgotten_task_is_as_if_it_had_never_been(start: Start) -> None:
    """T9."""
    client = start(max_results_bytes=20_000)
    told = [poll(client, submitted(client)) for _ in range(30)]
    oldest, newest = told[0], told[-1]
    refused(poll(client, oldest["task"]["task_id"]), 404, "TASK_NOT_FOUND")
    assert client.get(oldest["images"][0]["image_url"]).status_code == 404
    assert poll(client, newest["task"]["task_id"]) == newest
    assert client.get(newest["images"][0]["image_url"]).status_code == 200
    health = client.get("/_mock/health").json()
    assert health["kept_bytes"] <= 20_000
    assert health["forgotten_tasks"] > 10


def test_equal_requests_make_two_tasks_with_equal_pictures(client: httpx2.Client) -> None:
    """T11."""
    first, second = (finished(client, client.post(UPSCALE, json=upscale_body())) for _ in range(2))
    assert first["task"]["task_id"] != second["task"]["task_id"]
    links = [told["images"][0]["image_url"] for told in (first, second)]
    assert links[0] != links[1]
    assert client.get(links[0]).content == client.get(links[1]).content


def test_a_decoder_that_dies_fails_its_task_and_the_server_lives(start: Start) -> None:
    """B17: the process for large pictures is killed at work; the next large task starts another."""
    client = start(speed=5)
    large = upscale_body(image_base64=b64(picture(1200, 1200)), scale_factor=3)
    before = set(psutil.Process().children())
    doomed = submitted(client, large)
    while not (workers := set(psutil.Process().children()) - before):
        assert poll(client, doomed)["task"]["status"] != "TASK_STATUS_SUCCEED"
    workers.pop().kill()
    while not (told := poll(client, doomed))["task"]["status"].endswith(("SUCCEED", "FAILED")):
        assert client.get("/_mock/health").status_code == 200
    assert told["task"]["status"] == "TASK_STATUS_FAILED"
    assert told["task"]["reason"]
