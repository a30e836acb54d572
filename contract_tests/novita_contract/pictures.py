"""Small real pictures to send, and what comes back looked at; alone in this package in importing Pillow.

A picture has a name that says how to make it, ``png:RGB:8x6`` or ``jpeg:L:16x16:orientation=6``:
the same name gives the same bytes, so no picture has to be kept or shown.
``python -m novita_contract.pictures NAME`` writes one.
"""

import base64
import binascii
import io
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageOps, UnidentifiedImageError

#: Formats of pictures that the API takes and gives, and the modes that each can hold.
MODES: dict[str, tuple[str, ...]] = {
    "png": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"),
    "jpeg": ("RGB", "L", "CMYK"),
    "webp": ("RGB", "RGBA"),
}
#: Cells of the coarse grid that pictures are compared on, in each direction.
GRID = 4
#: EXIF's tag of the orientation; 5 to 8 lie on their side.
_ORIENTATION = 0x0112


class NoPicture(Exception):
    """What came back can't be decoded as a picture; the message says why."""


class PictureText(str):
    """Base64 of a picture of ours, which remembers the picture's name."""

    __slots__ = ("name",)
    name: str

    @classmethod
    def of(cls, name: str) -> "PictureText":
        """The picture of that name, as it stands in a request.

        Raises:
            ValueError: it is no name of a picture.
        """
        text = cls(base64.b64encode(made(name)).decode())
        text.name = name
        return text

    def __deepcopy__(self, memo: object) -> "PictureText":
        return self

    def __reduce__(self) -> tuple[object, ...]:
        return (PictureText.of, (self.name,))


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture that was decoded, whole.

    Attributes:
        kind: ``png``, ``jpeg`` or ``webp``, by its content.
        width, height: in pixels, upright.
        mode: Pillow's.
        pixels: a digest of the decoded pixels.
        grid: the picture as RGB on a grid of ``GRID`` by ``GRID``, values from 0 to 255.
    """

    kind: str
    width: int
    height: int
    mode: str
    pixels: str
    grid: tuple[int, ...]


def name_of(kind: str, mode: str, width: int, height: int, **options: int) -> str:
    """The name of a picture.

    Of the options ``orientation`` is EXIF's, ``bytes`` pads the file to that length, ``look`` draws other
    pixels, and ``broken`` leaves so many percent of the file.
    """
    return ":".join([kind, mode, f"{width}x{height}", *(f"{key}={value}" for key, value in options.items())])


@lru_cache(maxsize=256)
def made(name: str) -> bytes:
    """The bytes of the picture of that name.

    Raises:
        ValueError: it is no name of a picture.
    """
    kind, mode, size, *rest = name.split(":")
    width, _, height = size.partition("x")
    options = {key: int(value) for key, _, value in (option.partition("=") for option in rest)}
    if kind not in MODES or mode not in MODES[kind]:
        raise ValueError(f"{name!r} is no name of a picture")
    content = _encoded(kind, _drawn(int(width), int(height), options.get("look", 0)), mode, options)
    if "broken" in options:
        content = content[: len(content) * options["broken"] // 100]
    return _padded(content, options["bytes"]) if "bytes" in options else content


def look_at(content: bytes) -> Seen:
    """Decode a whole picture.

    Raises:
        NoPicture: it is none, or breaks off.
    """
    with _opened(content) as image:
        image.load()
        digest = f"{zlib.crc32(image.tobytes()):08x}"
        upright = ImageOps.exif_transpose(image)
        kind = (image.format or "").lower()
        return Seen(kind, upright.width, upright.height, image.mode, digest, _grid(upright))


def measured(content: bytes) -> tuple[str, int, int]:
    """The kind of a picture and its width and height as stored, by its header alone.

    Raises:
        NoPicture: it is none.
    """
    with _opened(content) as image:
        return (image.format or "").lower(), image.width, image.height


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    """The picture while the block looks at it; whatever Pillow says of it is ``NoPicture``."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "WEBP"]) as image:
            yield image
    except (
        UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError,
    ) as problem:  # fmt: skip
        raise NoPicture(f"{type(problem).__name__}: {str(problem)[:120]}") from None


def _grid(image: Image.Image) -> tuple[int, ...]:
    if image.mode.startswith("I"):  # 16 bits a channel would be cut off at 255
        image = image.point(lambda value: value / 257).convert("L")
    return tuple(image.convert("RGB").resize((GRID, GRID), Image.Resampling.BOX).tobytes())


def decoded(text: str) -> bytes:
    """The bytes behind base64.

    Raises:
        ValueError: it is none.
    """
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as problem:
        raise ValueError(str(problem)) from None


def _drawn(width: int, height: int, look: int) -> Image.Image:
    """Pixels that differ from each other in both directions, so that no turn or mirror goes unseen."""
    across = Image.linear_gradient("L").rotate(90).resize((width, height), Image.Resampling.BILINEAR)
    down = Image.linear_gradient("L").resize((width, height), Image.Resampling.BILINEAR)
    third = Image.new("L", (width, height), 40 + look * 37 % 180)
    image = Image.merge("RGB", (across, down, third))
    if look:  # hard edges, for those who look for them
        for place in range(1, 4):
            box = (
                width * place // 8,
                height * place // 7,
                width * (place + 3) // 8,
                height * (place + 2) // 7,
            )
            image.paste((255 - 60 * place, 20 * place, 200 * (place % 2)), box)
    return image


def _encoded(kind: str, image: Image.Image, mode: str, options: dict[str, int]) -> bytes:
    out = io.BytesIO()
    more: dict[str, object] = {}
    if mode == "I;16":
        image = Image.frombytes(
            "I;16",
            image.size,
            b"".join(struct.pack("<H", value * 257) for value in image.convert("L").tobytes()),
        )
    elif mode in ("RGBA", "LA"):
        image = image.convert(mode)
        image.putalpha(Image.linear_gradient("L").resize(image.size))
    else:
        image = image.convert(mode)
    if "orientation" in options:
        exif = Image.Exif()
        exif[_ORIENTATION] = options["orientation"]
        more["exif"] = exif
    if kind == "webp":
        more["lossless"] = True
    image.save(out, kind.upper(), **more)
    return out.getvalue()


def _padded(content: bytes, length: int) -> bytes:
    """A PNG made longer by a chunk that no decoder minds."""
    missing = length - len(content) - 12
    if missing < 0:
        raise ValueError(f"the picture has {len(content)} bytes already, {length} are too few")
    body = b"prVt" + bytes(missing)
    chunk = struct.pack(">I", missing) + body + struct.pack(">I", zlib.crc32(body))
    return content[:-12] + chunk + content[-12:]


def main(arguments: Sequence[str]) -> int:
    """Write a picture to standard output: ``png:RGB:8x6``."""
    try:
        (name,) = arguments
        content = made(name)
    except ValueError as problem:
        print(f"error: {problem}\n  try: python -m novita_contract.pictures png:RGB:8x6", file=sys.stderr)
        return 2
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
