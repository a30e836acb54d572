"""What a ControlNet unit's own picture does to an img2img result: its preprocessor, then how it shows.

The preprocessors are simple relatives of those they are named after: lines where those find edges, shade
where those find depth, a few joined points where those find a body.
"""

import hashlib
from collections.abc import Callable, Mapping

from novita_mock import pixels
from novita_mock.pixels import Image

_SOBEL = (-1, 0, 1, -2, 0, 2, -1, 0, 1)
_SOBEL_DOWN = (-1, -2, -1, 0, 0, 0, 1, 2, 1)
_INK = (18, 16, 24)
_LIMBS = ((255, 60, 60), (255, 190, 40), (90, 230, 90), (60, 200, 255), (170, 110, 255))
_POINTS = (5, 6)
_TILES = 6

Shown = Callable[[Image, Image, float], Image]


def applied(result: Image, picture: Image, preprocessor: str, weight: float) -> Image:
    """``result`` (RGB) with the unit's picture, of the same size, showing in it by ``weight`` 0..1.

    A preprocessor that is not listed, or none, lets the picture through as it is.
    Source of the names: page img2img, ``preprocessor``.
    """
    if weight <= 0:
        return result
    return _PREPROCESSORS.get(preprocessor, _as_is)(result, picture, min(1.0, weight))


def _steepness(light: Image) -> Image:
    """How steep the luminance is (L), the sum of both directions."""
    across = pixels.mapped(pixels.convolved(light, _SOBEL, 4, 128), lambda value: abs(value - 128))
    down = pixels.mapped(pixels.convolved(light, _SOBEL_DOWN, 4, 128), lambda value: abs(value - 128))
    return pixels.textured(across, pixels.mapped(down, lambda value: value + 128))


def thin_edges(picture: Image, radius: float = 1.0, threshold: int = 14) -> Image:
    """White lines, a pixel or two wide, where luminance turns: its crossings of its own local average."""
    light = pixels.blurred(pixels.grey(picture), radius)
    wider = pixels.blurred(light, radius * 1.6)
    side = pixels.mapped(pixels.gap(light, wider), lambda value: 255 * (value > 128))
    low, _high = pixels.extremes(side)
    steep = pixels.mapped(_steepness(light), lambda value: 255 * (value > threshold))
    return pixels.multiplied(pixels.difference(side, low), steep)


def _inked(result: Image, lines: Image, weight: float) -> Image:
    mask = pixels.mapped(lines, lambda value: value * weight * 0.95)
    return pixels.masked(result, pixels.plain("RGB", result.size, _INK), mask)


def _canny(result: Image, picture: Image, weight: float) -> Image:
    return _inked(result, pixels.extremes(thin_edges(picture))[1], weight)


def _straight(result: Image, picture: Image, weight: float) -> Image:
    return _inked(result, pixels.extremes(thin_edges(picture, 3.0, 10))[1], weight)


def _soft_lines(result: Image, picture: Image, weight: float) -> Image:
    steep = _steepness(pixels.blurred(pixels.grey(picture), 1.2))
    return _inked(result, pixels.mapped(steep, lambda value: value * 5 - 30), weight)


def _line_art(result: Image, picture: Image, weight: float) -> Image:
    steep = _steepness(pixels.blurred(pixels.grey(picture), 0.7))
    return _inked(result, pixels.mapped(steep, lambda value: value * 7 - 90), weight)


def _scribble(result: Image, picture: Image, weight: float) -> Image:
    lines = pixels.extremes(pixels.extremes(thin_edges(picture, 2.0, 12))[1])[1]
    return _inked(result, lines, weight)


def _depth(result: Image, picture: Image, weight: float) -> Image:
    far = pixels.blurred(pixels.grey(picture), 6)
    return pixels.textured(result, pixels.mapped(far, lambda value: 128 + (value - 128) * 0.7 * weight))


def _relief(result: Image, picture: Image, weight: float) -> Image:
    light = pixels.blurred(pixels.grey(picture), 1.5)
    slope = pixels.convolved(light, (-2, -1, 0, -1, 0, 1, 0, 1, 2), 2, 128)
    return pixels.textured(result, pixels.mapped(slope, lambda value: 128 + (value - 128) * 2.2 * weight))


def _pose(result: Image, picture: Image, weight: float) -> Image:
    """Points of the steepest places of a coarse grid, joined: bright limbs on the result."""
    across, down = _POINTS
    small = pixels.resized(_steepness(pixels.blurred(pixels.grey(picture), 2)), (across * 8, down * 8), "box")
    values, limbs = small.tobytes(), pixels.plain("RGB", result.size)
    mask = pixels.plain("L", result.size)
    points = []
    for row in range(down):
        cells = [(y, x) for y in range(row * 8, row * 8 + 8) for x in range(across * 8)]
        y, x = max(cells, key=lambda cell: (values[cell[0] * across * 8 + cell[1]], cell))
        points.append(((x + 0.5) * result.width / (across * 8), (y + 0.5) * result.height / (down * 8)))
    width = max(3, min(result.size) // 90)
    for index, (start, end) in enumerate(zip(points, points[1:], strict=False)):
        pixels.pen(limbs).line((start, end), fill=_LIMBS[index % len(_LIMBS)], width=width)
        pixels.pen(mask).line((start, end), fill=round(255 * weight), width=width)
    for index, (x, y) in enumerate(points):
        spot = (x - width, y - width, x + width, y + width)
        pixels.pen(limbs).ellipse(spot, fill=_LIMBS[-1 - index % len(_LIMBS)])
        pixels.pen(mask).ellipse(spot, fill=round(255 * weight))
    return pixels.masked(result, limbs, mask)


def _shuffle(result: Image, picture: Image, weight: float) -> Image:
    """The picture's tiles in another order, always the same one."""
    width, height = picture.size
    order = sorted(range(_TILES**2), key=lambda tile: hashlib.sha256(b"shuffle %d" % tile).digest())
    mixed = picture.copy()
    for place, tile in enumerate(order):
        left, top = tile % _TILES * width // _TILES, tile // _TILES * height // _TILES
        x, y = place % _TILES * width // _TILES, place // _TILES * height // _TILES
        part = picture.crop((left, top, left + width // _TILES + 1, top + height // _TILES + 1))
        mixed.paste(part, (x, y))
    return pixels.blended(result, pixels.blurred(mixed, 3), 0.6 * weight)


def _as_is(result: Image, picture: Image, weight: float) -> Image:
    return pixels.blended(result, picture, 0.6 * weight)


_PREPROCESSORS: Mapping[str, Shown] = {
    "canny": _canny,
    "mlsd": _straight,
    **dict.fromkeys(("softedge_hed", "softedge_hedsafe", "softedge_pidinet", "softedge_pidsafe"), _soft_lines),
    **dict.fromkeys(("lineart", "lineart_coarse", "lineart_realistic", "lineart_anime"), _line_art),
    **dict.fromkeys(("scribble_hed", "scribble_hedsafe", "scribble_pidinet", "scribble_pidsafe"), _scribble),
    **dict.fromkeys(("depth", "depth_midas", "depth_zoe", "depth_leres", "depth_leres++"), _depth),
    "normal_bae": _relief,
    **dict.fromkeys(("openpose", "openpose_face", "openpose_faceonly", "openpose_full"), _pose),
    **dict.fromkeys(("openpose_hand", "dwpose", "mediapipe_face"), _pose),
    "shuffle": _shuffle,
}
