"""What holds for every reply on a path of the API, whatever was sent."""

import json

import httpx2

from conftest import KEY
from novita_mock.types import JSON
from raw import RawReply

#: Longest run of what was sent that may come back, in characters.
ECHO_LIMIT = 200


def spoken(path: str, status: int, headers: dict[str, str], body: bytes) -> JSON:
    """The body of a reply, which must be JSON in the dialect of its path and tell nothing of the inside."""
    assert headers["content-type"] == "application/json", headers
    assert status < 500, body
    assert b"Traceback" not in body
    assert b'File "' not in body
    assert KEY.encode() not in body
    told = json.loads(body)
    if path.startswith("/v2"):
        assert told.keys() == {"code", "msg", "data"}
        assert len(told["msg"]) <= ECHO_LIMIT
    elif status != 200:
        assert told.keys() == {"code", "reason", "message", "metadata"}
        assert told["code"] == status
        assert len(told["message"]) <= ECHO_LIMIT
        assert all(len(text) <= ECHO_LIMIT for pair in told["metadata"].items() for text in pair)
    return told


def told(path: str, reply: RawReply | httpx2.Response) -> JSON:
    """The JSON of a reply, which must keep the laws of its path."""
    if isinstance(reply, RawReply):
        return spoken(path, reply.status, reply.headers, reply.body)
    return spoken(path, reply.status_code, dict(reply.headers), reply.content)


def answered(client: httpx2.Client, path: str, body: JSON) -> JSON:
    """What a body is answered, which must keep the laws of its path."""
    return told(path, client.post(path, json=body))


def refused(told: JSON, status: int, reason: str) -> None:
    """A V3 refusal is this one."""
    assert (told["code"], told["reason"]) == (status, reason), told
