"""What polls show, rewritten: the bodies of a task at work, and scripts of what comes in which poll."""

from collections.abc import Callable

from mutants.changes import Change
from mutants.messages import Call, Reply
from mutants.mutation import Behaviour
from mutants.replies import refused, succeeded, with_status
from novita_contract.pictures import PictureText
from novita_mock.task import Status
from novita_mock.types import JSON

#: Operations of the cases that see the life of a V3 task.
SEEN = ("task-result", "upscale", "img2img", "webhook", "image")
ENDS = (Status.SUCCEED.value, Status.FAILED.value)
#: A picture that is nowhere.
NOWHERE: JSON = {
    "image_url": "http://127.0.0.1:9/a.png", "image_url_ttl": "3600", "image_type": "png",
    "nsfw_detection_result": None,
}  # fmt: skip
Show = Callable[[list[JSON], JSON], JSON]


class Times(Behaviour):
    """Answers some polls of a task in another way: told the poll's number, from 1, and its reply."""

    def __init__(self, change: Callable[[int, Reply, Call], Reply]) -> None:
        self._change = change
        self._polls: dict[str, int] = {}

    def concerns(self, call: Call) -> bool:
        return call.name == "task-result"

    async def answer(self, call: Call) -> Reply | None:
        reply = await self.world.forward(call)
        task_id = call.query.get("task_id", "")
        if not succeeded(call, reply):
            return reply
        self._polls[task_id] = self._polls.get(task_id, 0) + 1
        return self._change(self._polls[task_id], reply, call)


def running(body: JSON, percent: int = 40, eta: int = 3, status: Status = Status.PROCESSING) -> JSON:
    """The body of a task-result as it would be while the task is under way."""
    body["task"] |= {"status": status.value, "reason": "", "eta": eta, "progress_percent": percent}
    body["images"] = []
    return body


def waiting(body: JSON) -> JSON:
    """The body of a task-result as it would be while the task waits."""
    return running(body, 0, 4, Status.QUEUED)


def failed(body: JSON) -> JSON:
    """The body of a task-result as it would be after a failure."""
    body["task"] |= {"status": ENDS[1], "reason": "out of luck"}
    return body | {"images": []}


def ended(body: JSON) -> bool:
    """Whether a task-result is that of a task that has ended."""
    return body["task"]["status"] in ENDS


def with_task(body: JSON, **values: JSON) -> JSON:
    """The same with fields of ``task`` set."""
    body["task"] |= values
    return body


def scripted(*steps: Change) -> Show:
    """The first polls as told, the others as they are."""
    return lambda shown, body: steps[len(shown)](body) if len(shown) < len(steps) else body


def at_end(change: Change) -> Show:
    """Polls of a task that has ended are changed."""
    return lambda shown, body: change(body) if ended(body) else body


def after_end(step: Change) -> Show:
    """All polls after the first that showed the end."""
    return lambda shown, body: step(body) if any(map(ended, shown)) and ended(body) else body


def broken_off(body: JSON) -> None:
    """A submit of a picture that breaks off after a good header: it is accepted, and fails."""
    body["request"]["image_base64"] = PictureText.of("png:RGB:64x64:broken=60")


def with_webhook(body: JSON) -> None:
    """A submit with a webhook where nobody is."""
    body["extra"] = {"webhook": {"url": "http://127.0.0.1:9/hook"}}


def unknown_task(call: Call) -> Reply:
    """The refusal of a task that is not known."""
    assert call.operation
    return with_status(refused(call.operation, (), "there is no such task", "unknown-task"), 404)


def broken_down(call: Call) -> Reply:
    """The answer of a service that could not find a result."""
    assert call.operation
    return with_status(refused(call.operation, (), "the task failed", "task-failed"), 500)
