"""Mutations of what the end of a task looks like: its pictures, its ids, its reason."""

from collections.abc import Iterator
from functools import partial

from mutants.behaving import (
    ENDS,
    NOWHERE,
    SEEN,
    broken_down,
    broken_off,
    ended,
    running,
    scripted,
    with_webhook,
)
from mutants.changes import Group, polled, replied, worse
from mutants.messages import Call, Reply
from mutants.mutation import LIFE, Mutation
from mutants.probes import flow
from mutants.replies import succeeded
from novita_mock.types import JSON


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for group in (_of_images(), _of_names(), _of_failures()):
        yield from group.made


def _has_ended(call: Call, reply: Reply) -> bool:
    return succeeded(call, reply) and ended(reply.json)


def _has_failed(call: Call, reply: Reply) -> bool:
    return succeeded(call, reply) and reply.json["task"]["status"] == ENDS[1]


def _images(body: JSON, **values: JSON) -> None:
    for image in body["images"]:
        image.update(values)


def _other_type(body: JSON) -> None:
    for image in body["images"]:
        image["image_type"] = "webp" if image["image_type"] == "png" else "png"


def _of_images() -> Group:
    two = flow("img2img", "two", lambda body: body["request"].update(image_num=2))
    words = ("images", "count", "number of pictures")
    group = Group(LIFE, "task-result: a task ", "2.1 images[]", SEEN, words, two)
    for label, title, change in (
        ("images empty", "succeeds without pictures", lambda body: body.update(images=[])),
        ("images one more", "has the last picture twice",
         lambda body: body["images"].append(body["images"][-1])),
        ("images one less", "lacks the last picture", lambda body: body["images"].pop() and None),
        ("videos instead", "has its pictures among the videos", lambda body: body["images"] and body.update(
            images=[], videos=[{"video_url": body["images"][0]["image_url"]}])),
        ("videos too", "has a video too", lambda body: body.update(videos=[{"video_url": "http://127.0.0.1:9/a.mp4"}])),
    ):  # fmt: skip
        group.add(label, title, worse("task-result", change, _has_ended), words=(*words, "videos"))
    for label, title, name, change in (
        ("image_type wrong", "tells the wrong image_type", "image_type", _other_type),
        ("image_type jpg", "tells jpeg as jpg", "image_type", partial(_images, image_type="jpg")),
        ("image_url_ttl no number", "tells a ttl that is no number", "image_url_ttl",
         partial(_images, image_url_ttl="an hour")),
        ("image_url_ttl negative", "tells a ttl under zero",
         "image_url_ttl", partial(_images, image_url_ttl="-1")),
    ):  # fmt: skip
        group.add(
            label,
            title,
            worse("task-result", change, _has_ended),
            row=f"2.1 images[].{name}",
            words=(name, "type"),
        )
    early = polled("task-result", scripted(lambda body: running(body) | {"images": [NOWHERE]}))
    group.add("images before the end", "has pictures before its end", early, words=("images", "before"))
    return group


def _of_names() -> Group:
    group = Group(
        LIFE,
        "task-result: a task ",
        "2.1 task",
        SEEN,
        ("task_id",),
        flow("upscale", "webhook", with_webhook, links=False),
    )
    for label, title, name, change in (
        ("task_id of another", "has the id of another task", "task.task_id",
         lambda body: body["task"].update(task_id=body["task"]["task_id"][::-1])),
        ("task_id in capitals", "has its id in capitals", "task.task_id",
         lambda body: body["task"].update(task_id=body["task"]["task_id"].upper())),
        ("task_type wrong", "is told to be another type of task", "task.task_type",
         lambda body: body["task"].update(task_type="TXT_TO_IMG")),
        ("task_type in words", "has its type in small letters", "task.task_type",
         lambda body: body["task"].update(task_type=body["task"]["task_type"].lower())),
        ("reason at success", "has a reason though it succeeded", "task.reason",
         lambda body: body["task"].update(reason="all well")),
        ("webhook of another", "tells the address of another webhook", "extra.webhook",
         lambda body: body["extra"]["webhook"].update(url="http://127.0.0.1:9/another")),
    ):  # fmt: skip
        group.add(
            label,
            title,
            worse("task-result", change, _has_ended),
            row=f"2.1 {name}",
            words=(name.split(".")[1],),
        )
    return group


def _of_failures() -> Group:
    broken = flow("upscale", "a picture that breaks off", broken_off, links=False)
    group = Group(LIFE, "task-result: a task ", "2.2 status", SEEN, ("status", "images", "broken"), broken)
    for label, title, name, change in (
        ("failure with images", "has pictures though it failed",
         "images", lambda body: body.update(images=[NOWHERE])),
        ("failure without reason", "gives no reason for its failure", "reason",
         lambda body: body["task"].update(reason="")),
        ("failure has an eta", "failed, and is still expected",
         "eta", lambda body: body["task"].update(eta=4)),
        ("failure is success", "succeeds though its picture breaks off", "status",
         lambda body: body["task"].update(status=ENDS[0], reason="")),
    ):  # fmt: skip
        group.add(
            label,
            title,
            worse("task-result", change, _has_failed),
            row=f"2.1 task.{name}",
            words=(name, "status"),
        )
    error = replied("task-result", lambda reply, call: broken_down(call), _has_failed)
    group.add(
        "failure is 500",
        "that failed is answered 500 TASK_FAILED",
        error,
        row="2.4 task failed",
        words=("status", "500"),
    )
    return group
