"""Mutations of how events are delivered: whether they come, how often, and in what kind of request."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from urllib.parse import urljoin

from mutants.behaving import broken_off, running
from mutants.changes import Group
from mutants.messages import Call, Reply, told
from mutants.mutation import EVENT, Behaviour, Event, Mutation
from mutants.probes import events
from mutants.relay import webhook_of

SEEN = ("webhook", "upscale", "img2img")
WORDS = ("webhook", "event", "delivery", "retry", "arrives", "sent", "payload")
Send = Callable[[Event], Awaitable[Reply | None]]
Way = Callable[[Send, Event], Awaitable[Reply | None]]
#: What the double is told where it is to believe that the event was taken.
_TAKEN = told(200, {})


class Delivering(Behaviour):
    """Delivers in another way; requests pass."""

    def __init__(self, way: Way) -> None:
        self._way = way

    def concerns(self, call: Call) -> bool:
        return False

    async def deliver(self, event: Event) -> Reply | None:
        return await self._way(self.world.send, event)


class Late(Behaviour):
    """Delivers a minute after the end."""

    def concerns(self, call: Call) -> bool:
        return False

    async def deliver(self, event: Event) -> Reply | None:
        async def later() -> None:
            await asyncio.sleep(60)
            await self.world.send(event)

        self.world.later(later())
        return _TAKEN


class Early(Behaviour):
    """Tells of a task as soon as it is accepted, and only then."""

    def concerns(self, call: Call) -> bool:
        return call.name in ("upscale", "img2img")

    async def answer(self, call: Call) -> Reply | None:
        reply = await self.world.forward(call)
        url, task_id = webhook_of(call.json), (reply.json or {}).get("task_id")
        if url and task_id and reply.status == 200:
            task = {"task_id": task_id, "task_type": call.operation.task_type if call.operation else ""}
            payload = running({"extra": {"webhook": {"url": url}}, "task": task, "videos": [], "audios": []})
            body = {"event_type": "ASYNC_TASK_RESULT", "payload": payload}
            headers = (("Host", ""), ("Content-Type", "application/json"))
            await self.world.send(Event(url, Call(headers, b"", "POST").with_json(body), 1))
        return reply

    async def deliver(self, event: Event) -> Reply | None:
        return _TAKEN


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for group in (_of_counts(), _of_retries(), _of_requests()):
        yield from group.made


async def _dropped(send: Send, event: Event) -> Reply | None:
    return _TAKEN


async def _twice(send: Send, event: Event) -> Reply | None:
    reply = await send(event)
    return await send(event) if reply and reply.status < 300 else reply


async def _no_retry(send: Send, event: Event) -> Reply | None:
    await send(event)
    return _TAKEN


async def _retried_after_success(send: Send, event: Event) -> Reply | None:
    reply = await send(event)
    return replace(reply, status=500) if reply and event.attempt < 3 else reply


async def _too_many(send: Send, event: Event) -> Reply | None:
    reply = await send(event)
    for _ in range(4 if event.attempt == 6 else 0):
        reply = await send(event)
    return reply


async def _redirected(send: Send, event: Event) -> Reply | None:
    reply = await send(event)
    where = reply.header("location") if reply and 300 <= reply.status < 400 else None
    return await send(replace(event, url=urljoin(event.url, where))) if where else reply


async def _at_once(send: Send, event: Event) -> Reply | None:
    for _ in range(6):
        reply = await send(event)
        if reply and reply.status < 300:
            break
    return _TAKEN


async def _counted(send: Send, event: Event) -> Reply | None:
    body = event.call.json
    body["payload"]["task"]["eta"] = event.attempt - 1
    return await send(replace(event, call=event.call.with_json(body)))


async def _not_of(send: Send, event: Event, status: str) -> Reply | None:
    same = str(event.call.json["payload"]["task"]["status"]).endswith(status)
    return _TAKEN if same else await send(event)


async def _up_to(send: Send, event: Event, attempts: int) -> Reply | None:
    reply = await send(event)
    return _TAKEN if event.attempt >= attempts else reply


async def _final(send: Send, event: Event, status: int) -> Reply | None:
    reply = await send(event)
    return _TAKEN if reply and reply.status == status else reply


async def _only(send: Send, event: Event, status: int) -> Reply | None:
    reply = await send(event)
    return replace(reply, status=500) if reply and reply.status not in (status, 500) else reply


async def _as(send: Send, event: Event, change: Callable[[Call], Call]) -> Reply | None:
    return await send(replace(event, call=change(event.call)))


async def _to(send: Send, event: Event, change: Callable[[str], str]) -> Reply | None:
    return await send(replace(event, url=change(event.url)))


def _of_counts() -> Group:
    group = Group(EVENT, "the event ", "4 trigger", SEEN, (*WORDS, "status", "end"), events("succeed"))
    failing = events("fail", (), broken_off)
    for label, title, behave, probe in (
        ("never", "is never sent", partial(Delivering, _dropped), None),
        ("late", "is a minute late", Late, None),
        ("early", "is sent before the end", Early, None),
        ("twice", "is sent twice, though it was taken", partial(Delivering, _twice), None),
        ("retried after success", "is sent again though it was taken",
         partial(Delivering, _retried_after_success), None),
        ("not of successes", "is sent for failures only",
         partial(Delivering, partial(_not_of, status="SUCCEED")), None),
        ("not of failures", "is sent for successes only",
         partial(Delivering, partial(_not_of, status="FAILED")), failing),
    ):  # fmt: skip
        group.add(label, title, behave, probe)
    return group


def _of_retries() -> Group:
    refused, always = events("refused once", (500,)), events("refused always", (500,) * 12)
    group = Group(EVENT, "the event ", "4 retry", SEEN, (*WORDS, "redirect"), refused)
    for label, title, way, probe in (
        ("no retry", "is not sent again where it was refused", _no_retry, refused),
        ("two retries", "is sent again twice at most", partial(_up_to, attempts=3), always),
        ("nine retries", "is sent again nine times", _too_many, always),
        ("redirect followed", "follows a redirect", _redirected, events("redirected", (302,))),
        ("retries at once", "is sent again without a pause", _at_once, always),
        ("404 is final", "is not sent again after a 404", partial(_final, status=404), events("404", (404,))),
        (
            "302 is taken",
            "is not sent again after a redirect",
            partial(_final, status=302),
            events("redirected", (302,)),
        ),
        ("201 is refused", "is sent again after a 201", partial(_only, status=200), events("201", (201,))),
    ):
        group.add(label, title, partial(Delivering, way), probe)
    other = partial(Delivering, _counted)
    group.add(
        "each try another",
        "tells another eta in each try",
        other,
        row="4 body",
        words=(*WORDS, "same", "eta"),
    )
    return group


def _typed(name: str | None) -> Way:
    return partial(_as, change=lambda call: call.with_header("Content-Type", name))


def _form(call: Call) -> Call:
    return call.with_body(b"payload=" + call.body).with_header(
        "Content-Type", "application/x-www-form-urlencoded"
    )


def _of_requests() -> Group:
    words = (*WORDS, "method", "type", "json", "body", "url")
    group = Group(EVENT, "the event ", "4 method and headers", SEEN, words, events("succeed"))
    body = lambda change: partial(_as, change=lambda call: call.with_body(change(call.body)))  # noqa: E731
    for label, title, way in (
        ("by GET", "comes by GET", partial(_as, change=lambda call: replace(call, method="GET"))),
        ("by PUT", "comes by PUT", partial(_as, change=lambda call: replace(call, method="PUT"))),
        ("as text", "is of type text/plain", _typed("text/plain")),
        ("without type", "tells no type", _typed(None)),
        ("as a form", "is a form", partial(_as, change=_form)),
        ("empty", "has no body", body(lambda content: b"")),
        ("broken off", "is JSON that breaks off", body(lambda content: content[:-20])),
        ("with a BOM", "begins with a byte order mark", body(lambda content: b"\xef\xbb\xbf" + content)),
        ("JSON in JSON", "is a text that holds JSON",
         body(lambda content: json.dumps(content.decode()).encode())),
        ("without query", "goes to the address without its query",
         partial(_to, change=lambda url: url.partition("?")[0])),
        ("to the root", "goes to the root of the host", partial(_to, change=lambda url: urljoin(url, "/"))),
    ):  # fmt: skip
        group.add(label, title, partial(Delivering, way))
    return group
