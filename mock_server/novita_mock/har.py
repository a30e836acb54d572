"""The journal as an HTTP Archive (HAR 1.2), which browsers and other tools can open.

Nothing is told that the journal doesn't hold: no key, no picture, no signature.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from urllib.parse import parse_qsl, quote

import msgspec

from novita_mock.entry import Entry, moment
from novita_mock.types import JSON

_HTTP = "HTTP/1.1"


def har(entries: Iterable[Entry], base_url: str, version: str) -> JSON:
    """An archive of some entries.

    Args:
        entries: the oldest first.
        base_url: what their paths come after; the address under which the double is reached.
        version: of the double.
    """
    creator = {"name": "novita-mock", "version": version}
    told = [_entry(entry, base_url.rstrip("/")) for entry in entries]
    return {"log": {"version": "1.2", "creator": creator, "entries": told}}


def _entry(entry: Entry, base_url: str) -> JSON:
    """Names that begin with an underscore are ours, as the format allows."""
    return {
        "startedDateTime": moment(entry.at_s),
        "time": entry.duration_ms,
        "request": _request(entry, base_url),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": entry.duration_ms, "receive": 0},
        "_number": entry.number,
        "_operation": entry.operation,
        "_outcome": list(entry.outcomes),
        "_task_id": entry.task_id,
        "_faults": list(entry.faults),
        "_bent": entry.bent,
        "_notices": [{"quirk": quirk, "field": place} for quirk, place in entry.notices],
        "_problem": entry.problem,
    }


def _request(entry: Entry, base_url: str) -> JSON:
    query = f"?{quote(entry.query, safe='=&%*;+,/:@-._~')}" if entry.query else ""
    request: dict[str, JSON] = {
        "method": entry.method,
        "url": f"{base_url}{quote(entry.path, safe='/%*:@-._~')}{query}",
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": _pairs(entry.headers),
        "queryString": [
            {"name": name, "value": value} for name, value in parse_qsl(entry.query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": entry.request_bytes,
    }
    if entry.request is not None:
        media_type = entry.headers.get("content-type", "application/json")
        request["postData"] = {"mimeType": media_type, "params": [], "text": _json(entry.request)}
    return request


def _response(entry: Entry) -> JSON:
    content: dict[str, JSON] = {"size": entry.response_bytes, "mimeType": entry.response_type}
    if entry.response is not None:
        content["text"] = _json(entry.response)
    headers = {"content-type": entry.response_type} if entry.response_type else {}
    return {
        "status": entry.status,
        "statusText": _phrase(entry.status),
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": _pairs(headers),
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": entry.response_bytes,
    }


def _pairs(headers: Mapping[str, str]) -> list[JSON]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _json(value: JSON) -> str:
    return msgspec.json.encode(value).decode()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
