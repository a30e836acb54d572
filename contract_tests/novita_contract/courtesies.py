"""Rules: liberties that every client takes, and that say the same: headers and JSON spelled another way."""

import json
from collections.abc import Callable, Iterator
from functools import partial

from novita_contract.following import begun_by, followed
from novita_contract.outcomes import ALL, SLOW
from novita_contract.replies import demand, refusal, succeeded
from novita_contract.samples import plain
from novita_contract.session import Session
from novita_contract.task_laws import laws_of_task
from novita_contract.verdicts import RULES, Case
from novita_contract.wire import json_headers
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.types import JSON

_HTTP = "assumed: HTTP leaves it to the sender (RFC 9110)"
_SPELLING = "assumed: JSON leaves it to the sender (RFC 8259)"
_UNKNOWN_TASK = "00000000-0000-4000-8000-000000000000"


def _headers(session: Session, what: str) -> dict[str, str]:
    key = session.target.key.reveal()
    return {
        "NO-TYPE": {"Authorization": f"Bearer {key}"},
        "CHARSET": json_headers(f"Bearer {key}") | {"Content-Type": "application/json; charset=utf-8"},
        "SCHEME-CASE": json_headers(f"bearer {key}"),
        "MORE": json_headers(f"Bearer {key}") | {"X-Novita-Source": "js-sdk", "X-Unheard-Of": "yes"},
        "SMALL": {name.lower(): value for name, value in json_headers(f"Bearer {key}").items()},
    }[what]


#: How a body may be spelled, by name.
SPELLINGS: dict[str, Callable[[JSON], bytes]] = {
    "SPACED": lambda body: b" \r\n" + json.dumps(body, indent=3).encode() + b"\n\t ",
    "RAW": lambda body: json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
    "ESCAPED": lambda body: json.dumps(body).replace("/", "\\/").encode(),
    "TURNED": lambda body: json.dumps(dict(reversed(body.items()))).encode(),
}


def courtesy_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each liberty and operation."""
    for operation in contract.operations:
        if operation.kind == "submit":
            for what in ("CHARSET", "SCHEME-CASE", "MORE", "SMALL"):
                yield _case(operation, f"HEADERS-{what}", partial(_submit, operation.name, what, ""), _HTTP)
            for what in SPELLINGS:
                yield _case(
                    operation, f"BODY-SPELLED-{what}", partial(_submit, operation.name, "", what), _SPELLING
                )
        elif operation.kind != "image":
            for what in ("NO-TYPE", "SCHEME-CASE", "MORE", "SMALL"):
                yield _case(operation, f"HEADERS-{what}", partial(_ask, operation.name, what), _HTTP)


def _case(operation: Operation, what: str, run: Callable[[Session], None], claim: str) -> Case:
    title = f"it says the same, spelled another way: {what.lower()}"
    paid = {operation.name: 1} if operation.kind == "submit" else {}
    profiles = SLOW if operation.name in ("img2img", "upscale-v2") else ALL
    name = f"{operation.id_prefix}-{what}"
    return Case(name, RULES, operation.name, title, run, (claim,), paid=paid, profiles=profiles)


def _submit(operation: str, headers: str, spelling: str, session: Session) -> None:
    body = plain(session, operation)
    if operation == "img2img":
        body["request"]["prompt"] = "a façade / \U0001f3e0 \u4e2d\u6587 e\u0301"
    content = SPELLINGS[spelling](body) if spelling else None
    told = _headers(session, headers) if headers else None
    answer = session.submit(operation, body, headers=told, content=content)
    run = followed(session, begun_by(session, operation, body, answer))
    demand(laws_of_task(session, run))


def _ask(operation: str, headers: str, session: Session) -> None:
    """Who asks for a task that is not there is let in, and told so."""
    result = session.operation(operation).kind == "result"
    query = {"task_id": _UNKNOWN_TASK} if result else {}
    answer = session.ask(operation, query, headers=_headers(session, headers))
    if result:
        demand(refusal(session, answer, "unknown-task"))
    else:
        demand(succeeded(session, answer))
