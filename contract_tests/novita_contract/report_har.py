"""The requests that show something, as an HTTP Archive (HAR 1.2), which browsers and other tools can open."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import parse_qsl, quote, urlsplit

from novita_contract.report_json import as_text
from novita_mock.types import JSON

_HTTP = "HTTP/1.1"


def archive(told: JSON, exchanges: Iterable[JSON]) -> JSON:
    """Some requests as an archive.

    Args:
        told: the document of the run.
        exchanges: as ``evidence`` tells them, in the order in which they were sent.
    """
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "novita-mock conform", "version": told["versions"].get("novita-mock", "")},
            "comment": f"against {told['target']}, seed {told['seed']}",
            "entries": [_entry(exchange, told["started"]) for exchange in exchanges],
        }
    }


def written(told: JSON, exchanges: Iterable[JSON]) -> str:
    """The archive as the text of a file."""
    return as_text(archive(told, exchanges))


def _entry(exchange: JSON, started: str) -> JSON:
    """Names that begin with an underscore are ours, as the format allows."""
    milliseconds = exchange["seconds"] * 1000
    at = datetime.fromisoformat(started) + timedelta(seconds=exchange["started_s"])
    return {
        "startedDateTime": at.isoformat(timespec="milliseconds"),
        "time": milliseconds,
        "request": _request(exchange),
        "response": _response(exchange),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_number": exchange["number"],
        "_operation": exchange["operation"],
        "_problem": exchange["problem"],
    }


def _request(exchange: JSON) -> JSON:
    query = urlsplit(exchange["url"]).query
    request: dict[str, JSON] = {
        "method": exchange["method"],
        "url": quote(exchange["url"], safe="=&%*;+,/:@-._~?#[]"),
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": _pairs(exchange["headers"]),
        "queryString": [
            {"name": name, "value": value} for name, value in parse_qsl(query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": exchange["sent_bytes"],
    }
    if exchange["sent"] is not None:
        media_type = exchange["headers"].get("content-type", "application/json")
        request["postData"] = {"mimeType": media_type, "params": [], "text": _json(exchange["sent"])}
    return request


def _response(exchange: JSON) -> JSON:
    content: dict[str, JSON] = {"size": exchange["reply_bytes"], "mimeType": exchange["media_type"]}
    if exchange["reply"] is not None:
        content["text"] = _json(exchange["reply"])
    return {
        "status": exchange["status"],
        "statusText": _phrase(exchange["status"]),
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": _pairs(exchange["reply_headers"]),
        "content": content,
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": exchange["reply_bytes"],
    }


def _pairs(headers: Mapping[str, str]) -> list[JSON]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _json(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
