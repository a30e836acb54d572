"""Turns uploads into larger pictures: one job for each, followed from the upload to the picture on disk.

The API has no key that would make a submit safe to repeat. So nothing is ever submitted twice:

- each job has a webhook address of its own, which nobody else knows. When the reply to its submit is
  lost, the event that comes there still tells the task;
- an upload of the same picture is the same job, unless the first has failed;
- where no event comes either, a person is told, and decides.

An event is not signed. It rings a bell, no more: what it says is asked for again, with our own key.
Jobs live in memory here. A site that must survive a restart keeps them in its database.
"""

import asyncio
import logging
import random
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from novita import UNSAFE_FROM, Again, Expired, Lost, Novita, Refused

log = logging.getLogger(__name__)

UNDER_WAY = "Your picture is being enlarged."
UNSURE = "The service's reply is lost; we wait to hear whether it has your picture."
LOST = (
    "We could not learn whether the service has taken your picture. "
    "If you send it again, it may be paid for twice."
)
#: What is said of a refusal to who has sent the picture; of others, that it was refused.
WORDING = {
    "BILLING_BALANCE_NOT_ENOUGH": "This site has run out of credit. Please tell whoever runs it.",
    "INVALID_IMAGE_FORMAT": "This is not a PNG, JPEG or WebP picture.",
    "IMAGE_EXCEEDS_MAX_RESOLUTION": "This picture is too large: at most 2048 pixels a side.",
    "TASK_NOT_FOUND": "The service has lost your picture.",
    "ILLEGAL_IMAGE_CONTENT": "The service does not take this picture, for what it shows.",
}


class State(StrEnum):
    """How a job stands. The last three are settled."""

    WAITING = "waiting"
    UNSURE = "unsure"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"


SETTLED = (State.DONE, State.FAILED, State.LOST)


class Failure(Exception):
    """There will be no picture; the message is for who has sent it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait for what, in seconds.

    Attributes:
        poll_s: for an event, before a look without one.
        retry_s: before a submit that was not accepted is tried again; doubled each time, less by chance.
        tries: how often a submit is tried.
        unsure_s: for an event, where the reply to a submit is lost; several tries of it take half a minute.
        give_up_s: for the end of a task.
    """

    poll_s: float = 10.0
    retry_s: float = 1.0
    tries: int = 6
    unsure_s: float = 120.0
    give_up_s: float = 3600.0


DEFAULT_PACE = Pace()


@dataclass
class Job:
    """One picture on its way.

    Attributes:
        job_id: how the page asks for it.
        token: the secret end of its webhook address.
        task_id: of its task, once that is known.
        bell: rings when an event has come.
        settled: that there is nothing more to wait for.
    """

    digest: str
    job_id: str = field(default_factory=secrets.token_urlsafe)
    token: str = field(default_factory=secrets.token_urlsafe)
    state: State = State.WAITING
    message: str = UNDER_WAY
    task_id: str = ""
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, state: State, message: str) -> None:
        """Change how it stands."""
        self.state, self.message = state, message
        (self.settled.set if state in SETTLED else self.settled.clear)()


