"""Mutations of NSFW detection, and of the webhook's test mode: what is asked beside the picture."""

from collections.abc import Callable, Iterator
from functools import partial

from mutants.changes import Group, sent, worse
from mutants.fields import contract
from mutants.mutation import EFFECT, Mutation
from mutants.parameters import SEEN, V3, extra
from mutants.probes import flow
from novita_mock.types import JSON

_WORDS = ("nsfw",)


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for group in (_of_results(), _of_wishes(), _of_test_mode()):
        yield from group.made


def _of_results() -> Group:
    on, off = flow("img2img", "nsfw", extra(enable_nsfw_detection=True)), flow("img2img")
    row = "2.1 images[].nsfw_detection_result"
    group = Group(EFFECT, "task-result: nsfw_detection_result ", row, SEEN, _WORDS, on)
    good = {"valid": True, "confidence": 3.5}
    for label, title, change, probe in (
        ("on gives null", "is null where detection is on", lambda result: None, on),
        ("on gives a list", "is a list where detection is on", lambda result: result and [result], on),
        ("on gives nothing", "is an empty object where detection is on", lambda result: result and {}, on),
        ("off gives an object", "is an object where detection is off", lambda result: result or good, off),
        ("confidence a share", "has a confidence of 0 to 1", _shared, on),
        ("never valid", "says of each picture that detection failed", _invalid, on),
    ):
        group.add(f"nsfw {label}", title, worse("task-result", partial(_each, change=change)), probe)
    return group


def _shared(result: JSON) -> JSON:
    return result and result | {"confidence": result["confidence"] / 100}


def _invalid(result: JSON) -> JSON:
    return result and {"valid": False, "confidence": 0}


def _each(body: JSON, change: Callable[[JSON], JSON]) -> None:
    for image in body["images"]:
        image["nsfw_detection_result"] = change(image["nsfw_detection_result"])


def _of_wishes() -> Group:
    on, off = flow("img2img", "nsfw", extra(enable_nsfw_detection=True)), flow("img2img")
    group = Group(EFFECT, "", "1.2 enable_nsfw_detection", SEEN, _WORDS, on)
    ignored = sent(V3, lambda body: body["extra"].update(enable_nsfw_detection=False))
    group.add("nsfw ignored", "enable_nsfw_detection is ignored", ignored)
    group.add(
        "nsfw always on",
        "detection runs though nobody asked",
        sent(V3, extra(enable_nsfw_detection=True)),
        off,
    )
    echo = "2.1 extra.enable_nsfw_detection"
    turned = worse("task-result", lambda body: body["extra"].update(
        enable_nsfw_detection=not body["extra"]["enable_nsfw_detection"]))  # fmt: skip
    group.add(
        "nsfw echo turned round", "task-result tells the opposite of enable_nsfw_detection", turned, row=echo
    )
    gone = worse("task-result", lambda body: body["extra"].pop("enable_nsfw_detection") and None)
    group.add("nsfw echo missing", "task-result does not tell enable_nsfw_detection", gone, row=echo)
    return group


def _of_test_mode() -> Group:
    failing = flow("upscale", "test mode", partial(_tested, enabled=True))
    off = flow("upscale", "test mode off", partial(_tested, enabled=False))
    words = ("test_mode", "test mode", "return_task_status", "test")
    group = Group(
        EFFECT, "the webhook's test mode ", "1.2 webhook.test_mode", ("webhook", *SEEN), words, failing
    )
    for label, title, change, probe in (
        ("ignored", "is ignored: real work is done", lambda webhook: webhook.pop("test_mode"), failing),
        ("always succeeds", "always ends well",
         lambda webhook: webhook["test_mode"].update(return_task_status=status("SUCCEED")), failing),
        ("turned round", "ends the other way", _turned, failing),
        ("enabled ignored", "is on though enabled is false",
         lambda webhook: webhook["test_mode"].update(enabled=True), off),
    ):  # fmt: skip
        group.add(f"test mode {label}", title, sent(V3, partial(_webhook, change=change)), probe)
    return group


def _webhook(body: JSON, change: Callable[[JSON], JSON]) -> None:
    change(body["extra"]["webhook"])


def _turned(webhook: JSON) -> None:
    other = "SUCCEED" if webhook["test_mode"]["return_task_status"].endswith("FAILED") else "FAILED"
    webhook["test_mode"]["return_task_status"] = status(other)


def _tested(body: JSON, enabled: bool) -> None:
    told = {"enabled": enabled, "return_task_status": status("FAILED")}
    extra(webhook={"url": "http://127.0.0.1:9/hook", "test_mode": told})(body)


def status(word: str) -> str:
    """The status whose name ends so."""
    words = contract().bundle("common/task.json")["properties"]["status"]["enum"]
    return next(str(each) for each in words if each.endswith(word))
