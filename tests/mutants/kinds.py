"""The kinds of reply there are: where each comes from, what it looks like, and what makes one come."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

from contract_files import fixture
from mutants.behaving import broken_off
from mutants.fields import base, contract
from mutants.messages import Call, Reply
from mutants.mutation import EVENT, REFUSAL, REPLY, V2
from mutants.probes import asked, events, flow
from mutants.replies import is_refusal, succeeded
from mutants.witness import Probe
from novita_mock.types import JSON


@dataclass(frozen=True)
class Told:
    """One kind of reply: where it comes from, what it looks like, and what makes one come.

    Attributes:
        label: its name in the ids.
        names: the operations that give it.
        seen_by: operations of the cases that see it.
        section: of the facts.
        schema: its path.
        body: one such reply.
        when: whether a reply is of this kind.
        probe: what makes one come.
        part: whether ``body`` is only what another kind of reply does not have.
    """

    label: str
    names: tuple[str, ...]
    seen_by: tuple[str, ...]
    section: str
    schema: str
    body: JSON
    when: Callable[[Call, Reply], bool]
    probe: Probe
    kind: str = REPLY
    part: bool = False


def _nsfw(body: JSON) -> None:
    body["extra"] = {"enable_nsfw_detection": True, "webhook": {"url": "http://127.0.0.1:9/hook"}}


def _nsfw_too(body: JSON) -> None:
    body["extra"]["enable_nsfw_detection"] = True


@cache
def results() -> tuple[Told, ...]:
    """Kinds of reply to a poll."""
    result, with_nsfw = (
        fixture("responses/task-result.succeeded.json"),
        fixture("responses/task-result.img2img.json"),
    )
    progress = fixture("responses/progress.succeeded.json")
    seen = ("task-result", "upscale", "img2img", "webhook", "image")
    v2 = ("progress", "upscale-v2", "image-v2", "image")
    with_nsfw["extra"] |= {"seed": "7", "enable_nsfw_detection": True}
    for image in with_nsfw["images"]:
        image["nsfw_detection_result"] = {"valid": True, "confidence": 12.5}
    schema = "v3/task-result.response.json"
    return (
        Told(
            "task-result",
            ("task-result",),
            seen,
            "2.1",
            schema,
            result,
            succeeded,
            flow("upscale", links=False),
        ),
        Told(
            "result-nsfw",
            ("task-result",),
            seen,
            "2.1",
            schema,
            _only(with_nsfw, "images", "extra"),
            succeeded,
            flow("img2img", "nsfw", _nsfw, links=False),
            part=True,
        ),
        Told(
            "progress",
            ("progress",),
            v2,
            "5",
            "v2/progress.response.json",
            progress,
            succeeded,
            flow("upscale-v2", links=False),
            V2,
        ),
    )


@cache
def others() -> tuple[Told, ...]:
    """Kinds of reply to whatever else is asked."""
    refusals, v2_refusals = fixture("errors/v3/INVALID_REQUEST_BODY.json"), fixture("errors/v2/6.json")
    empty: JSON = {"request": {}}
    return (
        *(
            Told(
                f"submit-{name}",
                (name,),
                (name,),
                section,
                f"{dialect}/submit.response.json",
                fixture(f"responses/{name}.json"),
                succeeded,
                _submit(name),
                kind,
            )
            for name, section, dialect, kind in (
                ("upscale", "1.3 submit", "v3", REPLY),
                ("img2img", "1.4 submit", "v3", REPLY),
                ("upscale-v2", "1.5 submit", "v2", V2),
            )
        ),
        *(
            Told(
                f"error-{name}",
                (name,),
                (name,),
                "3",
                "v3/error.json",
                refusals,
                is_refusal,
                asked(name, lambda body=body: body, "refused"),
                REFUSAL,
            )
            for name, body in (("upscale", empty), ("img2img", empty), ("task-result", {"task_id": "none"}))
        ),
        Told(
            "error-model",
            ("model",),
            ("model",),
            "3",
            "v3/error.json",
            _flat(refusals),
            is_refusal,
            asked("model", lambda: {"pagination.limit": "0"}, "refused"),
            REFUSAL,
        ),
        Told(
            "error-v2",
            ("upscale-v2", "progress"),
            ("upscale-v2", "progress"),
            "5 envelope",
            "v2/error.json",
            v2_refusals,
            is_refusal,
            asked("upscale-v2", lambda: {"image": ""}, "refused"),
            V2,
        ),
        Told(
            "model",
            ("model",),
            ("model",),
            "1.7",
            "v3/model.response.json",
            fixture("responses/model.json"),
            succeeded,
            asked("model", dict, "all"),
        ),
        Told(
            "user",
            ("user",),
            ("user",),
            "1.8",
            "v3/user.response.json",
            fixture("responses/user.json"),
            succeeded,
            Probe("user", lambda witness: witness.send("GET", contract().operation("user").path)[1]),
        ),
    )


def told_events() -> tuple[Told, ...]:
    """Kinds of event."""
    event = fixture("events/succeeded.json")
    event["payload"]["extra"]["webhook"] = {"url": "http://127.0.0.1:9/hook"}
    failed = fixture("events/failed.json")
    probe, failing = events("with detection", (), _nsfw_too, name="img2img"), events("fail", (), broken_off)
    seen = ("webhook", "upscale", "img2img")
    told = Told("event", (), seen, "4", "webhook/event.json", event, succeeded, probe, EVENT)
    end = {"task": _only(failed["payload"]["task"], "status", "reason"), "images": []}
    return (told, replace(told, label="event-failed", body={"payload": end}, probe=failing, part=True))


def _submit(name: str) -> Probe:
    return asked(name, partial(base, name), "good")


def _only(body: JSON, *names: str) -> JSON:
    """A body of which only some fields are looked at; the others are in a reply of another kind too."""
    return {name: body[name] for name in names}


def _flat(body: JSON) -> JSON:
    return body | {"metadata": {}}
