"""How the target reads each quirk that can be read in more than one way, found out by asking it.

Each reader returns the value that the target shows, or an empty text where it shows none of the known
ones, or raises ``NotChecked``. A reading is found out once, when the first case needs it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from novita_contract.exchange import Exchange
from novita_contract.following import TaskRun, begun, followed, progress_at_work, sample, state_of
from novita_contract.habit_answers import by_habits, whether
from novita_contract.ledger import BudgetReached
from novita_contract.pictures import PictureText, name_of
from novita_contract.pricing import UnknownPrice
from novita_contract.samples import hooked, long_upscale, plain, sized, with_hook
from novita_contract.session import Session
from novita_contract.task_words import SUCCEED
from novita_contract.verdicts import Deviation, NotChecked
from novita_contract.wire import json_headers
from novita_mock.types import JSON

#: Polls of a running upscale that all have to say 0 before we believe that it always does.
_ENOUGH = 6
#: Tasks more that are followed closely, where that costs nothing, until there are so many.
_MORE_LOOKS = 3
#: Readings that are found out without making a task.
FREE = frozenset({"missing-key", "bare-key", "omni-key", "boolean-text", "balance", "image-size-reason"})
#: Readings that change what the schemas of replies say.
OF_REPLIES = ("submit-shape", "image-url-ttl", "nsfw-off", "debug-info")


@dataclass(frozen=True, slots=True)
class Observed:
    """What was found out: the value, or empty and why."""

    value: str
    said: str = ""


def observe(session: Session, quirk: str) -> Observed:
    """How the target reads a quirk."""
    return session.once(f"reading {quirk}", lambda: _observed(session, quirk))


def _observed(session: Session, quirk: str) -> Observed:
    reader = READERS.get(quirk)
    if reader is None:
        return Observed("", "nothing looks at it")
    try:
        value = reader(session)
    except NotChecked as problem:
        return Observed("", str(problem))
    except Deviation as problem:
        return Observed("", f"{problem.findings[0].check}: {problem.findings[0].received}")
    except (BudgetReached, UnknownPrice) as problem:
        return Observed("", str(problem))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
        return Observed("", f"what was looked at has no documented shape: {type(problem).__name__}")
    known = known_values(session, quirk)
    return (
        Observed(value)
        if value in known
        else Observed("", f"{value or 'nothing'} is none of {', '.join(known)}")
    )


def reading(session: Session, quirk: str) -> str:
    """The value of a quirk that replies are judged by: the target's own where it shows a known one."""
    if session.frugal and quirk not in FREE and session.known(f"reading {quirk}") is None:
        return session.contract.quirks[quirk]
    return observe(session, quirk).value or session.contract.quirks[quirk]


def needs_seeds(session: Session, operation: str) -> None:
    """Equal requests to the operation give equal pictures.

    Raises:
        NotChecked: they can't, since the target draws a seed whatever is asked for.
    """
    if operation == "img2img" and reading(session, "seed-echo") != "requested":
        raise NotChecked("the target draws a seed whatever is asked for")


def known_values(session: Session, quirk: str) -> tuple[str, ...]:
    """Every value that a quirk can have, the default first."""
    row = next(row for row in session.contract.quirk_rows if row["id"] == quirk)
    return (row["default"], *(other["value"] for other in row["alternatives"]))


def _finished(session: Session, operation: str) -> TaskRun:
    body = plain(session, operation)
    if session.frugal:  # a test of a webhook shows the same, and costs nothing
        body = session.once(
            f"test of {operation}", lambda: hooked(body, session.hook_receiver().hook().url, SUCCEED)
        )
    run = sample(session, operation, body)
    if state_of(run.last) != SUCCEED:
        raise NotChecked(f"the {operation} that was looked at did not succeed")
    return run


def _image(session: Session) -> JSON:
    try:
        return _finished(session, "upscale").last.body["images"][0]
    except (KeyError, IndexError, TypeError):
        raise NotChecked("a finished task has no image to look at") from None


def _submit_shape(session: Session) -> str:
    body = _finished(session, "upscale").submitted.body
    if not isinstance(body, dict):
        return ""
    return {(True, False): "flat", (True, True): "both", (False, True): "envelope"}.get(
        ("task_id" in body, "data" in body), ""
    )


def _final_progress(session: Session) -> str:
    return str(_finished(session, "img2img").last.body["task"].get("progress_percent"))


def _upscale_progress(session: Session) -> str:
    body = long_upscale(session)
    seen = progress_at_work(sample(session, "upscale", body))
    for _ in range(0 if session.target.kind == "live" else _MORE_LOOKS):
        if any(seen) or len(seen) >= _ENOUGH:
            break  # else a busy machine let a task end before it was asked about often enough
        seen += progress_at_work(followed(session, begun(session, "upscale", body), closely=True))
    if any(seen):
        return "simulated"
    if len(seen) >= _ENOUGH:
        return "zero"
    raise NotChecked("tasks end too soon to be seen at work")


