"""Primitive operations on pictures: with `planes`, the only importer of Pillow.

Every operation is a pure function of its arguments and local: a pixel depends on its neighbours within a
stated distance, never on totals of the whole picture, so that work in stripes gives the same bytes.
Pictures here are RGB or RGBA, masks and textures are L (eight bits).
"""

import hashlib
import io
import os
import struct
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from PIL import Image as _pil
from PIL import ImageChops, ImageDraw, ImageFilter, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

from novita_mock import containers, inflating, planes

#: A picture in memory. Others import it from here, not from Pillow.
Image: TypeAlias = _pil.Image
Size: TypeAlias = tuple[int, int]
Colour: TypeAlias = tuple[int, int, int]

#: What a decoder may raise at a hostile file; Pillow has no one base class for it.
DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, AssertionError,
    EOFError, MemoryError, RuntimeError, struct.error, zlib.error, _pil.DecompressionBombError, Warning,
)  # fmt: skip

_DECODERS: dict[str, Callable[[io.BytesIO], Image]] = {
    "png": PngImagePlugin.PngImageFile,
    "jpeg": JpegImagePlugin.JpegImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
}
_RESAMPLING = {
    "nearest": _pil.Resampling.NEAREST, "box": _pil.Resampling.BOX, "bilinear": _pil.Resampling.BILINEAR,
    "bicubic": _pil.Resampling.BICUBIC, "lanczos": _pil.Resampling.LANCZOS,
}  # fmt: skip
_EXIF_IFD, _USER_COMMENT = 0x8769, 0x9286
_TURNS = {
    2: _pil.Transpose.FLIP_LEFT_RIGHT, 3: _pil.Transpose.ROTATE_180, 4: _pil.Transpose.FLIP_TOP_BOTTOM,
    5: _pil.Transpose.TRANSPOSE, 6: _pil.Transpose.ROTATE_270, 7: _pil.Transpose.TRANSVERSE,
    8: _pil.Transpose.ROTATE_90,
}  # fmt: skip


def upright(content: bytes) -> Image:
    """Decode the first frame, turned by its EXIF orientation, as RGB or RGBA; raises `DECODER_ERRORS`.

    The plug-in is called directly: ``Image.open`` would warn of, or refuse, large pictures by a setting that
    is global to the process; here the caller has judged the size.
    """
    header = containers.header(content)
    image: Image = _DECODERS[header.format](io.BytesIO(inflating.inflated(containers.bare(content))))
    if image.size != (header.width, header.height):
        raise ValueError("the picture has another size than its header says")
    image.load()
    if image.mode.startswith("I"):  # 16 bits of grey; Pillow's own conversion would clip instead of scale
        image.info.clear()
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    seen_through = image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info
    mode = "RGBA" if seen_through else "RGB"
    image = image if image.mode == mode else image.convert(mode)
    image.info.clear()
    turn = _TURNS.get(header.orientation)
    return image if turn is None else image.transpose(turn)


def encoded(image: Image, image_type: str, text: str) -> bytes:
    """The file: ``png``, ``webp`` (quality 80) or ``jpeg`` (quality 92, alpha laid on white).

    ``text`` goes into PNG text ``parameters``, or the EXIF user comment of JPEG and WebP.
    """
    if image_type == "png":
        return planes.png_file(image, text)
    exif = _pil.Exif()
    exif[_EXIF_IFD] = {_USER_COMMENT: b"UNICODE\0" + text.encode("utf-16-be")}
    if image_type == "webp":
        return _webp(image, exif.tobytes())
    return _jpeg(flattened(image), exif.tobytes())


def _jpeg(image: Image, exif: bytes) -> bytes:
    """By way of a file that is nowhere but in memory, where the system has such.

    Only while it writes to a file of the system does Pillow let other threads go on.
    """
    with os.fdopen(os.memfd_create("jpeg"), "w+b") if sys.platform == "linux" else io.BytesIO() as target:
        image.save(target, "JPEG", quality=92, exif=exif)
        target.seek(0)
        return target.read()


def _webp(image: Image, exif: bytes) -> bytes:
    """Lossy, and lossless where that fails.

    Lossy WebP holds 512 KiB of block modes: too few for some pictures of 64 million pixels.
    """
    target = io.BytesIO()
    try:
        image.save(target, "WEBP", quality=80, method=0, exif=exif)
    except ValueError:
        target = io.BytesIO()
        image.save(target, "WEBP", lossless=True, quality=0, method=0, exif=exif)
    return target.getvalue()


def flattened(image: Image) -> Image:
    """RGB: what shows through is white. The picture itself if it has no alpha."""
    if image.mode != "RGBA":
        return image
    white = _pil.new("RGB", image.size, (255, 255, 255))
    white.paste(image, mask=image.getchannel("A"))
    return white


