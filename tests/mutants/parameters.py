"""Mutations of what the parameters of upscale and img2img do: they have no effect, or the wrong one."""

from collections.abc import Callable, Iterator
from functools import partial

from mutants.changes import Group, sent
from mutants.fields import Field, base, field_at, sample
from mutants.mutation import EFFECT, Mutation
from mutants.probes import flow, several
from mutants.witness import Probe
from novita_contract.pictures import PictureText
from novita_mock.types import JSON

SEEN = ("task-result", "upscale", "img2img", "image", "webhook")
V3 = ("upscale", "img2img")
Change = Callable[[JSON], JSON]


def mutations() -> Iterator[Mutation]:
    """All of them."""
    for group in (_of_upscale(), _of_formats(), _of_sizes(), _of_counts(), _of_strength()):
        yield from group.made
    yield from _without_effect()


def request(**values: JSON) -> Change:
    """Sets fields of ``request``."""
    return lambda body: body["request"].update(values)


def extra(**values: JSON) -> Change:
    """Sets fields of ``extra``."""
    return lambda body: body.setdefault("extra", {}).update(values)


def computed(name: str, value: Callable[[JSON], JSON]) -> Change:
    """Sets a field of ``request`` to what comes of its fields."""
    return lambda body: body["request"].update({name: value(body["request"])})


