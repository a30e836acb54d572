"""What holds for the answers about one task, in their order: states, eta, progress, ids, echoes."""

from collections.abc import Iterator
from decimal import Decimal

from novita_contract.exchange import Exchange
from novita_contract.following import TaskRun, state_of, tests_webhook
from novita_contract.measures import measure
from novita_contract.readings import reading
from novita_contract.replies import shown, succeeded
from novita_contract.session import Session
from novita_contract.state_laws import ETA, LIFE, equal, ordered
from novita_contract.task_laws_v2 import v2_moment, v2_step
from novita_contract.task_words import FAILED, PROCESSING, SUCCEED, TERMINAL
from novita_contract.verdicts import Finding
from novita_mock.types import JSON

#: Seconds that a V3 link lives. Source: every example of the pages.
V3_TTL_S = 3600


def laws_of_task(session: Session, run: TaskRun) -> list[Finding]:
    """Everything that the replies about a task broke, from submit to the last poll."""
    found = list(_submit(session, run))
    before: Exchange | None = None
    for poll in run.polls:
        if before is not None and poll.content == before.content and poll.status == before.status:
            continue
        trouble = succeeded(session, poll)
        if trouble:
            return found + trouble
        body = poll.body["data"] if run.v2 else poll.body
        found += (v2_moment if run.v2 else _v3_moment)(session, run, poll, body)
        if before is not None:
            found += (v2_step if run.v2 else _v3_step)(run, before, poll)
        before = poll
        if found:
            break
    return found


def _submit(session: Session, run: TaskRun) -> Iterator[Finding]:
    yield from succeeded(session, run.submitted)
    if run.submitted.status == 200 and len(set(run.task_id)) < 4:
        yield Finding("an_id_tells_tasks_apart", "/task_id", "an id", run.task_id,
                      "assumed: an id is long enough to be one", run.submitted)  # fmt: skip


def _v3_moment(session: Session, run: TaskRun, poll: Exchange, body: JSON) -> Iterator[Finding]:
    task, extra = body["task"], body["extra"]
    state = task["status"]
    yield from equal(
        "a_result_is_about_the_task_asked_for",
        poll,
        "/task/task_id",
        run.task_id,
        task["task_id"],
        "result.task.task_id.type",
    )
    kind = session.operation(run.operation).task_type
    claim = {"upscale": "upscale.example.task-type"}.get(run.operation, "img2img.example.task-type")
    yield from equal(
        "task_type_is_that_of_the_operation", poll, "/task/task_type", kind, task["task_type"], claim
    )
    yield from _figures(session, run, poll, state, task["eta"], task["progress_percent"])
    if (task["reason"] != "") != (state == FAILED):
        yield Finding("reason_is_for_failed_tasks_only", "/task/reason", "a text if and only if FAILED",
                      f"{state}: {shown(task['reason'])}", "result.task.reason.type", poll)  # fmt: skip
    yield from _echoes(session, run, poll, extra)
    yield from _images(run, poll, state, body["images"])
    for name in ("videos", "audios"):
        yield from equal(
            "an_image_task_makes_only_images", poll, f"/{name}", [], body[name], "result.example.lists"
        )


def _figures(
    session: Session, run: TaskRun, poll: Exchange, state: str, eta: JSON, progress: JSON
) -> Iterator[Finding]:
    if state in TERMINAL:
        yield from equal(
            "eta_is_0_at_the_end", poll, "/task/eta", 0, eta, "observed: 0 in every finished example"
        )
        final = (
            {"0", reading(session, "final-progress")}
            if state == FAILED
            else {reading(session, "final-progress")}
        )
        if run.operation == "upscale" and reading(session, "upscale-progress") == "zero":
            final = {"0"}
        if str(progress) not in final:
            yield Finding(
                "progress_at_the_end_is_the_documented_one",
                "/task/progress_percent",
                " or ".join(sorted(final)),
                shown(progress),
                "upscale.example.progress",
                poll,
            )
    elif state == PROCESSING:
        if eta < 1:
            yield Finding(
                "eta_is_at_least_1_while_processing", "/task/eta", "1 or more", shown(eta), LIFE, poll
            )
        if progress > 99:
            yield Finding("progress_is_at_most_99_while_processing", "/task/progress_percent", "99 or less",
                          shown(progress), LIFE, poll)  # fmt: skip
    elif progress != 0:
        yield Finding(
            "progress_is_0_in_the_queue", "/task/progress_percent", "0", shown(progress), LIFE, poll
        )


