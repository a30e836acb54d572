"""The journal as an archive: valid HAR 1.2, complete, and free of what the journal doesn't hold."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from novita_mock.entry import Entry
from novita_mock.har import har

TEXT = {"type": "string"}
#: A size or a time in milliseconds; -1 where it isn't known.
SIZE = {"type": "integer", "minimum": -1}
TIME = {"type": "number", "minimum": -1}


def record(required, optional=None):
    """An object with these fields and, as the format allows, others whose names begin with ``_``."""
    return {
        "type": "object",
        "required": list(required),
        "properties": required | (optional or {}) | {"comment": TEXT},
        "patternProperties": {"^_": {}},
        "additionalProperties": False,
    }


def listed(item):
    return {"type": "array", "items": item}


PAIR = record({"name": TEXT, "value": TEXT})
COOKIE = record(
    {"name": TEXT, "value": TEXT}, {name: {} for name in ("path", "domain", "expires", "httpOnly", "secure")}
)
POST_DATA = record(
    {"mimeType": TEXT, "text": TEXT}, {"params": listed(record({"name": TEXT}, {"value": TEXT}))}
)
HEAD = {
    "httpVersion": TEXT, "cookies": listed(COOKIE), "headers": listed(PAIR),
    "headersSize": SIZE, "bodySize": SIZE,
}  # fmt: skip
REQUEST = record(
    HEAD | {"method": TEXT, "url": {"type": "string", "format": "uri"}, "queryString": listed(PAIR)},
    {"postData": POST_DATA},
)
CONTENT = record({"size": SIZE, "mimeType": TEXT}, {"compression": SIZE, "text": TEXT, "encoding": TEXT})
RESPONSE = record(
    HEAD
    | {
        "status": {"type": "integer", "minimum": 0},
        "statusText": TEXT,
        "content": CONTENT,
        "redirectURL": TEXT,
    }
)
TIMINGS = record(
    {name: TIME | {"minimum": 0} for name in ("send", "wait", "receive")},
    dict.fromkeys(("blocked", "dns", "connect", "ssl"), TIME),
)
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
ENTRY = record(
    {
        "startedDateTime": MOMENT, "time": {"type": "number", "minimum": 0}, "request": REQUEST,
        "response": RESPONSE, "timings": TIMINGS,
        "cache": record({}, {"beforeRequest": {}, "afterRequest": {}}),
    },
    {"pageref": TEXT, "serverIPAddress": TEXT, "connection": TEXT},
)  # fmt: skip
#: HAR 1.2 as its specification says it, field by field.
HAR = record(
    {
        "log": record(
            {
                "version": {"const": "1.2"},
                "creator": record({"name": TEXT, "version": TEXT}),
                "entries": listed(ENTRY),
            },
            {"browser": {}, "pages": listed({})},
        )
    }
)


def entry(**changes):
    usual = {
        "number": 1, "at_s": 1_800_000_000.5, "operation": "task-result", "method": "GET",
        "path": "/v3/async/task-result", "query": "task_id=t1&empty=", "status": 200, "duration_ms": 1.5,
        "task_id": "t1", "response": {"task": {"task_id": "t1"}}, "response_bytes": 30,
        "response_type": "application/json",
    }  # fmt: skip
    return Entry(**(usual | changes))


def test_an_entry_becomes_a_valid_record():
    body = har([entry()], "http://127.0.0.1:4077/", "0.1.0")
    Draft202012Validator(HAR).validate(body)
    assert json.loads(json.dumps(body)) == body
    (one,) = body["log"]["entries"]
    assert one["request"]["url"] == "http://127.0.0.1:4077/v3/async/task-result?task_id=t1&empty="
    assert one["request"]["queryString"] == [
        {"name": "task_id", "value": "t1"},
        {"name": "empty", "value": ""},
    ]
    assert one["startedDateTime"] == "2027-01-15T08:00:00.500Z"
    assert one["response"]["statusText"] == "OK"
    assert json.loads(one["response"]["content"]["text"]) == {"task": {"task_id": "t1"}}
    assert (one["_task_id"], one["_outcome"]) == ("t1", ["accepted"])
    assert "postData" not in one["request"]


def test_a_posted_body_and_its_type_are_told():
    one = har(
        [entry(method="POST", request={"a": 1}, headers={"Content-Type": "text/json"})], "http://h", "1"
    )
    assert one["log"]["entries"][0]["request"]["postData"] == {
        "mimeType": "text/json", "params": [], "text": '{"a":1}'
    }  # fmt: skip


@pytest.mark.parametrize("status", [0, 299, 429, 599])
def test_a_reply_that_was_lost_or_strange_is_valid_too(status):
    body = har([entry(status=status, response=None, response_type="", lost=status == 0)], "http://h", "1")
    Draft202012Validator(HAR).validate(body)


@given(
    st.builds(
        entry,
        path=st.text().map("/".__add__),
        query=st.text(),
        method=st.text(),
        headers=st.dictionaries(st.text(), st.text(), max_size=3),
        request=st.none() | st.dictionaries(st.text(), st.text() | st.floats(), max_size=3),
        response=st.none() | st.text(),
        response_type=st.text(),
        status=st.integers(0, 999),
        duration_ms=st.floats(0, 1e9),
        at_s=st.floats(0, 4e9),
    )
)
def test_whatever_was_asked_the_archive_is_valid_and_its_addresses_are_ascii(one):
    body = har([one], "http://h", "1")
    Draft202012Validator(HAR).validate(body)
    request = body["log"]["entries"][0]["request"]
    assert request["url"].isascii()
    assert parse_qsl(urlsplit(request["url"]).query, keep_blank_values=True) == [
        (pair["name"], pair["value"]) for pair in request["queryString"]
    ]
    json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
