"""A request as it came: its query and its body."""

from functools import lru_cache
from urllib.parse import parse_qsl

from starlette.requests import Request

from novita_mock.lifting import Content
from novita_mock.problems import BodyTooLarge

#: Where the query stands once it is taken apart.
_QUERY = "novita_mock.query"
#: Where the body stands if it was there before the request was taken.
WHOLE = "novita_mock.whole"


#: What the body of a request is to be said to be.
JSON_TYPE = "application/json"


@lru_cache(maxsize=64)
def media_type_of(header: str) -> str:
    """What a Content-Type names, without its parameters, in lower case."""
    return header.partition(";")[0].strip().lower()


def query_text(request: Request) -> str:
    """The query as it came. Not ``request.url``: that looks at the Host header, which may hold anything."""
    return str(request.scope["query_string"], "latin-1")


def query_of(request: Request) -> dict[str, str]:
    """The query by name; where a name comes twice, the last counts. It is taken apart once a request."""
    known: dict[str, str] | None = request.scope.get(_QUERY)
    if known is None:
        known = request.scope[_QUERY] = dict(parse_qsl(query_text(request), keep_blank_values=True))
    return known


async def content_of(request: Request, limit: int) -> Content:
    """The body, of so many bytes at most.

    Raises:
        BodyTooLarge: it is longer, or says so before it comes.
    """
    message = f"the body is over the limit of {limit} bytes"
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > limit:
        raise BodyTooLarge(message)
    # Taken out: a connection holds the scope of its last request for as long as it lasts, and longer.
    whole: Content | None = request.scope.pop(WHOLE, None)
    if whole is not None:
        await request.receive()  # says that it is there
        return whole
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(message)
        chunks.append(chunk)
    return b"".join(chunks)
