"""Mutations of keys: who is let in, and how whoever is not is told."""

import json
from collections.abc import Callable, Iterator
from functools import partial

from mutants.changes import Group, replied
from mutants.fields import base, contract
from mutants.messages import Call, Reply
from mutants.mutation import DOOR, Behaviour, Mutation
from mutants.probes import once
from mutants.replies import refused, with_status
from mutants.witness import Probe

ALL = ("upscale", "img2img", "task-result", "upscale-v2", "progress", "model", "user")
_WORDS = ("key", "authorization", "authentication")
_V2 = ("upscale-v2", "progress")


class LetIn(Behaviour):
    """Lets everybody in whose key is of some kind: the double sees the first key in its place."""

    def __init__(self, name: str, meets: Callable[[Call], bool]) -> None:
        self._name = name
        self._meets = meets

    def concerns(self, call: Call) -> bool:
        return call.name == self._name

    async def answer(self, call: Call) -> Reply | None:
        if call.key not in self.world.keys and self._meets(call):
            bare = call.with_header("X-Omni-Key", None)
            call = bare.with_header("Authorization", f"Bearer {self.world.keys[0]}")
        return await self.world.forward(call)


class BodyFirst(Behaviour):
    """Looks at the body before it asks for the key."""

    def concerns(self, call: Call) -> bool:
        return call.name in ("upscale", "img2img")

    async def answer(self, call: Call) -> Reply | None:
        good = isinstance(call.json, dict) and "request" in call.json
        if call.key not in self.world.keys and not good and call.operation:
            return refused(call.operation, ("request",), "is required")
        return await self.world.forward(call)


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for name in ALL:
        yield from _of_door(name).made
    yield from _of_refusals().made


def request(
    name: str, *, auth: str | None = "", content: bytes | None = None, media_type: str = "application/json"
) -> Probe:
    """A good request of an operation but for its key or its body; None is no Authorization header."""
    row = contract().operation(name)
    headers = {} if auth == "" else {"Authorization": auth or ""}
    if row.kind != "submit":
        return once(row.method, f"{row.path}?task_id=none" if row.kind == "result" else row.path, headers)
    body = json.dumps(base(name)).encode() if content is None else content
    return once(row.method, row.path, headers | {"Content-Type": media_type}, body)


def _of_door(name: str) -> Group:
    group = Group(DOOR, f"{name}: ", "1.1 auth", (name,), _WORDS, request(name, auth="Bearer sk_wrong"))
    group.add(f"{name} any key", "any key is let in", partial(LetIn, name, lambda call: bool(call.key)))
    without = partial(LetIn, name, lambda call: not call.key)
    group.add(f"{name} no key", "nobody is asked for a key", without, request(name, auth=None))
    if name in ("upscale", "task-result", "upscale-v2"):
        empty = partial(
            LetIn, name, lambda call: (call.header("authorization") or "").strip().lower() == "bearer"
        )
        group.add(f"{name} empty key", "Bearer without a key is let in", empty, request(name, auth="Bearer"))
        longer = partial(LetIn, name, lambda call: call.key.startswith("sk_first"))
        group.add(f"{name} longer key", "a good key with more behind it is let in", longer,
                  request(name, auth="Bearer sk_first_and_more"))  # fmt: skip
        scheme = partial(LetIn, name, lambda call: (call.header("authorization") or "").startswith("Basic"))
        group.add(f"{name} other scheme", "Basic is let in", scheme, request(name, auth="Basic c2s6"))
    if name in ("upscale", "img2img"):
        early = request(name, auth="Bearer sk_wrong", content=b"{}")
        group.add(
            f"{name} body before key",
            "the body is looked at before the key",
            BodyFirst,
            early,
            "9 order of checks",
        )
    return group


def _reason(call: Call, reply: Reply, reason: str) -> bool:
    return isinstance(reply.json, dict) and reply.json.get("reason") == reason


def _told(reply: Reply, call: Call, status: int, reason: str) -> Reply:
    return with_status(reply.with_json(reply.json | {"code": status, "reason": reason}), status)


def _of_refusals() -> Group:
    wrong, missing = (partial(_reason, reason=reason) for reason in ("INVALID_API_KEY", "MISSING_API_KEY"))
    group = Group(DOOR, "", "2.4 wrong key", ALL, _WORDS, request("task-result", auth="Bearer no"))
    none = request("task-result", auth=None)
    for label, title, when, status, reason, probe in (
        (
            "wrong key as missing",
            "a wrong key is refused as a missing one",
            wrong,
            400,
            "MISSING_API_KEY",
            None,
        ),
        ("wrong key as 401", "a wrong key is refused with 401", wrong, 401, "INVALID_API_KEY", None),
        ("wrong key as bad body", "a wrong key is a bad request", wrong, 400, "INVALID_REQUEST_BODY", None),
        ("wrong key as unknown task", "a wrong key finds no task", wrong, 404, "TASK_NOT_FOUND", None),
        ("wrong key as 500", "a wrong key is answered 500", wrong, 500, "CREATE_TASK_FAILED", None),
        (
            "missing key as bad body",
            "a missing key is a bad request",
            missing,
            400,
            "INVALID_REQUEST_BODY",
            none,
        ),
        ("missing key as not allowed", "a missing key is not allowed", missing, 403, "API_NOT_ALLOWED", none),
    ):
        group.add(label, title, replied(ALL, partial(_told, status=status, reason=reason), when), probe)
    code_4 = lambda call, reply: isinstance(reply.json, dict) and reply.json.get("code") == 4  # noqa: E731
    for status in (401, 403):
        change = replied(_V2, lambda reply, call, status=status: with_status(reply, status), code_4)  # type: ignore[misc]
        group.add(f"v2 wrong key as {status}", f"a wrong key is answered HTTP {status} in V2", change,
                  request("progress", auth="Bearer no"), "5 code 4", (*_WORDS, "status"))  # fmt: skip
    return group
