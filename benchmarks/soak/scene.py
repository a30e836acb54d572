"""What all lives of the soak share, and the questions that they ask again and again."""

import asyncio
import random
import time
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from asking import Asked, Asking, Reply, jsonly
from known import EVENT_S, Known, Tasks
from PIL import Image
from submits import Bodies, Wanted
from tally import Tally

#: Wall seconds that a task may take.
TASK_S = 60.0
#: Wall seconds between two polls of a task at first, and at most.
POLL_S, MAX_POLL_S = 0.02, 0.5
#: Pictures of more pixels than this are not decoded here.
MAX_PIXELS = 20_000_000
POLLS = {"v3": "/v3/async/task-result", "v2": "/v2/progress"}
SCHEMAS = {"v3": "v3/task-result.response.json", "v2": "v2/progress.response.json"}
SUBMITTED = {"v3": "v3/submit.response.json", "v2": "v2/submit.response.json"}
#: How a task stands, by what a poll says: 0 waits, 1 is worked on, 2 succeeded, 3 failed.
STANDS = {
    "TASK_STATUS_QUEUED": 0, "TASK_STATUS_PROCESSING": 1, "TASK_STATUS_SUCCEED": 2, "TASK_STATUS_FAILED": 3,
    0: 0, 1: 1, 2: 2, 3: 3,
}  # fmt: skip
STANDING = ("queued", "running", "ended", "ended")
#: What a poll and a link answer where there is no such thing any more.
NOT_FOUND = (200, 404)


class Gone(Exception):
    """The task of a life is forgotten, as it may be: its account was reset, or it ended long ago."""


