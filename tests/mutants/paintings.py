"""Mutations of the pictures behind links: size, format, what is on them, and whether they stay."""

import base64
import io
from collections.abc import Callable, Iterator
from functools import partial

from PIL import Image, ImageOps

from mutants.changes import Group, replied, worse
from mutants.links import LINKS, SEEN, WORDS, is_get
from mutants.messages import Call, Reply
from mutants.mutation import LINK, Behaviour, Mutation
from mutants.probes import flow, several
from mutants.replies import with_status
from novita_contract.pictures import PictureText
from novita_mock.types import JSON

_ORIENTATION = 0x0112
Picture = Callable[[Image.Image], Image.Image]
#: (address, reply) of the pictures that were fetched, newest last.
Seen = list[tuple[str, Reply]]


class Remembering(Behaviour):
    """Keeps the pictures that it has seen, for those who ask again."""

    def __init__(self, again: Callable[[Reply, Call, Seen], Reply]) -> None:
        self._again = again
        self._seen: Seen = []

    def concerns(self, call: Call) -> bool:
        return call.name in LINKS and call.method == "GET"

    async def answer(self, call: Call) -> Reply | None:
        reply = await self.world.forward(call)
        shown = self._again(reply, call, self._seen)
        if reply.status == 200:
            self._seen.append((call.target, reply))
        return shown


class Unturned(Behaviour):
    """Works on a picture that lies on its side as it lies."""

    def concerns(self, call: Call) -> bool:
        return call.name in ("upscale", "upscale-v2")

    async def answer(self, call: Call) -> Reply | None:
        body = call.json if isinstance(call.json, dict) else {}
        holder, name = (body, "image") if "image" in body else (body.get("request"), "image_base64")
        text = _laid(holder.get(name)) if isinstance(holder, dict) else None
        if text is None:
            return await self.world.forward(call)
        laid = {**holder, name: text}
        return await self.world.forward(call.with_json(laid if name == "image" else body | {"request": laid}))


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for group in (_of_looks(), _of_formats(), _of_memory(), _of_expiry(), _of_counts()):
        yield from group.made


def repainted(reply: Reply, call: Call, change: Picture, kind: str = "") -> Reply:
    """The same reply with its picture changed."""
    try:
        image = Image.open(io.BytesIO(reply.body))
        out = io.BytesIO()
        change(image.convert("RGB")).save(out, kind or image.format)
    except (OSError, SyntaxError, ValueError):
        return reply
    return reply.with_body(out.getvalue())


def _of_looks() -> Group:
    group = Group(LINK, "a picture ", "9 images", SEEN, (*WORDS, "black", "mean"), flow("upscale"))
    changes: tuple[tuple[str, str, Picture], ...] = (
        (
            "one pixel wider",
            "is one pixel wider",
            lambda image: image.resize((image.width + 1, image.height)),
        ),
        (
            "one pixel lower",
            "is one pixel lower",
            lambda image: image.resize((image.width, image.height - 1)),
        ),
        (
            "half as large",
            "is half as large",
            lambda image: image.resize((image.width // 2, image.height // 2)),
        ),
        ("on its side", "lies on its side", lambda image: image.transpose(Image.Transpose.ROTATE_90)),
        ("one pixel", "is one pixel", lambda image: image.resize((1, 1))),
        ("black", "is black", lambda image: image.point(lambda value: 0)),
        ("upside down", "is upside down", ImageOps.flip),
        ("mirrored", "is mirrored", ImageOps.mirror),
        ("negative", "is a negative", ImageOps.invert),
    )
    for label, title, change in changes:
        group.add(f"picture {label}", title, replied(LINKS, partial(repainted, change=change), is_get))
    turned = flow("upscale", "orientation 6", lambda body: body["request"].update(
        image_base64=PictureText.of("jpeg:RGB:8x6:orientation=6")))  # fmt: skip
    title = "lies on its side: EXIF's orientation is ignored"
    group.add("orientation ignored", title, Unturned, turned, words=(*WORDS, "orientation"))
    return group


def _of_formats() -> Group:
    group = Group(LINK, "a picture is ", "9 images", SEEN, WORDS, flow("upscale"))
    for kind in ("JPEG", "WEBP", "GIF", "BMP"):
        change = partial(repainted, change=lambda image: image, kind=kind)
        group.add(f"picture as {kind}", f"{kind} whatever was asked", replied(LINKS, change, is_get))
    return group


def _of_memory() -> Group:
    other = flow("upscale", "2", lambda body: body["request"].update(model_name="RealESRNet_x4plus"))
    group = Group(LINK, "", "9 images", SEEN, (*WORDS, "same", "twice", "again"), flow("upscale"))
    first = partial(Remembering, lambda reply, call, seen: seen[0][1] if seen else reply)
    group.add(
        "always the first",
        "every link leads to the first picture",
        first,
        several("two pictures", flow("upscale"), other),
    )
    group.add(
        "another each time",
        "the second download of a link is another picture",
        partial(Remembering, _another),
    )
    once = partial(
        Remembering, lambda reply, call, seen: with_status(reply, 404) if call.target in dict(seen) else reply
    )
    group.add("dead the second time", "a link works once", once, row="2.3 GET")
    return group


def _of_expiry() -> Group:
    probe = flow(
        "upscale-v2", "looked at, then expired", lambda body: body.update(img_expire_ttl=100), again_s=200
    )
    words = ("expire", "expiry", "ttl", "img_expire_ttl")
    group = Group(LINK, "", "1.5 img_expire_ttl", ("upscale-v2", "progress", *LINKS), words, probe)
    group.add("never expires", "a link that was used works after its time", partial(Remembering, _kept))
    return group


def _of_counts() -> Group:
    probe = flow("img2img", "three", lambda body: body["request"].update(image_num=3))
    group = Group(LINK, "", "1.4 image_num", SEEN, (*WORDS, "same", "differ"), probe)
    group.add(
        "all pictures the same", "all pictures of a task are the same", worse("task-result", _all_first)
    )
    return group


def _all_first(body: JSON) -> None:
    for image in body["images"]:
        image["image_url"] = body["images"][0]["image_url"]


def _kept(reply: Reply, call: Call, seen: Seen) -> Reply:
    return dict(seen).get(call.target, reply) if reply.status == 403 else reply


def _another(reply: Reply, call: Call, seen: Seen) -> Reply:
    return repainted(reply, call, ImageOps.mirror) if call.target in dict(seen) else reply


def _laid(text: JSON) -> str | None:
    """A picture without its orientation; None where it has none."""
    try:
        image = Image.open(io.BytesIO(base64.b64decode(text, validate=True)))
        if image.getexif().get(_ORIENTATION, 1) == 1:
            return None
        out = io.BytesIO()
        image.convert("RGB").save(out, "PNG")
    except (ValueError, OSError, TypeError, SyntaxError):
        return None
    return base64.b64encode(out.getvalue()).decode()
