"""What holds for every reply: a documented status, JSON of the right shape, the dialect of its path."""

from collections.abc import Iterator
from typing import Any, NoReturn

from jsonschema.exceptions import ValidationError

from novita_contract.exchange import Exchange
from novita_contract.session import Session
from novita_contract.verdicts import Deviation, Finding
from novita_mock.types import JSON

#: Wall seconds after which a reply is late.
SLOW_S = 10.0
#: Longest value that a finding shows, in characters.
_SHOWN = 120
#: Violations of one body that are told.
_TOLD = 5
#: Schemas of what both dialects say when they refuse.
ERRORS = {"v3": "v3/error.json", "v2": "v2/error.json"}
_JSON_TYPE = "application/json"
_STATUS_CLAIM = "upscale.status-codes"
_ENVELOPE_CLAIM = (
    "observed: the official JavaScript SDK reads the four fields; captured bodies have them (facts 3)"
)


def demand(findings: list[Finding]) -> None:
    """Nothing was found.

    Raises:
        Deviation: something was.
    """
    if findings:
        raise Deviation(*findings)


def broke(
    check: str, where: str, expected: str, received: str, claim: str, exchange: Exchange | None = None
) -> NoReturn:
    """One thing does not hold; the arguments are those of ``Finding``.

    Raises:
        Deviation: always.
    """
    raise Deviation(Finding(check, where, expected, received, claim, exchange))


def answered(exchange: Exchange) -> list[Finding]:
    """There is a reply at all, and no error of the server."""
    if not exchange.status:
        return [
            Finding("every_request_is_answered", "", "a reply", exchange.problem, _STATUS_CLAIM, exchange)
        ]
    if exchange.seconds > SLOW_S:
        return [Finding("a_reply_comes_in_time", "", f"{SLOW_S:g} s", f"{exchange.seconds:.1f} s",
                        "assumed: who asks is answered at once, work is done later", exchange)]  # fmt: skip
    if exchange.status >= 500:
        received = f"HTTP {exchange.status} {shown(exchange.shown_reply)}"
        return [
            Finding("no_request_is_an_error_of_the_server", "", "no 5xx", received, _STATUS_CLAIM, exchange)
        ]
    return []


def succeeded(session: Session, exchange: Exchange, schema: str = "") -> list[Finding]:
    """A success: status 200, JSON, the schema of its operation or the one that is named."""
    trouble = answered(exchange)
    if trouble:
        return trouble
    if exchange.status != 200:
        received = f"HTTP {exchange.status} {shown(exchange.shown_reply)}"
        return [Finding("status_is_documented", "status", "HTTP 200", received, _STATUS_CLAIM, exchange)]
    path = schema or session.operation(exchange.operation).response
    return [*in_json(exchange), *fits(session, exchange, path)]


def in_json(exchange: Exchange) -> list[Finding]:
    """The reply says that it is JSON."""
    if exchange.media_type == _JSON_TYPE:
        return []
    received = exchange.reply_headers.get("content-type", "none")
    claim = "assumed: a JSON body says that it is one"
    return [Finding("content_type_is_json", "header Content-Type", _JSON_TYPE, received, claim, exchange)]


def fits(session: Session, exchange: Exchange, schema: str, body: JSON = None) -> list[Finding]:
    """A reply's body, or the given part of one, matches a schema of the contract, as the target reads it."""
    if body is None:
        try:
            body = exchange.body
        except ValueError as problem:
            received = shown(exchange.shown_reply)
            claim = _ENVELOPE_CLAIM if exchange.status >= 400 else _STATUS_CLAIM
            return [Finding("body_is_json", "", "JSON", f"{received} ({problem})", claim, exchange)]
    validator = session.validator(schema)
    session.tally.add(schema, validator.schema, body)
    return [_violation(error, exchange) for error in _worst(validator.iter_errors(body))]


