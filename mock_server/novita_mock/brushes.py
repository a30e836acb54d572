"""What the painting and the drawing share: chances that a key decides, and streaks of a brush."""

import hashlib
import struct
from math import ceil, cos, sin

from novita_mock import pixels
from novita_mock.pixels import Image, Size


def fraction(size: Size, divisor: float) -> Size:
    """A size divided, rounded up."""
    return max(1, ceil(size[0] / divisor)), max(1, ceil(size[1] / divisor))


def chances(key: str, count: int) -> list[float]:
    """Numbers in [0, 1), a function of the key."""
    digest = hashlib.shake_256(key.encode("utf-8", "surrogatepass")).digest(count * 2)
    return [value / 65536 for value in struct.unpack(f"<{count}H", digest)]


def hatching(size: Size, key: str, angle: float, long: float, thick: float) -> Image:
    """Streaks of grey, ``long`` x ``thick`` pixels, at an angle in radians."""
    width, height = size
    across, down = cos(angle), sin(angle)
    us = [x * across + y * down for x in (0, width) for y in (0, height)]
    vs = [y * across - x * down for x in (0, width) for y in (0, height)]
    grid = (ceil((max(us) - min(us)) / long) + 6, ceil((max(vs) - min(vs)) / thick) + 6)
    # Enlarged first: to turn a picture costs more than half as much when it is interpolated linearly.
    finer = pixels.resized(pixels.noise(grid, key), (2 * grid[0], 2 * grid[1]))
    long, thick = long / 2, thick / 2
    matrix = (
        across / long, down / long, 6 - min(us) / long,
        -down / thick, across / thick, 6 - min(vs) / thick,
    )  # fmt: skip
    return pixels.mapped_plane(finer, size, matrix)