@dataclass(slots=True)
class Scene:
    """The double, what is known of it, and chance. ``speed``: account seconds in a wall second."""

    asking: Asking
    tally: Tally
    bodies: Bodies
    known: Tasks
    chance: random.Random
    speed: float

    async def submit(
        self, who: str, wanted: Wanted, *, scenario: str = "", events: int | None = None
    ) -> Known:
        """Have a task made."""
        asked = submit_of(who, wanted, scenario)
        reply = await self.asking.sure(asked, 200)
        return self.accepted(asked, reply, wanted, events)

    def accepted(self, asked: Asked, reply: Reply, wanted: Wanted, events: int | None = None) -> Known:
        """The task that a reply speaks of."""
        dialect = "v2" if wanted.operation == "upscale-v2" else "v3"
        body = self.asking.read(asked, reply, SUBMITTED[dialect])
        if dialect == "v2" and body["code"] != 0:
            raise self.asking.unexpected(asked, "refused", reply.body)
        task_id = body["data"]["task_id"] if dialect == "v2" else body["task_id"]
        return self.known.add(asked.who, task_id, wanted, reply.seconds, events)

    async def poll(self, task: Known) -> tuple[int, Any] | None:
        """How a task stands, and the body; None where it is forgotten, as it may be."""
        asked = poll_of(task)
        reply = await self.asking.sure(asked, *NOT_FOUND)
        if unknown(reply, task.dialect):
            if not self.known.may_be_forgotten(task):
                raise self.asking.unexpected(asked, "a task is lost", reply.body)
            self.tally.things["polls of forgotten tasks"] += 1
            return None
        return self.stands(asked, reply, task)

    def stands(self, asked: Asked, reply: Reply, task: Known) -> tuple[int, Any]:
        """How a task stands by a reply. What ended stays as it ended."""
        # What has ended is compared with what was judged.
        body = self.asking.read(asked, reply, "" if task.ended_s else SCHEMAS[task.dialect])
        found = body["data"] if task.dialect == "v2" else body["task"]
        stands = STANDS[found["status"]]
        self.tally.things[f"polls of {STANDING[stands]} tasks"] += 1
        if stands >= 2 and not task.ended_s:
            self._ended(asked, task, body, failed=stands == 3)
        elif task.ended_s:
            self.known.check(task, body)
        return stands, body

    async def end(self, task: Known) -> int:
        """Poll until a task has ended; 2 where it succeeded, 3 where it failed."""
        pause_s, before, until = POLL_S, 0, time.monotonic() + TASK_S
        while True:
            polled = await self.poll(task)
            if polled is None:
                raise Gone
            if polled[0] < before:
                raise self.asking.unexpected(poll_of(task), f"{STANDING[polled[0]]} after {STANDING[before]}")
            before = polled[0]
            if before >= 2:
                return before
            if time.monotonic() > until:
                raise self.asking.unexpected(poll_of(task), f"not ended after {TASK_S:.0f} s")
            await asyncio.sleep(pause_s)
            pause_s = min(MAX_POLL_S, pause_s * 1.5)

    async def told(self, task: Known) -> None:
        """Wait a little for the events of a task: lives shall not run ahead. They are judged later."""
        until = time.monotonic() + EVENT_S
        while len(task.told) < (task.events or 0) and time.monotonic() < until:
            await asyncio.sleep(POLL_S)

    async def fetch(self, task: Known, place: int, *, whole: bool = True) -> None:
        """Follow a link: what has to come, comes; what has expired or is forgotten, as documented."""
        asked = link_of(task, place, "GET" if whole else "HEAD")
        began = time.monotonic()
        reply = await self.asking.sure(asked, 200, 403, 404)
        ttl_s = task.wanted.link_ttl_s / self.speed
        # It counts whole account seconds, from an end that was noticed some time after.
        expired = began - task.ended_s > ttl_s + 1 / self.speed
        alive = time.monotonic() - task.submitted_s < ttl_s - 1 / self.speed - 0.05
        forgotten = self.known.may_be_forgotten(task)
        right = {200: not expired, 403: not alive, 404: forgotten}[reply.status]
        if not right:
            raise self.asking.unexpected(asked, f"status {reply.status} of a link", reply.body)
        names = {200: "links followed", 403: "links that had expired", 404: "links of forgotten tasks"}
        self.tally.things[names[reply.status]] += 1
        if reply.status != 200:
            return
        if reply.headers["content-type"] != f"image/{task.wanted.image_type}":
            raise self.asking.unexpected(asked, f"a picture comes as {reply.headers['content-type']}")
        if whole:
            await self.look(asked, reply.body, task, place)

    async def look(self, asked: Asked, content: bytes, task: Known, place: int) -> None:
        """A picture decodes, and is of the size and type that the submit promised."""
        size = task.wanted.sizes[place]
        if size[0] * size[1] > MAX_PIXELS:
            return
        found = await asyncio.to_thread(decoded, content)
        if found != (task.wanted.image_type, size):
            raise self.asking.unexpected(asked, f"a picture is {found}, not {task.wanted.image_type} {size}")
        self.tally.things["pictures decoded"] += 1

    async def control(self, method: str, path: str, who: str = "", body: object = None) -> Any:
        """Ask a control route."""
        content = jsonly({} if body is None else body) if method == "POST" else ()
        route = path.partition("?")[0].split("/")[1]
        return await self.asking.told(Asked(f"control {route}", method, f"/_mock{path}", who, content))

    def _ended(self, asked: Asked, task: Known, body: Any, *, failed: bool) -> None:
        if task.dialect == "v2":
            links = tuple(body["data"]["imgs"] or ())
        else:
            links = tuple(image["image_url"] for image in body["images"])
        here = f"http://127.0.0.1:{self.asking.port}"
        if len(links) != (0 if failed else len(task.wanted.sizes)) or not all(
            link.startswith(f"{here}/") for link in links
        ):
            raise self.asking.unexpected(asked, f"{len(links)} links where {len(task.wanted.sizes)} were due")
        task.links = tuple(link.removeprefix(here) for link in links)
        self.known.ended(task, body, failed=failed)


def submit_of(who: str, wanted: Wanted, scenario: str = "") -> Asked:
    """The request of a submit."""
    kind = f"submit {wanted.operation}, {wanted.size}"
    return Asked(kind, "POST", wanted.path, who, wanted.parts, scenario)


def poll_of(task: Known) -> Asked:
    """The request of a poll."""
    return Asked(f"poll {task.dialect}", "GET", f"{POLLS[task.dialect]}?task_id={task.task_id}", task.who)


def link_of(task: Known, place: int, method: str = "GET") -> Asked:
    """The request of a picture: it needs no key."""
    kind = "picture" if method == "GET" else "picture, HEAD"
    return Asked(kind, method, task.links[place])


def unknown(reply: Reply, dialect: str) -> bool:
    """Whether a poll was answered that there is no such task."""
    if dialect == "v2":
        return reply.status == 200 and reply.body.startswith(b'{"code":3,')
    return reply.status == 404 and b'"TASK_NOT_FOUND"' in reply.body


def decoded(content: bytes) -> tuple[str, tuple[int, int]]:
    """Type and size of a picture, all of which was read."""
    with Image.open(BytesIO(content)) as image:
        image.load()
        return str(image.format).lower(), image.size
