"""Lines in a plane as an SVG file that reads on light and on dark pages: no library, no script, no font."""

import math
from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 720, 380
#: What is left of the plane for labels.
LEFT, RIGHT, TOP, BOTTOM = 76, 24, 64, 56
#: A colour for each line, light and dark, told apart by whoever sees no red or green too; and its dashes.
COLOURS = (("#0550ae", "#79c0ff"), ("#bc4c00", "#ffa657"), ("#8250df", "#d2a8ff"), ("#116329", "#7ee787"))
DASHES = ("none", "7 4", "2 4", "10 3 2 3")

_STYLE = """  <style>
    text {{ font: 13px system-ui, sans-serif; fill: #1f2328 }}
    .title {{ font-weight: 600; font-size: 15px }}
    .page {{ fill: #ffffff }}
    .grid {{ stroke: #d1d9e0; stroke-width: 1 }}
    .axis {{ stroke: #59636e; stroke-width: 1 }}
    polyline {{ fill: none; stroke-width: 2 }}
{light}
    @media (prefers-color-scheme: dark) {{
      text {{ fill: #e6edf3 }}
      .page {{ fill: #0d1117 }}
      .grid {{ stroke: #2f353d }}
      .axis {{ stroke: #9198a1 }}
{dark}
    }}
  </style>"""

Points = Sequence[tuple[float, float]]


class Axis:
    """Where values stand along a side of the plane, by their logarithm."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self._start, self._end = start, end
        least, most = math.log10(min(values)), math.log10(max(values))
        # what spans less than a power of ten is in the middle of one: flat lines are seen as flat
        spare = max(0.0, (1 - (most - least)) / 2)
        self._least, self._most = least - spare, most + spare

    def place(self, value: float) -> float:
        """Of a value, in pixels."""
        share = (math.log10(value) - self._least) / (self._most - self._least)
        return round(self._start + share * (self._end - self._start), 1)

    def ticks(self) -> list[float]:
        """The values that are labelled: powers of ten, and what is between where they are few."""
        powers = range(math.floor(self._least), math.ceil(self._most) + 1)
        steps = (1, 2, 5) if self._most - self._least < 2 else (1,)
        values = [step * 10.0**power for power in powers for step in steps]
        return [each for each in values if self._least - 1e-9 <= math.log10(each) <= self._most + 1e-9]


def plot(title: str, x_label: str, y_label: str, lines: dict[str, Points]) -> str:
    """The file. Both axes are logarithmic: a line that rises by one step a step is linear in what it costs.

    Args:
        title: what it shows.
        x_label: what grows, with its unit.
        y_label: what is measured, with its unit.
        lines: by name, the points of each; all values are above zero.
    """
    points = [point for each in lines.values() for point in each]
    x = Axis([point[0] for point in points], LEFT, WIDTH - RIGHT)
    y = Axis([point[1] for point in points], HEIGHT - BOTTOM, TOP)
    light, dark = (
        "\n".join(
            f"    .line{place} {{ stroke: {pair[shade]} }} .dot{place} {{ fill: {pair[shade]} }}"
            for place, pair in enumerate(COLOURS[: len(lines)])
        )
        for shade in (0, 1)
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"  <title>{escape(title)}</title>",
        _STYLE.format(light=light, dark=dark),
        f'  <rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        f'  <text class="title" x="{LEFT}" y="24">{escape(title)}</text>',
        *_grid(x, y),
        *_labels(x_label, y_label),
    ]
    for place, (name, each) in enumerate(lines.items()):
        parts += _line(place, name, [(x.place(one), y.place(other)) for one, other in each])
    return "\n".join([*parts, "</svg>", ""])


def _grid(x: Axis, y: Axis) -> list[str]:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for tick in x.ticks():
        at = x.place(tick)
        parts.append(f'  <line class="grid" x1="{at}" y1="{TOP}" x2="{at}" y2="{bottom}"/>')
        parts.append(f'  <text x="{at}" y="{bottom + 20}" text-anchor="middle">{_short(tick)}</text>')
    for tick in y.ticks():
        at = y.place(tick)
        parts.append(f'  <line class="grid" x1="{LEFT}" y1="{at}" x2="{right}" y2="{at}"/>')
        parts.append(f'  <text x="{LEFT - 8}" y="{at + 4}" text-anchor="end">{_short(tick)}</text>')
    corner = f'points="{LEFT},{TOP} {LEFT},{bottom} {right},{bottom}"'
    return [*parts, f'  <polyline class="axis" {corner}/>']


def _labels(x_label: str, y_label: str) -> list[str]:
    middle, height = (LEFT + WIDTH - RIGHT) / 2, (TOP + HEIGHT - BOTTOM) / 2
    turned = f"translate(20 {height}) rotate(-90)"
    return [
        f'  <text x="{middle}" y="{HEIGHT - 12}" text-anchor="middle">{escape(x_label)}</text>',
        f'  <text transform="{turned}" text-anchor="middle">{escape(y_label)}</text>',
    ]


def _line(place: int, name: str, points: list[tuple[float, float]]) -> list[str]:
    joined = " ".join(f"{x},{y}" for x, y in points)
    dashes = f'stroke-dasharray="{DASHES[place]}"'
    start = LEFT + place * 180
    return [
        f'  <polyline class="line{place}" {dashes} points="{joined}"/>',
        *(f'  <circle class="dot{place}" cx="{x}" cy="{y}" r="3.5"/>' for x, y in points),
        f'  <polyline class="line{place}" {dashes} points="{start},44 {start + 28},44"/>',
        f'  <text x="{start + 36}" y="48">{escape(name)}</text>',
    ]


def _short(value: float) -> str:
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g}"
