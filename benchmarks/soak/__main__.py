"""Mixed traffic at half of capacity for ten minutes: nothing leaks, nothing is lost, nothing errs unasked.

    make soak        (python benchmarks/soak [--minutes M | --seconds S] [--out FOLDER])

A double with its defaults, the request log off, is driven through all that the API and the control routes
offer: submits of 200 B to 30 MB, polls, pictures, webhooks, faults, resets. Every reply is judged. Ends with
exit code 1 where anything did not hold. Ctrl-C ends it early, with the report so far.
"""

import argparse
import asyncio
import random
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "mock_server"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import report
import uvloop
import verdict
from asking import Asking, Unexpected
from double import MIB, ROOT, Double, Sample, running
from known import Tasks
from lives import SHARED, again, largest, tiny
from pace import OWN, Mix, as_fast_as_it_goes, at_a_rate, lived
from receiver import Receiver
from scene import Scene
from submits import Bodies
from tally import Tally
from wrong_submits import reset

from novita_mock.catalogue import load

#: Links of an hour expire after this share of the traffic, or a minute; results of two hours after twice it.
LINK_SHARE, LINK_S = 0.1, 60.0
AGE_S = 7200.0
MAX_BYTES = 512 * MIB
#: Account seconds in a second, at most.
MAX_SPEED = 1200.0
#: Tasks that fill what is counted by tasks: an account's payments are noted of so many.
FILL = 10_000
#: The largest bodies that come at once, before the traffic in which they seldom meet: an allocator keeps what
#: it once needed, and that is no leak.
LARGEST = 8
#: Every other task takes so many account seconds more: polls shall meet tasks that run.
SLOW = {"phase": "task", "effect": {"kind": "slow", "seconds": 90}, "times": None, "rate": 0.5}


