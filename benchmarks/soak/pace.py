"""How lives follow each other: as fast as they go, to see what that is; then at a rate."""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable

from asking import Broken, Unexpected
from lives import ordinary
from scene import Gone, Scene
from wrong import LIVES, gone_wrong

#: The share of lives in which something goes wrong, and the accounts that they take in turn.
WRONG = 0.12
OWN = tuple(f"own-{place}" for place in range(1, 7))
#: Lives at the same time: where capacity is measured, and at most.
CROWD, MOST = 24, 96
#: Problems after which there is nothing more to learn.
TOO_MANY = 500

Life = Callable[[Scene], Awaitable[None]]


class Mix:
    """Draws what a life is like."""

    def __init__(self) -> None:
        self._own: asyncio.Queue[str] = asyncio.Queue()
        for who in OWN:
            self._own.put_nowait(who)

    async def __call__(self, scene: Scene) -> None:
        """One life."""
        if scene.chance.random() >= WRONG:
            await ordinary(scene)
            return
        who = await self._own.get()
        try:
            await gone_wrong(scene, who, scene.chance.choice(tuple(LIVES)))
        finally:
            self._own.put_nowait(who)


async def lived(scene: Scene, life: Life) -> None:
    """A life to its end, whatever that is: what nothing asked for is on record."""
    try:
        await life(scene)
        scene.tally.things["lives"] += 1
    except Gone:
        scene.tally.things["lives cut short by a reset"] += 1
    except Unexpected:
        pass
    except Broken as problem:
        scene.tally.unexpected(f"a connection was {problem}", trace=traceback.format_exc(limit=-3))
    except Exception as problem:
        what = f"the soak itself: {type(problem).__name__}: {problem}"
        scene.tally.unexpected(what[:300], trace=traceback.format_exc(limit=-3))


async def as_fast_as_it_goes(
    scene: Scene, life: Life, seconds: float, stop: asyncio.Event, most: int = 10**9
) -> float:
    """A crowd that begins again at once, for so long or so many lives; lives a second that ended."""
    began, ended, begun = time.monotonic(), 0, 0

    async def one_after_the_other() -> None:
        nonlocal ended, begun
        while time.monotonic() - began < seconds and begun < most and not stop.is_set():
            begun += 1
            await lived(scene, life)
            ended += time.monotonic() - began < seconds

    await asyncio.gather(*(one_after_the_other() for _ in range(CROWD)))
    return ended / min(seconds, time.monotonic() - began)


async def at_a_rate(scene: Scene, life: Life, a_second: float, seconds: float, stop: asyncio.Event) -> None:
    """So many lives a second, at random moments; where too many are open, one is left out and counted."""
    open_lives: set[asyncio.Task[None]] = set()
    due_s = began = time.monotonic()
    while due_s - began < seconds and not stop.is_set() and scene.tally.problems < TOO_MANY:
        due_s += scene.chance.expovariate(a_second)
        try:
            async with asyncio.timeout(max(0.0, due_s - time.monotonic())):
                await stop.wait()
        except TimeoutError:
            pass
        if len(open_lives) >= MOST:
            scene.tally.things["lives left out: too many were open"] += 1
            continue
        task = asyncio.get_running_loop().create_task(lived(scene, life))
        open_lives.add(task)
        task.add_done_callback(open_lives.discard)
    if open_lives:
        await asyncio.wait(open_lives)
