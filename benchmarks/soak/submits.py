"""What the soak submits: bodies of all sizes, no two of them alike, and what each promises."""

import base64
import json
import os
import random
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO

from PIL import Image

#: The sizes of bodies, in characters of base64, and how often each is drawn.
SIZES = {"200 B": (200, 48), "30 KB": (30_000, 27), "300 KB": (300_000, 16), "3 MB": (3_000_000, 8),
         "30 MB": (30_000_000, 1)}  # fmt: skip
#: The operations, and how often each is drawn.
OPERATIONS = {"upscale": 50, "img2img": 30, "upscale-v2": 20}
PATHS = {"upscale": "/v3/async/upscale", "img2img": "/v3/async/img2img", "upscale-v2": "/v2/upscale"}
TYPES = ("png", "webp", "jpeg")
#: Longest side that a V3 upscale takes, and about the longest that is asked for, in pixels.
MAX_SIDE, WANTED_SIDE = 2048, 1200
#: An img2img takes no larger file.
_NOT_IMG2IMG = ("30 MB",)


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG whose last chunk is another each time: its base64 but for the end."""

    side: int
    beginning: bytes

    def parts(self) -> tuple[bytes, bytes]:
        """Its base64, unlike that of any other time."""
        end = _chunk(b"noVe", os.urandom(12)) + _chunk(b"IEND", b"")
        return self.beginning, base64.b64encode(end)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A submit and what it promises.

    Attributes:
        parts: the body, in pieces: a picture is not copied to be sent.
        sizes: width and height of each picture of the result.
        link_ttl_s: account seconds that its links live.
        hook: whether its end is to be told to the receiver.
    """

    operation: str
    size: str
    parts: tuple[bytes, ...]
    sizes: tuple[tuple[int, int], ...]
    image_type: str
    link_ttl_s: int
    hook: bool

    @property
    def path(self) -> str:
        """Where it is posted to."""
        return PATHS[self.operation]


class Bodies:
    """Draws submits; ``hook_url`` is where their ends are told."""

    def __init__(self, chance: random.Random, hook_url: str, largest: int) -> None:
        self._chance = chance
        self._hook_url = hook_url
        self._pictures = {name: picture(size) for name, (size, _) in SIZES.items() if size <= largest}

    @property
    def largest(self) -> str:
        """The largest size that is drawn."""
        return max(self._pictures, key=lambda name: SIZES[name][0])

    def draw(self, operation: str = "", size: str = "", hook: bool | None = None) -> Wanted:
        """A submit of an operation and size; any, where nothing is said."""
        chance = self._chance
        operation = operation or chance.choices(*zip(*OPERATIONS.items(), strict=True))[0]
        names = [n for n in self._pictures if operation != "img2img" or n not in _NOT_IMG2IMG]
        size = size or chance.choices(names, [SIZES[name][1] for name in names])[0]
        found = self._pictures[size]
        fields, sizes, ttl_s = _REQUESTS[operation](chance, found.side)
        image_type = "png" if operation == "upscale-v2" else chance.choice(TYPES)
        if size == "30 MB" and operation != "upscale-v2":
            image_type = "jpeg"  # else a result takes as long as a hundred others
        hook = operation != "upscale-v2" and (chance.random() < 0.5 if hook is None else hook)
        extra = {"response_image_type": image_type} | ({"webhook": {"url": self._hook_url}} if hook else {})
        parts = _body(operation, fields, extra, found.parts())
        return Wanted(operation, size, parts, sizes, image_type, ttl_s, hook)


def picture(size: int) -> Picture:
    """A picture that takes about so many characters of base64: noise, then bytes beside it."""
    out = BytesIO()
    if size < 1000:
        side = 16
        Image.new("1", (side, side)).save(out, "PNG")
    else:
        side = min(MAX_SIDE, max(8, int((size * 0.75 / 3) ** 0.5)))
        noise = Image.frombytes("RGB", (side, side), os.urandom(3 * side * side))
        noise.save(out, "PNG", compress_level=0)
    content = out.getvalue()[:-12]
    beside = max(0, int(size * 0.75) - len(content) - 100) if size > 1000 else 0
    beside += -(len(content) + beside) % 3  # base64 goes by threes
    return Picture(side, base64.b64encode(content + _chunk(b"noVe", os.urandom(beside))))


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checked)


def _body(
    operation: str, fields: Mapping[str, object], extra: Mapping[str, object], image: tuple[bytes, bytes]
) -> tuple[bytes, ...]:
    inside = json.dumps(fields).encode()[1:]
    if operation == "upscale-v2":
        return (b'{"image": "', *image, b'", ', inside)
    beside = b', "extra": ' + json.dumps(extra).encode() + b"}"
    return (b'{"request": {"image_base64": "', *image, b'", ', inside, beside)


_Request = tuple[dict[str, object], tuple[tuple[int, int], ...], int]


def _upscale(chance: random.Random, side: int) -> _Request:
    most = min(4.0, max(1.05, WANTED_SIDE / side))
    factor = f"{chance.uniform(1.01, most):.2f}"
    made = int(side * Fraction(factor) + Fraction(1, 2))
    model = chance.choice(("RealESRGAN_x4plus_anime_6B", "RealESRNet_x4plus", "4x-UltraSharp"))
    return {"model_name": model, "scale_factor": float(factor)}, ((made, made),), 3600


def _img2img(chance: random.Random, side: int) -> _Request:
    width, height = chance.choice((128, 256, 512)), chance.choice((128, 256, 512))
    many = chance.choice((1, 1, 1, 2))
    fields = {
        "model_name": "sd_xl_base_1.0.safetensors", "prompt": f"a fern {chance.random()}", "width": width,
        "height": height, "image_num": many, "steps": 20, "guidance_scale": 7.5, "sampler_name": "Euler a",
        "seed": chance.randrange(2**31),
    }  # fmt: skip
    return fields, ((width, height),) * many, 3600


def _upscale_v2(chance: random.Random, side: int) -> _Request:
    ttl_s = chance.choice((600, 3600, 100_000))
    width, height = chance.randrange(16, 800), chance.randrange(16, 800)
    wanted = {"resize_mode": 1, "upscaling_resize_w": width, "upscaling_resize_h": height}
    return wanted | {"img_expire_ttl": ttl_s}, ((width, height),), ttl_s


_REQUESTS = {"upscale": _upscale, "img2img": _img2img, "upscale-v2": _upscale_v2}
