"""Rules: keys, paths, methods, bodies that are none, tasks that are not there."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from novita_contract.exchange import Exchange
from novita_contract.following import sample
from novita_contract.options import Secret
from novita_contract.replies import broke, demand, refusal
from novita_contract.samples import plain
from novita_contract.session import Session
from novita_contract.verdicts import RULES, Case
from novita_mock.catalogue import Catalogue, Operation

#: A key that nobody was ever given.
MADE_UP = Secret("sk_conform_made_up_0000000000")
#: Ids that name no task.
UNKNOWN = ("00000000-0000-4000-8000-000000000000", "nobody")
#: What is no JSON object, by name: the bytes of a submit's body.
BODIES: dict[str, bytes] = {
    "EMPTY": b"", "TEXT": b"hello", "CUT": b'{"request": {"model_name": ', "ARRAY": b"[]", "NUMBER": b"7",
    "STRING": b'"{}"', "NULL": b"null", "NAN": b'{"request": NaN}', "QUOTES": b"{'request': {}}",
    "BYTES": b"\xff\xfe{}", "TWICE": b"{}{}",
}  # fmt: skip
_METHODS = {"GET": ("POST", "PUT", "DELETE"), "POST": ("GET", "PUT", "DELETE")}


def refusal_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each way in which a request is refused whatever its fields say."""
    for operation in contract.operations:
        if operation.kind == "image":
            continue
        for method in _METHODS[operation.method]:
            title = f"{method} is refused where only {operation.method} is documented"
            check = partial(_wrong_method, operation.name, method)
            claim = "assumed: no page names a wrong method; the nearest documented reason"
            yield refusal_case(operation, f"METHOD-{method}", title, check, claim)
        if operation.kind == "submit":
            for name in BODIES:
                title = f"a body that is no JSON object is refused: {name.lower()}"
                check = partial(_wrong_body, operation.name, name)
                yield refusal_case(operation, f"BODY-{name}", title, check, "error.invalid-request-body")
        if operation.kind == "result":
            yield from _task_cases(operation)
    for prefix, dialect in contract.prefixes.items():
        if dialect in ("v2", "v3"):
            yield Case(f"PATH-{dialect.upper()}-UNKNOWN", RULES, _first(contract, dialect),
                       "a path that is not documented is refused", partial(_unknown_path, prefix),
                       ("error.api-not-found",))  # fmt: skip


def _first(contract: Catalogue, dialect: str) -> str:
    return next(row.name for row in contract.operations if row.dialect == dialect)


def refusal_case(
    operation: Operation, what: str, title: str, run: Callable[[Session], None], claim: str
) -> Case:
    """A case all of whose requests must be refused."""
    return Case(f"{operation.id_prefix}-{what}", RULES, operation.name, title, run, (claim,), refusal=True)


def _wrong_method(operation: str, method: str, session: Session) -> None:
    row = session.operation(operation)
    if row.kind == "submit":
        body = None if method == "GET" else plain(session, operation)
        answer = session.submit(operation, body, must_fail=True, method=method)
    else:
        answer = session.wire.send(operation, method, row.path, headers=session.headers())
    demand(refusal(session, answer, "wrong-method"))
    allowed = [word.strip() for word in answer.reply_headers.get("allow", "").split(",")]
    if row.method not in allowed:
        claim = "assumed: a refusal of a method says which there are (RFC 9110, 15.5.6)"
        broke(
            "a_refused_method_is_told_the_right_one",
            "header Allow",
            row.method,
            ", ".join(allowed),
            claim,
            answer,
        )


def _wrong_body(operation: str, name: str, session: Session) -> None:
    text = BODIES[name].decode("latin-1")
    answer = session.submit(operation, text, content=BODIES[name], must_fail=True)
    demand(refusal(session, answer, "invalid-request"))


def _unknown_path(prefix: str, session: Session) -> None:
    answer = session.wire.send(
        "unknown path", "GET", f"{prefix}nothing/of/the/kind", headers=session.headers()
    )
    demand(refusal(session, answer, "unknown-path"))


def _task_cases(operation: Operation) -> Iterator[Case]:
    claim = "error.task-not-found" if operation.dialect == "v3" else "v2.upscale.codes"
    for number, task_id in enumerate(UNKNOWN, 1):
        yield refusal_case(operation, f"TASK-UNKNOWN-{number}", "an id that names no task is refused",
                    partial(_unknown_task, operation.name, task_id), claim)  # fmt: skip
    others: tuple[tuple[str, str, Callable[..., None]], ...] = (
        ("TASK-FOREIGN", "another account's task is not shown", _foreign_task),
        ("TASK-OTHER-DIALECT", "a task of the other version is not shown", _other_dialect),
    )
    claim = "assumed: accounts, and V2 and V3, do not see each other's tasks (quirk unknown-task)"
    for what, title, check in others:
        case = refusal_case(operation, what, title, partial(check, operation.name), claim)
        yield replace(case, paid={"upscale": 1, "upscale-v2": 1}, refusal=False)


def _unknown_task(operation: str, task_id: str, session: Session) -> None:
    demand(refusal(session, session.ask(operation, {"task_id": task_id}), "unknown-task"))


def _foreign_task(operation: str, session: Session) -> None:
    submits = "upscale" if operation == "task-result" else "upscale-v2"
    task_id = sample(session, submits, plain(session, submits)).task_id
    answer = session.ask(operation, {"task_id": task_id}, key=session.second_key())
    demand(refusal(session, answer, "unknown-task"))


def _other_dialect(operation: str, session: Session) -> None:
    submits = "upscale-v2" if operation == "task-result" else "upscale"
    task_id = sample(session, submits, plain(session, submits)).task_id
    demand(refusal(session, session.ask(operation, {"task_id": task_id}), "unknown-task"))


def look_at_the_door(session: Session) -> None:
    """Find out whether a made-up key is let in, and whether the target's own is.

    Raises:
        KeyRefused: the key that was given is not let in.
    """
    own = session.ask("task-result", {"task_id": UNKNOWN[0]})
    if not own.status:
        raise KeyRefused(f"{session.target.url} does not answer: {own.problem}")
    reason = _reason(own)
    if own.status in (401, 403) or reason in ("INVALID_API_KEY", "MISSING_API_KEY"):
        raise KeyRefused(f"the key is not let in: HTTP {own.status} {reason}".strip())
    made_up = session.ask("task-result", {"task_id": UNKNOWN[0]}, headers=session.headers(MADE_UP))
    if made_up.status == own.status and _reason(made_up) == reason:
        session.open_door = True
        session.notes.append("An open door: a made-up key is let in, so nothing about keys was checked.")


class KeyRefused(Exception):
    """The target does not answer, or not to this key."""


def _reason(answer: Exchange) -> str:
    try:
        return str(answer.body.get("reason", ""))
    except (ValueError, AttributeError):
        return ""
