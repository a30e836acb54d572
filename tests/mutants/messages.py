"""A request and a reply as values, and how each stands on the wire."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from novita_mock.catalogue import Operation
from novita_mock.types import JSON

Headers = tuple[tuple[str, str], ...]
#: Statuses whose reply has no body, whatever its headers say.
BODILESS = frozenset({204, 304})


@dataclass(frozen=True)
class Message:
    """What a request and a reply have in common; header names keep their spelling and order."""

    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return next((value for own, value in self.headers if own.lower() == name.lower()), None)

    def with_header(self, name: str, value: str | None) -> Self:
        """The same with one header set, in its place if it has one, or taken away."""
        found: list[tuple[str, str]] = []
        for own, old in (*self.headers, (name, "")):
            if own.lower() != name.lower():
                found.append((own, old))
            elif value is not None:
                found.append((own, value))
                value = None
        return replace(self, headers=tuple(found))

    def with_body(self, body: bytes) -> Self:
        """The same with another body, and its length said."""
        return replace(self, body=body).with_header("content-length", str(len(body)))

    def with_json(self, body: JSON) -> Self:
        """The same with another JSON body."""
        return self.with_body(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())

    @cached_property
    def json(self) -> JSON:
        """The body as JSON, or None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def _lines(self) -> bytes:
        return b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in self.headers)


@dataclass(frozen=True)
class Call(Message):
    """A request.

    Attributes:
        method: of HTTP.
        target: path and query, as they were sent.
        operation: the row whose path it is, whatever its method; of a link to a picture too.
    """

    method: str = "GET"
    target: str = "/"
    operation: Operation | None = None

    @property
    def name(self) -> str:
        """The operation's name, or nothing where the method is another one."""
        row = self.operation
        methods = {"GET": ("GET", "HEAD")}.get(row.method, (row.method,)) if row else ()
        return row.name if row and self.method in methods else ""

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, str]:
        """The query by name."""
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    def with_query(self, query: dict[str, str]) -> "Call":
        """The same with another query."""
        return replace(self, target=f"{self.path}?{urlencode(query)}" if query else self.path)

    @property
    def key(self) -> str:
        """The API key that it brings, or nothing."""
        return (self.header("authorization") or "").rpartition(" ")[2] or (self.header("x-omni-key") or "")

    def wire(self) -> bytes:
        """As it is sent."""
        return (
            f"{self.method} {self.target} HTTP/1.1\r\n".encode("latin-1")
            + self._lines()
            + b"\r\n"
            + self.body
        )


@dataclass(frozen=True)
class Reply(Message):
    """A reply. What its headers say of its length may be a lie: then the connection ends after it."""

    status: int = 200
    phrase: str = "OK"

    def head(self) -> bytes:
        """All but the body, as it is sent."""
        return f"HTTP/1.1 {self.status} {self.phrase}\r\n".encode("latin-1") + self._lines() + b"\r\n"

    def ends_itself(self, method: str) -> bool:
        """Whether the client can tell by the headers where the reply ends."""
        if method == "HEAD" or self.status in BODILESS:
            return True
        return self.header("content-length") == str(len(self.body))


def told(status: int, body: JSON, *more: tuple[str, str]) -> Reply:
    """A reply of our own, in JSON."""
    reply = Reply((("content-type", "application/json"), *more), b"", status, "Told")
    return reply.with_json(body)


class Rows:
    """Finds the row of a path."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._rows = [(row, row.path.partition("{")[0], "{" in row.path) for row in operations]

    def of(self, target: str) -> Operation | None:
        """The row whose path a target has."""
        path = urlsplit(target).path
        for row, start, open_ended in self._rows:
            if path == start or (open_ended and path.startswith(start)):
                return row
        return None


def escaped(text: str) -> str:
    """A text as it stands in a query."""
    return quote(text, safe="")


def copied(value: Any) -> Any:  # Any: JSON in, the same JSON out
    """A deep copy of JSON."""
    return json.loads(json.dumps(value))
