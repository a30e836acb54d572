"""Mutations of bytes: what a reply is before anybody looks at its fields."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

from mutants.changes import Group, replied
from mutants.fields import base
from mutants.messages import Call, Reply
from mutants.mutation import WIRE, Mutation
from mutants.probes import asked, flow, path_of
from mutants.replies import is_refusal, succeeded, with_status
from mutants.witness import Probe

_WORDS = ("status", "type", "json", "body", "reply", "answer", "utf", "bom", "bytes", "length", "connection")
#: Operations, and what makes a good reply of each come.
_GOOD: dict[str, Probe] = {
    "upscale": asked("upscale", lambda: base("upscale"), "good"),
    "img2img": asked("img2img", lambda: base("img2img"), "good"),
    "upscale-v2": asked("upscale-v2", lambda: base("upscale-v2"), "good"),
    "task-result": flow("upscale", links=False),
    "progress": flow("upscale-v2", links=False),
    "model": asked("model", dict, "all"),
    "user": Probe("user", lambda witness: witness.send("GET", path_of("user"))[1]),
}
_SEEN = {
    "task-result": ("task-result", "upscale", "img2img", "webhook", "image"),
    "progress": ("progress", "upscale-v2", "image-v2", "image"),
}
Change = Callable[[Reply, Call], Reply | None]


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for number, (name, probe) in enumerate(_GOOD.items()):
        whole = name in ("upscale", "task-result", "upscale-v2")
        group = Group(WIRE, f"{name}: the reply ", "1.1 success", _SEEN.get(name, (name,)), _WORDS, probe)
        # What is one piece of code in a service need not be broken in each operation in each way.
        for label, title, change in _CHANGES if whole else _CHANGES[number % 3 :: 3]:
            group.add(f"{name} {label}", title, replied(name, change, succeeded))
        yield from group.made
    refused = asked("upscale", lambda: {"request": {}}, "refused")
    group = Group(WIRE, "upscale: a refusal ", "3 envelope", ("upscale",), _WORDS, refused)
    for label, title, change in _CHANGES[4:]:
        group.add(f"refusal {label}", title, replied("upscale", change, is_refusal))
    yield from group.made


def _typed(name: str | None) -> Change:
    return lambda reply, call: reply.with_header("content-type", name)


def _status(number: int) -> Change:
    return lambda reply, call: with_status(reply, number)


def _bytes(change: Callable[[bytes], bytes]) -> Change:
    return lambda reply, call: reply.with_body(change(reply.body))


def _no_content(reply: Reply, call: Call) -> Reply:
    return replace(with_status(reply, 204), body=b"").with_header("content-length", None)


def _page(reply: Reply, call: Call) -> Reply:
    return reply.with_body(b"<html>busy</html>").with_header("content-type", "text/html")


def _cut_off(reply: Reply, call: Call) -> Reply:
    return replace(reply, body=reply.body[: len(reply.body) // 2])


_CHANGES: tuple[tuple[str, str, Change], ...] = (
    ("201", "has the status 201", _status(201)),
    ("202", "has the status 202", _status(202)),
    ("500", "has the status 500", _status(500)),
    ("204", "has the status 204", _no_content),
    ("html", "is of type text/html", _typed("text/html; charset=utf-8")),
    ("plain", "is of type text/plain", _typed("text/plain")),
    ("untyped", "tells no type", _typed(None)),
    ("octets", "is of type application/octet-stream", _typed("application/octet-stream")),
    ("malformed", "ends in a comma too many", _bytes(lambda body: body[:-1] + b",}")),
    ("empty", "has no body", _bytes(lambda body: b"")),
    ("cut off", "breaks off", _cut_off),
    ("truncated", "is half of its JSON", _bytes(lambda body: body[: len(body) // 2])),
    ("bom", "begins with a byte order mark", _bytes(lambda body: b"\xef\xbb\xbf" + body)),
    ("utf-16", "is UTF-16", _bytes(lambda body: body.decode().encode("utf-16-le"))),
    ("jsonp", "is a script", _bytes(lambda body: b"callback(" + body + b")")),
    ("quoted", "is a text that holds JSON", _bytes(lambda body: json.dumps(body.decode()).encode())),
    ("in a list", "is a list", _bytes(lambda body: b"[" + body + b"]")),
    ("null", "is null", _bytes(lambda body: b"null")),
    ("nan", "holds NaN", _bytes(lambda body: body[:-1] + b',"more":NaN}')),
    ("latin-1", "holds bytes that are no UTF-8", _bytes(lambda body: body[:-1] + b',"more":"\xfc"}')),
    ("gzipped", "is compressed and does not say so", _bytes(lambda body: gzip.compress(body, mtime=0))),
    ("two", "is told twice", _bytes(lambda body: body * 2)),
    ("html page", "is a page", _page),
    ("single quotes", "has single quotes", _bytes(lambda body: body.replace(b'"', b"'"))),
    ("none", "does not come", lambda reply, call: None),
)
