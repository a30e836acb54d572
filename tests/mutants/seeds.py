"""Mutations of the seed: what it does to the pictures, and how it is told."""

from collections.abc import Callable, Iterator

from mutants.changes import Group, changed, sent, with_changed, worse
from mutants.messages import Call, Reply
from mutants.mutation import EFFECT, Behaviour, Mutation
from mutants.parameters import SEEN, computed, request
from mutants.probes import flow, seeds, several
from mutants.replies import succeeded
from mutants.witness import Probe
from mutants.world import Submitted


class SeedIgnored(Behaviour):
    """Draws a seed of its own, and yet tells the one that was asked for."""

    def __init__(self, draw: Callable[[int], int]) -> None:
        self._draw = draw
        self._drawn = 0

    def concerns(self, call: Call) -> bool:
        return call.name in ("img2img", "task-result")

    async def answer(self, call: Call) -> Reply | None:
        if call.name == "img2img":
            self._drawn += 1
            other = with_changed(call, request(seed=self._draw(self._drawn)))
            reply = await self.world.forward(other)
            task_id = (reply.json or {}).get("task_id")
            if task_id in self.world.tasks:
                self.world.tasks[task_id] = Submitted(task_id, call)
            return reply
        reply = await self.world.forward(call)
        task = self.world.tasks.get(call.query.get("task_id", ""))
        wanted = task.body["request"].get("seed") if task and task.call.name == "img2img" else None
        if not succeeded(call, reply) or not isinstance(wanted, int) or wanted < 0:
            return reply
        return reply.with_json(changed(reply.json, lambda body: body["extra"].update(seed=str(wanted))))


def mutations() -> Iterator[Mutation]:
    """All of them."""
    yield from _of_pictures().made
    yield from _of_echoes().made


def _of_pictures() -> Group:
    twice = several(
        "seed 7 twice, then 8", *(flow("img2img", f"seed {s}", request(seed=s)) for s in (7, 7, 8))
    )
    group = Group(EFFECT, "img2img: ", "1.4 seed", SEEN, ("seed",), twice)
    drawn = lambda: SeedIgnored(lambda number: 1000 + number)  # noqa: E731
    group.add("seed ignored", "equal seeds give different pictures", drawn)
    always = lambda: SeedIgnored(lambda number: 1)  # noqa: E731
    group.add("seed without effect", "different seeds give the same picture", always)
    same = computed("seed", lambda asked: 42 if asked.get("seed", -1) == -1 else asked["seed"])
    group.add("seed -1 always 42", "-1 draws the same seed each time", sent("img2img", same), _drawn())
    return group


def _of_echoes() -> Group:
    probe = flow("img2img", links=False)
    group = Group(EFFECT, "task-result: ", "2.1 extra.seed", SEEN, ("seed",), probe)
    for label, title, change in (
        ("echo wrong", "the seed is told one too high",
         lambda body: body["extra"].update(seed=str(int(body["extra"]["seed"]) + 1))),
        ("missing", "the seed is not told", lambda body: body["extra"].pop("seed") and None),
        ("empty", "the seed is told as nothing",
         lambda body: body["extra"]["seed"] and body["extra"].update(seed="")),
        ("hexadecimal", "the seed is told in hexadecimal",
         lambda body: body["extra"].update(seed=f"0x{int(body['extra']['seed']):x}")),
    ):  # fmt: skip
        group.add(f"seed {label}", title, worse("task-result", change))
    upscaled = worse("task-result", lambda body: body["extra"].setdefault("seed", "5") and None)
    group.add("seed of an upscale", "an upscale has a seed", upscaled, flow("upscale", links=False))
    minus = worse("task-result", lambda body: body["extra"]["seed"] and body["extra"].update(seed="-1"))
    group.add("seed -1 told", "the seed that was drawn is told as -1", minus, _drawn())
    return group


def _drawn() -> Probe:
    return seeds(
        "drawn seeds", *(flow("img2img", f"seed -1, {n}", request(seed=-1), links=False) for n in (1, 2))
    )
