"""One whole story on a manual clock, from the submit to the dead link, and again: the same, byte for byte."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import httpx2
import pytest

from conftest import KEY, Start
from hooks import Hook, hooked
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON
from world import advance, effects, get, poll, submit, webhooks

BACKOFF = [0, 1, 3, 7, 15, 31]


class Story:
    """A client that writes down every reply: what was asked, and all that came back."""

    def __init__(self, url: str) -> None:
        self.lines: list[str] = []
        hooks = {"response": [self._note]}
        headers = {"Authorization": f"Bearer {KEY}"}
        self.client = httpx2.Client(base_url=url, headers=headers, trust_env=False, event_hooks=hooks)

    def _note(self, reply: httpx2.Response) -> None:
        body = reply.read()
        timed = b'"duration_ms"' in body
        head = sorted(pair for pair in reply.headers.items() if not (timed and pair[0] == "content-length"))
        told = f"{reply.request.method} {reply.request.url} {reply.status_code} {head} {body!r}"
        # Only what no seed can fix is left out: ports, and how long things took by the wall.
        told = re.sub(r"127\.0\.0\.1:\d+", "HOST", told)
        self.lines.append(re.sub(r'"duration_ms":[\d.]+', '"duration_ms":0', told))


def told(story: Story, hook_url: str) -> None:
    """Submit, poll, advance, poll, five refusals, delivered; the link lives for 3,600 seconds."""
    client = story.client
    task_id = submit(client, hook_url)
    assert poll(client, task_id)["task"]["status"] == "TASK_STATUS_QUEUED"
    assert effects(advance(client, 0.6)) == ["task-started"]
    assert poll(client, task_id)["task"]["status"] == "TASK_STATUS_PROCESSING"
    ended = advance(client, 1.0)
    assert effects(ended) == ["task-succeeded", "webhook-refused"]
    result = poll(client, task_id)
    assert result["task"]["status"] == "TASK_STATUS_SUCCEED"

    retried = advance(client, 31)
    assert effects(retried) == ["webhook-refused"] * 4 + ["webhook-delivered"]
    assert retried["in_flight"] == []
    (delivery,) = webhooks(client)
    assert delivery["state"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500] * 5 + [200]
    ended_at = ended["effects"][0]["at"]
    assert [attempt["at"] - ended_at for attempt in delivery["attempts"]] == pytest.approx(BACKOFF, abs=0.01)
    assert effects(advance(client, 100)) == []

    link = urlsplit(result["images"][0]["image_url"])
    now_s = get(client, "/clock")["accounts"][0]["now_s"]
    advance(client, int(ended_at) + 3599 - now_s)
    assert client.get(f"{link.path}?{link.query}").status_code == 200
    assert effects(advance(client, 1)) == ["links-expired"]
    assert client.get(f"{link.path}?{link.query}").status_code == 403
    assert poll(client, task_id) == result


@contextmanager
def into_a_thread(story: Story) -> Iterator[str]:
    """A receiver of the test's own, which refuses five times."""
    with hooked(lambda place, body: 500 if place < 5 else 200) as hook:
        yield hook.url
        _same_event(hook, story)


@contextmanager
def into_an_inbox(story: Story) -> Iterator[str]:
    """The double's own inbox, told to refuse five times."""
    reply = story.client.put("/_mock/inbox/app", json=[{"status": 500, "times": 5}, {"status": 200}])
    assert reply.status_code == 200, reply.text
    yield str(story.client.base_url.join("/_mock/inbox/app"))
    events = get(story.client, "/inbox/app")["events"]
    assert [event["answer"]["status"] for event in events] == [500] * 5 + [200]


def _same_event(hook: Hook, story: Story) -> None:
    heads = [headers for headers, _, _ in hook.received]
    bodies = [body for _, body, _ in hook.received]
    assert len({head["x-novita-mock-delivery"] for head in heads}) == 1
    assert [head["x-novita-mock-attempt"] for head in heads] == list("123456")
    assert all(body == bodies[0] for body in bodies)
    assert bodies[0]["payload"] == poll(story.client, bodies[0]["payload"]["task"]["task_id"])


@pytest.mark.parametrize("into", [into_a_thread, into_an_inbox])
def test_the_story_is_told_in_a_second_and_twice_in_the_same_words(into: Callable[[Story], JSON]) -> None:
    transcripts, took_s = [], []
    for _ in range(2):
        with ExitStack() as stack:
            url = stack.enter_context(running(Settings(port=0, speed="manual", seed=7, quiet=True)))
            story = Story(url)
            stack.enter_context(story.client)
            began_s = time.monotonic()
            with into(story) as hook_url:
                told(story, hook_url)
            took_s.append(time.monotonic() - began_s)
            transcripts.append(story.lines)
    assert transcripts[0] == transcripts[1]
    assert len(transcripts[0]) >= 15
    assert min(took_s) < 1  # the first one may have to import its HTTP client


def test_another_seed_tells_it_in_other_words(start: Start) -> None:
    first, second = (submit(start(speed="manual", seed=seed)) for seed in (1, 2))
    assert first != second
