"""The demo's own picture: a small landscape, drawn by this program, so that nobody's licence is needed.

It is full of fine detail (leaves, tiles, grass, ripples), because that is what an upscaler shows.
"""

from collections.abc import Sequence
from math import pi, sin
from typing import TypeAlias

from novita_mock import brushes, pixels
from novita_mock.pixels import Colour, Image

Point: TypeAlias = tuple[float, float]

#: Drawn so many times larger, then reduced: smooth edges.
_FINER = 3
_SKY: tuple[Colour, Colour] = ((88, 142, 206), (250, 218, 176))
_HILLS: tuple[tuple[float, float, Colour], ...] = (
    (0.47, 0.10, (138, 158, 186)),
    (0.55, 0.08, (104, 138, 142)),
    (0.62, 0.05, (84, 126, 92)),
)
_CLOUDS = ((0.42, 0.15, 0.17), (0.78, 0.12, 0.2), (0.02, 0.1, 0.12), (0.6, 0.07, 0.1))
_LAKE: tuple[Colour, Colour] = ((148, 178, 198), (52, 92, 128))
_MEADOW: Colour = (96, 138, 62)


class _Canvas:
    """A picture with coordinates from 0 to 1, both ways, and chances of its own."""

    def __init__(self, width: int, height: int) -> None:
        self.image: Image = pixels.plain("RGB", (width, height))
        self.width, self.height = width, height
        self.pen = pixels.pen(self.image)

    def at(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.width, y * self.height) for x, y in points]

    def area(self, points: Sequence[Point], colour: Colour) -> None:
        self.pen.polygon(self.at(points), fill=colour)

    def line(self, points: Sequence[Point], colour: Colour, thick: float = 1) -> None:
        self.pen.line(self.at(points), fill=colour, width=max(1, round(thick * _FINER)))

    def dot(self, x: float, y: float, reach: float, colour: Colour) -> None:
        """``reach`` in heights of the picture."""
        middle_x, middle_y, size = x * self.width, y * self.height, reach * self.height
        self.pen.ellipse((middle_x - size, middle_y - size, middle_x + size, middle_y + size), fill=colour)


def demo_picture(width: int = 384, height: int = 256) -> bytes:
    """The landscape as a PNG file of the given size in pixels; the same bytes at every call."""
    canvas = _Canvas(width * _FINER, height * _FINER)
    _draw_sky(canvas)
    _draw_hills(canvas)
    _draw_lake(canvas)
    _draw_meadow(canvas)
    _draw_house(canvas)
    _draw_fence(canvas)
    _draw_trunk(canvas)
    _draw_grass(canvas)
    _draw_leaves(canvas)
    small = pixels.resized(canvas.image, (width, height), "box")
    return pixels.encoded(small, "png", "A landscape, drawn by novita-mock")


