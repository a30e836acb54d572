"""Words in which tests speak to a double's world: control routes over HTTP."""

from typing import Any

import httpx2

from conftest import upscale_body
from novita_mock.types import JSON


def post(client: httpx2.Client, path: str, body: Any = None) -> JSON:
    """What a control route answers to a body."""
    reply = client.post(f"/_mock{path}", json={} if body is None else body)
    assert reply.status_code == 200, reply.text
    return reply.json()


def get(client: httpx2.Client, path: str) -> JSON:
    """What a control route tells."""
    reply = client.get(f"/_mock{path}")
    assert reply.status_code == 200, reply.text
    return reply.json()


def advance(client: httpx2.Client, seconds: float) -> JSON:
    """Let account time pass; what that did."""
    return post(client, "/clock/advance", {"seconds": seconds})


def effects(advanced: JSON) -> list[str]:
    """The kinds of effects of an advance, in order."""
    return [effect["effect"] for effect in advanced["effects"]]


def now(client: httpx2.Client) -> float:
    """Account time in seconds."""
    told: float = get(client, "/clock")["accounts"][0]["now_s"]
    return told


def submit(client: httpx2.Client, hook: str = "", **extra: JSON) -> str:
    """Have a small picture upscaled; the task's id."""
    wish = {"webhook": {"url": hook}} if hook else {}
    body = upscale_body() | ({"extra": wish | extra} if wish or extra else {})
    reply = client.post("/v3/async/upscale", json=body)
    assert reply.status_code == 200, reply.text
    task_id: str = reply.json()["task_id"]
    return task_id


def poll(client: httpx2.Client, task_id: str) -> JSON:
    """The task-result."""
    reply = client.get("/v3/async/task-result", params={"task_id": task_id})
    assert reply.status_code == 200, reply.text
    return reply.json()


def status(client: httpx2.Client, task_id: str) -> str:
    """How a task stands, without the prefix."""
    told: str = poll(client, task_id)["task"]["status"]
    return told.removeprefix("TASK_STATUS_")


def webhooks(client: httpx2.Client) -> list[JSON]:
    """The account's deliveries."""
    told: list[JSON] = get(client, "/webhooks")["webhooks"]
    return told
