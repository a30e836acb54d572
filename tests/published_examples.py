"""The JSON examples that pages of the documentation publish, as bodies with the schema they belong to."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from contract_files import fixture, table
from novita_mock.types import JSON

_FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"(^|\s)//.*$", re.MULTILINE)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_URL = re.compile(r"https://api\.novita\.ai(/[^\s'\"]*)")
#: What the pages write where a picture would stand.
_PICTURE = re.compile(r"\{\{base64 encoded? image\}\}|<IMAGE_BASE64>", re.IGNORECASE)
_OPERATIONS = {row["path"]: row for row in table("operations")["operations"]}


@dataclass(frozen=True, slots=True)
class Example:
    """A published body and its schema; ``quoted`` when it was written in single quotes."""

    schema: str
    body: JSON
    quoted: bool = False


def examples(page: str) -> Iterator[Example]:
    """Every example of a page that belongs to an operation of ours, in its order.

    Templates (``"<string>"``) are no examples. An answer belongs to the request before it.
    """
    operation: JSON = None
    for block in _FENCE.findall(html.unescape(page)):
        text = re.sub(r"\\$", "", block, flags=re.MULTILINE).strip()
        if '"<string>"' in text or ("<authorization>" in text and "--data" not in text):
            continue
        if url := _URL.search(text):
            operation = _OPERATIONS.get(urlsplit(url[1]).path)
            if operation and "jq" not in text:
                yield _request(operation, url[1], text)
        elif "{" in text and (answer := _answer(operation, text)):
            yield answer


def _request(operation: JSON, url: str, text: str) -> Example:
    if "request" in operation:
        body, quoted = _decoded(text[text.index("{\n") : text.rindex("}") + 1])
        return Example(operation["request"], body, quoted)
    query: dict[str, JSON] = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    if "pagination.limit" in query:
        query["pagination.limit"] = int(query["pagination.limit"])
    return Example(operation["query"], query)


def _answer(operation: JSON, text: str) -> Example | None:
    body, quoted = _decoded(text)
    if "event_type" in body:
        return Example("webhook/event.json", body, quoted)
    if set(body) == {"extra"}:
        return Example("common/extra.json", body["extra"], quoted)
    return Example(operation["response"], body, quoted) if operation else None


def _decoded(text: str) -> tuple[JSON, bool]:
    picture = fixture("requests/upscale.json")["request"]["image_base64"]
    text = _TRAILING_COMMA.sub(r"\1", _COMMENT.sub("", _PICTURE.sub(picture, text)))
    try:
        return json.loads(text), False
    except json.JSONDecodeError:
        return json.loads(text.replace("'", '"')), True