@dataclass(slots=True)
class Soak:
    """One soak: its scene, and what was seen."""

    seconds: float
    double: Double
    tally: Tally = field(default_factory=Tally)
    samples: list[Sample] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    capacity: float = 0.0
    began_s: float = 0.0
    ended_s: float = 0.0
    filled_s: float | None = None
    health: dict[str, Any] = field(default_factory=dict)

    @property
    def speed(self) -> float:
        """Account seconds in a wall second."""
        return speed_for(self.seconds)

    async def run(self) -> tuple[Sample, Sample]:
        """All of it; what the double held at first, and at last."""
        tasks = Tasks(self.tally, AGE_S / self.speed, MAX_BYTES)
        receiver = Receiver(self.tally, tasks.event)
        asking = Asking(self.double.port, self.tally, load())
        chance = random.Random(4077)
        hook = await receiver.start()
        # A short run has no time for bodies of 30 MB.
        bodies = Bodies(chance, hook, 30_000_000 if self.seconds >= 30 else 3_000_000)
        scene = Scene(asking, self.tally, bodies, tasks, chance, self.speed)
        first = await self._first(scene)
        watching = asyncio.create_task(self._watch(scene))
        try:
            await self._traffic(scene)
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            last = await self._last(scene)
        finally:
            asking.close()
            await receiver.stop()
        return first, last

    async def _first(self, scene: Scene) -> Sample:
        for who in (*SHARED, *OWN):
            await scene.control("POST", "/balance", who, {"usd": 1e6})
        return await self._sampled()

    async def _traffic(self, scene: Scene) -> None:
        mix = Mix()
        _say(f"measuring capacity, for {self._part(0.05, 3, 20):.0f} s")
        self.capacity = await as_fast_as_it_goes(scene, mix, self._part(0.05, 3, 20), self.stop)
        _say(f"{self.capacity:.1f} lives a second; filling what is counted by tasks")
        await as_fast_as_it_goes(scene, tiny, self._part(0.15, 2, 90), self.stop, FILL)
        await asyncio.gather(*(lived(scene, largest) for _ in range(LARGEST)))
        for who in SHARED:
            await scene.control("POST", "/faults", who, SLOW)
        self.began_s = self.tally.since()
        self.tally.begin()
        _say(f"traffic at {self.capacity / 2:.1f} lives a second, for {self.seconds:.0f} s")
        resetting = asyncio.create_task(self._resets(scene))
        await at_a_rate(scene, mix, max(0.5, self.capacity / 2), self.seconds, self.stop)
        resetting.cancel()
        await asyncio.gather(resetting, return_exceptions=True)
        self.ended_s = self.tally.since()

    def _part(self, share: float, least: float, most: float) -> float:
        return min(most, max(least, share * self.seconds))

    async def _resets(self, scene: Scene) -> None:
        """Reset the shared accounts, but for the first, in turn: each about four times."""
        while True:
            for who in SHARED[1:]:
                await asyncio.sleep(self.seconds / 9)
                with suppress(Unexpected):
                    await reset(scene, who)
                    await scene.control("POST", "/faults", who, SLOW)

    async def _watch(self, scene: Scene) -> None:
        while not self.stop.is_set():
            await asyncio.sleep(1)
            if not self.double.runs:
                self.tally.unexpected("the double has ended")
                self.stop.set()
                return
            kept = 0
            with suppress(Unexpected):
                health = await scene.control("GET", "/health")
                kept = health["kept_bytes"]
                scene.known.note_kept(kept)
                if self.filled_s is None and health["forgotten_tasks"]:
                    self.filled_s = max(0.0, self.tally.since() - (self.began_s or self.tally.since()))
            sample = await asyncio.to_thread(self.double.sample, self.tally.since(), kept)
            self.samples += [sample] if sample else []
            scene.known.settle()
            if len(self.samples) % 30 == 0:
                held = f"{sample.rss / MIB:.0f} MiB" if sample else ""
                asked, problems = self.tally.requests, self.tally.problems
                _say(f"{self.tally.since():.0f} s: {asked:,} requests, {problems} problems, {held}")

    async def _last(self, scene: Scene) -> Sample:
        """All is quiet: look at everything once more, then at what is left of it after a reset."""
        with suppress(Unexpected):
            await scene.control("POST", "/idle", "", {"timeout_s": 60})
            for task in [task for task in scene.known.recent() if task.ended_s][-2000:]:
                await again(scene, task)
            await asyncio.sleep(0.2)
            scene.known.settle(all_of_them=True)
            await scene.control("POST", "/reset")
            self.health = await scene.control("GET", "/health")
        scene.asking.close()
        for _ in range(10):  # files are removed by a thread that nobody waits for
            await asyncio.sleep(1.0)
            sample = await self._sampled()
            if not sample.files:
                break
        return sample

    async def _sampled(self) -> Sample:
        return self.double.sample(self.tally.since()) or Sample(0, 0, 0, 0, 0, 0, 0, 0, 0)

    def found(self, first: Sample, last: Sample, log: str, code: int, took_s: float) -> list[verdict.Found]:
        """What holds and what does not."""
        steady = [each for each in self.samples if self.began_s <= each.at_s <= self.ended_s]
        seconds = self.ended_s - self.began_s
        return [
            *verdict.traffic(self.tally, log, code, took_s),
            verdict.caps(self.filled_s, seconds),
            verdict.memory(steady, seconds),
            *verdict.leaks(steady, seconds),
            *verdict.emptied(last, first, self.health),
        ]

    def about(self) -> dict[str, Any]:
        """What was done, and on what."""
        return {
            "day": report.today(), "machine": report.machine(), "seconds": self.ended_s - self.began_s,
            "took_s": self.tally.since(), "capacity": self.capacity, "rate": self.capacity / 2,
            "speed": self.speed, "max_age_s": AGE_S / self.speed, "max_bytes": MAX_BYTES,
            "driver_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "broken_off": self.stop.is_set(), "began_s": self.began_s,
        }  # fmt: skip


def speed_for(seconds: float) -> float:
    """How fast account time runs in a soak of so many seconds.

    Were it faster, a pause of the machine would be hours: results would be gone before they are asked for.
    """
    return min(MAX_SPEED, 3600 / min(LINK_S, LINK_SHARE * seconds))


def _say(text: str) -> None:
    print(f"soak: {text}", file=sys.stderr, flush=True)


async def soaked(seconds: float, double: Double) -> tuple[Soak, Sample, Sample]:
    """Run a soak; Ctrl-C ends its traffic."""
    soak = Soak(seconds, double)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, soak.stop.set)
    first, last = await soak.run()
    return soak, first, last


def main() -> int:
    """Soak, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="of traffic (default 10)")
    parser.add_argument("--seconds", type=float, help="the same in seconds")
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results")
    asked = parser.parse_args()
    seconds = asked.seconds or asked.minutes * 60
    speed = speed_for(seconds)
    with running("--speed", str(speed), "--max-result-age-s", str(AGE_S)) as double:
        soak, first, last = uvloop.run(soaked(seconds, double))
        code, took_s = double.stop() if double.runs else (-1, 0.0)
        log = double.log()
    found = soak.found(first, last, log, code, took_s)
    figures = report.told(soak.tally, found, soak.samples, soak.about(), log)
    text = report.markdown(figures, soak.tally)
    report.written(asked.out, figures, text, soak.samples)
    print(text)
    return 0 if figures["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
