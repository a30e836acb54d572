"""What the upscaler models and the face-restoring options of V2 look like.

None of them restores anything. Each is a sharpening of its own kind with a slight tone of its own, chosen so
that the result is that photograph, larger and crisper, and two models can be told apart on any picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from novita_mock import pixels, stripes
from novita_mock.pixels import Image, Size
from novita_mock.types import JSON

#: Where black, and where white, end up, red, green and blue.
Tone = tuple[tuple[int, int, int], tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Upscaler:
    """A look: ``radius`` in input pixels, ``amount`` and ``overshoot`` as fractions, see `_crisp`."""

    radius: float
    amount: float
    overshoot: float
    tone: Tone
    calm: float = 0.0
    ink: float = 0.0


#: The model that V2 uses when none is named. Source: assumed, the usual first choice.
V2_DEFAULT = "R-ESRGAN 4x+"
#: Names of V2 that only stretch. Source: assumed.
PLAIN_KINDS: Mapping[str, str] = {"None": "lanczos", "Nearest": "nearest"}

#: How often a small enlargement is reconciled: its pixels share most of what they were made from.
_ROUNDS = 3

_ANIME = Upscaler(0.5, 1.1, 0.5, ((0, 0, 8), (255, 247, 255)), calm=0.7, ink=0.25)
#: Models by the names of V3 (page upscale) and V2 (the types of the JavaScript SDK, facts 1.5).
#: The tones were searched for: on any flat grey two of them, or one and none, differ by 2 of 255 or more,
#: for there nothing else tells two models apart.
UPSCALERS: Mapping[str, Upscaler] = {
    "RealESRGAN_x4plus_anime_6B": _ANIME,
    "RealESRNet_x4plus": Upscaler(0.6, 0.7, 0.3, ((0, 8, 0), (250, 255, 252)), calm=0.9),
    "4x-UltraSharp": Upscaler(0.45, 1.8, 0.7, ((0, 4, 4), (245, 255, 255))),
    "ESRGAN_4x": Upscaler(0.8, 0.9, 1.0, ((8, 0, 0), (255, 251, 251))),
    "R-ESRGAN 4x+": Upscaler(0.55, 0.9, 0.5, ((4, 4, 0), (255, 255, 247)), calm=0.3),
    "R-ESRGAN 4x+ Anime6B": _ANIME,
}


def enlarged(image: Image, size: Size, model: str, rows: int = stripes.STRIPE_ROWS) -> Image:
    """The picture at ``size`` pixels in the look of a model; ``rows`` bounds memory, never changes bytes."""
    if model in PLAIN_KINDS:
        return pixels.resized(image, size, PLAIN_KINDS[model])
    look = UPSCALERS[model]
    factor = max(size[0] / image.width, size[1] / image.height, 1.0)
    source = stripes.on_colours(image, lambda rgb: _toned(rgb, look.tone))
    large, alpha = stripes.apart(pixels.resized(source, size))
    stripes.in_stripes(large, halo(look, factor), lambda part: _crisp(part, look, factor), rows)
    for _ in range(_ROUNDS if factor < 2 else 1):
        _reconcile(large, source)
    return stripes.together(large, alpha)


def _reconcile(large: Image, source: Image) -> None:
    """Correct ``large``, in place, so that it shrinks back to what it was made from.

    What the eye sees of sharpening stays; what it did to the averages of input pixels is taken back. Where
    the input is transparent nothing is taken back, for the colour there is nobody's.
    """
    colours, alpha = stripes.apart(source)
    error = pixels.gap(colours, pixels.resized(large, colours.size, "box"))
    if alpha is not None:
        error = pixels.masked(pixels.plain("RGB", colours.size, (128, 128, 128)), error, alpha)
    stripes.add_enlarged(large, error)


def enlarged_v2(image: Image, size: Size, request: Mapping[str, JSON]) -> Image:
    """V2: the first upscaler, the second over it by visibility, then the face restorers.

    ``resize_mode`` 1 with ``upscaling_crop`` covers the size and cuts the middle out; otherwise the picture
    is stretched. Source: page upscale-v2, Request Body; meaning of the modes from the SDKs (facts 1.5).
    """
    if request.get("resize_mode") == 1 and request.get("upscaling_crop"):
        image = image.crop(_middle((image.width, image.height), size))
    result = enlarged(image, size, str(request.get("upscaler_1") or V2_DEFAULT))
    second = request.get("upscaler_2")
    share = float(request.get("extras_upscaler_2_visibility") or 0)
    if share and second and second != "None":
        result = pixels.blended(result, enlarged(image, size, str(second)), share)
    result = gfpgan(result, float(request.get("gfpgan_visibility") or 0))
    weight = float(request.get("codeformer_weight") or 0)
    return codeformer(result, float(request.get("codeformer_visibility") or 0), weight)


def _middle(have: Size, want: Size) -> tuple[int, int, int, int]:
    """The largest part in the middle of ``have`` with the proportions of ``want``, in whole pixels."""
    width = min(have[0], max(1, round(have[1] * want[0] / want[1])))
    height = min(have[1], max(1, round(have[0] * want[1] / want[0])))
    left, top = (have[0] - width) // 2, (have[1] - height) // 2
    return left, top, left + width, top + height


def halo(look: Upscaler, factor: float) -> int:
    """How many rows away a pixel of the enlarged picture can matter."""
    return pixels.blur_halo(look.radius * factor) + 2


def _crisp(image: Image, look: Upscaler, factor: float) -> Image:
    """Calm flat areas, sharpen; beyond its neighbours' extremes a pixel goes only by ``overshoot``.

    Luminance alone is worked on: a third of the cost, and no coloured fringes.
    """
    light = before = pixels.grey(image)
    soft = pixels.blurred(light, look.radius * factor)
    low, high = pixels.extremes(light)
    if look.calm:
        edges = pixels.mapped(pixels.difference(light, soft), lambda value: value * 24)
        light = pixels.masked(pixels.blended(light, soft, look.calm), light, edges)
    sharp = pixels.blended(soft, light, 1 + look.amount)
    light = pixels.blended(pixels.clamped(sharp, low, high), sharp, look.overshoot)
    if look.ink:
        ink = look.ink * min(1.0, factor - 1)
        steep = pixels.mapped(pixels.difference(high, low), lambda value: max(0, value - 12) * ink)
        light = pixels.darkened(light, steep)
    return pixels.textured(image, pixels.gap(light, before))


def _toned(image: Image, tone: Tone) -> Image:
    black, white = tone
    red, green, blue = (
        (lambda value, b=b, w=w: b + value * (w - b) / 255) for b, w in zip(black, white, strict=True)
    )
    return pixels.mapped(image, red, green, blue)


def gfpgan(image: Image, visibility: float) -> Image:
    """Smoother and a little warmer, by ``visibility`` 0..1; 0 changes nothing."""
    if not visibility:
        return image
    return stripes.on_colours(image, lambda rgb: pixels.blended(rgb, _gentle(rgb), visibility))


def codeformer(image: Image, visibility: float, weight: float) -> Image:
    """More detail and contrast, by ``visibility`` 0..1; ``weight`` 0 is the strongest effect, 1 a quarter.

    Source: page upscale-v2, ``codeformer_weight``.
    """
    share = visibility * (1 - 0.75 * weight)
    if not share:
        return image
    return stripes.on_colours(image, lambda rgb: pixels.blended(rgb, _detailed(rgb), share))


def _gentle(image: Image) -> Image:
    soft = pixels.blurred(image, 2.5)
    edges = pixels.mapped(pixels.grey(pixels.difference(image, soft)), lambda value: value * 10)
    calm = pixels.masked(soft, image, edges)
    return pixels.mapped(calm, lambda v: v + 8 * (1 - v / 255), lambda v: v + 3 - v / 51, lambda v: v * 0.96)


def _detailed(image: Image) -> Image:
    crisp = pixels.blended(pixels.blurred(image, 3), image, 1.6)
    return pixels.mapped(crisp, lambda v: v * 0.97, lambda v: v * 0.99, lambda v: 6 + v * 0.97)