class Workshop:
    """All jobs.

    Args:
        novita: the service.
        folder: where the pictures are kept.
        hooks: what the address of a webhook begins with.
        pace: how long to wait for what.
    """

    def __init__(self, novita: Novita, folder: Path, hooks: str, pace: Pace) -> None:
        self._novita, self._folder, self._hooks, self._pace = novita, folder, hooks, pace
        self._jobs: dict[str, Job] = {}
        self._by_token: dict[str, Job] = {}
        self._by_digest: dict[str, Job] = {}
        self._under_way: set[asyncio.Task[None]] = set()

    def take(self, picture: bytes) -> Job:
        """The job of a picture: the one that there is, or else a new one."""
        digest = sha256(picture).hexdigest()
        known = self._by_digest.get(digest)
        if known is not None and known.state not in (State.FAILED, State.LOST):
            return known
        job = Job(digest)
        self._jobs[job.job_id] = self._by_token[job.token] = self._by_digest[digest] = job
        task = asyncio.create_task(self._follow(job, picture))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return job

    def job(self, job_id: str) -> Job | None:
        """A job by its id."""
        return self._jobs.get(job_id)

    def picture_of(self, job: Job) -> Path:
        """Where the picture of a job is, once it is done."""
        return self._folder / f"{job.job_id}.png"

    def ring(self, token: str, event: Any) -> bool:
        """An event has come; tells whether it is about a job of ours. It may come late, and twice."""
        job = self._by_token.get(token)
        try:
            task_id = str(event["payload"]["task"]["task_id"])
        except (LookupError, TypeError):
            return False
        if job is None or job.task_id not in ("", task_id):
            return False
        job.task_id = task_id
        if job.state in (State.UNSURE, State.LOST):
            job.tell(State.WAITING, UNDER_WAY)
        job.bell.set()
        return True

    async def close(self) -> None:
        """Leave off."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _follow(self, job: Job, picture: bytes) -> None:
        try:
            try:
                job.task_id = await self._accepted(job, picture)
            except Lost as problem:
                log.warning("job %s: %s", job.job_id, problem)
                await self._heard_of(job)
            async with asyncio.timeout(self._pace.give_up_s):
                content = await self._fetched(job)
            await asyncio.to_thread(_write, self.picture_of(job), content)
            job.tell(State.DONE, "Your picture is ready.")
        except Refused as problem:
            log.warning("job %s: %s", job.job_id, problem)
            job.tell(State.FAILED, WORDING.get(problem.reason, "The service has refused this picture."))
        except (Failure, TimeoutError) as problem:
            log.warning("job %s, task %s: %s", job.job_id, job.task_id, problem)
            job.tell(State.FAILED, str(problem) or "The picture has not come in time.")
        except Exception:
            log.exception("job %s, task %s", job.job_id, job.task_id)
            job.tell(State.FAILED, "Something has gone wrong here.")

    async def _accepted(self, job: Job, picture: bytes) -> str:
        for tries in range(self._pace.tries):
            try:
                return await self._novita.submit(picture, f"{self._hooks}/{job.token}")
            except Again as problem:
                jitter = random.random() * self._pace.retry_s * 2**tries
                await asyncio.sleep((problem.after_s or 0) + jitter)
        raise Failure("The service is busy. Nothing is paid; please try again in a few minutes.")

    async def _heard_of(self, job: Job) -> None:
        """Wait for an event that tells the task; for ever, but not in silence."""
        job.tell(State.UNSURE, UNSURE)
        try:
            async with asyncio.timeout(self._pace.unsure_s):
                await job.bell.wait()
        except TimeoutError:
            job.tell(State.LOST, LOST)
            await job.bell.wait()

    async def _fetched(self, job: Job) -> bytes:
        """The picture, looked for at each event, and without one now and then."""
        dead_links = 0
        while True:
            try:
                async with asyncio.timeout(self._pace.poll_s):
                    await job.bell.wait()
            except TimeoutError:
                pass
            job.bell.clear()
            try:
                standing = await self._novita.standing(job.task_id)
                if standing.failure:
                    raise Failure(f"The service could not enlarge your picture: {standing.failure}")
                if standing.link and (standing.unsafe is None or standing.unsafe >= UNSAFE_FROM):
                    raise Failure("The service does not hold this picture for safe, so it is not shown.")
                if standing.link:
                    return await self._novita.download(standing.link)
            except Again as problem:
                log.info("job %s: %s", job.job_id, problem)
            except Expired as problem:
                dead_links += 1
                if dead_links > 1:  # a second look may have found a link that is alive
                    raise Failure("Your picture was made, but its link had expired.") from problem


def _write(file: Path, content: bytes) -> None:
    part = file.with_suffix(".part")
    part.write_bytes(content)
    part.replace(file)  # only a whole picture gets the name
