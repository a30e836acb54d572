"""Much at once in one world: a thousand events to a receiver that fails half the time."""

import threading
from collections import defaultdict
from collections.abc import Callable
from hashlib import sha256

import httpx2

from conftest import Start, b64, picture, upscale_body
from hooks import hooked
from novita_mock.types import JSON

ACCOUNTS, EACH = 50, 20
TINY = upscale_body(image_base64=b64(picture(2, 2)))


def taken(task_id: str, attempt: int) -> bool:
    """Whether an attempt is taken: a coin that falls alike in every run."""
    return sha256(f"{task_id} {attempt}".encode()).digest()[0] % 2 == 0


def needed(task_id: str) -> int:
    """How many attempts it takes; 7 where six are not enough."""
    return next((attempt for attempt in range(1, 7) if taken(task_id, attempt)), 7)


def of(key: str) -> dict[str, str]:
    """The header of an account."""
    return {"authorization": f"Bearer {key}"}


def submitted(client: httpx2.Client, key: str, body: JSON) -> str:
    reply = client.post("/v3/async/upscale", json=body, headers=of(key))
    assert reply.status_code == 200, reply.text
    return str(reply.json()["task_id"])


def status(client: httpx2.Client, key: str, task_id: str) -> str:
    reply = client.get("/v3/async/task-result", params={"task_id": task_id}, headers=of(key))
    assert reply.status_code == 200, reply.text
    return str(reply.json()["task"]["status"])


def all_told(client: httpx2.Client) -> list[JSON]:
    """Let time pass in all accounts until every event has come to its end; what became of each."""
    while True:
        reply = client.post("/_mock/clock/advance", json={"seconds": 40})
        assert reply.status_code == 200, reply.text
        told: list[JSON] = client.get("/_mock/webhooks").json()["webhooks"]
        if all(each["state"] in ("delivered", "failed") for each in told):
            return told


def meanwhile(work: Callable[[], JSON], ask: Callable[[], None]) -> tuple[JSON, int]:
    """Do something in another thread, and ask again and again until it is done."""
    results: list[JSON] = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    asked = 0
    while thread.is_alive():
        ask()
        asked += 1
    thread.join()
    assert results, "the work failed; its traceback is above"
    return results[0], asked


def test_of_a_thousand_events_each_is_delivered_once_or_given_up_after_six_attempts(start: Start) -> None:
    """50 accounts of 20 tasks; none lost, none sent again after a 2xx, and who asks meanwhile is answered."""
    client = start(speed="manual")
    del client.headers["authorization"]
    came: defaultdict[str, list[int]] = defaultdict(list)

    with hooked() as hook:

        def answer(place: int, event: JSON) -> int:
            task_id = event["payload"]["task"]["task_id"]
            attempt = int(hook.received[place][0]["x-novita-mock-attempt"])
            came[task_id].append(attempt)
            return 204 if taken(task_id, attempt) else 503

        hook.answer = answer
        body = TINY | {"extra": {"webhook": {"url": hook.url}}}
        keys = [f"key-{place}" for place in range(ACCOUNTS)]
        ids = {submitted(client, key, body): key for key in keys for _ in range(EACH)}
        other = submitted(client, "bystander", TINY)
        told, asked = meanwhile(lambda: all_told(client), lambda: status(client, "bystander", other) and None)

    assert asked > 0
    assert len(ids) == ACCOUNTS * EACH
    assert {task_id: came[task_id] for task_id in ids} == {
        task_id: list(range(1, min(needed(task_id), 6) + 1)) for task_id in ids
    }
    assert sorted(each["task_id"] for each in told) == sorted(ids)
    for each in told:
        given_up = needed(each["task_id"]) == 7
        assert each["state"] == ("failed" if given_up else "delivered")
        assert len(each["attempts"]) == len(came[each["task_id"]])
    lost = [each["task_id"] for each in told if each["state"] == "failed"]
    assert lost, "a coin that never falls six times on the same side is none"
    assert {status(client, ids[task_id], task_id) for task_id in lost} == {"TASK_STATUS_SUCCEED"}
