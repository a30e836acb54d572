"""How V2, V3 and the control routes spell success and failure: the only place that knows."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from msgspec import Struct, field

from novita_mock.catalogue import Catalogue
from novita_mock.problems import Problem, WrongMethod
from novita_mock.task import Image, Status, Storage, Task, Wish, eta_s, progress_percent
from novita_mock.types import JSON

#: Longest ``message`` and longest value in ``metadata``, in characters.
MESSAGE_LIMIT = 200

#: How long links live, in seconds. Source: every V3 example; page upscale-v2, ``img_expire_ttl``.
V3_TTL_S = 3600
V2_TTL_S = 604800

#: Names of the V2 codes. Source: page upscale-v2, Response, ``code``.
V2_NAMES = {
    -1: "CodeInternalError", 1: "CodeInvalidJSON", 2: "CodeModelNotExist", 3: "CodeTaskIdNotExist",
    4: "CodeInvalidAuth", 5: "CodeHostUnavailable", 6: "CodeParamRangeOutOfLimit",
    7: "CodeCostBalanceFailure", 8: "CodeSamplerNotExist", 9: "CodeTimeout", 10: "CodeNotSupport",
}  # fmt: skip

#: The numbers that V2 gives the states. Observed in the official SDKs; no page lists them.
V2_STATUS = {Status.QUEUED: 0, Status.PROCESSING: 1, Status.SUCCEED: 2, Status.FAILED: 3}


class Reply(Struct, frozen=True, gc=False):
    """What goes back: an HTTP status, a JSON body (or a text, in no dialect), and headers."""

    status: int
    body: JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def asked(dialect: str, body: JSON, base_url: str) -> tuple[JSON, Wish]:
    """A good body's request object, and what it asks for beside its pictures."""
    if dialect == "v2":
        return body, Wish("png", int(body.get("img_expire_ttl", V2_TTL_S)), base_url)
    extra = body.get("extra", {})
    level = extra.get("nsfw_detection_level", 0) if extra.get("enable_nsfw_detection") else None
    webhook, bucket = extra.get("webhook", {}), extra.get("custom_storage", {}).get("aws_s3")
    test_mode = webhook.get("test_mode", {})
    tests = bool(test_mode.get("enabled"))
    wish = Wish(
        image_type=extra.get("response_image_type", "png"),
        ttl_s=V3_TTL_S,
        base_url=base_url,
        nsfw_level=level,
        webhook_url=webhook.get("url", ""),
        test_status=test_mode["return_task_status"] if tests else "",
        # In test mode no work is done: nothing is written to anybody's bucket.
        storage=Storage(**bucket) if bucket and not tests else None,
    )
    return body["request"], wish


def event(task: Task, now_s: float, catalogue: Catalogue) -> JSON:
    """The webhook event of a task: its payload is the body of a poll.

    Source: page webhook, Get Started.
    """
    return {"event_type": "ASYNC_TASK_RESULT", "payload": result(task, now_s, catalogue).body}


def accepted(task: Task, catalogue: Catalogue) -> Reply:
    """The reply to a submit."""
    if task.dialect == "v2":
        return Reply(200, {"code": 0, "msg": "", "data": {"task_id": task.task_id, "warn": task.warn}})
    flat = {"task_id": task.task_id}
    envelope = {"code": 0, "msg": "", "data": flat}
    shape = catalogue.quirks["submit-shape"]
    return Reply(200, {"flat": flat, "envelope": envelope}.get(shape, envelope | flat))


def result(task: Task, now_s: float, catalogue: Catalogue) -> Reply:
    """The reply to a poll; the payload of a webhook is the body of this."""
    return Reply(200, _RESULTS[task.dialect](task, now_s, catalogue.quirks))


def user(credit_balance: int) -> Reply:
    """The reply about an account. Source: page basic-get-user-info (facts 1.8)."""
    return Reply(200, {"credit_balance": credit_balance})


def refusal(problem: Problem, dialect: str, catalogue: Catalogue) -> Reply:
    """The reply that tells a problem."""
    row = catalogue.errors[problem.kind]
    if dialect == "control":
        row = row | {dialect: row.get("plain") or row.get("v3") or {"status": 500}}
    if dialect not in row:
        row = catalogue.errors["create-task-failed"]
    headers = {"Allow": ", ".join(problem.allowed)} if isinstance(problem, WrongMethod) else {}
    return _REFUSALS[dialect](row[dialect], problem, catalogue.quirks, headers)


