"""Rules: who is let in, and what is said to others."""

from collections.abc import Iterator
from functools import partial

from novita_contract.exchange import Exchange
from novita_contract.readings import reading
from novita_contract.refusals import MADE_UP, UNKNOWN, refusal_case
from novita_contract.replies import demand, refusal
from novita_contract.samples import plain
from novita_contract.session import Session
from novita_contract.verdicts import Case, Finding, NotChecked
from novita_contract.wire import json_headers
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.types import JSON

_KEY_CLAIM, _WRONG_KEY = "error.missing-api-key", "error.invalid-api-key"


def key_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each way to come without a key, or with a wrong one."""
    for operation in contract.operations:
        if operation.kind != "image":
            yield from _key_cases(operation)


def _key_cases(operation: Operation) -> Iterator[Case]:
    for what, title, headers in (
        ("NONE", "a request without a key is refused", None),
        ("EMPTY", "an empty header is no key", ""),
        ("SCHEME", "the scheme alone is no key", "Bearer"),
    ):
        yield refusal_case(
            operation, f"KEY-{what}", title, partial(_no_key, operation.name, headers), _KEY_CLAIM
        )
    yield refusal_case(operation, "KEY-WRONG", "a key that nobody was given is refused",
                partial(_wrong_key, operation.name), _WRONG_KEY)  # fmt: skip
    yield refusal_case(operation, "KEY-NEARLY", "a key that only begins like a good one is refused",
                partial(_nearly_key, operation.name), _WRONG_KEY)  # fmt: skip
    yield refusal_case(operation, "KEY-OTHER-SCHEME", "a key under another scheme than Bearer is refused",
                partial(_other_scheme, operation.name), "auth.bearer")  # fmt: skip
    if operation.dialect == "v3":
        yield refusal_case(
            operation,
            "KEY-OMNI",
            "the header of V2 is no key for V3",
            partial(_omni_key, operation.name),
            "assumed: only V2 takes X-Omni-Key (quirk omni-key)",
        )
    yield refusal_case(operation, "KEY-BEFORE-BODY", "a request is told about its key first",
                partial(_key_first, operation.name), _WRONG_KEY)  # fmt: skip


def _send(session: Session, operation: str, headers: dict[str, str], good: bool = True) -> Exchange:
    """A request that is right in all but its key, or wrong in everything."""
    row = session.operation(operation)
    if row.kind == "submit":
        body: JSON = plain(session, operation) if good else {}
        return session.submit(operation, body, headers=headers, must_fail=True)
    query = {"task_id": UNKNOWN[0]} if row.kind == "result" and good else {}
    return session.ask(operation, query, headers=headers)


def _no_key(operation: str, authorization: str | None, session: Session) -> None:
    headers = json_headers() if authorization is None else json_headers() | {"Authorization": authorization}
    answer = _send(session, operation, headers)
    if session.contract.dialect_of(answer.path) == "v2":
        demand(refusal(session, answer, "missing-key"))
        return
    status = reading(session, "missing-key")
    demand(_missing_key(session, answer, status))


def _missing_key(session: Session, answer: Exchange, status: str) -> list[Finding]:
    """The row of the errors, or the one of its readings that the target follows everywhere."""
    if status == "400":
        return refusal(session, answer, "missing-key")
    if status == "403":
        return refusal(session, answer, "wrong-key")
    found = refusal(session, answer, "missing-key")
    return [finding for finding in found if finding.where != "status" or answer.status != int(status)]


def _open_door(session: Session) -> None:
    if session.open_door:
        raise NotChecked("the target lets a made-up key in")


def _wrong_key(operation: str, session: Session) -> None:
    _open_door(session)
    demand(refusal(session, _send(session, operation, session.headers(MADE_UP)), "wrong-key"))


def _nearly_key(operation: str, session: Session) -> None:
    _open_door(session)
    own = session.target.key.reveal()
    for nearly in (own + "x", own[:-1]):
        answer = _send(session, operation, json_headers(f"Bearer {nearly}"))
        demand(refusal(session, answer, "wrong-key"))


def _other_scheme(operation: str, session: Session) -> None:
    """Whether it counts as a wrong key or as none is not said."""
    _open_door(session)
    key = session.target.key.reveal()
    for other in (f"Basic {key}", f"Token {key}", f"Basic {MADE_UP.reveal()}"):
        answer = _send(session, operation, json_headers(other))
        found = refusal(session, answer, "wrong-key")
        if found and _missing_key(session, answer, reading(session, "missing-key")):
            demand(found)


def _omni_key(operation: str, session: Session) -> None:
    headers = json_headers() | {"X-Omni-Key": session.target.key.reveal()}
    demand(_missing_key(session, _send(session, operation, headers), reading(session, "missing-key")))


def _key_first(operation: str, session: Session) -> None:
    _open_door(session)
    if not (session.operation(operation).request or session.operation(operation).query):
        raise NotChecked("nothing but the key can be wrong with it")
    demand(refusal(session, _send(session, operation, session.headers(MADE_UP), good=False), "wrong-key"))