def _ttl(session: Session) -> str:
    told = _image(session).get("image_url_ttl")
    return {str: "string", int: "integer"}.get(type(told), "")


def _nsfw_off(session: Session) -> str:
    image = _image(session)
    if "nsfw_detection_result" not in image:
        return "absent"
    return "null" if image["nsfw_detection_result"] is None else ""


def _seed_echo(session: Session) -> str:
    run = _finished(session, "img2img")
    told = run.last.body["extra"].get("seed")
    if not isinstance(told, str) or not told.isdigit():
        return ""
    return "requested" if told == str(run.request["seed"]) else "drawn"


def _debug_info(session: Session) -> str:
    return "present" if "debug_info" in _finished(session, "upscale").last.body["extra"] else "absent"


def _result_webhook(session: Session) -> str:
    run = session.once("sample with a hook", lambda: sample(session, "upscale", with_hook(session)))
    return "echoed" if "webhook" in run.last.body["extra"] else "absent"


def _missing_key(session: Session) -> str:
    asked = session.once(
        "no key at all", lambda: session.ask("task-result", {"task_id": "nobody"}, headers=json_headers())
    )
    reason = asked.body.get("reason") if asked.status >= 400 else ""
    expected = {"400": "MISSING_API_KEY", "403": "INVALID_API_KEY", "401": "MISSING_API_KEY"}
    return str(asked.status) if expected.get(str(asked.status)) == reason else f"{asked.status} {reason}"


def _balance(session: Session) -> str:
    if not session.target.poor:
        raise NotChecked("needs an account without money: name its variable with --poor-key-env")
    answer = session.submit("upscale", plain(session, "upscale"), key=session.target.poor, must_fail=True)
    reason = answer.body.get("reason") if answer.status >= 400 else ""
    return str(answer.status) if reason == "BILLING_BALANCE_NOT_ENOUGH" else f"{answer.status} {reason}"


def _image_size_reason(session: Session) -> str:
    body = sized(session, 2049)
    answer = session.submit("img2img", body, must_fail=True)
    return str(answer.body.get("reason")) if answer.status >= 400 else f"HTTP {answer.status}"


def _data_url(session: Session) -> str:
    body = plain(session, "upscale")
    picture = PictureText.of(name_of("png", "RGB", 8, 8))
    body["request"]["image_base64"] = "data:image/png;base64," + picture
    return whether(session.submit("upscale", body))


def _content_type(session: Session) -> str:
    headers = session.headers() | {"Content-Type": "text/plain"}
    answer = session.submit("upscale", plain(session, "upscale"), headers=headers)
    return {"accepted": "ignored", "refused": "required"}.get(whether(answer), "")


def _bare_key(session: Session) -> str:
    headers = json_headers(session.target.key.reveal())
    return _let_in(session.ask("task-result", {"task_id": "nobody"}, headers=headers))


def _omni_key(session: Session) -> str:
    headers = json_headers() | {"X-Omni-Key": session.target.key.reveal()}
    return _let_in(session.ask("progress", {"task_id": "nobody"}, headers=headers))


def _boolean_text(session: Session) -> str:
    answer = session.ask("model", {"filter.is_inpainting": "False", "pagination.limit": "1"})
    return "accepted" if answer.status == 200 else "refused"


def _let_in(answer: Exchange) -> str:
    """Whoever is let in is told that there is no such task; others are told about their key."""
    body = answer.body if answer.status else {}
    if body.get("reason") == "TASK_NOT_FOUND" or body.get("code") == 3:
        return "accepted"
    return "refused" if answer.status >= 400 or body.get("code") == 4 else ""


#: How each quirk is found out.
READERS: Mapping[str, Callable[[Session], str]] = {
    "submit-shape": _submit_shape,
    "final-progress": _final_progress,
    "upscale-progress": _upscale_progress,
    "image-url-ttl": _ttl,
    "nsfw-off": _nsfw_off,
    "seed-echo": _seed_echo,
    "debug-info": _debug_info,
    "result-webhook": _result_webhook,
    "missing-key": _missing_key,
    "balance": _balance,
    "image-size-reason": _image_size_reason,
    "data-url": _data_url,
    "content-type": _content_type,
    "bare-key": _bare_key,
    "omni-key": _omni_key,
    "boolean-text": _boolean_text,
    "unknown-field": by_habits("unknown-field", "ignored"),
    "null-optional": by_habits("null-optional", "absent"),
    "steps-null": by_habits("steps-null", "20"),
    "empty-object": by_habits("empty-object", "absent"),
    "empty-string": by_habits("empty-string", "absent"),
    "numeric-string": by_habits("numeric-string", "accepted"),
    "integral-float": by_habits("integral-float", "accepted"),
}
