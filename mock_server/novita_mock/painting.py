"""What img2img paints: a seeded transformation of the resized picture whose weight is ``strength``.

At 0 the resized picture itself; in between the photograph in ever broader strokes, drifting towards the
colours of the prompt; at 1 an abstract picture of soft colour fields under brush strokes. The fields are
made of seed, prompt and checkpoint, the strokes of everything that was asked for.
"""

import colorsys
import json
from collections.abc import Mapping
from math import pi

from novita_mock import brushes, controls, pixels, stripes
from novita_mock.pixels import Colour, Image, Size
from novita_mock.types import JSON

#: How much is repainted when the request does not say. Source: assumed; no page gives a default.
DEFAULT_STRENGTH = 0.75

_SKETCH_SIDE = 160
_STROKE_GAIN = 0.62
#: What an img2img request may say besides its pictures; each is part of the strokes' key.
_WORDS = (
    "model_name", "prompt", "negative_prompt", "sampler_name", "steps", "guidance_scale",
    "sd_vae", "clip_skip", "embeddings",
)  # fmt: skip


def painted(base: Image, request: Mapping[str, JSON], pictures: Mapping[str, Image], seed: int) -> Image:
    """Repaint ``base``, the picture at its output size, which stays as it is.

    ``pictures`` holds the decoded pictures of ControlNet units and IP adapters by what their
    ``image_base64`` says.
    """
    given = request.get("strength")
    strength = DEFAULT_STRENGTH if given is None else float(given)
    if not strength:
        return base.copy()
    presence = 1 - (1 - strength) ** 2
    colours, alpha = stripes.apart(base)
    broad = pixels.resized(pixels.resized(colours, brushes.fraction(base.size, 4), "box"), base.size)
    broad = pixels.blended(colours, broad, strength**1.3)
    light = pixels.mapped(pixels.grey(broad), lambda value: 128 + (value - 128) * (1 - strength**2.5))
    fields = pixels.textured(_fields(base.size, request, seed), light)
    result = pixels.blended(broad, fields, strength**1.6)
    for adapter in request.get("ip_adapters") or ():
        shown = pixels.flattened(pixels.resized(pictures[str(adapter["image_base64"])], base.size))
        result = pixels.blended(result, shown, 0.6 * presence * float(adapter["strength"]))
    for lora in _loras(request):
        result = _styled(result, str(lora["model_name"]), presence * float(lora["strength"]))
    result = pixels.textured(result, _strokes(base.size, request, seed, strength**1.5))
    result = pixels.masked(broad, result, _lag(colours, strength))
    for unit in (request.get("controlnet") or {}).get("units") or ():
        result = _controlled(result, unit, pictures, presence)
    return stripes.together(result, alpha)


def _lag(image: Image, strength: float) -> Image:
    """Where to paint at full weight (255): everywhere but in the shadows, which take paint only late.

    Near black a little light is a large change to the eye, and to SSIM.
    """
    open_share = strength**4
    lag = pixels.mapped(pixels.grey(image), lambda value: 255 * (open_share + (1 - open_share) * value / 56))
    return pixels.blurred(lag, 1.5)


def _loras(request: Mapping[str, JSON]) -> list[Mapping[str, JSON]]:
    return [lora for lora in request.get("loras") or () if float(lora["strength"])]


def _controlled(
    result: Image, unit: Mapping[str, JSON], pictures: Mapping[str, Image], presence: float
) -> Image:
    """A ControlNet unit, by its strength, by how long it guides, and a little by which model it is."""
    start, end = (unit.get(key) for key in ("guidance_start", "guidance_end"))
    guided = (1.0 if end is None else float(end)) - float(start or 0)
    grip = 0.8 + 0.2 * brushes.chances(f"controlnet {unit['model_name']}", 1)[0]
    weight = float(unit["strength"]) * guided * presence * grip
    picture = pixels.flattened(pixels.resized(pictures[str(unit["image_base64"])], result.size))
    return controls.applied(result, picture, str(unit.get("preprocessor") or ""), weight)


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


def _strokes(size: Size, request: Mapping[str, JSON], seed: int, weight: float) -> Image:
    """Brush strokes in two directions, each where a slow field says so; 128 is no stroke.

    Their form is the sampler's; more steps make them finer.
    """
    words = {word: request.get(word) or None for word in _WORDS}
    key = json.dumps([seed, words, _loras(request)], sort_keys=True)
    angle, long, crossing = brushes.chances(f"sampler {request['sampler_name']}", 3)
    thick = 3.1 + 8 / (8 + int(request["steps"]))
    first, turn, reach = pi * angle, pi * (0.2 + 0.3 * crossing), 14 + 14 * long
    below = brushes.hatching(size, f"{key} 0", first, reach, thick)
    above = brushes.hatching(size, f"{key} 1", first + turn, reach, thick)
    slow = pixels.resized(pixels.noise(brushes.fraction(size, 64), f"{key} where"), size)
    where = pixels.mapped(slow, lambda value: (value - 128) * 8 + 128)
    strokes = pixels.masked(below, above, where)
    return pixels.mapped(strokes, lambda value: 128 + (value - 127.5) * _STROKE_GAIN * weight)


def _styled(image: Image, name: str, weight: float) -> Image:
    """A LoRA: a tint of its own and a slow ripple, by weight."""
    red, green, blue, angle = brushes.chances(f"lora {name}", 4)
    ripple = brushes.hatching(image.size, f"lora {name}", pi * angle, 60, 11)
    ripple = pixels.mapped(ripple, lambda value: 128 + (value - 127.5) * 0.25 * weight)
    tinted = pixels.mapped(
        image,
        lambda value: value + (red - 0.5) * 60 * weight,
        lambda value: value + (green - 0.5) * 60 * weight,
        lambda value: value + (blue - 0.5) * 60 * weight,
    )
    return pixels.textured(tinted, ripple)
