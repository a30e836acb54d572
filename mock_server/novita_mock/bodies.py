"""JSON as bodies bring it, read strictly."""

import msgspec

from novita_mock.problems import Refused, cut, refused
from novita_mock.redaction import outline
from novita_mock.types import JSON

#: Deepest nesting of arrays and objects that is looked at. Ours: deeper is an attack, not a request.
MAX_DEPTH = 64


def read_body(content: bytes) -> JSON:
    """Any JSON value, strictly, as ``parse`` reads it.

    Raises:
        Refused: it is not JSON of that kind, or nested too deep.
    """
    try:
        body: JSON = msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError):
        raise refused("the body is not JSON in UTF-8") from None
    except RecursionError:
        raise refused(f"the body is nested deeper than {MAX_DEPTH} levels") from None
    if content.count(b"[") + content.count(b"{") > MAX_DEPTH and _depth(body) > MAX_DEPTH:
        raise refused(f"the body is nested deeper than {MAX_DEPTH} levels")
    return body


def parse(content: bytes) -> JSON:
    """JSON, strictly: no NaN or infinities, no byte order mark, no lone surrogates, UTF-8 only.

    Where a key comes twice, the last counts.

    Raises:
        Refused: it is not JSON of that kind, not an object, or nested too deep.
    """
    body = read_body(content)
    if not isinstance(body, dict):
        raise refused(f"the body is {cut(body)}, not a JSON object")
    return body


def received(content: bytes) -> JSON:
    """A body as the journal holds it; None where it is no JSON object."""
    try:
        return outline(parse(content))
    except Refused:
        return None


def _depth(body: JSON) -> int:
    depth, level = 0, [body]
    while level and depth <= MAX_DEPTH:
        depth += 1
        inner = [item for node in level for item in (node.values() if isinstance(node, dict) else node)]
        level = [item for item in inner if isinstance(item, dict | list)]
    return depth
