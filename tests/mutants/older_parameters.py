"""Mutations of what the parameters of V2's upscale do."""

from collections.abc import Iterator
from functools import partial

from mutants.changes import Group, sent
from mutants.mutation import EFFECT, Mutation
from mutants.parameters import Change
from mutants.probes import flow, several
from novita_contract.pictures import PictureText
from novita_mock.types import JSON

SEEN = ("upscale-v2", "progress", "image-v2", "image")
_ROW = "upscale-v2"


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for group in (_of_sizes(), _of_crop(), _of_expiry(), *_of_looks()):
        yield from group.made


def flat(**values: JSON) -> Change:
    """Sets fields of the body."""
    return lambda body: body.update(values)


def _of_sizes() -> Group:
    size = {"upscaling_resize_w": 32, "upscaling_resize_h": 20}
    sized = flow(_ROW, "to 32x20", flat(resize_mode=1, **size))
    factor = flow(_ROW, "by 3", flat(resize_mode=0, upscaling_resize=3, **size))
    words = ("size", "width", "resize", "factor")
    group = Group(EFFECT, "upscale-v2: ", "1.5 resize_mode", SEEN, words, sized)
    group.add("v2 resize_mode ignored", "resize_mode 1 is taken for 0", sent(_ROW, flat(resize_mode=0)))
    always = sent(_ROW, lambda body: body["upscaling_resize_w"] and body.update(resize_mode=1))
    group.add("v2 resize_mode always size", "a size is taken though resize_mode is 0", always, factor)
    two = sent(_ROW, flat(upscaling_resize=2))
    group.add("v2 upscaling_resize ignored", "the factor is always 2", two, factor, "1.5 upscaling_resize")
    for label, title, name, change in (
        ("width and height swapped", "width is taken for height", "w", lambda body: body.update(
            upscaling_resize_w=body["upscaling_resize_h"], upscaling_resize_h=body["upscaling_resize_w"])),
        ("width off by one", "the pictures are one pixel wider", "w", lambda body: body.update(
            upscaling_resize_w=min(2048, body["upscaling_resize_w"] + 1))),
        ("width ignored", "the width is ignored", "w", lambda body: body.pop("upscaling_resize_w") and None),
        ("height ignored", "the height is ignored",
         "h", lambda body: body.pop("upscaling_resize_h") and None),
    ):  # fmt: skip
        group.add(f"v2 {label}", title, sent(_ROW, change), row=f"1.5 upscaling_resize_{name}")
    whole = sent(_ROW, lambda body: body.update(upscaling_resize=body["upscaling_resize"] // 1 or 1))
    half = flow(_ROW, "by 2.5", flat(upscaling_resize=2.5))
    group.add(
        "v2 upscaling_resize whole",
        "the factor is cut to a whole number",
        whole,
        half,
        "1.5 upscaling_resize",
    )
    return group


def _of_crop() -> Group:
    square = {"resize_mode": 1, "upscaling_resize_w": 24, "upscaling_resize_h": 24}
    crops = several(
        "cropped and not", *(flow(_ROW, f"crop {c}", flat(**square, upscaling_crop=c)) for c in (True, False))
    )
    group = Group(EFFECT, "upscale-v2: ", "1.5 upscaling_crop", SEEN, ("crop",), crops)
    group.add("v2 crop ignored", "upscaling_crop is ignored", sent(_ROW, flat(upscaling_crop=False)))
    group.add("v2 crop always on", "upscaling_crop is always on", sent(_ROW, flat(upscaling_crop=True)))
    return group


def _of_expiry() -> Group:
    short = flow(_ROW, "alive for 2 s", flat(img_expire_ttl=2), after_s=5)
    dead = flow(_ROW, "expired at once", flat(img_expire_ttl=0))
    words = ("img_expire_ttl", "expire", "expiry", "ttl", "link", "image")
    group = Group(EFFECT, "upscale-v2: ", "1.5 img_expire_ttl", SEEN, words, short)
    group.add(
        "v2 img_expire_ttl ignored", "links live as long as ever", sent(_ROW, flat(img_expire_ttl=604800))
    )
    none = sent(_ROW, lambda body: body["img_expire_ttl"] == 0 and body.update(img_expire_ttl=604800))
    group.add("v2 img_expire_ttl zero is none", "img_expire_ttl 0 is taken for none", none, dead)
    group.add(
        "v2 img_expire_ttl cut", "links never live, whatever was asked", sent(_ROW, flat(img_expire_ttl=0))
    )
    return group


def _of_looks() -> Iterator[Group]:
    """Options that only change how the picture looks; each is compared with another value of it."""
    full: dict[str, tuple[dict[str, JSON], JSON]] = {
        "gfpgan_visibility": ({}, 1), "codeformer_visibility": ({}, 1),
        "codeformer_weight": ({"codeformer_visibility": 1}, 1),
        "upscaler_1": ({}, "ESRGAN_4x"), "upscaler_2": ({"extras_upscaler_2_visibility": 1}, "ESRGAN_4x"),
        "extras_upscaler_2_visibility": ({"upscaler_2": "ESRGAN_4x"}, 1),
    }  # fmt: skip
    picture = PictureText.of("png:RGB:32x32")
    for name, (beside, value) in full.items():
        other: JSON = "R-ESRGAN 4x+" if isinstance(value, str) else 0
        bodies = [{"image": picture, **beside, name: each} for each in (value, other)]
        probe = several(
            f"two of {name}",
            *(flow(_ROW, f"{name} {number}", flat(**body)) for number, body in enumerate(bodies)),
        )
        group = Group(EFFECT, "upscale-v2: ", f"1.5 {name}", SEEN, (name.partition("_")[0],), probe)
        group.add(
            f"v2 {name} without effect",
            f"{name} makes no difference",
            sent(_ROW, partial(_always, name=name, value=other)),
        )
        yield group


def _always(body: JSON, name: str, value: JSON) -> None:
    if name in body:
        body[name] = value
