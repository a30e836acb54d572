"""What is held against the soak: each a sentence, whether it holds, and what was found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import linear_regression, median
from typing import Any

from double import MIB, Sample
from tally import Tally

#: The last quarter may hold so much more than the second: a share, and bytes.
SHARE, BYTES = 1.05, 5 * MIB
#: Seconds that the traffic has to last before memory is judged: sooner, the caps are hardly full; and files.
JUDGED_S, LEAKS_S = 300, 60
#: So many more files, threads and processes may be open later, where as many lives are.
MORE = {"fds": 16, "threads": 4, "children": 1}


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence; ``holds`` is None where it was too early to tell."""

    sentence: str
    holds: bool | None
    about: str
    look: str = ""


def quarter(samples: Sequence[Sample], which: int, of: Callable[[Sample], float]) -> float:
    """The median of a quarter of the time, 1 to 4."""
    size = len(samples) / 4
    return median([of(each) for each in samples[int((which - 1) * size) : max(1, int(which * size))]] or [0])


def memory(samples: Sequence[Sample], seconds: float) -> Found:
    """Memory is flat once the caps are full."""
    second, last = (quarter(samples, which, attrgetter("rss")) for which in (2, 4))
    half = samples[len(samples) // 2 :]
    slope = linear_regression([s.at_s for s in half], [s.rss for s in half]).slope if len(half) > 2 else 0.0
    about = (
        f"{second / MIB:.1f} MiB in the second quarter, {last / MIB:.1f} in the last;"
        f" over the last half {slope * 3600 / MIB:+.1f} MiB an hour; of these the results that it keeps:"
        f" {quarter(samples, 2, attrgetter('kept')) / MIB:.1f} and"
        f" {quarter(samples, 4, attrgetter('kept')) / MIB:.1f} MiB, at most"
        f" {max((each.kept for each in samples), default=0) / MIB:.0f}"
    )
    flat = last <= second * SHARE + BYTES
    sentence = "memory is flat: the last quarter's median at most 5 % and 5 MiB over the second's"
    return Found(
        sentence, flat if seconds >= JUDGED_S else None, about, "which store grows: GET /_mock/health"
    )


def leaks(samples: Sequence[Sample], seconds: float) -> list[Found]:
    """As many files, threads and processes are open late as early."""
    found = []
    for name, words in (("fds", "open files"), ("threads", "threads"), ("children", "child processes")):
        second, last = (quarter(samples, which, attrgetter(name)) for which in (2, 4))
        sentence = f"{words} do not grow: the last quarter's median at most {MORE[name]} over the second's"
        about = f"{second:.0f} in the second quarter, {last:.0f} in the last"
        holds = last <= second + MORE[name] if seconds >= LEAKS_S else None
        found.append(Found(sentence, holds, about, "ls -l /proc/PID/fd of the double"))
    return found


def emptied(idle: Sample, first: Sample, health: dict[str, Any]) -> list[Found]:
    """With all accounts reset nothing is left but what was there at first."""
    kept = {name: health.get(name) for name in ("unfinished_tasks", "kept_bytes")}
    return [
        Found("reset, it keeps nothing", not any(kept.values()), str(kept), "GET /_mock/tasks"),
        Found("reset, it has closed its files", idle.fds <= first.fds + MORE["fds"] + 8 * idle.children,
              f"{first.fds} at first, {idle.fds} at the end", "ls -l /proc/PID/fd of the double"),
        Found("reset, no temporary file is left", idle.files <= first.files,
              f"{first.files} at first, {idle.files} at the end", "which part writes to TMPDIR"),
    ]  # fmt: skip


def traffic(tally: Tally, log: str, code: int, took_s: float) -> list[Found]:
    """Nothing happened that nothing asked for, and what was asked for has happened."""
    missing = {name: count for name, count in (tally.asked - tally.seen).items() if count}
    return [
        Found("no error that no fault asked for, no task or event lost", not tally.problems,
              f"{tally.problems} in {tally.requests:,} requests", "the list below; `problems` in the JSON"),
        Found("each fault that was asked for was seen", not missing,
              f"{sum(tally.seen.values())} of {sum(tally.asked.values())}"
              + (f"; not seen: {missing}" if missing else ""), "the list below"),
        Found("the double's log is empty", not log.strip(), f"{len(log)} characters", "`log` in the JSON"),
        Found("it stops when told to", code == 0, f"exit code {code} after {took_s:.1f} s", "the log"),
    ]  # fmt: skip


def caps(filled_s: float | None, seconds: float) -> Found:
    """The caps are full before the memory that is judged."""
    sentence = "results are at their cap of bytes or age in the first quarter"
    about = "never" if filled_s is None else f"{filled_s:.0f} s after the traffic began, of {seconds:.0f}"
    holds = filled_s is not None and filled_s <= seconds / 4
    return Found(sentence, holds if seconds >= JUDGED_S else None, about, "--speed, --max-result-age-s")
