"""Mutations of how V3 tells a refusal: its status, its reason, what it names."""

from collections.abc import Callable, Iterator
from functools import partial

from mutants.asking import reached_by
from mutants.changes import Group, body_changed, replied, worse
from mutants.messages import Call, Reply, told
from mutants.mutation import REFUSAL, Mutation
from mutants.replies import is_refusal, with_status
from mutants.witness import Probe
from novita_mock.types import JSON

_V3 = ("upscale", "img2img")
_WORDS = ("reason", "code", "status", "metadata", "message", "error", "refus", "envelope", "dialect")
#: Reasons that have a cause of their own, what shows it, and what a careless service says instead.
_REASONS = (
    ("INVALID_IMAGE_FORMAT", "base64", ("upscale", "request.image_base64", "contentEncoding"),
     "INVALID_REQUEST_BODY"),
    ("INVALID_IMAGE_FORMAT", "no picture",
     ("img2img", "request.image_base64", "picture"), "INVALID_IMAGE_SIZE"),
    ("IMAGE_EXCEEDS_MAX_RESOLUTION", "side", ("upscale", "request.image_base64", "x-image.max_side"),
     "INVALID_IMAGE_SIZE"),
    ("IMAGE_FILE_EXCEEDS_MAX_SIZE", "bytes", ("img2img", "request.image_base64", "x-image.max_bytes"),
     "INVALID_IMAGE_FORMAT"),
    ("INVALID_IMAGE_SIZE", "width", ("img2img", "request.width", "minimum"), "IMAGE_EXCEEDS_MAX_RESOLUTION"),
    ("INVALID_CUSTOM_OUTPUT_PATH", "bucket", ("upscale", "extra.custom_storage.aws_s3.bucket", "minLength"),
     "INVALID_REQUEST_BODY"),
    ("INVALID_REQUEST_BODY", "value", ("upscale", "request.scale_factor", "maximum"), "INVALID_IMAGE_SIZE"),
)  # fmt: skip
_ENVELOPES: tuple[tuple[str, str, Callable[[JSON], JSON]], ...] = (
    ("names no field", "names no field", lambda body: body.update(metadata={})),
    ("names another field", "names another field",
     lambda body: body.update(metadata={"request.prompts": "no"})),
    ("names the root", "names the whole request", lambda body: body.update(metadata={"request": "no"})),
    ("names too many fields", "names a good field too",
     lambda body: body["metadata"].update({"request.prompts": "no"})),
    ("metadata nested", "has objects in its metadata",
     lambda body: _metadata(body, lambda text: {"error": text})),
    ("metadata of lists", "has lists in its metadata", lambda body: _metadata(body, lambda text: [text])),
    ("metadata of numbers", "has numbers in its metadata", lambda body: _metadata(body, lambda text: 1)),
    ("metadata of pairs", "has a list for its metadata",
     lambda body: body.update(metadata=[{"field": key} for key in body["metadata"]])),
    ("reason another", "has another reason", lambda body: body.update(reason="ILLEGAL_PROMPT")),
    ("reason in words", "has a reason in words",
     lambda body: body.update(reason=body["reason"].lower().replace("_", " "))),
    ("code another", "has a code that is not its status", lambda body: body.update(code=422)),
    ("code of an error", "has the code 500", lambda body: body.update(code=500)),
    ("in a wrapper", "is told inside an object", lambda body: {"error": dict(body)}),
    ("in V2", "is told as V2 tells it", lambda body: {"code": 1, "msg": body["message"], "data": None}),
    ("accepted too", "has a task_id too", lambda body: body.update(task_id="1f0c5f7e")),
)  # fmt: skip


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for name in _V3:
        yield from _of_envelope(name).made
        yield from _of_status(name).made
    yield from _of_reasons().made
    yield from _of_balance().made


def _broken(name: str) -> Probe:
    return reached_by(name, "request.scale_factor" if name == "upscale" else "request.steps", "maximum")


def _metadata(body: JSON, change: Callable[[str], JSON]) -> None:
    body["metadata"] = {key: change(text) for key, text in body["metadata"].items()}


def _of_envelope(name: str) -> Group:
    group = Group(REFUSAL, f"{name}: a refusal ", "3 envelope", (name,), _WORDS, _broken(name))
    for label, title, change in _ENVELOPES:
        group.add(f"{name} {label}", title, worse(name, change, is_refusal))
    return group


def _answered(reply: Reply, call: Call, status: int) -> Reply:
    return with_status(reply, status)


def _of_status(name: str) -> Group:
    group = Group(REFUSAL, f"{name}: a refusal ", "1.1 success", (name,), _WORDS, _broken(name))
    for status in (200, 401, 404, 422, 429, 500):
        group.add(f"{name} status {status}", f"has the status {status}",
                  replied(name, partial(_answered, status=status), is_refusal))  # fmt: skip
    plain = lambda reply, call: reply.with_body(b"bad request").with_header("content-type", "text/plain")  # noqa: E731
    words = (*_WORDS, "type", "json", "task_id", "accept")
    group.add(f"{name} in plain text", "is plain text", replied(name, plain, is_refusal), words=words)
    empty = replied(name, lambda reply, call: told(200, {"task_id": ""}), is_refusal)
    group.add(f"{name} accepted with no task", "is 200 with an empty task_id", empty, words=words)
    return group


def _because(call: Call, reply: Reply, reason: str) -> bool:
    return is_refusal(call, reply) and isinstance(reply.json, dict) and reply.json.get("reason") == reason


def _of_reasons() -> Group:
    group = Group(REFUSAL, "", "3 reasons", _V3, _WORDS, _broken("upscale"))
    for right, label, where, wrong in _REASONS:
        change = body_changed(partial(_renamed, reason=wrong))
        behave = replied(_V3, change, partial(_because, reason=right))
        group.add(
            f"{label} is {wrong}", f"{right} is told as {wrong}", behave, reached_by(*where), f"3 {right}"
        )
    return group


def _renamed(body: JSON, reason: str) -> None:
    body["reason"] = reason


def _of_balance() -> Group:
    probe = Probe("no money", lambda witness: witness.without_money())
    group = Group(REFUSAL, "", "3 BILLING_BALANCE_NOT_ENOUGH", _V3, ("balance", *_WORDS), probe)
    poor = partial(_because, reason="BILLING_BALANCE_NOT_ENOUGH")
    for label, title, change in (
        ("another reason", "too little money is told as INVALID_REQUEST_BODY",
         body_changed(partial(_renamed, reason="INVALID_REQUEST_BODY"))),
        ("402", "too little money is answered 402", partial(_answered, status=402)),
        ("accepted", "who has no money is served", lambda reply, call: told(200, {"task_id": "1f0c5f7e"})),
    ):  # fmt: skip
        group.add(f"balance {label}", title, replied(_V3, change, poor))
    return group
