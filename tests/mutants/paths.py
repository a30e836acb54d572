"""Mutations of methods, paths, and bodies that are no JSON."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from mutants.changes import Group, replied
from mutants.fields import base
from mutants.keys import ALL, request
from mutants.messages import Call, Reply, told
from mutants.mutation import DOOR, Behaviour, Mutation
from mutants.probes import once, path_of
from mutants.replies import with_status


class Taken(Behaviour):
    """Takes bodies that are no JSON object for a good one."""

    def __init__(self, name: str, meets: Callable[[bytes], bool]) -> None:
        self._name = name
        self._meets = meets

    def concerns(self, call: Call) -> bool:
        return call.name == self._name

    async def answer(self, call: Call) -> Reply | None:
        good = call.with_json(base(self._name)) if self._meets(call.body) else call
        return await self.world.forward(good)


class Nowhere(Behaviour):
    """Answers paths under a prefix that lead nowhere in another way."""

    def __init__(self, prefix: str, change: Callable[[Reply], Reply]) -> None:
        self._prefix = prefix
        self._change = change

    def concerns(self, call: Call) -> bool:
        return call.operation is None and call.path.startswith(self._prefix)

    async def answer(self, call: Call) -> Reply | None:
        reply = await self.world.forward(call)
        return self._change(reply) if reply.status == 404 else reply


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for name in ("upscale", "task-result", "upscale-v2", "user"):
        yield from _of_methods(name).made
    for prefix in ("v3", "v2"):
        yield from _of_paths(prefix).made
    for name in ("upscale", "img2img", "upscale-v2"):
        yield from _of_no_json(name).made


def _of_methods(name: str) -> Group:
    other = "DELETE" if name in ("task-result", "user") else "GET"
    group = Group(
        DOOR,
        f"{name}: a wrong method ",
        "9 wrong method",
        (name,),
        ("method", "405"),
        once(other, path_of(name)),
    )
    for label, title, change in (
        ("is 200", "is answered 200", lambda reply, call: told(200, {})),
        ("is 404", "is answered 404", lambda reply, call: with_status(reply, 404)),
        ("is 500", "is answered 500", lambda reply, call: with_status(reply, 500)),
        ("without Allow", "is not told what is allowed",
         lambda reply, call: reply.with_header("allow", None)),
        ("in plain text", "is refused in plain text",
         lambda reply, call: reply.with_body(b"no").with_header("content-type", "text/plain")),
    ):  # fmt: skip
        when = lambda call, reply: reply.status == 405  # noqa: E731
        group.add(f"{name} wrong method {label}", title, replied(name, change, when))
    return group


def _of_paths(prefix: str) -> Group:
    words = ("path", "404", "API_NOT_FOUND")
    probe = once("GET", f"/{prefix}/nothing/here")
    group = Group(DOOR, f"an unknown path under {prefix} ", "9 unknown path", (*ALL, "path"), words, probe)
    for label, title, change in (
        ("is 200", "is answered 200", lambda reply: with_status(reply, 200)),
        ("is 400", "is answered 400", lambda reply: with_status(reply, 400)),
        ("is html", "is answered with a page",
         lambda reply: reply.with_body(b"<h1>404</h1>").with_header("content-type", "text/html")),
        ("is empty", "is answered with nothing", lambda reply: reply.with_body(b"")),
    ):  # fmt: skip
        group.add(f"{prefix} unknown path {label}", title, partial(Nowhere, f"/{prefix}", change))
    return group


def _of_no_json(name: str) -> Group:
    words = ("json", "body", "object", "5xx", "500")
    cut = request(name, content=b'{"request": {')
    group = Group(DOOR, f"{name}: ", "3 INVALID_REQUEST_BODY", (name,), words, cut)
    for label, title, meets, content in (
        ("broken JSON", "JSON that breaks off", _is_no_json, b'{"request": {'),
        ("no body", "an empty body", lambda body: not body, b""),
        ("array", "an array", lambda body: body[:1] == b"[", b"[]"),
        ("null", "null", lambda body: body.strip() == b"null", b"null"),
    ):
        shown = request(name, content=content)
        group.add(f"{name} {label} taken", f"{title} is accepted", partial(Taken, name, meets), shown)
    error = replied(
        name, lambda reply, call: replace(reply, status=500), lambda call, reply: _is_no_json(call.body)
    )
    group.add(f"{name} broken JSON is 500", "JSON that breaks off is answered 500", error)
    return group


def _is_no_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return bool(body)
    return False
