"""What all lives share in which something goes wrong because it was asked for."""

from typing import Any

from asking import Asked, Broken, Unexpected
from known import Known
from lives import pictures
from scene import Scene
from submits import Wanted


async def ask_for(
    scene: Scene, who: str, phase: str, match: dict[str, str] | None = None, **effect: Any
) -> None:
    """Ask for a fault that happens once."""
    how = effect.get("how") or effect.get("reason") or effect.get("status") or ""
    scene.tally.things[f"asked for: {phase} {effect['kind']} {how}".strip()] += 1
    await scene.control("POST", "/faults", who, {"phase": phase, "match": match or {}, "effect": effect})


async def fired(scene: Scene, who: str) -> None:
    """The fault that was asked for has fired, once."""
    told = (await scene.control("GET", "/faults", who))["faults"]
    if [each["fired"] for each in told] != [1]:
        raise unseen(scene, f"faults fired {[each['fired'] for each in told]} times, not once")


def unseen(scene: Scene, what: str) -> Unexpected:
    """A fault has not done what it was asked for."""
    scene.tally.unexpected(what)
    return Unexpected(what)


async def must_break(scene: Scene, asked: Asked) -> None:
    """A request that must get no whole reply."""
    try:
        reply = await scene.asking.ask(asked)
    except Broken:
        return
    raise scene.asking.unexpected(asked, f"a whole reply, status {reply.status}, where none was to come")


async def lived(scene: Scene, who: str, wanted: Wanted, events: int | None = None) -> Known:
    """A submit, to its end and its pictures."""
    task = await scene.submit(who, wanted, events=events)
    await scene.end(task)
    await pictures(scene, task)
    return task


def drawn(scene: Scene, hook: bool | None = None) -> Wanted:
    """A V3 submit that is not too long in the making."""
    operation, size = (
        scene.chance.choice(("upscale", "img2img")),
        scene.chance.choice(("200 B", "30 KB", "300 KB")),
    )
    return scene.bodies.draw(operation, size, hook)


async def balance(scene: Scene, who: str) -> int:
    """What an account holds."""
    told = await scene.asking.told(Asked("user", "GET", "/v3/user", who), "v3/user.response.json")
    return int(told["credit_balance"])