def _of_upscale() -> Group:
    odd = several("two factors", *(flow("upscale", str(f), request(scale_factor=f)) for f in (1.5, 3)))
    words = ("scale_factor", "size", "width", "pixels")
    group = Group(EFFECT, "upscale: ", "1.3 scale_factor", SEEN, words, odd)
    for label, title, value in (
        ("ignored", "scale_factor is taken for 2", lambda asked: 2),
        (
            "whole",
            "scale_factor is rounded up to a whole number",
            lambda asked: -(-asked["scale_factor"] // 1),
        ),
        ("small", "scale_factor is at most 2", lambda asked: min(2, asked["scale_factor"])),
    ):
        group.add(f"scale_factor {label}", title, sent("upscale", computed("scale_factor", value)))
    same = computed("image_base64", lambda asked: PictureText.of("png:RGB:10x10"))
    group.add(
        "upscale picture ignored", "always the same picture comes back", sent("upscale", same),
        row="1.3 image_base64", words=("size", "width", "picture", "pixels"),
    )  # fmt: skip
    names = ("4x-UltraSharp", "RealESRNet_x4plus")
    models = several("two models", *(flow("upscale", name, request(model_name=name)) for name in names))
    first = sent("upscale", request(model_name=names[0]))
    title = "the model makes no difference"
    group.add("upscale model_name ignored", title, first, models, "1.3 model_name", ("model_name",))
    return group


def _of_formats() -> Group:
    webp = flow("upscale", "webp", extra(response_image_type="webp"))
    words = ("response_image_type", "image_type", "format", "type")
    group = Group(EFFECT, "", "1.2 response_image_type", SEEN, words, webp)
    swapped = {"jpeg": "webp", "webp": "png", "png": "png"}
    for name in V3:
        drop = sent(name, lambda body: body["extra"].pop("response_image_type", None) and None)
        probe = flow(name, "webp", extra(response_image_type="webp"))
        group.add(
            f"{name} response_image_type ignored", f"{name}: response_image_type is ignored", drop, probe
        )
        other = sent(
            name, lambda body: body.setdefault("extra", {}).setdefault("response_image_type", "jpeg") and None
        )
        group.add(
            f"{name} default image type", f"{name}: pictures are jpeg unless asked for", other, flow(name)
        )
    group.add(
        "jpeg is webp", "who asks for jpeg gets webp",
        sent(V3, lambda body: extra(response_image_type=swapped[body["extra"]["response_image_type"]])(body)),
        flow("upscale", "jpeg", extra(response_image_type="jpeg")),
    )  # fmt: skip
    return group


def _of_sizes() -> Group:
    probe = flow("img2img", "192x160, two", request(width=192, height=160, image_num=2))
    group = Group(EFFECT, "img2img: ", "1.4 width", SEEN, ("width", "height", "size", "sides"), probe)
    steps = flow("img2img", "130x129", request(width=130, height=129))
    group.add(
        "img2img width and height swapped", "takes width for height",
        sent("img2img", _swapped),
    )  # fmt: skip
    for label, title, name, value in (
        ("width off by one", "makes the pictures one pixel wider",
         "width", lambda asked: min(2048, asked["width"] + 1)),
        ("height off by one", "makes the pictures one pixel lower",
         "height", lambda asked: max(128, asked["height"] - 1)),
        ("width ignored", "makes pictures as wide as high", "width", lambda asked: asked["height"]),
        ("height ignored", "makes pictures as high as wide", "height", lambda asked: asked["width"]),
    ):  # fmt: skip
        group.add(f"img2img {label}", title, sent("img2img", computed(name, value)), row=f"1.4 {name}")
    group.add(
        "img2img size in steps of 8", "rounds the width up to a multiple of 8",
        sent("img2img", computed("width", lambda asked: -(-asked["width"] // 8) * 8)), steps,
    )  # fmt: skip
    group.add(
        "img2img size ignored", "makes pictures of 512 x 512", sent("img2img", request(width=512, height=512))
    )
    return group


def _swapped(body: JSON) -> None:
    width, height = body["request"]["width"], body["request"]["height"]
    body["request"] |= {"width": height, "height": width}


def _of_counts() -> Group:
    probe = flow("img2img", "two", request(image_num=2))
    words = ("image_num", "count", "images", "number")
    group = Group(EFFECT, "img2img: ", "1.4 image_num", SEEN, words, probe)
    for label, title, value in (
        ("one more", "makes one picture more", lambda asked: min(8, asked["image_num"] + 1)),
        ("one less", "makes one picture less", lambda asked: max(1, asked["image_num"] - 1)),
        ("ignored", "makes one picture", lambda asked: 1),
        ("at most four", "makes four pictures at most", lambda asked: min(4, asked["image_num"])),
    ):
        shown = flow("img2img", "eight", request(image_num=8)) if label == "at most four" else None
        group.add(f"image_num {label}", title, sent("img2img", computed("image_num", value)), shown)
    return group


def _of_strength() -> Group:
    strengths = several(
        "strength", *(flow("img2img", f"strength {s}", request(strength=s)) for s in (0, 0.1, 1))
    )
    group = Group(EFFECT, "img2img: ", "1.4 strength", SEEN, ("strength",), strengths)
    for label, title, value in (
        ("ignored", "takes strength for 0.75", lambda asked: 0.75),
        ("turned round", "takes strength for its opposite", lambda asked: 1 - asked["strength"]),
        ("of zero is none", "takes strength 0 for none", lambda asked: asked["strength"] or None),
    ):
        group.add(f"strength {label}", title, sent("img2img", computed("strength", value)))
    return group


#: Fields of img2img, and two values of each that make a difference. What is not here has a group of its own.
_DIFFERENT: dict[str, tuple[JSON, JSON]] = {
    "prompt": ("a fern", "a ship"), "negative_prompt": ("blurry", "night"), "steps": (1, 40),
    "guidance_scale": (2, 25), "sampler_name": ("Euler a", "DDIM"), "clip_skip": (1, 9),
    "sd_vae": ("a", "b"), "model_name": ("a", "b"),
    "loras": ([{"model_name": "a", "strength": 1}], [{"model_name": "b", "strength": 0.4}]),
    "embeddings": ([{"model_name": "a"}], [{"model_name": "b"}]),
}  # fmt: skip


#: The same for the fields of a ControlNet unit.
_UNITS: dict[str, tuple[JSON, JSON]] = {
    "strength": (1, 0.2), "preprocessor": ("canny", "depth"), "guidance_start": (0, 0.8),
    "guidance_end": (1, 0.1),
}  # fmt: skip


def _without_effect() -> Iterator[Mutation]:
    for name, values in _DIFFERENT.items():
        probe = _compared(name, values)
        yield _ignored(name, partial(_dropped, name=name), probe)
    pictures = tuple(PictureText.of(f"png:RGB:32x32:look={look}") for look in (0, 3))
    yield _ignored("image_base64", request(image_base64=pictures[0]), _compared("image_base64", pictures))
    for name in ("controlnet", "ip_adapters"):
        yield _ignored(name, partial(_dropped, name=name), _compared(name, (None, sample(_place(name)))))
    for name, inner in (("loras", "strength"), ("ip_adapters", "strength"), ("loras", "model_name"),
                        ("embeddings", "model_name")):  # fmt: skip
        items = [[each | {inner: value} for each in sample(_place(name))] for value in _two(inner)]
        change = partial(_each, name=name, values={inner: _two(inner)[0]})
        yield _ignored(f"{name}[].{inner}", change, _compared(name, tuple(items), inner))
    for inner, two in _UNITS.items():
        unit = sample(_place("controlnet"))["units"][0]
        nets = [{"units": [unit | {inner: value}]} for value in two]
        change = partial(_each_unit, values={inner: two[0]})
        yield _ignored(f"controlnet.units[].{inner}", change, _compared("controlnet", tuple(nets), inner))


def _place(name: str) -> Field:
    return field_at("img2img", ("request", name))


def _two(inner: str) -> tuple[JSON, JSON]:
    return (0.9, 0.2) if inner == "strength" else ("a", "b")


def _ignored(dotted: str, change: Change, probe: Probe) -> Mutation:
    words = (dotted.partition("[")[0].partition(".")[0],)
    group = Group(EFFECT, "img2img: ", f"1.4 {dotted}", SEEN, words, probe)
    group.add(f"img2img {dotted} without effect", f"{dotted} makes no difference", sent("img2img", change))
    return group.made[0]


def _compared(name: str, values: tuple[JSON, ...], inner: str = "") -> Probe:
    probes = [
        flow("img2img", f"{name} {inner} {number}", request(**{name: value}))
        for number, value in enumerate(values)
    ]
    return several(f"two of {name} {inner}", *probes)


def _dropped(body: JSON, name: str) -> None:
    if name in base("img2img")["request"]:
        body["request"][name] = base("img2img")["request"][name]
    else:
        body["request"].pop(name, None)


def _each(body: JSON, name: str, values: JSON) -> None:
    for item in body["request"][name]:
        item.update(values)


def _each_unit(body: JSON, values: JSON) -> None:
    for item in body["request"]["controlnet"]["units"]:
        item.update(values)
