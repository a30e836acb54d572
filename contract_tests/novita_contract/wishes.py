"""Rules: what V3 can be asked beside its request: format, detection, plan, and where to keep the pictures."""

from collections.abc import Iterator
from functools import partial
from urllib.parse import unquote, urlsplit

from novita_contract.answers import refused
from novita_contract.following import TaskRun, begun_by, finished, followed, state_of
from novita_contract.outcomes import SLOW, case_of, succeeded_run, whole
from novita_contract.readings import needs_seeds
from novita_contract.replies import broke, demand, shown
from novita_contract.samples import detected, plain, typed
from novita_contract.session import Session
from novita_contract.task_laws import laws_of_task
from novita_contract.task_words import SUCCEED
from novita_contract.verdicts import Case, NotChecked
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.types import JSON

_FORMATS = ("png", "webp", "jpeg")
_LEVELS = (None, 0, 1, 2)


def wish_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each wish that has to be kept."""
    for operation in contract.operations:
        if operation.kind == "submit" and operation.dialect == "v3":
            yield from _wishes(operation)


def _wishes(operation: Operation) -> Iterator[Case]:
    for kind in _FORMATS:
        yield case_of(operation, f"RESULT-TYPE-{kind.upper()}", f"{kind} is what comes back",
                      partial(_typed, kind), "extra.response_image_type.enum")  # fmt: skip
    for level in _LEVELS:
        name = "DEFAULT" if level is None else str(level)
        yield case_of(operation, f"RESULT-NSFW-{name}", "detection answers for each picture",
                      partial(_detected, level), "extra.enable_nsfw_detection.type")  # fmt: skip
    yield case_of(
        operation,
        "RESULT-NSFW-LEVELS",
        "a stricter level is never less sure",
        _levels,
        "assumed: a stricter level never lowers the confidence (quirk nsfw-level)",
        paid=4,
        profiles=SLOW,
    )
    for what, plan in (("NONE", {}), ("OFF", {"enabled": False}), ("ON", {"enabled": True})):
        yield case_of(operation, f"RESULT-PLAN-{what}", "the enterprise plan changes nothing for others",
                      partial(_enterprise, plan), "extra.enterprise_plan.type", paid=2,
                      profiles=SLOW)  # fmt: skip
    for direct in (False, True):
        yield case_of(operation, f"RESULT-STORAGE-{'DIRECT' if direct else 'BELOW'}",
                      "a picture is kept where it was asked for", partial(_stored, direct),
                      "extra.custom_storage.aws_s3.save_to_path_directly.type")  # fmt: skip


def _typed(kind: str, operation: str, session: Session) -> None:
    succeeded_run(session, operation, typed(session, operation, kind))


def _detected(level: int | None, operation: str, session: Session) -> None:
    succeeded_run(session, operation, detected(session, operation, level))


def _levels(operation: str, session: Session) -> None:
    told = []
    for level in _LEVELS:
        run, _ = succeeded_run(session, operation, detected(session, operation, level))
        told.append(run.last.body["images"][0]["nsfw_detection_result"]["confidence"])
    if told[0] != told[1]:
        broke(
            "a_level_that_is_left_out_is_0",
            "/images/0/nsfw_detection_result/confidence",
            str(told[1]),
            str(told[0]),
            "img2img.example.nsfw-level",
            run.last,
        )
    if told[1:] != sorted(told[1:]):
        claim = "assumed: a stricter level never lowers the confidence (quirk nsfw-level)"
        broke(
            "a_stricter_level_is_never_less_sure",
            "/images/0/nsfw_detection_result/confidence",
            "rising with the level",
            shown(told[1:]),
            claim,
            run.last,
        )


def _enterprise(plan: JSON, operation: str, session: Session) -> None:
    needs_seeds(session, operation)
    body = plain(session, operation) | {"extra": {"enterprise_plan": plan}}
    answer = session.submit(operation, body)
    if plan == {} and refused(answer):
        raise NotChecked("the target refuses an empty object here")
    run = followed(session, begun_by(session, operation, body, answer))
    pictures = whole(session, run)
    _, others = session.once(
        f"enterprise {operation}", lambda: succeeded_run(session, operation, plain(session, operation))
    )
    if [seen.pixels for seen in pictures] != [seen.pixels for seen in others]:
        broke(
            "the_enterprise_plan_changes_nothing_for_others", "/extra/enterprise_plan", "the same picture",
            "another one", "extra.enterprise_plan.type", run.last,
        )  # fmt: skip


def _stored(direct: bool, operation: str, session: Session) -> None:
    """One more level below the path, unless it was not asked for."""
    if session.target.kind == "live":
        raise NotChecked("needs a bucket that the service may write to")
    place = {
        "region": "us-east-1",
        "bucket": "conform-pictures",
        "path": "/kept/here",
        "save_to_path_directly": direct,
    }
    body = plain(session, operation) | {"extra": {"custom_storage": {"aws_s3": place}}}
    run = _ended(session, operation, body)
    for image in run.last.body["images"]:
        parts = urlsplit(image["image_url"])
        below = unquote(parts.path).partition("/kept/here/")[2].split("/")
        levels = 1 if direct else 2
        if "conform-pictures" not in image["image_url"] or len(below) != levels or not below[-1]:
            claim = "extra.custom_storage.aws_s3.save_to_path_directly.range"
            broke(
                "a_picture_is_kept_where_it_was_asked_for",
                "/images/0/image_url",
                f"bucket, path and {levels} more",
                shown(parts.path),
                claim,
                run.last,
            )


def _ended(session: Session, operation: str, body: JSON) -> TaskRun:
    run = finished(session, operation, body)
    demand(laws_of_task(session, run))
    if state_of(run.last) != SUCCEED:
        raise NotChecked(f"the target can't write to a bucket: {run.last.body['task']['reason']}")
    return run
