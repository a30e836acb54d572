"""Mutations that are another reading of the pages: the suite must tell which quirk it sees, by its value."""

from collections.abc import Callable, Iterator
from functools import partial

from contract_files import table
from mutants.asking import Refusing, reached_by
from mutants.behaving import ended, with_webhook
from mutants.changes import replied, worse
from mutants.fields import base, field, reached, sample
from mutants.keys import request
from mutants.lines import Line
from mutants.messages import Call, Reply
from mutants.mutation import READING, Behaviour, Expect, Mutation
from mutants.probes import asked, flow, path_of
from mutants.replies import is_refusal, with_status
from mutants.witness import Probe
from novita_mock.types import JSON

_ANY = (
    "upscale", "img2img", "task-result", "upscale-v2", "progress", "model", "user", "webhook", "image",
    "image-v2",
)  # fmt: skip
_DEBUG = {"request_info": "{}", "submit_time_ms": "1", "execute_time_ms": "2", "complete_time_ms": "3"}
_V3 = ("upscale", "img2img")


class Unkeyed(Behaviour):
    """Refuses keys that are brought in a way which no page documents."""

    def __init__(self, meets: Callable[[Call], bool]) -> None:
        self._meets = meets

    def concerns(self, call: Call) -> bool:
        return call.name != ""

    async def answer(self, call: Call) -> Reply | None:
        wrong = call.with_header("Authorization", "Bearer none").with_header("X-Omni-Key", None)
        return await self.world.forward(wrong if self._meets(call) else call)


class AnyType(Behaviour):
    """Takes a submit of whatever Content-Type."""

    def concerns(self, call: Call) -> bool:
        return call.name in (*_V3, "upscale-v2")

    async def answer(self, call: Call) -> Reply | None:
        return await self.world.forward(call.with_header("Content-Type", "application/json"))


class Undressed(Behaviour):
    """Takes pictures in data URLs."""

    def concerns(self, call: Call) -> bool:
        return call.method == "POST" and b"data:" in call.body

    async def answer(self, call: Call) -> Reply | None:
        text = call.body
        for kind in (b"png", b"jpeg", b"webp"):
            text = text.replace(b"data:image/" + kind + b";base64,", b"")
        return await self.world.forward(call.with_body(text))


def mutations() -> Iterator[Mutation]:
    """All of them."""
    yield from _of_results()
    yield from _of_submits()
    yield from _of_keys()
    yield from _of_leniency()


def _read(quirk: str, value: str, behave: Callable[[], Behaviour], probe: Probe) -> Mutation:
    row = next(row for row in table("quirks")["quirks"] if row["id"] == quirk)
    assert value in [other["value"] for other in row["alternatives"]]
    reading = f"{quirk}={value}"
    expect = Expect(_ANY, (), reading)
    return Mutation(
        f"{READING} {reading}", f"{row['title']}: {value}", "9 readings", READING, expect, behave, probe
    )


def _of_results() -> Iterator[Mutation]:
    some = flow("upscale", links=False)
    changes: tuple[tuple[str, str, Callable[[JSON], JSON], Probe], ...] = (
        ("image-url-ttl", "integer", _numbered, some),
        ("nsfw-off", "absent", _unsaid, some),
        ("final-progress", "100", lambda body: ended(body) and body["task"]["status"].endswith("SUCCEED")
         and body["task"].update(progress_percent=100), some),
        ("upscale-progress", "zero", lambda body: body["task"]["task_type"] == "UPSCALE"
         and body["task"].update(progress_percent=0), some),
        ("result-webhook", "absent", lambda body: body["extra"].pop("webhook"),
         flow("upscale", "webhook", with_webhook, links=False)),
        ("debug-info", "present", lambda body: body["extra"].update(debug_info=_DEBUG), some),
        ("seed-echo", "drawn", lambda body: body["extra"].update(
            seed=str(int(body["extra"]["seed"]) * 31 % 2**32)), flow("img2img", links=False)),
    )  # fmt: skip
    for quirk, value, change, probe in changes:
        yield _read(quirk, value, worse("task-result", partial(_in_place, change=change)), probe)


def _in_place(body: JSON, change: Callable[[JSON], JSON]) -> None:
    change(body)


def _numbered(body: JSON) -> None:
    for image in body["images"]:
        image["image_url_ttl"] = int(image["image_url_ttl"])