def refusal(
    session: Session, exchange: Exchange, fault: str, fields: tuple[str, ...] = (), claim: str = ""
) -> list[Finding]:
    """The reply refuses, as the row of ``errors.json`` says, in the dialect of its operation.

    Args:
        session: the run.
        exchange: the request and its reply.
        fault: the row of ``errors.json``.
        fields: the dotted fields that V3's metadata has to name.
        claim: what says that it is to be refused.
    """
    trouble = answered(exchange) if fault not in _SERVER_FAULTS else []
    if trouble:
        return trouble
    dialect = session.contract.dialect_of(exchange.path)
    row = session.contract.errors[fault][dialect]
    claim = claim or session.contract.errors[fault]["source"]
    body = _body_of(exchange)
    if exchange.status < 400 and not (dialect == "v2" and body.get("code") not in (0, None)):
        received = f"HTTP {exchange.status} {shown(exchange.shown_reply)}"
        return [Finding("a_wrong_request_is_refused", _where(fields), _told(row), received, claim, exchange)]
    found = []
    if exchange.status != row["status"]:
        found.append(_wrong("status_of_a_refusal_is_documented", "status", row["status"], exchange.status,
                            session.contract.errors[fault]["source"], exchange))  # fmt: skip
    found += in_json(exchange) + fits(session, exchange, ERRORS[dialect])
    word, source = ("reason", "error.reasons") if dialect == "v3" else ("code", "v2.upscale.codes")
    if body.get(word) != row[word]:
        source = session.contract.errors[fault]["source"] or source
        found.append(
            _wrong(f"a_refusal_names_its_{word}", f"/{word}", row[word], body.get(word), source, exchange)
        )
    if dialect == "v3":
        found += _v3_envelope(exchange, body, fields)
    return found


def _v3_envelope(exchange: Exchange, body: JSON, fields: tuple[str, ...]) -> Iterator[Finding]:
    if body.get("code") != exchange.status:
        yield _wrong(
            "code_is_the_status", "/code", exchange.status, body.get("code"), _ENVELOPE_CLAIM, exchange
        )
    metadata = body.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    if fields and not any(field in named for field in fields):
        claim = "observed: metadata maps the name of a field to what is wrong with it (facts 3)"
        yield Finding(
            "a_refusal_names_the_field", "/metadata", " or ".join(fields), shown(named), claim, exchange
        )
    elif fields and set(named) - set(fields):
        claim = "observed: metadata maps the name of a field to what is wrong with it (facts 3)"
        yield Finding(
            "a_refusal_names_no_other_field", "/metadata", " or ".join(fields), shown(named), claim, exchange
        )


#: Rows whose status is a 5xx.
_SERVER_FAULTS = frozenset({"billing-failed", "create-task-failed", "get-result-failed", "task-failed"})


def shown(value: JSON) -> str:
    """A value as a finding shows it: cut, and on one line."""
    text = " ".join((value if isinstance(value, str) else repr(value)).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 4] + " ..."


def claim_of(schema: JSON, keyword: str, field: str = "") -> str:
    """What stands behind a keyword of a schema: a claim, or what was observed or assumed."""
    source = schema.get("x-source", "") if isinstance(schema, dict) else ""
    if isinstance(source, dict):
        source = source.get(keyword, source.get("type", ""))
    if isinstance(source, dict):
        source = source.get(field, next(iter(source.values()), ""))
    return str(source)


def _wrong(check: str, where: str, expected: JSON, received: JSON, claim: str, exchange: Exchange) -> Finding:
    return Finding(check, where, shown(expected), shown(received), claim, exchange)


def _violation(outer: ValidationError, exchange: Exchange) -> Finding:
    """What is wrong, where it is: of several shapes that are allowed, in the one that came nearest."""
    error = outer
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    keyword = str(error.validator)
    pointer = "".join(f"/{step}" for step in error.absolute_path)
    field = ""
    limit: JSON = error.validator_value
    value: JSON = error.instance
    if keyword == "required":
        field = next((name for name in limit if error.message.startswith(repr(name))), "")
        return Finding("body_matches_its_schema", f"{pointer}/{field}", "required", "missing",
                       claim_of(error.schema, keyword, field), exchange)  # fmt: skip
    claim = claim_of(error.schema, keyword)
    return Finding(
        "body_matches_its_schema", pointer, f"{keyword} {shown(limit)}", shown(value), claim, exchange
    )


def _worst(errors: Iterator[ValidationError]) -> list[ValidationError]:
    return sorted(errors, key=lambda error: len(error.absolute_path))[:_TOLD]


def _body_of(exchange: Exchange) -> dict[str, Any]:
    try:
        body = exchange.body
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _where(fields: tuple[str, ...]) -> str:
    return "/" + fields[0].replace(".", "/") if fields else ""


def _told(row: JSON) -> str:
    return f"HTTP {row['status']} {row.get('reason', row.get('code', ''))}".strip()
