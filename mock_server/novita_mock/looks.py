"""What the upscaler models and the face-restoring options of V2 look like.

None of them restores anything. Each is a sharpening of its own kind with a slight tone of its own, chosen so
that the result is that photograph, larger and crisper, and two models can be told apart on any picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from novita_mock import enlarging, pixels, stripes
from novita_mock.enlarging import Doubled
from novita_mock.pixels import Image, Size
from novita_mock.types import JSON

#: Where black, and where white, end up, red, green and blue.
Tone = tuple[tuple[int, int, int], tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Upscaler:
    """A look.

    Attributes:
        radius: of the surroundings of a pixel, in pixels of the input.
        amount: of its difference to them that is added.
        most: where that ends, of 255: large differences are added to by little more than middling ones.
        tone: what black and white become.
        calm: the share of small differences, noise for the most part, that is taken away instead.
        ink: of a difference either way, how much darker the edge becomes.
    """

    radius: float
    amount: float
    most: float
    tone: Tone
    calm: float = 0.0
    ink: float = 0.0

    def curve(self, gap: int) -> float:
        """The texture to add to a pixel, by its gap to its surroundings, of which 255 is -1."""
        signed = (gap if gap < 128 else gap - 256) - _BIAS
        detail = max(0.0, abs(signed) - _CORE) * (1 if signed > 0 else -1)
        edge = min(1.0, abs(detail) / _EDGE)
        change = detail * ((1 + self.amount) * (1 - self.calm * (1 - edge)) - 1)
        return 128 + change / (1 + abs(change) / self.most) - self.ink * max(0, abs(detail) - 4)


#: The model that V2 uses when none is named. Source: assumed, the usual first choice.
V2_DEFAULT = "R-ESRGAN 4x+"
#: Names of V2 that only stretch. Source: assumed.
PLAIN_KINDS: Mapping[str, str] = {"None": "lanczos", "Nearest": "nearest"}

#: Of differences to the surroundings, of 255: how far they are too high on the average, for the surroundings
#: are rounded down; what is none yet, a slope in steps of one for instance; and what is an edge and no noise.
_BIAS, _CORE, _EDGE = 0.5, 0.5, 10
#: How often a small enlargement is reconciled: its pixels share most of what they were made from.
_ROUNDS = 2

_ANIME = Upscaler(0.5, 4.5, 24, ((0, 0, 8), (255, 247, 255)), calm=0.5, ink=0.1)
#: Models by the names of V3 (page upscale) and V2 (the types of the JavaScript SDK, facts 1.5).
#: The tones were searched for: on any flat grey two of them, or one and none, differ by 2 of 255 or more,
#: for there nothing else tells two models apart.
UPSCALERS: Mapping[str, Upscaler] = {
    "RealESRGAN_x4plus_anime_6B": _ANIME,
    "RealESRNet_x4plus": Upscaler(0.54, 5, 20, ((0, 8, 0), (250, 255, 252)), calm=0.5),
    "4x-UltraSharp": Upscaler(0.45, 4.5, 26, ((0, 4, 4), (245, 255, 255))),
    "ESRGAN_4x": Upscaler(0.54, 4, 26, ((8, 0, 0), (255, 251, 251))),
    "R-ESRGAN 4x+": Upscaler(0.5, 3.5, 24, ((4, 4, 0), (255, 255, 247)), calm=0.2),
    "R-ESRGAN 4x+ Anime6B": _ANIME,
}


def enlarged(image: Image, size: Size, model: str) -> Image:
    """The picture at ``size`` pixels in the look of a model."""
    if model in PLAIN_KINDS:
        return pixels.resized(image, size, PLAIN_KINDS[model])
    result = in_pieces(image, size, model)
    return enlarging.whole(result) if isinstance(result, Doubled) else result


def in_pieces(image: Image, size: Size, model: str) -> Image | Doubled:
    """The same for a model of `UPSCALERS`, not yet made where it can be made some rows at a time.

    What a look does is done at the size of the input: an enlargement of a crisp picture is crisp.
    """
    look = UPSCALERS[model]
    source = stripes.on_colours(image, lambda rgb: _crisp(_toned(rgb, look.tone), look))
    factor = size[0] / image.width
    if factor in enlarging.DOUBLINGS and size[1] == image.height * factor:
        return Doubled(source, int(factor))
    large, alpha = stripes.apart(pixels.resized(source, size))
    for _ in range(_ROUNDS if max(factor, size[1] / image.height) < 2 else 1):
        _reconcile(large, source)
    return stripes.together(large, alpha)


def _reconcile(large: Image, source: Image) -> None:
    """Correct ``large``, in place, so that it shrinks back to what it was made from.

    Where the input is transparent nothing is corrected, for the colour there is nobody's.
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


def _crisp(image: Image, look: Upscaler) -> Image:
    """Add to each pixel its difference to its surroundings, by the curve of the look.

    Luminance alone is looked at: a third of the cost, and no coloured fringes.
    """
    light = pixels.grey(image)
    # A difference to a blur as slight as these is within 127 either way, so that nothing goes round.
    detail = pixels.less(light, pixels.softened(light, look.radius))
    return pixels.textured(image, pixels.mapped(detail, look.curve))


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
