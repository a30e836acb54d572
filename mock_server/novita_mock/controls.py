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
_POINTS = (3, 4)
_BONES = ((4, 1), (4, 7), (7, 10), (4, 3), (4, 5), (3, 0), (5, 2), (10, 9), (10, 11), (7, 6), (7, 8))
_TILES = 6
#: From this many pixels a side on, thin lines are drawn three pixels wide, to be seen at all.
_FINE = 800

#: What a unit does to a result (RGB), of the size of the unit's own picture.
Effect = Callable[[Image], Image]


def effect(picture: Image, preprocessor: str, weight: float) -> Effect:
    """What has the unit's picture show in a result of its size, by ``weight`` 0..1.

    The picture is looked at once, for any number of results. A preprocessor that is not listed, or none,
    lets the picture through as it is. Source of the names: page img2img, ``preprocessor``.
    """
    if weight <= 0:
        return lambda result: result
    return PREPROCESSORS.get(preprocessor, _as_is)(picture, min(1.0, weight))


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


def _inked(lines: Image, weight: float) -> Effect:
    mask = pixels.mapped(lines, lambda value: value * weight * 0.95)
    ink = pixels.plain("RGB", lines.size, _INK)
    return lambda result: pixels.masked(result, ink, mask)


def _canny(picture: Image, weight: float) -> Effect:
    edges = thin_edges(picture, 1.0, 22)
    return _inked(edges if min(edges.size) < _FINE else pixels.extremes(edges)[1], weight)


def _straight(picture: Image, weight: float) -> Effect:
    return _inked(pixels.extremes(thin_edges(picture, 3.0, 10))[1], weight)


def _soft_lines(picture: Image, weight: float) -> Effect:
    steep = _steepness(pixels.blurred(pixels.grey(picture), 1.2))
    return _inked(pixels.mapped(steep, lambda value: value * 5 - 30), weight)


def _line_art(picture: Image, weight: float) -> Effect:
    steep = _steepness(pixels.blurred(pixels.grey(picture), 0.7))
    return _inked(pixels.mapped(steep, lambda value: value * 7 - 90), weight)


def _scribble(picture: Image, weight: float) -> Effect:
    return _inked(pixels.extremes(pixels.extremes(thin_edges(picture, 2.0, 12))[1])[1], weight)


def _depth(picture: Image, weight: float) -> Effect:
    far = pixels.blurred(pixels.grey(picture), 6)
    shade = pixels.mapped(far, lambda value: 128 + (value - 128) * 0.7 * weight)
    return lambda result: pixels.textured(result, shade)


def _relief(picture: Image, weight: float) -> Effect:
    light = pixels.blurred(pixels.grey(picture), 1.5)
    slope = pixels.convolved(light, (-2, -1, 0, -1, 0, 1, 0, 1, 2), 2, 128)
    shade = pixels.mapped(slope, lambda value: 128 + (value - 128) * 2.2 * weight)
    return lambda result: pixels.textured(result, shade)


def _pose(picture: Image, weight: float) -> Effect:
    """Joints, the steepest places of a coarse grid, and limbs: a spine in the middle, arms to the sides."""
    joints = _joints(picture)
    width = max(3, min(picture.size) // 60)
    limbs, mask = pixels.plain("RGB", picture.size), pixels.plain("L", picture.size)
    opaque = round(255 * weight)
    for index, (start, end) in enumerate(_BONES):
        bone = (joints[start], joints[end])
        pixels.pen(limbs).line(bone, _LIMBS[index % len(_LIMBS)], width)
        pixels.pen(mask).line(bone, opaque, width)
    for index, (x, y) in enumerate(joints):
        spot = (x - width, y - width, x + width, y + width)
        pixels.pen(limbs).ellipse(spot, _LIMBS[-1 - index % len(_LIMBS)])
        pixels.pen(mask).ellipse(spot, opaque)
    return lambda result: pixels.masked(result, limbs, mask)


def _joints(picture: Image) -> list[tuple[float, float]]:
    across, down = _POINTS
    steep = _steepness(pixels.blurred(pixels.grey(picture), 2))
    values = pixels.resized(steep, (across * 8, down * 8), "box").tobytes()
    joints = []
    for cell in range(across * down):
        left, top = cell % across * 8, cell // across * 8
        places = [(y, x) for y in range(top + 1, top + 7) for x in range(left + 1, left + 7)]
        y, x = max(places, key=lambda place: values[place[0] * across * 8 + place[1]])
        joints.append(((x + 0.5) * picture.width / (across * 8), (y + 0.5) * picture.height / (down * 8)))
    return joints


def _shuffle(picture: Image, weight: float) -> Effect:
    """The picture's tiles in another order, always the same one."""
    width, height = picture.size
    order = sorted(range(_TILES**2), key=lambda tile: hashlib.sha256(b"shuffle %d" % tile).digest())
    mixed = picture.copy()
    for place, tile in enumerate(order):
        left, top = tile % _TILES * width // _TILES, tile // _TILES * height // _TILES
        x, y = place % _TILES * width // _TILES, place // _TILES * height // _TILES
        part = picture.crop((left, top, left + width // _TILES + 1, top + height // _TILES + 1))
        mixed.paste(part, (x, y))
    return _as_is(pixels.blurred(mixed, 3), weight)


def _as_is(picture: Image, weight: float) -> Effect:
    return lambda result: pixels.blended(result, picture, 0.6 * weight)


#: How each preprocessor makes a picture show. Source: page img2img, ``preprocessor``.
PREPROCESSORS: Mapping[str, Callable[[Image, float], Effect]] = {
    "canny": _canny,
    "mlsd": _straight,
    **dict.fromkeys(
        ("softedge_hed", "softedge_hedsafe", "softedge_pidinet", "softedge_pidsafe"), _soft_lines
    ),
    **dict.fromkeys(("lineart", "lineart_coarse", "lineart_realistic", "lineart_anime"), _line_art),
    **dict.fromkeys(("scribble_hed", "scribble_hedsafe", "scribble_pidinet", "scribble_pidsafe"), _scribble),
    **dict.fromkeys(("depth", "depth_midas", "depth_zoe", "depth_leres", "depth_leres++"), _depth),
    "normal_bae": _relief,
    **dict.fromkeys(("openpose", "openpose_face", "openpose_faceonly", "openpose_full"), _pose),
    **dict.fromkeys(("openpose_hand", "dwpose", "mediapipe_face"), _pose),
    "shuffle": _shuffle,
}
