"""Lives in which something goes wrong because it was asked for: its effect is awaited, and counted.

Each has an account of its own while it lasts, so that no fault meets anybody else's request.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress

from asking import Unexpected
from lives import again
from scene import Scene
from wrong_results import (
    download_wrong,
    event_wrong,
    poll_bent,
    poll_refused,
    poll_slow,
    task_fails,
    task_slow,
)  # fmt: skip
from wrong_submits import (
    abandoned,
    account_reset,
    bad_body,
    in_the_request,
    reply_lost,
    submit_refused,
    submit_reset,
)  # fmt: skip

#: Tasks of the account that are looked at again before something goes wrong.
LOOKS = 3

#: What goes wrong, by what it is called in the report.
LIVES: dict[str, Callable[[Scene, str], Awaitable[None]]] = {
    "submit refused": submit_refused, "submit reset": submit_reset, "reply lost, paid twice": reply_lost,
    "poll refused": poll_refused, "poll's body bent": poll_bent, "poll slow or hung": poll_slow,
    "task fails": task_fails, "task slow": task_slow, "event dropped, doubled or late": event_wrong,
    "download broken, refused or expired": download_wrong, "scenario in the request": in_the_request,
    "bad body": bad_body, "abandoned upload": abandoned, "account reset": account_reset,
}  # fmt: skip


async def gone_wrong(scene: Scene, who: str, name: str) -> None:
    """Look at what the account had, have something go wrong, and take the fault back."""
    mine = [task for task in scene.known.recent() if task.who == who and not task.open]
    for task in scene.chance.sample(mine, min(LOOKS, len(mine))):
        await again(scene, task)
    before = {task.task_id for task in scene.known.some()}
    scene.tally.asked[name] += 1
    try:
        await LIVES[name](scene, who)
        scene.tally.seen[name] += 1
    finally:
        for task in scene.known.some():
            if task.who == who and task.task_id not in before:
                task.open = False
        with suppress(Unexpected):
            await scene.control("DELETE", "/faults", who)
