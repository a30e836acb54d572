"""Refusals and successes of our own, as the contract spells them."""

from dataclasses import replace

from mutants.fields import contract
from mutants.messages import Call, Reply, told
from novita_mock.catalogue import Operation
from novita_mock.dialects import refusal
from novita_mock.problems import Fault, Refused
from novita_mock.types import JSON
from novita_mock.wording import kind_of

Path = tuple[str | int, ...]


def refused(row: Operation, path: Path, message: str, kind: str = "invalid-request") -> Reply:
    """The refusal of a place of a request."""
    reply = refusal(Refused((Fault(kind, path, message),)), row.dialect, contract())
    return told(reply.status, reply.body)


def refused_for(row: Operation, path: Path, keyword: str, schema: JSON) -> Reply:
    """The refusal of a place by a keyword of its schema."""
    return refused(row, path, f"offends against {keyword}", kind_of(keyword, schema))


def succeeded(call: Call, reply: Reply) -> bool:
    """Whether a reply takes what was asked, in its dialect."""
    if reply.status != 200 or not isinstance(reply.json, dict):
        return False
    row = call.operation
    return row is not None and (row.dialect != "v2" or reply.json.get("code") == 0)


def is_refusal(call: Call, reply: Reply) -> bool:
    """Whether a reply to an operation of the API refuses it, in its dialect."""
    row = call.operation
    if row is None or row.kind == "image":
        return False
    return reply.status >= 400 or (row.dialect == "v2" and not succeeded(call, reply))


def with_status(reply: Reply, status: int) -> Reply:
    """The same with another status."""
    return replace(reply, status=status, phrase="Changed")
