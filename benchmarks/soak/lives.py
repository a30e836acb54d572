"""The ordinary life: a submit, polls until its end, its pictures, and a look at others of long ago."""

from known import Known
from scene import Scene

#: Accounts that many lives share at the same time. The first is never reset: it fills every cap.
SHARED = ("steady", "shared-1", "shared-2")
#: Looks at tasks of long ago in each life, and how many links of theirs are followed.
LOOKS, LINKS = 12, 2
#: The share of lives that also ask a control route.
CONTROL = 0.1
_ROUTES = (
    "/health", "/clock", "/accounts", "/faults", "/quirks", "/requests?limit=20", "/webhooks", "/inbox",
    "/requests?outcome=refused&limit=5", "/scenarios", "/double-spends", "/storage", "/tasks",
)  # fmt: skip


async def ordinary(scene: Scene) -> None:
    """A life in which nothing goes wrong."""
    chance = scene.chance
    task = await scene.submit(chance.choice(SHARED), scene.bodies.draw())
    try:
        await scene.end(task)
        await pictures(scene, task)
        await scene.told(task)
    finally:
        task.open = False
    await others(scene)
    if chance.random() < CONTROL:
        route = chance.choice(_ROUTES)
        await scene.control("GET", route, "" if route in _ROUTES[:5] else chance.choice(SHARED))


async def pictures(scene: Scene, task: Known) -> None:
    """Every picture of a task that succeeded: its size at least, half of them whole."""
    for place in range(len(task.links)):
        if task.gone_s:
            return
        await scene.fetch(task, place, whole=scene.chance.random() < 0.5)


async def others(scene: Scene) -> None:
    """Look again at tasks of before: they are there, as they ended, until they may be forgotten."""
    found = [task for task in scene.known.recent() if task.who in SHARED]
    for task in scene.chance.sample(found, min(LOOKS, len(found))):
        await again(scene, task)
    with_links = [task for task in found if task.links]
    for task in scene.chance.sample(with_links, min(LINKS, len(with_links))):
        await scene.fetch(task, 0, whole=scene.chance.random() < 0.3)


async def again(scene: Scene, task: Known) -> None:
    """Poll a task of before."""
    if await scene.poll(task) is None:
        task.forgotten = True


async def tiny(scene: Scene) -> None:
    """A life as small as can be, for the caps that count tasks."""
    task = await scene.submit(SHARED[0], scene.bodies.draw("upscale", "200 B", hook=True))
    try:
        await scene.end(task)
        await scene.told(task)
    finally:
        task.open = False


async def largest(scene: Scene) -> None:
    """A life of one of the largest bodies."""
    operation = scene.chance.choice(("upscale", "upscale-v2"))
    task = await scene.submit(scene.chance.choice(SHARED), scene.bodies.draw(operation, scene.bodies.largest))
    try:
        await scene.end(task)
        await pictures(scene, task)
    finally:
        task.open = False
