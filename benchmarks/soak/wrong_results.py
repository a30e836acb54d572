"""Lives in which polls, tasks, events or pictures go wrong."""

import asyncio
import time
from contextlib import suppress
from dataclasses import replace

from asked_for import ask_for, balance, drawn, fired, lived, must_break, unseen
from asking import Reply
from lives import again
from scene import SCHEMAS, Scene, link_of, poll_of

#: Wall seconds that what is asked to be late, slow or hung takes.
LATE_S, HANG_S = 0.6, 0.3


async def poll_refused(scene: Scene, who: str) -> None:
    """A poll fails with an error; the next tells."""
    task = await scene.submit(who, drawn(scene))
    await ask_for(scene, who, "before", {"kind": "result"}, kind="error", reason="GET_RESULT_FAILED")
    await scene.asking.told(poll_of(task), "v3/error.json", 500)
    await fired(scene, who)
    await scene.end(task)


async def poll_bent(scene: Scene, who: str) -> None:
    """The body of a poll is cut, broken, against its schema, or a surprise that fits it."""
    how = scene.chance.choice(("truncated", "malformed", "schema-breaking", "surprise"))
    task = await scene.submit(who, drawn(scene))
    await scene.end(task)
    await ask_for(scene, who, "after", {"kind": "result"}, kind="body", how=how)
    asked = poll_of(task)
    if how == "truncated":
        await must_break(scene, asked)
    else:
        reply = await scene.asking.sure(asked, 200)
        if how == "surprise":
            scene.asking.read(asked, reply, SCHEMAS["v3"])
        elif scene.asking.fits(reply, SCHEMAS["v3"]):
            raise scene.asking.unexpected(asked, f"a {how} body is none", reply.body)
    await fired(scene, who)
    await again(scene, task)


async def poll_slow(scene: Scene, who: str) -> None:
    """A poll waits, comes drop by drop, or hangs until the client gives up."""
    how = scene.chance.choice(("latency", "drip", "hang"))
    task = await scene.submit(who, drawn(scene))
    await scene.end(task)
    effect = {"latency": {"kind": "latency", "seconds": HANG_S}, "hang": {"kind": "socket", "how": "hang"},
              "drip": {"kind": "socket", "how": "drip", "bytes_per_second": 2000}}[how]  # fmt: skip
    await ask_for(scene, who, "after" if how == "drip" else "before", {"kind": "result"}, **effect)
    began = time.monotonic()
    with suppress(TimeoutError):
        async with asyncio.timeout(HANG_S if how == "hang" else None):
            reply: Reply = await scene.asking.sure(poll_of(task), 200)
            scene.stands(poll_of(task), reply, task)
    # A drip has begun when it has not yet waited for the first time.
    if time.monotonic() - began < {"latency": HANG_S, "hang": HANG_S, "drip": 0.1}[how] * 0.9:
        raise unseen(scene, f"{how}: answered after {time.monotonic() - began:.3f} s")
    await fired(scene, who)


async def task_fails(scene: Scene, who: str) -> None:
    """A task is accepted and fails: that is told, and what it cost is given back."""
    had = await balance(scene, who)
    await ask_for(scene, who, "task", kind="fail", reason="the soak wants it so")
    task = await scene.submit(who, drawn(scene))
    if await scene.end(task) != 3:
        raise unseen(scene, "a task that was to fail did not")
    await fired(scene, who)
    if await balance(scene, who) != had:
        raise unseen(scene, "what a failed task cost was not given back")


async def task_slow(scene: Scene, who: str) -> None:
    """A task takes longer."""
    await ask_for(scene, who, "task", kind="slow", seconds=LATE_S * scene.speed)
    began = time.monotonic()
    await lived(scene, who, drawn(scene))
    if time.monotonic() - began < LATE_S * 0.95:
        raise unseen(scene, "a task that was to be slow was not")
    await fired(scene, who)


async def event_wrong(scene: Scene, who: str) -> None:
    """An event is dropped, comes twice, or late."""
    how, events = scene.chance.choice((("drop", 0), ("duplicate", 2), ("late", 1)))
    effect = {"late": {"seconds": LATE_S * scene.speed}}.get(how, {})
    await ask_for(scene, who, "webhook", kind=how, **effect)
    task = await lived(scene, who, drawn(scene, hook=True), events)
    until = task.ended_s + 10
    while len(task.told) < events and time.monotonic() < until:
        await asyncio.sleep(0.02)
    if how == "late" and time.monotonic() - task.submitted_s < LATE_S * 0.95:
        raise unseen(scene, "an event that was to be late was not")
    if len(task.told) != events:
        raise unseen(scene, f"{how}: {len(task.told)} events came, not {events}")
    states = [
        d["state"]
        for d in (await scene.control("GET", "/webhooks", who))["webhooks"]
        if d["task_id"] == task.task_id
    ]
    if how == "drop" and states != ["dropped"]:
        raise unseen(scene, f"an event that was to be dropped is {states}")
    await fired(scene, who)


async def download_wrong(scene: Scene, who: str) -> None:
    """A picture breaks off, is refused, or its link is said to have expired; the next time it comes."""
    effect, status = scene.chance.choice((
        ({"kind": "body", "how": "truncated"}, 0), ({"kind": "socket", "how": "reset"}, 0),
        ({"kind": "error", "status": 503}, 503), ({"kind": "expired"}, 403),
    ))  # fmt: skip
    task = await scene.submit(who, drawn(scene))
    await scene.end(task)
    await ask_for(scene, who, "download", **effect)
    asked = replace(link_of(task, 0), who="")
    if status:
        await scene.asking.sure(asked, status)
    else:
        await must_break(scene, asked)
    await fired(scene, who)
    await scene.fetch(task, 0)