def _v3_refusal(row: JSON, problem: Problem, quirks: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
    status, reason = row["status"], row["reason"]
    if problem.kind == "balance" or (problem.kind == "missing-key" and not problem.literal):
        status = int(quirks[problem.kind])
        reason = "INVALID_API_KEY" if problem.kind == "missing-key" and status == 403 else reason
    if problem.kind == "image-size" and not problem.literal:
        reason = quirks["image-size-reason"]
    metadata = {
        fault.dotted[:MESSAGE_LIMIT] or "body": fault.message[:MESSAGE_LIMIT] for fault in problem.faults
    }
    body = {
        "code": status,
        "reason": reason,
        "message": problem.message[:MESSAGE_LIMIT],
        "metadata": metadata,
    }
    return Reply(status, body, headers)


def _v2_refusal(row: JSON, problem: Problem, quirks: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
    msg = f"{V2_NAMES[row['code']]}: {problem.message}"[:MESSAGE_LIMIT]
    return Reply(row["status"], {"code": row["code"], "msg": msg, "data": None}, headers)


def _plain_refusal(
    row: JSON, problem: Problem, quirks: Mapping[str, str], headers: Mapping[str, str]
) -> Reply:
    return Reply(row["status"], problem.message[:MESSAGE_LIMIT] + "\n", headers)


def _control_refusal(
    row: JSON, problem: Problem, quirks: Mapping[str, str], headers: Mapping[str, str]
) -> Reply:
    fields = {fault.pointer: fault.message[:MESSAGE_LIMIT] for fault in problem.faults if fault.path}
    return Reply(row["status"], {"error": problem.message[:MESSAGE_LIMIT], "fields": fields}, headers)


_REFUSALS: Mapping[str, Callable[..., Reply]] = {
    "v3": _v3_refusal,
    "v2": _v2_refusal,
    "plain": _plain_refusal,
    "control": _control_refusal,
}


def _v3_result(task: Task, now_s: float, quirks: Mapping[str, str]) -> JSON:
    hidden = task.operation == "upscale" and quirks["upscale-progress"] == "zero"
    final = 0 if hidden else int(quirks["final-progress"])
    return {
        "extra": _v3_extra(task, quirks),
        "task": {
            "task_id": task.task_id,
            "task_type": task.task_type,
            "status": task.status.value,
            "reason": task.reason,
            "eta": eta_s(task, now_s),
            "progress_percent": 0 if hidden else progress_percent(task, now_s, final),
        },
        "images": [_v3_image(image, quirks) for image in task.images],
        "videos": [],
        "audios": [],
    }


def _v3_extra(task: Task, quirks: Mapping[str, str]) -> JSON:
    extra: dict[str, JSON] = {}
    if task.seed is not None:
        extra["seed"] = str(task.seed)
    extra["enable_nsfw_detection"] = task.wish.nsfw_level is not None
    if task.wish.webhook_url and quirks["result-webhook"] == "echoed":
        extra["webhook"] = {"url": task.wish.webhook_url}
    if quirks["debug-info"] == "present":
        extra["debug_info"] = {
            "request_info": task.digest,
            "submit_time_ms": str(_ms(task.submitted_s)),
            "execute_time_ms": str(_ms(task.started_s)) if task.started_s is not None else "",
            "complete_time_ms": str(_ms(task.finished_s)) if task.finished_s is not None else "",
        }
    return extra


def _v3_image(image: Image, quirks: Mapping[str, str]) -> JSON:
    body: dict[str, JSON] = {
        "image_url": image.url,
        "image_url_ttl": image.ttl_s if quirks["image-url-ttl"] == "integer" else str(image.ttl_s),
        "image_type": image.image_type,
    }
    if image.nsfw is not None:
        body["nsfw_detection_result"] = {"valid": image.nsfw[0], "confidence": image.nsfw[1]}
    elif quirks["nsfw-off"] == "null":
        body["nsfw_detection_result"] = None
    return body


def _v2_result(task: Task, now_s: float, quirks: Mapping[str, str]) -> JSON:
    started, finished = task.started_s, task.finished_s
    data = {
        "status": V2_STATUS[task.status],
        "progress": 1 if task.status is Status.SUCCEED else progress_percent(task, now_s, 100) / 100,
        "eta_relative": eta_s(task, now_s),
        "imgs": [image.url for image in task.images] if task.status is Status.SUCCEED else None,
        "info": "",
        "failed_reason": task.reason,
        "current_images": [""],
        "submit_time": _v2_time(task.submitted_s),
        "execution_time": _v2_time(started),
        "txt2img_time": _v2_time(finished),
        "finish_time": _v2_time(finished),
        "enable_nsfw_detection": task.wish.nsfw_level is not None,
        "nsfw_detection_result": [
            {"valid": image.nsfw[0], "confidence": image.nsfw[1]} for image in task.images if image.nsfw
        ],
        "debug_info": {
            "submit_time_ms": _ms(task.submitted_s),
            "execution_time_ms": _ms(started or 0),
            "txt2img_time_ms": _ms(finished or 0),
            "finish_time_ms": _ms(finished or 0),
        },
    }
    return {"code": 0, "msg": "", "data": data}


_RESULTS: Mapping[str, Callable[[Task, float, Mapping[str, str]], JSON]] = {
    "v3": _v3_result,
    "v2": _v2_result,
}


def _ms(seconds: float | None) -> int:
    return round((seconds or 0) * 1000)


def _v2_time(seconds: float | None) -> str:
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