def joined(channels: Iterable[Image]) -> Image:
    """Red, green and blue (L) as one picture."""
    return _pil.merge("RGB", tuple(channels))


def plain(mode: str, size: Size, colour: int | Colour = 0) -> Image:
    """A picture of one colour."""
    return _pil.new(mode, size, colour)


def resized(
    image: Image, size: Size, kind: str = "bicubic", box: tuple[float, float, float, float] | None = None
) -> Image:
    """Stretch (the part in ``box`` of) the picture to exactly ``size``; a new picture in any case."""
    return image.resize(size, _RESAMPLING[kind], box)


def blended(first: Image, second: Image, weight: float) -> Image:
    """``first`` at weight 0, ``second`` at 1; beyond 1 away from ``first``."""
    return _pil.blend(first, second, weight)


def masked(below: Image, above: Image, mask: Image) -> Image:
    """``above`` where the mask is 255, ``below`` where it is 0."""
    return _pil.composite(above, below, mask)


def blurred(image: Image, radius: float) -> Image:
    """Gaussian blur."""
    return image.filter(ImageFilter.GaussianBlur(radius))


def softened(image: Image, radius: float) -> Image:
    """A slight blur, up to a radius of about 0.8 pixels: of each pixel and its 3 x 3 neighbours only."""
    for right, down in ((1, 0), (0, 1)):
        sides = _pil.blend(moved(image, right, down), moved(image, -right, -down), 0.5)
        image = _pil.blend(image, sides, radius**2)
    return image


def moved(image: Image, right: int, down: int) -> Image:
    """The picture shifted by whole pixels; its border is repeated by what was there before."""
    result = image.copy()
    result.paste(image, (right, down))
    return result


def extremes(image: Image) -> tuple[Image, Image]:
    """The darkest and the lightest of each pixel's 3 x 3 neighbours, channel by channel."""
    low = high = image
    for right, down in ((1, 0), (0, 1)):
        back, forth = moved(low, right, down), moved(low, -right, -down)
        low = ImageChops.darker(ImageChops.darker(low, back), forth)
        back, forth = moved(high, right, down), moved(high, -right, -down)
        high = ImageChops.lighter(ImageChops.lighter(high, back), forth)
    return low, high


def difference(first: Image, second: Image) -> Image:
    """How far two pictures are apart, channel by channel."""
    return ImageChops.difference(first, second)


def less(first: Image, second: Image) -> Image:
    """First less second, channel by channel; below 0 comes 255."""
    return ImageChops.subtract_modulo(first, second)


def gap(first: Image, second: Image) -> Image:
    """The texture that turns ``second`` into ``first``, within 128 either way."""
    return ImageChops.subtract(first, second, 1, 128)


def multiplied(first: Image, second: Image) -> Image:
    """Two transparencies laid over each other."""
    return ImageChops.multiply(first, second)


def textured(image: Image, texture: Image) -> Image:
    """Add a texture (L or RGB); 128 of it changes nothing."""
    bands = texture.split() * len(image.getbands()) if texture.mode == "L" else ()
    return ImageChops.add(image, _pil.merge(image.mode, bands) if bands else texture, 1, -128)


def mapped(image: Image, *curves: Callable[[int], float]) -> Image:
    """Each channel through its curve (one curve serves all), rounded and cut to 0..255."""
    tables = [[min(255, max(0, round(curve(value)))) for value in range(256)] for curve in curves]
    tables *= len(image.getbands()) if len(tables) == 1 else 1
    return image.point([value for table in tables for value in table])


def grey(image: Image) -> Image:
    """Luminance (L)."""
    return image.convert("L")


def convolved(image: Image, kernel: Sequence[float], scale: float = 1, offset: float = 0) -> Image:
    """A 3 x 3 convolution; what lies outside is taken to be as the border is."""
    width, height = image.size
    kernel_3x3 = ImageFilter.Kernel((3, 3), kernel, scale, offset)
    return planes.bordered(image).filter(kernel_3x3).crop((1, 1, width + 1, height + 1))


def noise(size: Size, key: str) -> Image:
    """Independent grey pixels, a function of size and key alone."""
    digest = hashlib.shake_256(key.encode("utf-8", "surrogatepass"))
    return _pil.frombytes("L", size, digest.digest(size[0] * size[1]))


def mapped_plane(image: Image, size: Size, matrix: Sequence[float]) -> Image:
    """Output pixel (x, y) shows ``image`` at (a x + b y + c, d x + e y + f), interpolated linearly."""
    return image.transform(size, _pil.Transform.AFFINE, tuple(matrix), _pil.Resampling.BILINEAR)


def pen(image: Image) -> ImageDraw.ImageDraw:
    """A pen that draws on the picture itself."""
    return ImageDraw.Draw(image)
