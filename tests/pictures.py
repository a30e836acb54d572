"""Pictures and measures for the tests: made here, so that no photograph has to be kept."""

import hashlib
import io
from typing import Any

import numpy
from PIL import Image, ImageDraw

from novita_mock.render import Work
from novita_mock.types import JSON


def photo(width: int = 160, height: int = 120, seed: int = 1) -> Image.Image:
    """Like a photograph: light that falls off, texture of every scale, shapes with soft and hard edges."""
    chance = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:height, 0:width]
    layers = [numpy.stack([60 + 120 * x / width, 80 + 90 * y / height, 170 - 90 * x / width], axis=-1)]
    for cell, gain in ((40, 60), (12, 35), (5, 22), (2, 10)):
        small = chance.integers(0, 255, (height // cell + 2, width // cell + 2, 3), dtype=numpy.uint8)
        large = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
        layers.append((numpy.asarray(large, dtype=float) - 127) * gain / 127)
    image = Image.fromarray(numpy.clip(sum(layers), 0, 255).astype(numpy.uint8))
    pen = ImageDraw.Draw(image)
    pen.ellipse((width * 0.55, height * 0.2, width * 0.9, height * 0.7), fill=(206, 150, 110))
    pen.polygon([(0, height), (width * 0.4, height * 0.4), (width * 0.6, height)], fill=(48, 70, 40))
    return image


def drawn(
    background: Any = (255, 255, 255), width: int = 160, height: int = 120, seed: int = 1
) -> Image.Image:
    """Flat areas and hard lines."""
    chance = numpy.random.default_rng(seed)
    image = Image.new("RGB", (width, height), background)
    pen = ImageDraw.Draw(image)
    for index in range(8):
        left, top, side = (int(chance.integers(0, limit)) for limit in (width, height, height // 3))
        colour = tuple(int(value) for value in chance.integers(0, 256, 3))
        shape = pen.ellipse if index % 2 else pen.rectangle
        shape((left, top, left + side + 6, top + side + 6), fill=colour, outline=(0, 0, 0))
    for _ in range(4):
        pen.line([int(value) for value in chance.integers(0, height, 4)], fill=(20, 20, 20), width=2)
    return image


def stored(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The picture as a file."""
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def opened(content: bytes) -> Image.Image:
    """The file as a picture."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def name_of(content: bytes) -> str:
    """What stands in a request for the base64 of a file."""
    return hashlib.sha256(content).hexdigest()


def work(
    renderer: str, content: bytes, *others: bytes, seed: int = 0, image_type: str = "png", **request: JSON
) -> Work:
    """Work on one picture; img2img has the fields it must have."""
    field = "image" if renderer == "upscale_v2" else "image_base64"
    if renderer == "img2img":
        request = {
            "model_name": "sd_xl_base_1.0.safetensors", "prompt": "a cottage by a lake",
            "width": 144, "height": 128, "image_num": 1, "steps": 20, "guidance_scale": 7.5,
            "sampler_name": "Euler a", **request,
        }  # fmt: skip
    images = {name_of(file): file for file in (content, *others)}
    return Work(renderer, {**request, field: name_of(content)}, images, seed, image_type)


def _values(image: Image.Image) -> Any:
    return numpy.asarray(image.convert("RGB")).astype(float)


def mean_difference(first: Image.Image, second: Image.Image) -> float:
    """Mean absolute difference, of 255."""
    return float(numpy.abs(_values(first) - _values(second)).mean())


def psnr(first: Image.Image, second: Image.Image) -> float:
    """Peak signal to noise ratio in dB."""
    return float(10 * numpy.log10(255**2 / max(1e-9, ((_values(first) - _values(second)) ** 2).mean())))


def edge_energy(image: Image.Image) -> float:
    """Mean absolute step between neighbours, both ways."""
    values = _values(image)
    return float(numpy.abs(numpy.diff(values, axis=0)).mean() + numpy.abs(numpy.diff(values, axis=1)).mean())


def ssim(first: Image.Image, second: Image.Image) -> float:
    """Structural similarity of luminance, over every second window of 7 x 7."""
    lights = [numpy.asarray(image.convert("L")).astype(float) for image in (first, second)]
    windows = [numpy.lib.stride_tricks.sliding_window_view(light, (7, 7))[::2, ::2] for light in lights]
    (mean_a, mean_b), (var_a, var_b) = ([f(w, axis=(2, 3)) for w in windows] for f in (numpy.mean, numpy.var))
    shared = (windows[0] * windows[1]).mean(axis=(2, 3)) - mean_a * mean_b
    light = (2 * mean_a * mean_b + 6.5025) / (mean_a**2 + mean_b**2 + 6.5025)
    return float((light * (2 * shared + 58.5225) / (var_a + var_b + 58.5225)).mean())
