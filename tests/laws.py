"""What holds for every reply on a path of the API, whatever was sent."""

import json

from conftest import KEY
from novita_mock.types import JSON

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


def refused(told: JSON, status: int, reason: str) -> None:
    """A V3 refusal is this one."""
    assert (told["code"], told["reason"]) == (status, reason), told
