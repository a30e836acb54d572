"""Mutations of links: what GET and HEAD answer, and what the addresses look like."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from mutants.changes import Group, replied, worse
from mutants.messages import Call, Reply
from mutants.mutation import LINK, Mutation
from mutants.probes import flow
from mutants.replies import with_status
from novita_mock.types import JSON

LINKS = ("image", "image-v2")
SEEN = ("image", "image-v2", "task-result", "progress", "upscale", "img2img", "upscale-v2", "webhook")
WORDS = ("link", "image", "picture", "get", "head", "length", "type", "size", "format", "pixels", "url")
Change = Callable[[Reply, Call], Reply | None]


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for group in (_of_heads(), _of_gets(), _of_contents(), _of_addresses(), _of_v2_addresses()):
        yield from group.made


def is_get(call: Call, reply: Reply) -> bool:
    """Whether a picture was fetched."""
    return call.method == "GET" and reply.status == 200


def _is_head(call: Call, reply: Reply) -> bool:
    return call.method == "HEAD" and reply.status == 200


def _status(number: int) -> Change:
    return lambda reply, call: with_status(reply, number)


def _header(name: str, value: str | None) -> Change:
    return lambda reply, call: reply.with_header(name, value)


def _longer(reply: Reply, call: Call) -> Reply:
    return reply.with_header("content-length", str(int(reply.header("content-length") or 0) + 1))


def _other_type(reply: Reply, call: Call) -> Reply:
    named = reply.header("content-type") or ""
    return reply.with_header("content-type", "image/webp" if named == "image/png" else "image/png")


def _of_heads() -> Group:
    group = Group(LINK, "HEAD of a link ", "2.3 HEAD", SEEN, ("head", *WORDS), flow("upscale"))
    changes: tuple[tuple[str, str, Change], ...] = (
        ("is 405", "is not allowed", _status(405)),
        ("is 404", "is answered 404", _status(404)),
        ("is 403", "is answered 403", _status(403)),
        ("breaks off", "gets no answer", lambda reply, call: None),
        ("without length", "tells no length", _header("content-length", None)),
        ("of length 0", "tells length 0", _header("content-length", "0")),
        ("one longer", "tells a length that is one too much", _longer),
        ("without type", "tells no type", _header("content-type", None)),
        ("of another type", "tells another type of picture", _other_type),
        ("of JSON", "tells that it is JSON", _header("content-type", "application/json")),
    )
    for label, title, change in changes:
        group.add(f"HEAD {label}", title, replied(LINKS, change, _is_head))
    return group


def _of_gets() -> Group:
    group = Group(LINK, "a link ", "2.3 GET", SEEN, WORDS, flow("upscale"))
    changes: tuple[tuple[str, str, Change], ...] = (
        ("is 404", "is dead", _status(404)),
        ("is 403", "has expired at once", _status(403)),
        ("is 500", "fails", _status(500)),
        ("is 206", "is partial content", _status(206)),
        ("breaks off", "gets no answer", lambda reply, call: None),
        ("without type", "tells no type", _header("content-type", None)),
        (
            "as bytes",
            "is of type application/octet-stream",
            _header("content-type", "application/octet-stream"),
        ),
        ("as html", "is of type text/html", _header("content-type", "text/html")),
        ("as jpg", "is of type image/jpg", _header("content-type", "image/jpg")),
        ("of another type", "tells another type of picture", _other_type),
        ("one longer", "promises a byte more than it has", _longer),
    )
    for label, title, change in changes:
        group.add(f"GET {label}", title, replied(LINKS, change, is_get))
    keyless = lambda call, reply: is_get(call, reply) and not call.key  # noqa: E731
    for number in (401, 403):
        behave = replied(LINKS, _status(number), keyless)
        group.add(
            f"needs a key {number}",
            f"needs a key, else {number}",
            behave,
            row="9 no auth",
            words=("key", *WORDS),
        )
    return group


def _of_contents() -> Group:
    group = Group(LINK, "what a link leads to ", "2.3 GET", SEEN, WORDS, flow("upscale"))
    half = lambda reply: reply.body[: len(reply.body) // 2]  # noqa: E731
    changes: tuple[tuple[str, str, Change], ...] = (
        ("cut off", "breaks off in the middle", lambda reply, call: replace(reply, body=half(reply))),
        ("truncated", "is half a picture", lambda reply, call: reply.with_body(half(reply))),
        ("one byte short", "lacks its last byte", lambda reply, call: reply.with_body(reply.body[:-1])),
        ("one byte more", "has a byte too many", lambda reply, call: reply.with_body(reply.body + b"x")),
        ("empty", "has no bytes", lambda reply, call: reply.with_body(b"")),
        ("no picture", "is no picture", lambda reply, call: reply.with_body(b"no picture " * 20)),
        (
            "base64",
            "is base64 of the picture",
            lambda reply, call: reply.with_body(base64.b64encode(reply.body)),
        ),
        (
            "JSON",
            "is JSON",
            lambda reply, call: reply.with_json({"url": "x"}).with_header("content-type", "application/json"),
        ),
    )
    for label, title, change in changes:
        group.add(f"GET {label}", title, replied(LINKS, change, is_get))
    return group


_ADDRESSES: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("relative", "has no host", lambda url: "/" + url.split("/", 3)[3]),
    ("without scheme", "has no scheme", lambda url: url.partition(":")[2]),
    ("unsigned", "lacks its signature", lambda url: url.partition("?")[0]),
    (
        "of another host",
        "leads to a port where nobody is",
        lambda url: "http://127.0.0.1:9/" + url.split("/", 3)[3],
    ),
    ("of another scheme", "is an ftp address", lambda url: url.replace("http:", "ftp:", 1)),
    ("a file name", "is a file name", lambda url: url.partition("?")[0].rpartition("/")[2]),
    ("a data URL", "is a data URL", lambda url: "data:image/png;base64,iVBORw0KGgo="),
    ("escaped for HTML", "is escaped for HTML", lambda url: url.replace("&", "&amp;")),
    ("blank behind", "ends in a blank", lambda url: url + " "),
)


def _of_addresses() -> Group:
    group = Group(LINK, "task-result: a link ", "2.1 images[].image_url", SEEN, WORDS, flow("upscale"))
    for label, title, change in _ADDRESSES:
        group.add(f"address {label}", title, worse("task-result", partial(_readdressed, change=change)))
    return group


def _of_v2_addresses() -> Group:
    group = Group(LINK, "progress: a link ", "5 imgs", SEEN, WORDS, flow("upscale-v2"))
    for label, title, change in _ADDRESSES[:4]:
        group.add(f"v2 address {label}", title, worse("progress", partial(_v2_readdressed, change=change)))
    return group


def _readdressed(body: JSON, change: Callable[[str], str]) -> None:
    for image in body["images"]:
        image["image_url"] = change(image["image_url"])


def _v2_readdressed(body: JSON, change: Callable[[str], str]) -> None:
    body["data"]["imgs"] = [change(url) for url in body["data"]["imgs"]]
