"""Mutations of V2's progress: the life of a task as it tells it, and what its end looks like."""

from collections.abc import Callable, Iterator
from functools import partial

from mutants.changes import Group, polled, worse
from mutants.mutation import V2, Mutation
from mutants.probes import flow
from novita_mock.types import JSON

_SEEN = ("progress", "upscale-v2", "image-v2", "image")
_WAITING, _RUNNING, _DONE, _FAILED = 0, 1, 2, 3
Show = Callable[[list[JSON], JSON], JSON]


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for group in (_of_states(), _of_figures(), _of_ends(), _of_submits()):
        yield from group.made


def _data(body: JSON, **values: JSON) -> JSON:
    body["data"] |= values
    return body


def _under_way(body: JSON, progress: float = 0.4, eta: int = 3, status: int = _RUNNING) -> JSON:
    return _data(body, status=status, progress=progress, eta_relative=eta, imgs=None, failed_reason="")


def _ended(body: JSON) -> bool:
    return bool(body["data"]["status"] >= _DONE)


def _scripted(*steps: Callable[[JSON], JSON]) -> Show:
    return lambda shown, body: steps[len(shown)](body) if len(shown) < len(steps) else body


def _at_end(change: Callable[[JSON], JSON]) -> Show:
    return lambda shown, body: change(body) if _ended(body) else body


def _later(change: Callable[[JSON], JSON]) -> Show:
    return lambda shown, body: change(body) if any(map(_ended, shown)) else body


def _group(row: str, words: tuple[str, ...]) -> Group:
    return Group(V2, "progress: ", f"5 {row}", _SEEN, words, flow("upscale-v2", links=False))


def _of_states() -> Group:
    group = _group("status", ("status", "state", "order", "terminal", "end", "transition"))
    waits = partial(_under_way, progress=0, eta=4, status=_WAITING)
    fails = partial(_data, status=_FAILED, imgs=None, failed_reason="no")
    for label, title, show in (
        ("backwards", "a task is worked on, and then waits again", _scripted(_under_way, waits, _under_way)),
        ("end and work", "a task has ended, and then is worked on again", _later(_under_way)),
        ("end and failure", "a task has succeeded, and later has failed", _later(fails)),
        ("never ends", "a task never ends", lambda shown, body: _under_way(body, 0.99, 1)),
        ("status 9", "a task has a status that nobody knows", lambda shown, body: _data(body, status=9)),
        ("status of V3", "a task has a status of V3", lambda shown, body: _data(body, status="SUCCEED")),
    ):
        group.add(label, title, polled("progress", show))
    return group


def _of_figures() -> Group:
    group = _group("progress", ("progress", "eta_relative", "eta"))
    for label, title, show in (
        ("progress falls", "progress falls",
         _scripted(*(partial(_under_way, progress=p) for p in (0.6, 0.3)))),
        ("progress in percent", "progress is in percent",
         lambda shown, body: _data(body, progress=body["data"]["progress"] * 100)),
        ("progress at the end", "progress is 0.5 at the end", _at_end(partial(_data, progress=0.5))),
        ("eta_relative rises", "eta_relative rises",
         _scripted(*(partial(_under_way, progress=p, eta=e) for p, e in ((0.2, 5), (0.4, 9))))),
        ("eta_relative at the end", "eta_relative is 7 at the end", _at_end(partial(_data, eta_relative=7))),
    ):  # fmt: skip
        group.add(label, title, polled("progress", show), row=f"5 {label.split()[0]}")
    return group


def _of_ends() -> Group:
    group = _group("imgs", ("imgs", "images", "link"))
    url = "http://127.0.0.1:9/a.png"
    for label, title, show in (
        ("imgs null at the end", "there are no pictures at the end", _at_end(partial(_data, imgs=None))),
        ("imgs empty at the end", "the list of pictures is empty at the end",
         _at_end(partial(_data, imgs=[]))),
        ("imgs too early", "there are pictures before the end",
         lambda shown, body: body if _ended(body) else _data(body, imgs=[url])),
        ("imgs twice", "each picture is told twice",
         _at_end(lambda body: _data(body, imgs=body["data"]["imgs"] * 2))),
        ("imgs of objects", "the pictures are objects, as in V3",
         _at_end(lambda body: _data(body, imgs=[{"image_url": each} for each in body["data"]["imgs"]]))),
        ("imgs called images", "the pictures are called images, as in V3",
         lambda shown, body: _data(body, images=body["data"].pop("imgs"))),
        ("links change", "each poll tells another link", _changing),
    ):  # fmt: skip
        group.add(label, title, polled("progress", show))
    reason = polled("progress", _at_end(partial(_data, failed_reason="all well")))
    title = "there is a failed_reason though it succeeded"
    words = ("failed_reason", "reason")
    group.add("failed_reason at success", title, reason, row="5 failed_reason", words=words)
    return group


def _changing(shown: list[JSON], body: JSON) -> JSON:
    return (
        _data(body, imgs=[f"{each}#{len(shown)}" for each in body["data"]["imgs"]]) if _ended(body) else body
    )


def _of_submits() -> Group:
    words = ("task_id", "data", "code", "envelope", "warn", "msg", "body")
    probe = flow("upscale-v2", links=False)
    group = Group(V2, "upscale-v2: a submit ", "5 envelope", ("upscale-v2", "progress"), words, probe)
    for label, title, change in (
        ("in V3", "is answered as V3 does", lambda body: {"task_id": body["data"]["task_id"]}),
        ("beside data", "has its task_id beside data, not in it",
         lambda body: body.update(task_id=body["data"].pop("task_id"))),
        ("with code 200", "has code 200", lambda body: body.update(code=200)),
        ("with a message", "has message in place of msg", lambda body: body.update(message=body.pop("msg"))),
    ):  # fmt: skip
        group.add(f"submit {label}", title, worse("upscale-v2", change))
    return group
