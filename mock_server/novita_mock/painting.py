"""What img2img paints: a seeded transformation of the resized picture whose weight is ``strength``.

At 0 the resized picture itself; in between the photograph in ever broader strokes, drifting towards the
colours of the prompt; at 1 an abstract picture of soft colour fields under brush strokes. The fields are
made of seed, prompt and checkpoint, the broad strokes of the seed, the fine ones of all that was asked for.

What is soft is painted at a quarter of the size and enlarged once, and what does not depend on the seed is
made once for all pictures of a request: a few passes over a whole picture are left for each of them.
"""

import colorsys
import json
from collections.abc import Mapping
from math import pi

from novita_mock import brushes, controls, pixels, stripes
from novita_mock.controls import Effect
from novita_mock.pixels import Colour, Image, Size
from novita_mock.types import JSON

#: How much is repainted when the request does not say. Source: assumed; no page gives a default.
DEFAULT_STRENGTH = 0.75

#: What is soft is painted so many times smaller.
_SOFTER = 4
_SKETCH_SIDE = 160
_STROKE_GAIN = 0.8
#: The strokes that differ from seed to seed: so much fainter, and so much broader.
_BROAD_GAIN, _BROADER = 0.25, 3.5
#: What an img2img request may say besides its pictures; each is part of the strokes' key.
_WORDS = (
    "model_name", "prompt", "negative_prompt", "sampler_name", "steps", "guidance_scale",
    "sd_vae", "clip_skip", "embeddings",
)  # fmt: skip


class Canvas:
    """What the pictures of a request have in common; each may be painted in any thread.

    Args:
        base: the picture at its output size, which stays as it is.
        request: the normalised request.
        pictures: the decoded pictures of ControlNet units and IP adapters by what their
            ``image_base64`` says.
    """

    def __init__(self, base: Image, request: Mapping[str, JSON], pictures: Mapping[str, Image]) -> None:
        given = request.get("strength")
        strength = DEFAULT_STRENGTH if given is None else float(given)
        self._request, self._size = request, base.size
        self._untouched = None if strength else base
        if not strength:
            return
        colours, self._alpha = stripes.apart(base)
        self._soft = colours.reduce(_SOFTER)
        # So much of the photograph's detail is painted over; all else is weighed in shares of that.
        detail = 1 - (1 - strength**1.3) * (1 - strength**4.1)
        self._new_colours, self._wet = strength**1.6 / detail, strength**1.5 / detail
        light = pixels.grey(self._soft)
        self._light = pixels.mapped(light, lambda value: 128 + (value - 128) * (1 - strength**2.5))
        self._where = _lag(light, strength, detail)
        where, strokes = _enlarged(self._where, base.size), _strokes(base.size, request, self._wet)
        # Paint is added to this, as its difference from grey: one pass for each picture, not two.
        self._below = [pixels.masked(part, strokes, where) for part in colours.split()]
        self._styles = _styles(self._soft.size, request, pictures, _presence(strength) / detail)
        self._units = _units(base.size, request, pictures, _presence(strength))

    def painted(self, seed: int) -> Image:
        """The picture of a seed."""
        if self._untouched is not None:
            return self._untouched.copy()
        fields = pixels.textured(_fields(self._soft.size, self._request, seed), self._light)
        paint = pixels.blended(self._soft, fields, self._new_colours)
        for style in self._styles:
            paint = style(paint)
        paint = pixels.textured(paint, _broad_strokes(self._soft.size, self._request, seed, self._wet))
        paint = pixels.masked(pixels.plain("RGB", paint.size, (128, 128, 128)), paint, self._where)
        result = pixels.joined(
            pixels.textured(below, _enlarged(part, self._size))
            for below, part in zip(self._below, paint.split(), strict=True)
        )
        for unit in self._units:
            result = unit(result)
        return stripes.together(result, self._alpha)


def _presence(strength: float) -> float:
    """How far adapters, LoRAs and ControlNet units show, of their own weights."""
    return 1 - (1 - strength) ** 2


def _enlarged(soft: Image, size: Size) -> Image:
    """What was painted smaller, at its full size: with so little detail, every other pixel will do."""
    half = brushes.fraction(size, 2)
    finer = pixels.resized(soft, half, "bilinear", (0, 0, half[0] * 2 / _SOFTER, half[1] * 2 / _SOFTER))
    return pixels.resized(finer, size, "nearest", (0, 0, size[0] / 2, size[1] / 2))


def _lag(light: Image, strength: float, weight: float) -> Image:
    """Where to paint with this weight: everywhere but in the shadows, which take paint only late.

    Near black a little light is a large change to the eye, and to SSIM.
    """
    open_share, full = strength**4, 255 * weight
    return pixels.mapped(light, lambda value: min(full, full * (open_share + (1 - open_share) * value / 56)))


def _loras(request: Mapping[str, JSON]) -> list[Mapping[str, JSON]]:
    return [lora for lora in request.get("loras") or () if float(lora["strength"])]


def _styles(
    size: Size, request: Mapping[str, JSON], pictures: Mapping[str, Image], presence: float
) -> list[Effect]:
    """What IP adapters and LoRAs do to the paint."""
    styles = []
    for adapter in request.get("ip_adapters") or ():
        shown = pixels.flattened(pixels.resized(pictures[str(adapter["image_base64"])], size))
        styles.append(_adapted(shown, min(1.0, 0.6 * presence) * float(adapter["strength"])))
    for lora in _loras(request):
        styles.append(_styled(size, str(lora["model_name"]), presence * float(lora["strength"])))
    return styles


def _adapted(shown: Image, weight: float) -> Effect:
    return lambda paint: pixels.blended(paint, shown, weight)