def _echoes(session: Session, run: TaskRun, poll: Exchange, extra: JSON) -> Iterator[Finding]:
    wanted = bool(run.extra.get("enable_nsfw_detection"))
    yield from equal(
        "the_wish_for_detection_is_echoed",
        poll,
        "/extra/enable_nsfw_detection",
        wanted,
        extra.get("enable_nsfw_detection"),
        "result.extra.enable_nsfw_detection.type",
    )
    hook = (run.extra.get("webhook") or {}).get("url")
    if hook and reading(session, "result-webhook") == "echoed":
        yield from equal(
            "the_webhook_is_echoed",
            poll,
            "/extra/webhook",
            {"url": hook},
            extra.get("webhook"),
            "webhook.example.extra",
        )
    elif "webhook" in extra and not hook:
        yield Finding("no_webhook_is_told_that_nobody_asked_for", "/extra/webhook", "nothing",
                      shown(extra["webhook"]), "webhook.example.extra", poll)  # fmt: skip
    if run.operation != "img2img":
        if "seed" in extra:
            yield Finding("only_img2img_tells_a_seed", "/extra/seed", "nothing", shown(extra["seed"]),
                          "assumed: no example of upscale has one", poll)  # fmt: skip
    elif state_of(poll) == SUCCEED:
        yield from _seed(session, run, poll, extra.get("seed"))


def _seed(session: Session, run: TaskRun, poll: Exchange, told: JSON) -> Iterator[Finding]:
    asked = run.request.get("seed")
    asked = -1 if asked is None else int(Decimal(asked)) if isinstance(asked, str | float) else asked
    if not isinstance(told, str) or not told.isascii() or not told.isdigit():
        yield Finding(
            "a_seed_is_told_in_digits", "/extra/seed", "digits", shown(told), "result.extra.seed.type", poll
        )
    elif asked >= 0 and reading(session, "seed-echo") == "requested":
        yield from equal(
            "the_seed_asked_for_is_told", poll, "/extra/seed", str(asked), told, "img2img.seed.range"
        )


def _images(run: TaskRun, poll: Exchange, state: str, images: list[JSON]) -> Iterator[Finding]:
    if state != SUCCEED:
        yield from equal(
            "only_a_task_that_succeeded_has_images", poll, "/images", [], images, "result.images.type"
        )
        return
    if tests_webhook(run):
        return
    wanted = measure(run.operation, run.body)
    claim = "img2img.image_num.range" if run.operation == "img2img" else "result.images.type"
    yield from equal(
        "there_are_as_many_images_as_asked_for", poll, "/images", wanted.count, len(images), claim
    )
    detection = bool(run.extra.get("enable_nsfw_detection"))
    for place, image in enumerate(images):
        where = f"/images/{place}"
        yield from equal("image_type_is_the_one_asked_for", poll, f"{where}/image_type", wanted.kind,
                          image["image_type"], "extra.response_image_type.enum")  # fmt: skip
        if not (run.extra.get("custom_storage") or {}).get("aws_s3"):
            yield from equal("a_link_says_how_long_it_lives", poll, f"{where}/image_url_ttl", str(V3_TTL_S),
                              str(image["image_url_ttl"]), "upscale.example.image-url-ttl")  # fmt: skip
        told = image.get("nsfw_detection_result")
        if detection != isinstance(told, dict):
            expected = "an object with valid and confidence" if detection else "null, or nothing"
            yield Finding(
                "detection_answers_if_and_only_if_it_is_on",
                f"{where}/nsfw_detection_result",
                expected,
                shown(told),
                "img2img.example.nsfw-result",
                poll,
            )
    links = [image["image_url"] for image in images]
    if len(set(links)) != len(links):
        yield Finding("every_image_has_a_link_of_its_own", "/images", "different links", "the same one twice",
                      "result.images.image_url.type", poll)  # fmt: skip


def _v3_step(run: TaskRun, before: Exchange, after: Exchange) -> Iterator[Finding]:
    first, second = before.body["task"], after.body["task"]
    yield from ordered(before, after, first["status"], second["status"])
    if second["status"] in TERMINAL:
        return
    if second["eta"] > first["eta"] and first["status"] == second["status"]:
        yield Finding(
            "eta_never_rises", "/task/eta", f"{first['eta']} or less", shown(second["eta"]), ETA, after
        )
    if second["progress_percent"] < first["progress_percent"]:
        yield Finding(
            "progress_never_falls",
            "/task/progress_percent",
            f"{first['progress_percent']} or more",
            shown(second["progress_percent"]),
            "result.task.progress_percent.type",
            after,
        )
