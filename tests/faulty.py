"""Asks a running double for faults, goes through a whole life of a task, and reads what was noted."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2

from conftest import upscale_body
from novita_mock.app import create_app
from novita_mock.clock import MachineWall
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON

SUBMIT, RESULT = "/v3/async/upscale", "/v3/async/task-result"


@dataclass
class NotingWall(MachineWall):
    """The machine's clocks, but nobody sleeps: it is noted for how long they would have."""

    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(0)


@contextmanager
def noting(seed: int = 1, speed: float | str = 0.0) -> Iterator[tuple[httpx2.Client, list[float]]]:
    """A double in which no fault takes any time, and the sleeps that were asked for."""
    settings = Settings(port=0, speed=speed, seed=seed, strict_responses=True, quiet=True)
    wall = NotingWall()
    with running(settings, create_app(settings, wall=wall)) as url, keyed(url, "sk_test") as client:
        yield client, wall.slept


def keyed(url: str, key: str) -> httpx2.Client:
    """A client with a key of its own."""
    headers = {"Authorization": f"Bearer {key}"}
    return httpx2.Client(base_url=url, headers=headers, timeout=30, trust_env=False)


def ask(client: httpx2.Client, phase: str, effect: JSON, **rest: JSON) -> str:
    """Ask for a fault in the client's account; its id."""
    reply = client.post("/_mock/faults", json={"phase": phase, "effect": effect} | rest)
    assert reply.status_code == 200, reply.text
    return str(reply.json()["faults"][0]["fault_id"])


def submit(client: httpx2.Client, extra: JSON = None, **request: JSON) -> httpx2.Response:
    """Submit a small V3 upscale."""
    return client.post(SUBMIT, json=upscale_body(**request) | ({"extra": extra} if extra else {}))


def task_of(reply: httpx2.Response) -> str:
    """The id of the task that a submit made."""
    assert reply.status_code == 200, reply.text
    return str(reply.json()["task_id"])


def poll(client: httpx2.Client, task_id: str) -> httpx2.Response:
    """Ask how a task stands."""
    return client.get(RESULT, params={"task_id": task_id})


def finished(client: httpx2.Client, **told: JSON) -> JSON:
    """The body of a poll of a task that has ended at once."""
    return poll(client, task_of(submit(client, **told))).json()


def link(client: httpx2.Client, **told: JSON) -> str:
    """The link to the picture of a new task."""
    return str(finished(client, **told)["images"][0]["image_url"])


def noted(client: httpx2.Client, **filters: JSON) -> list[JSON]:
    """The journal of the client's account."""
    reply = client.get("/_mock/requests", params=filters)
    assert reply.status_code == 200, reply.text
    found: list[JSON] = reply.json()["requests"]
    return found


def marks(client: httpx2.Client) -> list[str]:
    """Every fault that the journal of the client's account marks, in order."""
    return [fault for entry in noted(client) for fault in entry["faults"]]


def until(held: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait for something that the double does by itself."""
    pause, deadline_s = threading.Event(), time.monotonic() + within_s
    while not held():
        assert time.monotonic() < deadline_s, "it never came to be"
        pause.wait(0.02)


def balance(client: httpx2.Client) -> int:
    """What the client's account can spend, in 1/10,000 USD, as the API tells it."""
    return int(client.get("/v3/user").json()["credit_balance"])
