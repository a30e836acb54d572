"""A client that gets its picture where that is possible, and else says exactly what is known: endings.py.

pip install httpx2 pillow; python client.py photo.png photo-2x.png    (its tests: pytest, in this folder)
against the double:   NOVITA_IMAGE_BASE_URL=http://127.0.0.1:4077 NOVITA_API_KEY=sk_mock
against the service:  NOVITA_API_KEY=sk_...
"""

import base64
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol, Self

import replies
from endings import (
    Ending,
    Failed,
    Forgotten,
    LinkExpired,
    NoPicture,
    Refused,
    Unavailable,
    Unfinished,
    Unknown,
    Unsafe,
)
from patience import Again, Patience, asked_s
from wire import NO_REPLY, NOT_SENT, Wire, told

#: Refusals that leave no doubt that there is no task. Of another 5xx nobody knows what happened before it.
NOT_ACCEPTED = (429, 503)
NO_TASK = "CREATE_TASK_FAILED"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to go on.

    Attributes:
        submit_s: trying to be accepted.
        finish_s: waiting for the end of a task.
        download_s: trying to download its picture.
        lag_s: for so long a task that was accepted may be unknown.
        poll_s: least and most between two polls; within them the task's own guess counts.
        reply_s: one reply, however steadily it trickles in.
        reply_bytes: what one reply may hold.
    """

    submit_s: float = 60.0
    finish_s: float = 600.0
    download_s: float = 120.0
    lag_s: float = 20.0
    poll_s: tuple[float, float] = (1.0, 30.0)
    reply_s: float = 60.0
    reply_bytes: int = 100 * 2**20


DEFAULT = Limits()


class Hook(Protocol):
    """A webhook address that no other request has: an event that comes there is about this one."""

    url: str

    def task_id(self) -> str | None:
        """Wait as long as events may take; the id in the event, or None where none came."""


class Lost(Exception):
    """A submit was sent, and nobody knows what became of it."""


class Gone(Exception):
    """A link leads nowhere any more."""


class Client:
    """Enlarges pictures. ``with Client(address, api_key) as client`` lets go of every connection."""

    def __init__(
        self,
        address: str,
        api_key: str,
        limits: Limits = DEFAULT,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._limits, self._clock = limits, clock
        self._patience = Patience(clock, sleep, chance)
        self._wire = Wire(address, api_key, limits.reply_s, limits.reply_bytes, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self._wire.close()

    def upscale(
        self, picture: bytes, factor: float = 2, *, check_safety: bool = False, hook: Hook | None = None
    ) -> bytes:
        """The picture, enlarged; a PNG.

        Args:
            picture: a PNG, JPEG or WebP.
            factor: over 1, at most 4.
            check_safety: have the service look whether the picture is safe, which costs extra.
            hook: lets an accepted request be found again when its reply is lost.

        Raises:
            Ending: there is no picture; each kind says what to do.
        """
        request = {
            "model_name": "4x-UltraSharp",
            "scale_factor": factor,
            "image_base64": base64.b64encode(picture).decode(),
        }
        extra: dict[str, object] = {"enable_nsfw_detection": check_safety}
        if hook is not None:
            extra["webhook"] = {"url": hook.url}
        task_id = self._submit({"extra": extra, "request": request}, hook)
        return self.finish(task_id, checked=check_safety)

    def finish(self, task_id: str, *, checked: bool = False) -> bytes:
        """The picture of a task that was accepted, however long ago.

        Args:
            task_id: of the task.
            checked: whether it was asked to look whether the picture is safe.

        Raises:
            Accepted: there is none.
        """
        why = ""
        for _ in range(2):  # a second look may find a link that is alive
            link = self._link_of(task_id, checked)
            try:
                until = self._clock() + self._limits.download_s
                return self._patience.insist(partial(self._download, link), until)
            except Again as problem:
                raise NoPicture(task_id, f"the picture does not come whole: {problem}") from problem
            except Gone as problem:
                why = f"the link to its picture is dead: {problem}"
        raise LinkExpired(task_id, why)

    def _submit(self, body: object, hook: Hook | None) -> str:
        before = self._balance()
        try:
            until = self._clock() + self._limits.submit_s
            return self._patience.insist(partial(self._submit_once, body), until)
        except Again as problem:
            raise Unavailable(f"not accepted: {problem}") from problem
        except Lost as problem:
            # Sending it again would be safe only if it could not be paid twice, and the API has no
            # key for that. So look: at the address that only this request knows, then at the balance.
            found = hook.task_id() if hook else None
            if found is None:
                why = f"the reply to the submit is lost: {problem}"
                raise Unknown(why, before, self._balance()) from problem
            return found

    def _submit_once(self, body: object) -> str:
        try:
            reply = self._wire.post("/v3/async/upscale", body)
            if reply.status == 200:
                return replies.task_id(reply.content)
        except NOT_SENT as problem:
            raise Again(told(problem)) from problem
        except NO_REPLY as problem:
            raise Lost(told(problem)) from problem
        reason, message = replies.refusal(reply.content)
        if reply.status in NOT_ACCEPTED or reason == NO_TASK:
            raise Again(reply.why, asked_s(reply.headers))
        if 400 <= reply.status < 500:
            raise Refused(reason, message)
        raise Lost(reply.why)

    def _link_of(self, task_id: str, checked: bool) -> str:
        begun = self._clock()
        try:
            look = partial(self._look, task_id, checked, begun + self._limits.lag_s)
            standing = self._patience.insist(look, begun + self._limits.finish_s)
        except Again as problem:
            raise Unfinished(task_id, f"no end in time: {problem}") from problem
        if standing.status is replies.Status.FAILED:
            raise Failed(task_id, f"failed: {standing.reason}")
        if standing.unsafe:
            raise Unsafe(task_id, standing.unsafe)
        return standing.link

    def _look(self, task_id: str, checked: bool, known_by: float) -> replies.Standing:
        reply = self._wire.get("/v3/async/task-result", task_id=task_id)
        if reply.status == 404:
            if self._clock() >= known_by:
                raise Forgotten(task_id, reply.why)
            raise Again(reply.why)
        if reply.status != 200:
            raise Unfinished(task_id, reply.why)
        try:
            standing = replies.standing(reply.content, checked)
        except ValueError as problem:
            raise Again(told(problem)) from problem
        if standing.status in (replies.Status.QUEUED, replies.Status.PROCESSING):
            least, most = self._limits.poll_s
            raise Again(standing.status, min(most, max(least, standing.eta_s)))
        return standing

    def _download(self, link: str) -> bytes:
        reply = self._wire.download(link)
        if reply.status != 200:
            raise Gone(f"HTTP {reply.status}")
        try:
            replies.check_picture(reply.content, reply.headers.get("content-type", ""))
        except ValueError as problem:
            raise Again(told(problem)) from problem
        return reply.content

    def _balance(self) -> float | None:
        """What can be spent; None where it can't be read at once: no submit waits for it."""
        try:
            return replies.balance(self._wire.get("/v3/user").content)
        except (Again, ValueError):
            return None


def main(picture: Path, output: Path) -> None:
    """Enlarge one picture."""
    address = os.environ.get("NOVITA_IMAGE_BASE_URL", "https://api.novita.ai")
    with Client(address, os.environ["NOVITA_API_KEY"]) as client:
        output.write_bytes(client.upscale(picture.read_bytes()))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except Ending as ending:
        sys.exit(f"{type(ending).__name__}: {ending}")
