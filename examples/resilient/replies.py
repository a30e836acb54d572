"""What the service says, read with suspicion: what makes no sense is a ``ValueError``."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Any

from PIL import Image

#: From this confidence, in percent, a picture counts as unsafe.
UNSAFE_FROM = 50


class Status(StrEnum):
    """Where a task stands."""

    QUEUED = "TASK_STATUS_QUEUED"
    PROCESSING = "TASK_STATUS_PROCESSING"
    SUCCEED = "TASK_STATUS_SUCCEED"
    FAILED = "TASK_STATUS_FAILED"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a task stands.

    Attributes:
        eta_s: how long it will still take, by its own guess.
        reason: why it failed.
        link: where its picture is.
        unsafe: why the picture must not be shown; empty where nothing speaks against it.
    """

    status: Status
    eta_s: float = 0.0
    reason: str = ""
    link: str = ""
    unsafe: str = ""


@contextmanager
def _suspicious() -> Iterator[None]:
    """Makes one error of the many ways in which JSON can be something else than expected."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as problem:
        raise ValueError(f"the reply makes no sense: {problem!r}") from problem


def task_id(content: bytes) -> str:
    """The id in the reply to a submit."""
    with _suspicious():
        return str(_typed(json.loads(content)["task_id"], str, bool))


def balance(content: bytes) -> float:
    """The balance in the reply about the user."""
    with _suspicious():
        return float(_typed(json.loads(content)["credit_balance"], int | float))


def refusal(content: bytes) -> tuple[str, str]:
    """Reason and message of a refusal; of one that is no JSON, its beginning."""
    try:
        with _suspicious():
            body = json.loads(content)
            return _typed(body["reason"], str), _typed(body["message"], str)
    except ValueError:
        return "", content[:200].decode("utf-8", "replace")


def standing(content: bytes, checked: bool) -> Standing:
    """Where a task stands. That it succeeded without a picture makes no sense either.

    Args:
        content: the reply to a poll.
        checked: whether it has to say whether the picture is safe.
    """
    with _suspicious():
        body = json.loads(content)
        task = body["task"]
        status = Status(task["status"])
        if status is Status.FAILED:
            return Standing(status, reason=str(task.get("reason")))
        if status is not Status.SUCCEED:
            eta_s = task.get("eta")
            return Standing(status, eta_s=eta_s if isinstance(eta_s, int | float) else 0.0)
        image = body["images"][0]
        link = _typed(image["image_url"], str, lambda url: url.startswith(("http://", "https://")))
        return Standing(status, link=link, unsafe=_unsafe(image["nsfw_detection_result"]) if checked else "")


def check_picture(content: bytes, content_type: str) -> None:
    """That it is a picture of the type that it says, to the last pixel."""
    try:
        with Image.open(BytesIO(content)) as image:
            image.load()
            found = f"image/{(image.format or '').lower()}"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise ValueError(f"it can't be decoded: {problem}") from problem
    if found != content_type:
        raise ValueError(f"it is {found}, and says that it is {content_type or 'nothing'}")


def _unsafe(found: Any) -> str:
    confidence = _typed(found["confidence"], int | float, lambda percent: 0 <= percent <= 100)
    if not _typed(found["valid"], bool):
        return "nobody could tell whether the picture is safe"
    return f"the picture is unsafe, by {confidence:g} %" if confidence >= UNSAFE_FROM else ""


def _typed(value: Any, kind: Any, holds: Callable[[Any], Any] = lambda value: True) -> Any:
    if not isinstance(value, kind) or not holds(value):
        raise ValueError(f"{value!r:.100}")
    return value