def _styled(size: Size, name: str, weight: float) -> Effect:
    """A LoRA: a tint of its own and a slow ripple, by weight."""
    *tint, angle = brushes.chances(f"lora {name}", 4)
    curves = [lambda value, add=(share - 0.5) * 60 * weight: value + add for share in tint]
    ripple = brushes.hatching(size, f"lora {name}", pi * angle, 60 / _SOFTER, 11 / _SOFTER)
    ripple = pixels.mapped(ripple, lambda value: 128 + (value - 127.5) * 0.25 * weight)
    return lambda paint: pixels.textured(pixels.mapped(paint, *curves), ripple)


def _units(
    size: Size, request: Mapping[str, JSON], pictures: Mapping[str, Image], presence: float
) -> list[Effect]:
    """The ControlNet units, by strength, by how long each guides, and a little by which model it is."""
    effects = []
    for unit in (request.get("controlnet") or {}).get("units") or ():
        start, end = (unit.get(key) for key in ("guidance_start", "guidance_end"))
        guided = (1.0 if end is None else float(end)) - float(start or 0)
        grip = 0.8 + 0.2 * brushes.chances(f"controlnet {unit['model_name']}", 1)[0]
        picture = pixels.flattened(pixels.resized(pictures[str(unit["image_base64"])], size))
        weight = float(unit["strength"]) * guided * presence * grip
        effects.append(controls.effect(picture, str(unit.get("preprocessor") or ""), weight))
    return effects


def _palette(request: Mapping[str, JSON]) -> list[Colour]:
    """Five colours that go together: hues of the prompt and checkpoint, fuller with more guidance."""
    hue, spread, light = brushes.chances(f"palette {request['prompt']}", 3)
    hue += 0.15 * brushes.chances(f"hue {request['model_name']} {request.get('negative_prompt') or ''}", 1)[0]
    full = 0.24 + float(request["guidance_scale"]) / 64
    steps = ((0.0, 0.42), (0.04, 0.56), (0.08 + spread / 6, 0.72), (0.5, 0.48), (0.46 + spread / 6, 0.64))
    colours = []
    for turn, lightness in steps:
        rgb = colorsys.hls_to_rgb((hue + turn) % 1, lightness - 0.06 + 0.12 * light, full)
        colours.append((round(255 * rgb[0]), round(255 * rgb[1]), round(255 * rgb[2])))
    return colours


def _fields(size: Size, request: Mapping[str, JSON], seed: int) -> Image:
    """Soft fields of colour: drawn small, blurred, enlarged."""
    colours = _palette(request)
    small = brushes.fraction(size, max(1.0, max(size) / _SKETCH_SIDE))
    key = f"fields {seed} {request['prompt']} {request['model_name']}"
    first = int(brushes.chances(key, 1)[0] * 5)
    sketch = pixels.plain("RGB", small, colours[first])
    pen = pixels.pen(sketch)
    side = max(small)
    for index in range(26):
        x, y, wide, high, turn, kind = brushes.chances(f"{key} {index}", 6)
        colour = colours[(first + 1 + index) % 5]
        reach = side * (0.34 - 0.009 * index)
        box = [x * small[0] - reach * wide, y * small[1] - reach * high]
        box += [x * small[0] + reach * wide, y * small[1] + reach * high]
        if kind < 0.55:
            pen.ellipse(box, fill=colour)
        else:
            pen.arc(box, 360 * turn, 360 * turn + 200, fill=colour, width=max(2, side // 18))
    sketch = pixels.blurred(sketch, 1 + 0.3 * float(request.get("clip_skip") or 1))
    return pixels.resized(sketch, size)


def _strokes(size: Size, request: Mapping[str, JSON], weight: float) -> Image:
    """Fine brush strokes in two directions, each where a slow field says so; 128 is no stroke.

    Their form is the sampler's; more steps make them finer.
    """
    words = {word: request.get(word) or None for word in _WORDS}
    key = json.dumps([words, _loras(request)], sort_keys=True)
    # At half the size: nothing in them is as fine as a pixel.
    half = brushes.fraction(size, 2)
    first, second = _directions(request)
    below = brushes.hatching(half, f"{key} 0", first, *_stroke(request, 0.5))
    above = brushes.hatching(half, f"{key} 1", second, *_stroke(request, 0.5))
    slow = pixels.resized(pixels.noise(brushes.fraction(half, 32), f"{key} where"), half)
    where = pixels.mapped(slow, lambda value: (value - 128) * 8 + 128)
    strokes = pixels.masked(below, above, where)
    strokes = pixels.mapped(strokes, lambda value: 128 + (value - 127.5) * _STROKE_GAIN * weight)
    return pixels.resized(strokes, size)


def _broad_strokes(size: Size, request: Mapping[str, JSON], seed: int, weight: float) -> Image:
    """Broad strokes under the fine ones, between their directions, of a seed."""
    direction = sum(_directions(request)) / 2
    strokes = brushes.hatching(size, f"broad {seed}", direction, *_stroke(request, _BROADER / _SOFTER))
    return pixels.mapped(strokes, lambda value: 128 + (value - 127.5) * _BROAD_GAIN * weight)


def _directions(request: Mapping[str, JSON]) -> tuple[float, float]:
    """The two directions of a sampler's strokes, in radians."""
    angle, _long, crossing = brushes.chances(f"sampler {request['sampler_name']}", 3)
    return pi * angle, pi * (angle + 0.2 + 0.3 * crossing)


def _stroke(request: Mapping[str, JSON], scale: float) -> tuple[float, float]:
    """How long and how thick a stroke is."""
    _angle, long, _crossing = brushes.chances(f"sampler {request['sampler_name']}", 3)
    return scale * (14 + 14 * long), scale * (3.1 + 8 / (8 + int(request["steps"])))
