"""Mutations of how V2 tells a refusal: HTTP 200, a code, and no data."""

from collections.abc import Iterator
from functools import partial

from mutants.asking import reached_by
from mutants.changes import Group, replied, worse
from mutants.messages import Call, Reply
from mutants.mutation import V2, Mutation
from mutants.probes import asked
from mutants.replies import is_refusal, with_status
from novita_mock.types import JSON

_NAMES = ("upscale-v2", "progress")
_WORDS = ("code", "status", "error", "envelope", "data", "msg", "dialect", "200")
#: The right code, what is wrong with the request, and what a careless service says instead.
_CODES = (
    (1, ("image", "contentEncoding"), 6), (2, ("upscaler_1", "enum"), 6),
    (6, ("codeformer_weight", "maximum"), 1),
    (6, ("upscaling_resize_w", "maximum"), -1), (1, ("upscaling_crop", "type"), 6),
)  # fmt: skip


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for group in (_of_codes(), _of_envelopes(), _of_tasks()):
        yield from group.made


def _coded(call: Call, reply: Reply, code: int) -> bool:
    return isinstance(reply.json, dict) and reply.json.get("code") == code


def _set(body: JSON, code: int) -> None:
    body["code"] = code


def _answered(reply: Reply, call: Call, status: int) -> Reply:
    return with_status(reply, status)


def _of_codes() -> Group:
    group = Group(
        V2,
        "upscale-v2: ",
        "5 codes",
        ("upscale-v2",),
        ("code", "error"),
        reached_by("upscale-v2", "image", "minLength"),
    )
    for right, (dotted, keyword), wrong in _CODES:
        behave = worse("upscale-v2", partial(_set, code=wrong), partial(_coded, code=right))
        title = f"what is wrong with {dotted} has the code {wrong}, not {right}"
        shown = reached_by("upscale-v2", dotted, keyword)
        group.add(f"{dotted} {keyword} code {right} is {wrong}", title, behave, shown, f"5 code {right}")
    return group


def _of_envelopes() -> Group:
    refused = reached_by("upscale-v2", "codeformer_weight", "maximum")
    group = Group(V2, "V2: errors ", "5 envelope", _NAMES, _WORDS, refused)
    for status in (400, 422, 500):
        behave = replied(_NAMES, partial(_answered, status=status), is_refusal)
        group.add(f"error status {status}", f"have the HTTP status {status}", behave)
    for label, title, change in (
        ("data object", "have an object for data", lambda body: body.update(data={})),
        ("code zero", "have code 0", lambda body: body.update(code=0)),
        ("in V3", "are told as V3 tells them", lambda body: {
            "code": 400, "reason": "INVALID_REQUEST_BODY", "message": body["msg"], "metadata": {}}),
        ("message", "have message in place of msg", lambda body: body.update(message=body.pop("msg"))),
        ("with a task", "have a task_id", lambda body: body.update(data={"task_id": "1f0c5f7e", "warn": ""})),
    ):  # fmt: skip
        group.add(f"error {label}", title, worse(_NAMES, change, is_refusal))
    return group


def _of_tasks() -> Group:
    unknown = asked("progress", lambda: {"task_id": "none"}, "unknown")
    group = Group(V2, "progress: an unknown task ", "5 code 3", ("progress",), _WORDS, unknown)
    when = partial(_coded, code=3)
    for code in (1, 2):
        group.add(
            f"unknown task is {code}",
            f"has the code {code}",
            worse("progress", partial(_set, code=code), when),
        )
    group.add(
        "unknown task is 404",
        "is answered HTTP 404",
        replied("progress", partial(_answered, status=404), when),
    )
    waits = worse("progress", lambda body: {"code": 0, "msg": "", "data": {"status": 0}}, when)
    group.add("unknown task waits", "waits", waits)
    return group