def _unsaid(body: JSON) -> None:
    for image in body["images"]:
        if image["nsfw_detection_result"] is None:
            del image["nsfw_detection_result"]


def _of_submits() -> Iterator[Mutation]:
    good = asked("upscale", lambda: base("upscale"), "good")
    envelope = lambda body: {"code": 0, "msg": "", "data": {"task_id": body["task_id"]}}  # noqa: E731
    yield _read("submit-shape", "envelope", worse(_V3, envelope), good)
    yield _read("submit-shape", "both", worse(_V3, lambda body: envelope(body) | body), good)
    named = lambda call, reply: is_refusal(call, reply) and reply.json["reason"] == "INVALID_IMAGE_SIZE"  # noqa: E731
    renamed = worse("img2img", lambda body: body.update(reason="INVALID_REQUEST_BODY"), named)
    narrow = reached_by("img2img", "request.width", "minimum")
    yield _read("image-size-reason", "INVALID_REQUEST_BODY", renamed, narrow)
    place = field("upscale", "request.image_base64")
    url = "data:image/png;base64," + sample(place)
    yield _read("data-url", "accepted", Undressed, asked("upscale", lambda: reached(place, url), "data URL"))
    yield _read("content-type", "ignored", AnyType, request("upscale", media_type="text/plain"))


def _of_keys() -> Iterator[Mutation]:
    names = (*_V3, "task-result", "model", "user")
    nobody = request("task-result", auth=None)
    for status, reason in ((401, "MISSING_API_KEY"), (403, "INVALID_API_KEY")):
        change = partial(_keyless, status=status, reason=reason)
        yield _read("missing-key", str(status), replied(names, change, _is_keyless), nobody)
    bare = lambda call: " " not in (call.header("authorization") or " ")  # noqa: E731
    yield _read("bare-key", "refused", partial(Unkeyed, bare), request("task-result", auth="sk_first"))
    omni = lambda call: call.header("x-omni-key") is not None and not call.header("authorization")  # noqa: E731
    headers = {"Authorization": "", "X-Omni-Key": "sk_first"}
    look = lambda witness: witness.send("GET", f"{path_of('progress')}?task_id=none", headers=headers)[1]  # noqa: E731
    yield _read("omni-key", "refused", partial(Unkeyed, omni), Probe("omni", look))
    poor = lambda call, reply: isinstance(reply.json, dict) and "BALANCE" in str(reply.json.get("reason"))  # noqa: E731
    forbidden = replied(
        _V3, lambda reply, call: with_status(reply.with_json(reply.json | {"code": 403}), 403), poor
    )
    yield _read("balance", "403", forbidden, Probe("no money", lambda witness: witness.without_money()))


def _is_keyless(call: Call, reply: Reply) -> bool:
    return isinstance(reply.json, dict) and reply.json.get("reason") == "MISSING_API_KEY"


def _keyless(reply: Reply, call: Call, status: int, reason: str) -> Reply:
    return with_status(reply.with_json(reply.json | {"code": status, "reason": reason}), status)


def _of_leniency() -> Iterator[Mutation]:
    known = {"model_name", "image_base64", "scale_factor"}
    lines: tuple[tuple[str, str, str, Callable[[JSON], bool], JSON], ...] = (
        ("numeric-string", "upscale", "request.scale_factor", lambda value: isinstance(value, str), "2"),
        ("integral-float", "img2img", "request.steps", lambda value: isinstance(value, float), 20.0),
        ("steps-null", "img2img", "request.steps", lambda value: value is None, None),
        ("null-optional", "img2img", "request.negative_prompt", lambda value: value is None, None),
        ("empty-object", "upscale", "extra.enterprise_plan", lambda value: value == {}, {}),
        ("empty-string", "img2img", "request.sd_vae", lambda value: value == "", ""),
        ("unknown-field", "upscale",
         "request", lambda value: isinstance(value, dict) and bool(set(value) - known),
         base("upscale")["request"] | {"unheard_of": 1}),
    )  # fmt: skip
    for quirk, name, dotted, meets, example in lines:
        line = Line(field(name, dotted), quirk, "", meets, example)
        shown = asked(name, partial(reached, line.place, example), f"{quirk}=refused")
        yield _read(quirk, "refused", partial(Refusing, line), shown)
