"""The report of a soak: for people as Markdown with a curve, for programs as JSON."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from double import MIB, Sample
from tally import Kind, Tally
from verdict import Found

import telling

_WIDTH, _HEIGHT, _EDGE = 640, 160, 44
_WORDS = {True: "yes", False: "**no**", None: "too short to tell"}


def told(
    tally: Tally, found: Sequence[Found], samples: Sequence[Sample], about: dict[str, Any], log: str
) -> dict[str, Any]:
    """Everything, as JSON."""
    kinds = {
        name: {"count": kind.count, "sent_bytes": kind.sent, "received_bytes": kind.received,
               "p50_ms": _ms(kind.quantile_s(0.5)), "p99_ms": _ms(kind.quantile_s(0.99)),
               "max_ms": _ms(kind.longest_s)}
        for name, kind in sorted(tally.kinds.items())
    }  # fmt: skip
    return {
        "about": about,
        "passed": all(each.holds is not False for each in found),
        "found": [asdict(each) for each in found],
        "requests": kinds,
        "faults": {
            name: {"asked": tally.asked[name], "seen": tally.seen[name]} for name in sorted(tally.asked)
        },
        "things": dict(sorted(tally.things.items())),
        "problems": tally.kept,
        "samples": [each.told() for each in samples],
        "log": log[:20_000],
    }  # fmt: skip


def markdown(figures: dict[str, Any], tally: Tally) -> str:
    """The summary for people."""
    about = figures["about"]
    took_s, seconds = about["took_s"], max(about["seconds"], 0.1)
    lines = [
        f"# Soak of {about['day']}: {'passed' if figures['passed'] else 'FAILED'}"
        + (", broken off" if about["broken_off"] else ""),
        "",
        f"{about['seconds']:.0f} s of traffic at {about['rate']:.1f} lives a second,"
        f" half of the {about['capacity']:.1f} that the double could do;"
        f" {tally.requests:,} requests in {took_s:.0f} s in all, {tally.requests / took_s:,.0f} a second.",
        f"{about['machine']}; account time runs {about['speed']:.0f} times as fast;"
        f" results are kept for {about['max_age_s']:.0f} s or up to {about['max_bytes'] // MIB} MiB;"
        f" the driver itself took {about['driver_mib']:.0f} MiB at most.",
        "", "| expected | held | found |", "| --- | --- | --- |",
        *(f"| {each['sentence']} | {_WORDS[each['holds']]} | {each['about']} |" for each in figures["found"]),
        "", "![resident memory](soak.svg)", "",
        "| requests | count | a second | p50 ms | p99 ms | max ms |", "| --- | --- | --- | --- | --- | --- |",
        *(_row(name, kind, seconds) for name, kind in sorted(tally.kinds.items())),
        "", "| fault | asked for | seen |", "| --- | --- | --- |",
        *(f"| {name} | {each['asked']} | {each['seen']} |" for name, each in figures["faults"].items()),
        "", "| counted | |", "| --- | --- |",
        *(f"| {name} | {count:,} |" for name, count in figures["things"].items()),
    ]  # fmt: skip
    bad = [each for each in figures["found"] if each["holds"] is False]
    if bad:
        lines += ["", "## What to look at", ""]
        lines += [f"- {each['sentence']}: {each['about']}. Look at {each['look']}." for each in bad]
        lines += ["", *(f"- {json.dumps(each)}" for each in figures["problems"][:10])]
        if figures["log"]:
            lines += ["", "The end of the double's log:", "", "```", figures["log"][-3000:].strip(), "```"]
    return "\n".join(lines) + "\n"


def _row(name: str, kind: Kind, seconds: float) -> str:
    figures = (kind.quantile_s(0.5), kind.quantile_s(0.99), kind.longest_s)
    return (
        f"| {name} | {kind.count:,} | {kind.count / seconds:.1f} | "
        + " | ".join(f"{_ms(f):,}" for f in figures)
        + " |"
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)


def curve(samples: Sequence[Sample]) -> str:
    """Resident memory over time, as SVG."""
    if not samples:
        return '<svg xmlns="http://www.w3.org/2000/svg"/>\n'
    highest = max(each.rss for each in samples) / MIB
    last_s = max(samples[-1].at_s, 1.0)
    across, up = (_WIDTH - _EDGE) / last_s, (_HEIGHT - 24) / highest
    points = " ".join(
        f"{_EDGE + each.at_s * across:.1f},{_HEIGHT - 16 - each.rss / MIB * up:.1f}" for each in samples
    )
    text = '<text x="{}" y="{}" font-size="10" font-family="sans-serif" fill="#444">{}</text>'
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        "<title>Resident memory of the double over the soak</title>",
        '<rect width="100%" height="100%" fill="#fff"/>',
        f'<path d="M{_EDGE} 8V{_HEIGHT - 16}H{_WIDTH}" stroke="#999" fill="none"/>',
        f'<polyline points="{points}" stroke="#1f5fbf" fill="none" stroke-width="1.2"/>',
        text.format(0, 16, f"{highest:.0f} MiB"), text.format(0, _HEIGHT - 16, "0"),
        text.format(_WIDTH - 50, _HEIGHT - 3, f"{last_s:.0f} s"), "</svg>", "",
    ])  # fmt: skip


def machine() -> str:
    """What it was measured on."""
    on = telling.machine()
    return f"Python {on['python']}, {on['cores']} cores, {on['processor']}"


def written(folder: Path, figures: dict[str, Any], text: str, samples: Sequence[Sample]) -> None:
    """Leave the report in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "soak.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    (folder / "soak.md").write_text(text, "utf-8")
    (folder / "soak.svg").write_text(curve(samples), "utf-8")


def today() -> str:
    """The day."""
    return str(datetime.date.today())
