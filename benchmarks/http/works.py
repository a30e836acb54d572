"""What is asked for: polls, and submits of every size, no two of them alike.

The bodies of a work differ from one another, so that nobody is fast by remembering. Those with a small
picture have each another picture; of the large ones a few pictures take turns, but for the works whose
name says that each is new.
"""

import base64
import json
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

from PIL import Image

import packs

#: How many different bodies a work has before the first comes again.
BODIES = 2000
UPSCALE, IMG2IMG, RESULT = "/v3/async/upscale", "/v3/async/img2img", "/v3/async/task-result"
MODEL, CHECKPOINT = "4x-UltraSharp", "sd_xl_base_1.0.safetensors"
#: Pixels of the longest side that an upscale takes.
LONGEST_SIDE = 2048
#: Bytes of a chunk's length, name and checksum.
_CHUNK = 12


@dataclass(frozen=True, slots=True)
class Work:
    """Something that is measured.

    Attributes:
        name: what is done, for the table.
        path: where.
        connections: that ask at the same time.
        requests: makes the requests, given the id of a task.
        with_peers: whether it is measured beside other people's servers too.
    """

    name: str
    path: str
    connections: int
    requests: Callable[[str], list[packs.Request]]
    with_peers: bool = True


def polls(task_id: str) -> list[packs.Request]:
    """The poll of a task."""
    return [packs.request("GET", f"{RESULT}?task_id={task_id}")]


def small(operation: str, bodies: int = BODIES) -> list[packs.Request]:
    """Submits with a picture of 200 bytes or so of text, each of another picture, prompt and seed."""
    return [packs.request("POST", operation, json.dumps(body(operation, n)).encode()) for n in range(bodies)]


def body(operation: str, number: int) -> dict[str, object]:
    """The submit of a number, with a small picture."""
    picture = BytesIO()
    bits = random.Random(number).randbytes(32)
    Image.frombytes("1", (16, 16), bits).save(picture, "PNG")
    image = base64.b64encode(picture.getvalue()).decode()
    if operation == UPSCALE:
        return {"request": {"model_name": MODEL, "scale_factor": _factor(number), "image_base64": image}}
    wanted = {
        "model_name": CHECKPOINT,
        "image_base64": image,
        "prompt": f"a lighthouse at dusk, painting number {number}",
        "width": 512,
        "height": 512,
        "image_num": 1,
        "steps": 20,
        "seed": number,
        "clip_skip": 1,
        "guidance_scale": 7.5,
        "strength": 0.7,
        "sampler_name": "Euler a",
    }
    return {"extra": {"response_image_type": "png"}, "request": wanted}


def large(size: int, *, pictures: int = 4, bodies: int = BODIES) -> list[packs.Request]:
    """Upscales whose picture, of noise, stored, takes about so many bytes of base64.

    Args:
        size: bytes of the picture's text.
        pictures: how many pictures there are; 0 for each body another.
        bodies: how many bodies there are.
    """
    noise = [_noise(size, seed) for seed in range(pictures or 1)]
    tails = [(text + '"}}').encode() for _, text in noise]
    found = []
    for number in range(bodies):
        place = number % len(noise)
        mark = _marked(noise[place][0], number if not pictures else place)
        wanted = f'{{"request": {{"model_name": "{MODEL}", "scale_factor": {_factor(number)}'
        head = f'{wanted}, "image_base64": "{mark}'.encode()
        found.append(packs.request("POST", UPSCALE, head, tails[place]))
    return found


def _factor(number: int) -> float:
    return 1 + (number % BODIES + 1) / 100_000


def _noise(size: int, seed: int) -> tuple[bytes, str]:
    """A stored picture of noise cut in two: its signature and header, and the text of the rest."""
    depth = 8 if size * 0.75 / 3 <= LONGEST_SIDE**2 else 16
    row = 3 * depth // 8
    side = max(8, int((size * 0.75 / row) ** 0.5))
    noise, length = random.Random(seed).randbytes(side * side * row), side * row
    rows = b"".join(b"\0" + noise[start : start + length] for start in range(0, len(noise), length))
    start = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, depth, 2, 0, 0, 0))
    rest = _chunk(b"IDAT", zlib.compress(rows, 0)) + _chunk(b"IEND", b"")
    return start, base64.b64encode(rest).decode()


def _marked(start: bytes, number: int) -> str:
    """The text of a picture's start with a chunk that numbers it: another picture for each number."""
    data = b"Comment\0" + f"{number:08}".encode()
    # base64 goes by threes: what follows must start with a text of its own
    data += b" " * (-(len(start) + _CHUNK + len(data)) % 3)
    return base64.b64encode(start + _chunk(b"tEXt", data)).decode()


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


#: What is measured, in the order of the table.
WORKS = (
    Work("poll", RESULT, 16, polls),
    Work("upscale, a 200 B picture", UPSCALE, 16, lambda _: small(UPSCALE)),
    Work("img2img, a 200 B picture", IMG2IMG, 16, lambda _: small(IMG2IMG)),
    Work("upscale, 300 KB", UPSCALE, 4, lambda _: large(300_000), with_peers=False),
    Work("upscale, 3 MB", UPSCALE, 4, lambda _: large(3_000_000)),
    Work("upscale, 3 MB, each picture new", UPSCALE, 4, lambda _: large(3_000_000, pictures=0), False),
)
