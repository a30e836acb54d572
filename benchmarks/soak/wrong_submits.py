"""Lives in which a submit goes wrong, or a whole account is made as new."""

import asyncio
from dataclasses import replace

from asked_for import ask_for, balance, drawn, fired, lived, must_break, unseen
from asking import Asked
from scene import Scene, link_of, poll_of, submit_of


async def submit_refused(scene: Scene, who: str) -> None:
    """A submit fails with an error; the next passes."""
    reason, status = scene.chance.choice((("CREATE_TASK_FAILED", 500), ("RATE_LIMIT_EXCEEDED", 429)))
    wanted = drawn(scene)
    await ask_for(scene, who, "before", {"kind": "submit"}, kind="error", reason=reason, retry_after_s=1)
    asked = submit_of(who, wanted)
    reply = await scene.asking.sure(asked, status)
    if (
        scene.asking.read(asked, reply, "v3/error.json")["reason"] != reason
        or reply.headers["retry-after"] != "1"
    ):
        raise scene.asking.unexpected(asked, "not the error that was asked for", reply.body)
    await fired(scene, who)
    await lived(scene, who, wanted)


async def submit_reset(scene: Scene, who: str) -> None:
    """The connection of a submit is reset, and nothing has happened."""
    wanted = drawn(scene)
    had = await balance(scene, who)
    await ask_for(scene, who, "before", {"kind": "submit"}, kind="socket", how="reset")
    await must_break(scene, submit_of(who, wanted))
    await fired(scene, who)
    if await balance(scene, who) != had:
        raise unseen(scene, "a submit that was reset before anything happened was paid")
    await lived(scene, who, wanted)


async def reply_lost(scene: Scene, who: str) -> None:
    """The reply to a submit is lost, and who tries again pays twice: both tasks are there."""
    wanted = drawn(scene)
    await ask_for(scene, who, "after", {"kind": "submit"}, kind="socket", how="reset")
    await must_break(scene, submit_of(who, wanted))
    second = await scene.submit(who, wanted)
    paid = (await scene.control("GET", "/double-spends", who))["double_spends"]
    ids = [task["task_id"] for spend in paid for task in spend["tasks"] if second.task_id in str(spend)]
    if len(ids) != 2:
        raise unseen(scene, f"a double spend names {len(ids)} tasks")
    first = scene.known.add(who, ids[0], wanted)
    for task in (first, second):
        await scene.end(task)
    await fired(scene, who)


async def in_the_request(scene: Scene, who: str) -> None:
    """A request names a scenario, by header or in its key."""
    name, status = scene.chance.choice((("bad-image", 400), ("queue-full", 429), ("server-error", 500)))
    asked = submit_of(who, drawn(scene), name)
    if scene.chance.random() < 0.5:
        asked = replace(asked, who=f"{who}@{name}", scenario="")
    await scene.asking.told(asked, "v3/error.json", status)


async def bad_body(scene: Scene, who: str) -> None:
    """A body that breaks a rule is refused."""
    good = scene.bodies.draw("upscale", scene.chance.choice(("200 B", "300 KB", "3 MB")), hook=False)
    parts = scene.chance.choice((
        (good.parts[0], b"!!!!", *good.parts[2:]), good.parts[:-1], (b"[]",), (),
        (*good.parts[:-1], b', "x": 1}}'),
        (b'{"request": {}}',),
    ))  # fmt: skip
    await scene.asking.told(Asked("refused", "POST", good.path, who, parts), "v3/error.json", 400)


async def abandoned(scene: Scene, who: str) -> None:
    """A client goes away in the middle of its body: nothing has happened."""
    had = await balance(scene, who)
    good = scene.bodies.draw("upscale", "3 MB", hook=False)
    _, writer = await asyncio.open_connection("127.0.0.1", scene.asking.port)
    writer.writelines([submit_of(who, good).head(scene.asking.port), *good.parts[:2]])
    await writer.drain()
    writer.transport.abort()
    if await balance(scene, who) != had:
        raise unseen(scene, "a submit of which half came was paid")


async def account_reset(scene: Scene, who: str) -> None:
    """An account is as new: its tasks and links are not there any more, and its journal is empty."""
    task = await lived(scene, who, drawn(scene))
    unfinished = await scene.submit(who, drawn(scene, hook=True))
    await reset(scene, who)
    for each in (task, unfinished):
        reply = await scene.asking.sure(poll_of(each), 404)
        scene.asking.read(poll_of(each), reply, "v3/error.json")
    await scene.asking.sure(link_of(task, 0), 404)
    told = await scene.control("GET", "/requests", who)
    if [entry["status"] for entry in told["requests"] if entry["path"].startswith("/v")] != [404, 404]:
        raise unseen(scene, f"the journal of a new account holds {told['count']} requests")


async def reset(scene: Scene, who: str) -> None:
    """Have an account be as new, and let it spend what it wants."""
    with scene.known.reset(who):
        await scene.control("POST", "/reset", who)
    await scene.control("POST", "/balance", who, {"usd": 1e6})
    scene.tally.things["accounts reset"] += 1