def _between(first: Colour, second: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _lit(colour: Colour, light: float) -> Colour:
    red, green, blue = (min(255, max(0, round(value * light))) for value in colour)
    return red, green, blue


def _draw_sky(canvas: _Canvas) -> None:
    bottom = round(canvas.height * 0.66)
    for row in range(bottom):
        canvas.pen.line((0, row, canvas.width, row), fill=_between(*_SKY, (row / bottom) ** 1.3))
    for ring in range(10, 0, -1):
        canvas.dot(0.7, 0.3, 0.03 + 0.004 * ring, _between((255, 246, 220), (214, 204, 192), ring / 10))
    canvas.dot(0.7, 0.3, 0.03, (255, 251, 236))
    for left, top, wide in _CLOUDS:
        for index in range(26):
            x, y, reach = brushes.chances(f"cloud {left} {index}", 3)
            swell = sin(pi * x)
            colour = _between((255, 252, 248), (222, 224, 232), 1 - y)
            canvas.dot(left + wide * x, top - 0.05 * swell * y, 0.008 + 0.024 * swell * reach, colour)


def _draw_hills(canvas: _Canvas) -> None:
    for place, (level, rise, colour) in enumerate(_HILLS):
        a, b, c = brushes.chances(f"hill {place}", 3)

        waves = [
            sin(2 * pi * (x * (1.1 + a) / 120 + b)) + 0.4 * sin(2 * pi * (x * 3.7 / 120 + a))
            for x in range(121)
        ]
        ridge = [(x / 120, level - rise * wave * 0.6) for x, wave in enumerate(waves)]
        canvas.area([(0, 1), *ridge, (1, 1)], colour)
        for index in range(260 + 160 * place):
            x, depth, lean = brushes.chances(f"hill {place} {index}", 3)
            y = ridge[int(x * 120)][1] + 0.015 + depth * 0.13
            light = 0.82 + 0.3 * lean
            canvas.line([(x, y), (x + 0.008 + 0.01 * c, y + 0.012)], _lit(colour, light), 0.7)


def _draw_lake(canvas: _Canvas) -> None:
    top, bottom = round(canvas.height * 0.64), round(canvas.height * 0.8)
    for row in range(top, bottom):
        share = (row - top) / (bottom - top)
        canvas.pen.line((0, row, canvas.width, row), fill=_between(*_LAKE, share))
    for index in range(330):
        x, y, long, light = brushes.chances(f"ripple {index}", 4)
        near = 0.25 + y
        canvas.line(
            [(x, 0.645 + 0.15 * y), (x + 0.03 * long * near, 0.645 + 0.15 * y)],
            _between((226, 234, 236), (40, 78, 112), round(light)), 0.4 + 0.3 * near,
        )  # fmt: skip
    for index in range(60):
        x, y = brushes.chances(f"glitter {index}", 2)
        start, level = 0.7 + (x - 0.5) * (0.02 + 0.1 * y), 0.645 + 0.15 * y
        canvas.line([(start, level), (start + 0.01, level)], (255, 240, 206), 0.8)


def _draw_meadow(canvas: _Canvas) -> None:
    edge = [(step / 60, 0.79 - 0.035 * sin(step / 60 * 4.2 + 0.6)) for step in range(61)]
    canvas.area([(0, 1), *edge, (1, 1)], _MEADOW)
    _grass(canvas, "far", 1500, 0.0, 0.15)


def _draw_grass(canvas: _Canvas) -> None:
    _grass(canvas, "near", 1300, 0.125, 0.12)
    for index in range(90):
        x, y, kind = brushes.chances(f"flower {index}", 3)
        colour = ((240, 232, 220), (232, 120, 96), (244, 206, 84))[int(kind * 3)]
        canvas.dot(x, 0.86 + 0.13 * y, 0.0035 + 0.003 * y, colour)


def _grass(canvas: _Canvas, key: str, blades: int, top: float, deep: float) -> None:
    for index in range(blades):
        x, y, lean, light = brushes.chances(f"{key} grass {index}", 4)
        below = top + y * deep
        base = 0.79 - 0.035 * sin(x * 4.2 + 0.6) + below
        colour = _lit(_between(_MEADOW, (176, 184, 84), light), 0.62 + 0.5 * lean)
        canvas.line([(x, base), (x + (lean - 0.5) * 0.014, base - 0.012 - 0.14 * below)], colour, 0.5)


def _draw_house(canvas: _Canvas) -> None:
    canvas.area([(0.62, 0.62), (0.84, 0.62), (0.84, 0.83), (0.62, 0.83)], (232, 218, 192))
    for row in range(21):
        canvas.line([(0.62, 0.62 + row * 0.01), (0.84, 0.62 + row * 0.01)], (206, 188, 158), 0.3)
    canvas.area([(0.76, 0.44), (0.79, 0.44), (0.79, 0.56), (0.76, 0.56)], (142, 84, 70))
    for row in range(13):
        canvas.line([(0.76, 0.44 + row * 0.008), (0.79, 0.44 + row * 0.008)], (190, 150, 132), 0.3)
    canvas.area([(0.6, 0.63), (0.66, 0.5), (0.81, 0.5), (0.86, 0.63)], (150, 66, 52))
    for row in range(11):
        y = 0.5 + row * 0.012
        left, right = 0.66 - 0.06 * row / 11, 0.81 + 0.05 * row / 11
        for tile in range(30):
            x = left + (right - left) * (tile + 0.5 * (row % 2)) / 30
            light = 0.8 + 0.45 * brushes.chances(f"tile {row} {tile}", 1)[0]
            canvas.line([(x, y), (x, y + 0.009)], _lit((168, 80, 60), light), 1.1)
    for x in (0.65, 0.77):
        canvas.area([(x, 0.67), (x + 0.04, 0.67), (x + 0.04, 0.74), (x, 0.74)], (64, 82, 104))
        canvas.line(
            [(x, 0.67), (x + 0.04, 0.67), (x + 0.04, 0.74), (x, 0.74), (x, 0.67)], (250, 246, 236), 0.8
        )
        canvas.line([(x + 0.02, 0.67), (x + 0.02, 0.74)], (250, 246, 236), 0.5)
        canvas.line([(x, 0.705), (x + 0.04, 0.705)], (250, 246, 236), 0.5)
    canvas.area([(0.71, 0.68), (0.745, 0.68), (0.745, 0.83), (0.71, 0.83)], (96, 62, 44))
    canvas.dot(0.74, 0.745, 0.004, (232, 196, 96))


def _draw_fence(canvas: _Canvas) -> None:
    for rail in (0.842, 0.868):
        canvas.line([(0.44, rail), (1.0, rail + 0.01)], (222, 212, 196), 1.2)
    for post in range(24):
        x = 0.44 + post * 0.0245
        canvas.area(
            [(x, 0.83), (x + 0.004, 0.82), (x + 0.008, 0.83), (x + 0.008, 0.89), (x, 0.89)], (240, 232, 218)
        )
        canvas.line([(x + 0.008, 0.83), (x + 0.008, 0.89)], (150, 140, 122), 0.5)


def _draw_trunk(canvas: _Canvas) -> None:
    canvas.area([(0.185, 0.93), (0.205, 0.5), (0.23, 0.5), (0.262, 0.93)], (92, 68, 50))
    for index in range(120):
        x, y, light = brushes.chances(f"bark {index}", 3)
        left = 0.195 + 0.05 * x
        top = 0.55 + 0.36 * y
        canvas.line([(left, top), (left, top + 0.025)], _lit((104, 78, 58), 0.6 + 0.7 * light), 0.5)
    for reach in ((0.08, 0.42), (0.14, 0.3), (0.31, 0.32), (0.36, 0.45)):
        canvas.line([(0.218, 0.62), reach], (84, 62, 46), 2.2)


def _draw_leaves(canvas: _Canvas) -> None:
    for index in range(3400):
        x, y, light, crown = brushes.chances(f"leaf {index}", 4)
        middle = ((0.12, 0.36), (0.22, 0.26), (0.33, 0.36), (0.22, 0.4))[int(crown * 4)]
        turn, far = 2 * pi * x, y**0.5
        left = middle[0] + 0.115 * far * sin(turn)
        top = middle[1] + 0.15 * far * sin(turn + pi / 2)
        shade = 0.6 + 0.3 * index / 3400 + 0.7 * (0.45 - top) + 0.3 * (left - 0.2) + 0.3 * (light - 0.5)
        colour = _lit(_between((70, 116, 50), (164, 176, 70), light), shade)
        canvas.dot(left, top, 0.005 + 0.004 * light, colour)
