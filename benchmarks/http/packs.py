"""Requests as they go over the wire, and a file of many of them that share their long parts."""

import json
from collections.abc import Sequence
from pathlib import Path

HEADERS = "Host: 127.0.0.1:4077\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
#: The key of whoever asks where no other is named.
KEY = "sk_bench"
#: A request in one piece or more.
Request = tuple[bytes, ...]


def request(method: str, path: str, *body: bytes, key: str = KEY) -> Request:
    """A request; the last pieces of its body stay objects of their own, to be shared."""
    lines = f"{method} {path} HTTP/1.1\r\n{HEADERS.format(key=key)}Content-Length: {sum(map(len, body))}"
    head = f"{lines}\r\n\r\n".encode()
    return (head + body[0], *body[1:]) if body else (head,)


def write(file: Path, requests: Sequence[Request]) -> None:
    """Write requests into a file, each piece once."""
    pieces = {id(piece): piece for request in requests for piece in request}
    places = {key: place for place, key in enumerate(pieces)}
    index = {
        "sizes": [len(piece) for piece in pieces.values()],
        "requests": [[places[id(piece)] for piece in request] for request in requests],
    }
    with file.open("wb") as out:
        out.write(json.dumps(index).encode() + b"\n")
        out.writelines(pieces.values())


def read(file: Path) -> list[list[bytes]]:
    """The requests of a file."""
    with file.open("rb") as held:
        index = json.loads(held.readline())
        pieces = [held.read(size) for size in index["sizes"]]
    return [[pieces[place] for place in places] for places in index["requests"]]
