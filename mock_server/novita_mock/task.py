"""The life of a task: its states, the one table of transitions, progress and eta.

Everything that affects the state machine lives here. Reading never changes a task: progress and eta
are functions of a task and a moment, and a new state is a new value.
"""

import math
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from novita_mock.plan import Plan
from novita_mock.types import JSON


class Status(StrEnum):
    """The states of a task, as V3 spells them. Source: page task-result, ``task.status``."""

    QUEUED = "TASK_STATUS_QUEUED"
    PROCESSING = "TASK_STATUS_PROCESSING"
    SUCCEED = "TASK_STATUS_SUCCEED"
    FAILED = "TASK_STATUS_FAILED"


#: Every legal step: (state, event) to state. What is not here can't happen.
TRANSITIONS: Mapping[tuple[Status, str], Status] = {
    (Status.QUEUED, "start"): Status.PROCESSING,
    (Status.PROCESSING, "succeed"): Status.SUCCEED,
    (Status.PROCESSING, "fail"): Status.FAILED,
}


class IllegalTransition(Exception):
    """An event that the state of the task does not allow."""


class Image(Struct, frozen=True, gc=False):
    """A picture of a finished task.

    Attributes:
        path: where it is stored, and the path of its link.
        image_type: ``png``, ``webp`` or ``jpeg``.
        url: its signed link, made once.
        ttl_s: how long the link lives, in seconds of account time.
        nsfw: ``(valid, confidence 0..100)``, or None where detection is off.
    """

    path: str
    image_type: str
    url: str
    ttl_s: int
    nsfw: tuple[bool, float] | None = None


class Storage(Struct, frozen=True, gc=False):
    """A bucket of the caller's. Source: page upscale, ``custom_storage.aws_s3``."""

    region: str
    bucket: str
    path: str
    save_to_path_directly: bool = False


class Wish(Struct, frozen=True, gc=False):
    """What a request asked for beside its pictures: the parts of ``extra`` that are answered.

    Attributes:
        image_type: format of the pictures.
        ttl_s: how long links live.
        base_url: what links begin with.
        nsfw_level: 0, 1 or 2 where detection is on, else None.
        webhook_url: where the result is to be told, or empty.
        test_status: the status that a webhook in test mode is to tell, or empty.
        storage: the caller's bucket, where the pictures are to go into one.
    """

    image_type: str
    ttl_s: int
    base_url: str
    nsfw_level: int | None = None
    webhook_url: str = ""
    test_status: str = ""
    storage: Storage | None = None


class Task(Struct, frozen=True, gc=False):
    """A task as it stands. Instants are seconds since 1970 of its account's clock.

    Attributes:
        seed: the seed that its pictures are made from, or None where the operation has none.
        digest: hex digest of the normalised request.
        warn: what the dialect warns about at submit, or empty.
        scenario: the name of the scenario that its request chose, which holds for its links too.
    """

    task_id: str
    account_id: str
    operation: str
    dialect: str
    task_type: str
    submitted_s: float
    plan: Plan
    wish: Wish
    digest: str
    seed: int | None = None
    warn: str = ""
    status: Status = Status.QUEUED
    started_s: float | None = None
    finished_s: float | None = None
    reason: str = ""
    images: tuple[Image, ...] = ()
    scenario: str = ""

    @property
    def start_due_s(self) -> float:
        """When it leaves the queue."""
        return self.submitted_s + self.plan.queue_s

    @property
    def end_due_s(self) -> float:
        """When it ends by plan; its rendering may take longer."""
        return self.start_due_s + self.plan.processing_s

    @property
    def terminal(self) -> bool:
        """Whether it has ended: then nothing about it changes any more."""
        return self.status in (Status.SUCCEED, Status.FAILED)


def apply(task: Task, event: str, **changes: JSON) -> Task:
    """The task after an event.

    Args:
        task: the task before.
        event: ``start``, ``succeed`` or ``fail``.
        **changes: the other fields that change with it.

    Raises:
        IllegalTransition: the state of the task has no such event.
    """
    if (task.status, event) not in TRANSITIONS:
        raise IllegalTransition(f"{event} in {task.status}")
    return replace(task, status=TRANSITIONS[task.status, event], **changes)


def eta_s(task: Task, now_s: float) -> int:
    """Whole seconds until the end: at least 1 before it, 0 at it, never rising."""
    return 0 if task.terminal else max(1, math.ceil(task.end_due_s - now_s))


def progress_percent(task: Task, now_s: float, final: int) -> int:
    """0 while queued, then rising to 99, and ``final`` at success.

    A failed task shows 0: no page tells how far it came.
    """
    if task.status is Status.SUCCEED:
        return final
    if task.status is not Status.PROCESSING or task.plan.processing_s <= 0:
        return 0
    return max(0, min(99, math.floor(100 * (now_s - task.start_due_s) / task.plan.processing_s)))
