"""Much at once: rows L1, L3, L4 and L7 of the catalogue of faults, and memory that goes flat."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest

from conftest import Start, b64, img2img_body, picture, upscale_body
from laws import refused, spoken
from novita_mock.types import JSON
from raw import Raw, request, timed
from served import MIB, memory, served

UPSCALE, RESULT = "/v3/async/upscale", "/v3/async/task-result"
TINY = json.dumps(upscale_body(image_base64=b64(picture(2, 2)))).encode()
SUBMIT = request(UPSCALE, method="POST", body=TINY)


async def reply_of(reader: asyncio.StreamReader) -> JSON:
    """The JSON of one good reply."""
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    return json.loads(await reader.readexactly(length))


async def lives(port: int, count: int, statuses: list[str], ids: list[str]) -> None:
    """One connection that submits and polls, one after the other; what the first poll of each shows."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(count):
        writer.write(SUBMIT)
        task_id = (await reply_of(reader))["task_id"]
        writer.write(request(f"{RESULT}?task_id={task_id}"))
        told = await reply_of(reader)
        assert told["task"]["task_id"] == task_id
        ids.append(task_id)
        statuses.append(told["task"]["status"])
    writer.close()
    await writer.wait_closed()


def run_lives(client: httpx2.Client, connections: int, each: int) -> tuple[list[str], list[str]]:
    """Many such connections at the same time."""
    ids: list[str] = []
    statuses: list[str] = []
    port = client.base_url.port
    assert port

    async def all_of_them() -> None:
        await asyncio.gather(*(lives(port, each, statuses, ids) for _ in range(connections)))

    asyncio.run(all_of_them())
    return ids, statuses


def test_a_thousand_at_once_are_a_thousand_tasks_each_ended_at_its_first_poll(start: Start) -> None:
    """L1, and `--speed 0`."""
    client = start(speed=0)
    ids, statuses = run_lives(client, 1000, 1)
    assert len(set(ids)) == 1000
    assert set(statuses) == {"TASK_STATUS_SUCCEED"}
    for task_id in ids[::50]:
        assert client.get(RESULT, params={"task_id": task_id}).status_code == 200


def test_the_memory_of_ten_thousand_tasks_is_flat_once_the_cap_is_reached() -> None:
    """L2: 2 MiB of results are kept, some 1,000 of these tasks."""
    with served("--speed", "0", "--max-results-bytes", str(2 * MIB)) as (process, client):
        seen = []
        for _ in range(5):
            run_lives(client, 20, 100)
            seen.append(memory(process) // MIB)
        health = client.get("/_mock/health").json()
    print("MiB after each 2,000 tasks:", seen)
    assert seen[-1] - seen[0] < 8, seen
    assert health["kept_bytes"] <= 2 * MIB
    assert health["forgotten_tasks"] > 8900
    assert health["unfinished_tasks"] == 0


@pytest.mark.parametrize("path", [UPSCALE, "/v3/async/img2img", "/v2/upscale"])
def test_more_work_than_is_taken_is_refused_in_the_dialect(start: Start, path: str) -> None:
    """L4: and taken again once there is room."""
    client = start(speed="manual", max_pending_tasks=5)
    body = {UPSCALE: upscale_body(), "/v3/async/img2img": img2img_body()}.get(path, {"image": b64(picture())})
    for _ in range(5):
        assert client.post(path, json=body).status_code == 200
    reply = client.post(path, json=body)
    told = spoken(path, reply.status_code, dict(reply.headers), reply.content)
    if path == "/v2/upscale":
        assert (reply.status_code, told["code"]) == (200, 5)
    else:
        refused(told, 429, "RATE_LIMIT_EXCEEDED")
    assert client.get("/_mock/health").json()["unfinished_tasks"] == 5


def test_more_bytes_than_are_taken_are_refused(start: Start) -> None:
    """L4: a picture that many tasks have counts once."""
    client = start(speed="manual", max_pending_bytes=MIB)
    large, other = (
        upscale_body(image_base64=b64(picture().ljust(MIB * 3 // 4, filling))) for filling in (b"\0", b"\1")
    )
    for _ in range(3):
        assert client.post(UPSCALE, json=large).status_code == 200
    refused(client.post(UPSCALE, json=other).json(), 429, "RATE_LIMIT_EXCEEDED")
    assert client.post(UPSCALE, json=upscale_body()).status_code == 200


@contextmanager
def polled(url: str) -> Iterator[list[float]]:
    """How long each of a stream of polls took, in seconds, while the block runs."""
    took: list[float] = []
    over = threading.Event()

    def poll() -> None:
        with Raw(url) as raw:
            while not over.wait(0.005):
                with timed() as one:
                    assert raw.ask(request("/_mock/health")).status == 200
                took.extend(one)

    poller = threading.Thread(target=poll)
    poller.start()
    yield took
    over.set()
    poller.join()


LARGE = {
    "40 MiB of base64": upscale_body(image_base64=b64(picture().ljust(30 * MIB, b"\0"))),
    "500,000 keys": upscale_body() | {f"k{n}": 0 for n in range(500_000)},
}


@pytest.mark.parametrize("case", LARGE)
def test_large_bodies_do_not_hold_up_polls(case: str) -> None:
    """L7: they are decoded and looked at beside the event loop."""
    body = json.dumps(LARGE[case]).encode()
    with served("--speed", "manual") as (_, client):
        headers = {"Content-Type": "application/json"}
        client.post(UPSCALE, json=upscale_body())
        with polled(str(client.base_url)) as took:
            for _ in range(5):
                assert client.post(UPSCALE, content=body, headers=headers).status_code == 200
    took.sort()
    print(case, len(took), "polls; 9 of 10 within", took[int(len(took) * 0.9)], "s; all", took[-1])
    assert len(took) > 20
    assert took[int(len(took) * 0.9)] < 0.5
    assert took[-1] < 3


def test_large_pictures_stay_within_memory_while_others_poll() -> None:
    """L3 in small: one at a time, by the cap on pixels (``test_big_pictures``: eight of 8192 x 8192)."""
    side = 700
    body = upscale_body(image_base64=b64(picture(side, side)), scale_factor=4)
    body["extra"] = {"response_image_type": "jpeg"}
    with served("--speed", "0", "--max-pixels-in-flight", str(17 * side * side)) as (process, client):
        most = 0
        with polled(str(client.base_url)) as took:
            ids = [client.post(UPSCALE, json=body).json()["task_id"] for _ in range(6)]
            while client.get("/_mock/health").json()["unfinished_tasks"]:
                most = max(most, memory(process))
                time.sleep(0.05)  # noqa: TID251 - another process paints
        ended = [client.get(RESULT, params={"task_id": task_id}).json()["task"] for task_id in ids]
    took.sort()
    print("most", most // MIB, "MiB; 99 of 100 polls within", took[int(len(took) * 0.99)], "s; all", took[-1])
    assert {task["status"] for task in ended} == {"TASK_STATUS_SUCCEED"}
    assert took[int(len(took) * 0.99)] < 1
    assert most < 400 * MIB
