"""What V2 says of a task: the moment, and two moments that follow each other."""

import re
from collections.abc import Iterator

from novita_contract.exchange import Exchange
from novita_contract.following import TaskRun, state_of
from novita_contract.replies import shown
from novita_contract.session import Session
from novita_contract.state_laws import ETA, LIFE, equal, ordered
from novita_contract.task_words import FAILED, PROCESSING, QUEUED, SUCCEED, TERMINAL
from novita_contract.verdicts import Finding
from novita_mock.types import JSON

#: How V2 tells a moment. Source: page progress, example.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.ASCII)


def v2_moment(session: Session, run: TaskRun, poll: Exchange, data: JSON) -> Iterator[Finding]:
    """Everything that one poll of V2 broke."""
    state = state_of(poll)
    for name in ("submit_time", "execution_time", "txt2img_time", "finish_time"):
        if data[name] and not _MOMENT.fullmatch(data[name]):
            yield Finding("a_moment_is_told_as_date_and_time", f"/data/{name}", "YYYY-MM-DD HH:MM:SS",
                          shown(data[name]), f"v2.progress.{name}.type", poll)  # fmt: skip
    yield from equal("nobody_asked_for_detection", poll, "/data/enable_nsfw_detection", False,
                      data["enable_nsfw_detection"], "v2.progress.enable_nsfw_detection.type")  # fmt: skip
    yield from equal(
        "nobody_asked_for_detection",
        poll,
        "/data/nsfw_detection_result",
        [],
        data["nsfw_detection_result"],
        "assumed: an empty list (quirk v2-nsfw-off)",
    )
    yield from equal(
        "msg_is_empty_when_all_is_well", poll, "/msg", "", poll.body["msg"], "v2.progress.example.envelope"
    )
    if (data["failed_reason"] != "") != (state == FAILED):
        yield Finding(
            "reason_is_for_failed_tasks_only",
            "/data/failed_reason",
            "a text if and only if it failed",
            f"{state}: {shown(data['failed_reason'])}",
            "v2.progress.failed_reason.type",
            poll,
        )
    yield from _how_far(poll, data, state)
    if state in TERMINAL:
        yield from equal("eta_is_0_at_the_end", poll, "/data/eta_relative", 0, data["eta_relative"], ETA)
    elif state == PROCESSING and data["eta_relative"] < 1:
        yield Finding("eta_is_at_least_1_while_processing", "/data/eta_relative", "1 or more",
                      shown(data["eta_relative"]), LIFE, poll)  # fmt: skip


def _how_far(poll: Exchange, data: JSON, state: str) -> Iterator[Finding]:
    if state == SUCCEED:
        yield from equal("progress_is_1_at_success", poll, "/data/progress", 1, data["progress"],
                          "observed: 1 at the end, in the example and the SDKs")  # fmt: skip
        yield from equal("a_finished_upscale_has_one_picture", poll, "/data/imgs", 1,
                          len(data["imgs"]) if isinstance(data["imgs"], list) else data["imgs"],
                          "v2.progress.imgs.type")  # fmt: skip
    else:
        if data["imgs"]:
            yield Finding(
                "only_a_task_that_succeeded_has_images",
                "/data/imgs",
                "null or none",
                shown(data["imgs"]),
                "v2.progress.imgs.type",
                poll,
            )
        if data["progress"] >= 1 and state in (QUEUED, PROCESSING):
            yield Finding("progress_is_below_1_while_it_runs", "/data/progress", "less than 1",
                          shown(data["progress"]), LIFE, poll)  # fmt: skip


def v2_step(run: TaskRun, before: Exchange, after: Exchange) -> Iterator[Finding]:
    """Everything that two polls of V2, one after the other, broke."""
    first, second = before.body["data"], after.body["data"]
    yield from ordered(before, after, state_of(before), state_of(after))
    if state_of(after) in TERMINAL:
        return
    if second["progress"] < first["progress"]:
        yield Finding("progress_never_falls", "/data/progress", f"{first['progress']} or more",
                      shown(second["progress"]), "v2.progress.progress.type", after)  # fmt: skip
    if second["eta_relative"] > first["eta_relative"] and first["status"] == second["status"]:
        yield Finding("eta_never_rises", "/data/eta_relative", f"{first['eta_relative']} or less",
                      shown(second["eta_relative"]), ETA, after)  # fmt: skip
