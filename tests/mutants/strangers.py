"""Mutations of tasks that are not the caller's: unknown ones, other people's, those of the other dialect."""

from collections.abc import Iterator
from functools import partial

from mutants.behaving import waiting
from mutants.changes import Group, replied
from mutants.fields import base
from mutants.messages import Call, Reply, told
from mutants.mutation import DOOR, Behaviour, Mutation
from mutants.probes import once, path_of
from mutants.replies import is_refusal, succeeded, with_status
from mutants.witness import Probe, Witness
from novita_mock.types import JSON

_SUBMIT = {"task-result": "upscale", "progress": "upscale-v2"}
#: What a careless service says of a task that it does not know.
_MISTAKEN = (
    (400, "INVALID_REQUEST_BODY"), (403, "API_NOT_ALLOWED"), (404, "API_NOT_FOUND"),
    (500, "GET_RESULT_FAILED"),
)  # fmt: skip
_OTHER = {"task-result": "upscale-v2", "progress": "upscale"}


class Foreign(Behaviour):
    """Shows tasks to whoever asks: what is unknown to one account is looked for in the others."""

    def __init__(self, name: str) -> None:
        self._name = name

    def concerns(self, call: Call) -> bool:
        return call.name == self._name

    async def answer(self, call: Call) -> Reply | None:
        reply = await self.world.forward(call)
        for key in self.world.keys if is_refusal(call, reply) and call.key in self.world.keys else ():
            other = await self.world.forward(call.with_header("Authorization", f"Bearer {key}"))
            if succeeded(call, other):
                return other
        return reply


class OtherDialect(Behaviour):
    """Shows the tasks of one dialect in the other."""

    def __init__(self, name: str) -> None:
        self._name = name

    def concerns(self, call: Call) -> bool:
        return call.name in (self._name, "upscale", "img2img", "upscale-v2")

    async def answer(self, call: Call) -> Reply | None:
        reply = await self.world.forward(call)
        task = self.world.tasks.get(call.query.get("task_id", ""))
        if call.name != self._name or not task or not is_refusal(call, reply):
            return reply
        if self._name == "progress":
            return told(200, {"code": 0, "msg": "", "data": None})
        named = {"task_id": task.task_id, "task_type": "UPSCALE"}
        return told(200, waiting({"extra": {}, "task": named, "videos": [], "audios": []}))


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for name in _SUBMIT:
        yield from _of_others(name).made
    yield from _of_missing().made
    yield from _of_unknown().made


def _of_others(name: str) -> Group:
    words = (
        "foreign",
        "other",
        "another",
        "account",
        "stranger",
        "second key",
        "dialect",
        "v2",
        "v3",
        "unknown",
    )
    foreign = Probe(
        f"{name} of another account", lambda witness: _follow(witness, _SUBMIT[name], name, witness.other_key)
    )
    dialect = Probe(f"{name} of the other dialect", lambda witness: _follow(witness, _OTHER[name], name))
    group = Group(DOOR, f"{name}: ", "2.4 another account", (name,), words, foreign)
    group.add(f"{name} foreign task", "tasks of other accounts are shown", partial(Foreign, name))
    shown = partial(OtherDialect, name)
    group.add(
        f"{name} other dialect", "tasks of the other dialect are shown", shown, dialect, "2.4 unknown task_id"
    )
    return group


def _follow(witness: Witness, submit: str, follower: str, key: str = "") -> JSON:
    reply, _ = witness.send("POST", path_of(submit), json=base(submit))
    body = reply.json() if reply else {}
    task_id = body.get("data", body)["task_id"]
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return witness.send("GET", path_of(follower), params={"task_id": task_id}, headers=headers)[1]


def _of_missing() -> Group:
    words = ("task_id", "required", "missing", "empty")
    path = path_of("task-result")
    group = Group(DOOR, "task-result: ", "2.4 missing task_id", ("task-result",), words, once("GET", path))
    for label, target in (("missing", path), ("empty", f"{path}?task_id=")):
        when = lambda call, reply, empty=label == "empty": (  # noqa: E731
            call.query.get("task_id") == ("" if empty else None))  # fmt: skip
        for status in (404, 500, 200):
            change = replied("task-result", partial(_answered, status=status), when)
            group.add(
                f"{label} task_id is {status}",
                f"a {label} task_id is answered {status}",
                change,
                once("GET", target),
            )
    return group


def _answered(reply: Reply, call: Call, status: int) -> Reply:
    return with_status(reply, status)


def _of_unknown() -> Group:
    words = ("unknown", "task", "404", "TASK_NOT_FOUND")
    probe = once("GET", f"{path_of('task-result')}?task_id=none")
    group = Group(DOOR, "task-result: ", "2.4 unknown task_id", ("task-result",), words, probe)
    unknown = lambda call, reply: _reason(reply) == "TASK_NOT_FOUND"  # noqa: E731
    for status, reason in _MISTAKEN:
        change = replied("task-result", partial(_renamed, status=status, reason=reason), unknown)
        group.add(
            f"unknown task is {status} {reason}", f"an unknown task is answered {status} {reason}", change
        )
    return group


def _renamed(reply: Reply, call: Call, status: int, reason: str) -> Reply:
    return with_status(reply.with_json(reply.json | {"code": status, "reason": reason}), status)


def _reason(reply: Reply) -> JSON:
    return reply.json.get("reason") if isinstance(reply.json, dict) else None
