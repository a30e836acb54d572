"""Mutations of what events say, beyond what their schema forbids, and of the webhook's test mode."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from mutants.behaving import NOWHERE, broken_off
from mutants.changes import Group, changed, posted
from mutants.deliveries import SEEN, WORDS
from mutants.detection import status
from mutants.messages import Call, Reply, told
from mutants.mutation import EVENT, Behaviour, Event, Mutation
from mutants.probes import events
from mutants.relay import webhook_of
from novita_mock.types import JSON

Change = Callable[[JSON], JSON]


class Rehearsed(Behaviour):
    """Events of the test mode are changed, or not sent."""

    def __init__(self, change: Change | None) -> None:
        self._change = change
        self._tested: set[str] = set()

    def concerns(self, call: Call) -> bool:
        return call.name in ("upscale", "img2img")

    async def answer(self, call: Call) -> Reply | None:
        url = webhook_of(call.json)
        test_mode = call.json["extra"]["webhook"].get("test_mode") if url else None
        if url and isinstance(test_mode, dict) and test_mode.get("enabled") is True:
            self._tested.add(url)
        return await self.world.forward(call)

    async def deliver(self, event: Event) -> Reply | None:
        if event.url not in self._tested:
            return await self.world.send(event)
        if self._change is None:
            return told(200, {})
        body = changed(event.call.json, self._change)
        return await self.world.send(replace(event, call=event.call.with_json(body)))


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for group in (_of_wrappings(), _of_tasks(), _of_pictures(), _of_failures(), _of_test_mode()):
        yield from group.made


def _of_wrappings() -> Group:
    group = Group(EVENT, "the event ", "4 body", SEEN, (*WORDS, "event_type", "body"), events("succeed"))
    for label, title, change in (
        ("without wrapper", "is the payload alone", lambda body: body["payload"]),
        ("as data", "has data in place of payload", lambda body: body.update(data=body.pop("payload"))),
        ("as a list", "is a list", lambda body: [body]),
        (
            "payload as text",
            "has its payload as a text",
            lambda body: body.update(payload=json.dumps(body["payload"])),
        ),
        (
            "task at the top",
            "has its task at the top",
            lambda body: body.update(task=body["payload"].pop("task")),
        ),
        ("of another type", "is of another type", lambda body: body.update(event_type="ASYNC_TASK_PROGRESS")),
        (
            "type called event",
            "has event in place of event_type",
            lambda body: body.update(event=body.pop("event_type")),
        ),
    ):
        group.add(label, title, posted(change))
    return group


def _task(**values: JSON) -> Change:
    return lambda body: body["payload"]["task"].update(values)


def _images(**values: JSON) -> Change:
    return lambda body: [image.update(values) for image in body["payload"]["images"]] and None


def _of_tasks() -> Group:
    words = (*WORDS, "task_id", "status", "same", "equal")
    group = Group(EVENT, "the event tells ", "4 body", SEEN, words, events("succeed"))
    for label, title, change in (
        ("another task_id", "another task_id", _task(task_id="x")),
        ("another status", "that the task waits", _task(status=status("QUEUED"))),
        ("another end", "of a failure where the task succeeded", _task(status=status("FAILED"), reason="no")),
        ("another task_type", "another task_type", _task(task_type="TXT_TO_IMG")),
        ("an eta", "an eta", _task(eta=5)),
        ("progress", "progress 99", _task(progress_percent=99)),
        ("a reason", "a reason for a success", _task(reason="all well")),
        ("another webhook", "another address", lambda body: body["payload"]["extra"]["webhook"].update(
            url="http://127.0.0.1:9/")),
        ("no webhook", "no address", lambda body: body["payload"]["extra"].pop("webhook") and None),
    ):  # fmt: skip
        group.add(f"payload {label}", title, posted(change))
    return group


def _of_pictures() -> Group:
    group = Group(EVENT, "the event ", "4 body", SEEN, (*WORDS, "images", "same", "equal"), events("succeed"))
    for label, title, change in (
        ("another link", "tells another link", lambda body: [each.update(image_url=each["image_url"] + "&x=1")
                                                             for each in body["payload"]["images"]] and None),
        ("another ttl", "tells another ttl", _images(image_url_ttl="60")),
        ("another type", "tells another type of picture", _images(image_type="webp")),
        ("no images", "has no pictures", lambda body: body["payload"].update(images=[])),
        ("imgs", "has imgs in place of images", lambda body: body["payload"].update(
            imgs=body["payload"].pop("images"))),
        ("images twice", "has each picture twice", lambda body: body["payload"].update(
            images=body["payload"]["images"] * 2)),
    ):  # fmt: skip
        group.add(f"payload {label}", title, posted(change))
    return group


def _of_failures() -> Group:
    group = Group(
        EVENT,
        "the event of a failure ",
        "4 body",
        SEEN,
        (*WORDS, "images", "reason"),
        events("fail", (), broken_off),
    )
    pictures = posted(lambda body: body["payload"]["images"] or body["payload"].update(images=[NOWHERE]))
    group.add("failure with images", "has pictures", pictures)
    unfounded = posted(lambda body: body["payload"]["task"]["reason"] and _task(reason="")(body))
    group.add("failure without reason", "gives no reason", unfounded)
    return group


def _of_test_mode() -> Group:
    tested = {
        word: events(f"test mode {word}", (), partial(_tested, word=word)) for word in ("SUCCEED", "FAILED")
    }
    words = ("test_mode", "test mode", "test", *WORDS)
    group = Group(EVENT, "the webhook's test mode ", "4 test mode", SEEN, words, tested["SUCCEED"])
    for word, probe in tested.items():
        group.add(f"test mode {word} silent", f"sends nothing for {word}", partial(Rehearsed, None), probe)
        empty = partial(Rehearsed, lambda body: body["payload"].update(task={}))
        group.add(f"test mode {word} without task", f"tells no task for {word}", empty, probe)
    for label, title, change, word in (
        ("of another task", "tells another task_id", _task(task_id="test"), "SUCCEED"),
        ("without images", "has no pictures", lambda body: body["payload"].update(images=[]), "SUCCEED"),
        ("in test", "has an event_type of its own", lambda body: body.update(event_type="TEST"), "SUCCEED"),
        (
            "succeeds always",
            "tells of success, whatever was asked",
            _task(status=status("SUCCEED"), reason=""),
            "FAILED",
        ),
        (
            "fails always",
            "tells of failure, whatever was asked",
            _task(status=status("FAILED"), reason="no"),
            "SUCCEED",
        ),
        ("fails without reason", "fails and gives no reason", _task(reason=""), "FAILED"),
    ):
        group.add(f"test mode {label}", title, partial(Rehearsed, change), tested[word])
    return group


def _tested(body: JSON, word: str) -> None:
    body["extra"]["webhook"]["test_mode"] = {"enabled": True, "return_task_status": status(word)}
