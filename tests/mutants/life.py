"""Mutations of the life of a task: the order of its states, its progress and eta, and whether polls agree."""

import asyncio
from collections.abc import Iterator
from functools import partial

from mutants.behaving import (
    SEEN,
    Times,
    after_end,
    at_end,
    broken_down,
    ended,
    failed,
    running,
    scripted,
    unknown_task,
    waiting,
    with_task,
)  # fmt: skip
from mutants.changes import Group, polled, replied
from mutants.messages import Call, Reply, told
from mutants.mutation import LIFE, Behaviour, Mutation
from mutants.probes import flow, once, path_of, several
from novita_mock.task import Status
from novita_mock.types import JSON

#: Wall seconds that a slow service takes for a poll.
SLOW_S = 20.0


class Slow(Behaviour):
    """Takes its time for each poll."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def concerns(self, call: Call) -> bool:
        return call.name == "task-result"

    async def answer(self, call: Call) -> Reply | None:
        await asyncio.sleep(self._seconds)
        return await self.world.forward(call)


class Mixed(Behaviour):
    """Answers a poll with the result of the task before it."""

    def concerns(self, call: Call) -> bool:
        return call.name in ("task-result", "upscale", "img2img")

    async def answer(self, call: Call) -> Reply | None:
        known = list(self.world.tasks)
        asked = call.query.get("task_id", "")
        if asked in known and known.index(asked) > 0:
            call = call.with_query({"task_id": known[known.index(asked) - 1]})
        return await self.world.forward(call)


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for group in (_of_states(), _of_progress(), _of_eta(), _of_agreement(), _of_answers()):
        yield from group.made


def _of_states() -> Group:
    words = ("status", "state", "order", "terminal", "transition", "end")
    group = Group(LIFE, "a task ", "2.2 status", SEEN, words, flow("upscale", links=False))
    stem = Status.QUEUED.value.rpartition("_")[0]
    unknown = lambda shown, body: body if ended(body) else with_task(body, status=f"{stem}_UNKNOWN")  # noqa: E731
    for label, title, show in (
        ("backwards", "is worked on, and then waits again", scripted(running, waiting, running)),
        ("end and queue", "has ended, and then waits again", after_end(waiting)),
        ("end and work", "has ended, and then is worked on again", after_end(running)),
        ("end and failure", "has succeeded, and later has failed", after_end(failed)),
        ("end comes twice", "has ended, is worked on once more, and has ended again", _once_more),
        ("never ends", "never ends", lambda shown, body: running(body, 99, 1)),
        ("never starts", "waits for ever", lambda shown, body: waiting(body)),
        ("unknown", "has a status that only one SDK knows while it is worked on", unknown),
        (
            "succeeded",
            "ends as SUCCEEDED",
            at_end(lambda body: with_task(body, status=f"{Status.SUCCEED.value}ED")),
        ),
    ):
        group.add(f"state {label}", title, polled("task-result", show))
    return group


def _once_more(shown: list[JSON], body: JSON) -> JSON:
    again = sum(map(ended, shown)) == 1 and ended(body) and ended(shown[-1])
    return running(body) if again else body


def _of_progress() -> Group:
    words = ("progress_percent", "progress")
    row = "2.1 task.progress_percent"
    group = Group(LIFE, "task-result: ", row, SEEN, words, flow("img2img", links=False))
    falls = scripted(*(partial(running, percent=percent) for percent in (60, 30, 80)))
    for label, title, show in (
        ("falls", "progress falls", falls),
        ("over 100", "progress is 150 while the task is worked on", scripted(partial(running, percent=150))),
        ("at the end", "progress is 50 at the end",
         at_end(lambda body: with_task(body, progress_percent=50))),
        ("after the end", "progress rises after the end",
         lambda shown, body: with_task(body, progress_percent=min(100, len(shown))) if ended(body) else body),
        ("a share", "progress is a share of 1",
         scripted(lambda body: with_task(running(body), progress_percent=0.4))),
    ):  # fmt: skip
        group.add(f"progress {label}", title, polled("task-result", show))
    return group


def _of_eta() -> Group:
    group = Group(LIFE, "task-result: ", "2.1 task.eta", SEEN, ("eta",), flow("img2img", links=False))
    rises = scripted(
        *(partial(running, percent=percent, eta=eta) for percent, eta in ((20, 5), (40, 9), (60, 9)))
    )
    for label, title, show in (
        ("rises", "eta rises", rises),
        ("at the end", "eta is 7 at the end", at_end(lambda body: with_task(body, eta=7))),
        ("a fraction", "eta is a fraction", scripted(lambda body: with_task(running(body), eta=2.5))),
    ):
        group.add(f"eta {label}", title, polled("task-result", show))
    return group


def _of_agreement() -> Group:
    words = ("idempotent", "same", "image_url", "terminal", "changes", "stays", "stable")
    group = Group(LIFE, "task-result: ", "2.3 links", SEEN, words, flow("upscale", links=False))
    tagged = polled("task-result", lambda shown, body: _links(body, lambda url: f"{url}#{len(shown)}"))
    group.add("link changes", "each poll tells another link", tagged)
    group.add(
        "ttl falls", "image_url_ttl falls from poll to poll", polled("task-result", _ttl_falls),
        row="2.1 images[].image_url_ttl", words=(*words, "image_url_ttl"),
    )  # fmt: skip
    two = flow("img2img", "two, in order", lambda body: body["request"].update(image_num=2))
    group.add(
        "order changes", "each poll has the pictures in another order", polled("task-result", _in_turn), two
    )
    two_tasks = several("two tasks", *(flow("upscale", str(number), links=False) for number in (1, 2)))
    group.add("mixed up", "the task before it is shown", Mixed, two_tasks, "2.1 task.task_id", ("task_id",))
    return group


def _in_turn(shown: list[JSON], body: JSON) -> JSON:
    backwards = sum(map(ended, shown)) % 2 == 1
    return body | {"images": body["images"][:: -1 if backwards else 1]}


def _of_answers() -> Group:
    words = ("status", "404", "500", "5xx", "task", "time", "slow", "answer")
    group = Group(LIFE, "task-result: ", "2.4 unknown task_id", SEEN, words, flow("upscale", links=False))
    impatient = flow("upscale", "impatient", links=False, impatient=True)
    slow = f"a poll takes {SLOW_S:.0f} seconds"
    group.add("slow", slow, partial(Slow, SLOW_S), impatient, "2 task-result")
    for label, title, change in (
        ("late", "a task is not known at its first poll",
         lambda number, reply, call: unknown_task(call) if number == 1 else reply),
        ("forgotten", "a task is forgotten after its end was shown",
         lambda number, reply, call: unknown_task(call) if number > 1 and ended(reply.json) else reply),
        ("lost every second time", "every second poll is answered 500",
         lambda number, reply, call: broken_down(call) if number % 2 == 0 else reply),
    ):  # fmt: skip
        group.add(f"task {label}", title, partial(Times, change))
    nobody = replied(
        "task-result", lambda reply, call: _waiting(call), lambda call, reply: reply.status == 404
    )
    asked = once("GET", f"{path_of('task-result')}?task_id=none")
    group.add("unknown task", "an unknown task waits", nobody, asked, words=("unknown", "task_id", "404"))
    return group


def _waiting(call: Call) -> Reply:
    task = {"task_id": call.query.get("task_id", ""), "task_type": "UPSCALE"}
    return told(200, waiting({"extra": {}, "task": task, "videos": [], "audios": []}))


def _links(body: JSON, change: object) -> JSON:
    for image in body["images"]:
        image["image_url"] = change(image["image_url"])  # type: ignore[operator]
    return body


def _ttl_falls(shown: list[JSON], body: JSON) -> JSON:
    for image in body["images"]:
        image["image_url_ttl"] = str(int(image["image_url_ttl"]) - len(shown))
    return body
