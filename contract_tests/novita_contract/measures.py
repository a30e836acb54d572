"""What a task's pictures must be, computed from what was asked: the size, the number, the format."""

from dataclasses import dataclass
from math import floor

from novita_contract.exchange import pictures_in
from novita_mock.types import JSON

#: Longest side of a picture that V2 makes, in pixels. Source: page upscale-v2, ``upscaling_resize``.
V2_MAX_SIDE = 2048
#: EXIF orientations that lie on their side.
_LYING = frozenset({5, 6, 7, 8})


@dataclass(frozen=True, slots=True)
class Measure:
    """What is expected of a task's pictures.

    Attributes:
        width, height: in pixels.
        count: how many.
        kind: ``png``, ``jpeg`` or ``webp``, or empty where no page says.
        reduced: whether V2 has to make it smaller than asked, and says so.
    """

    width: int
    height: int
    count: int
    kind: str
    reduced: bool = False


def measure(operation: str, body: JSON) -> Measure:
    """What the documentation promises for a valid body with pictures of ours.

    Source: pages upscale, img2img and upscale-v2; rounding is assumed to be half up.
    """
    if operation == "upscale-v2":
        return _v2(body)
    request = body["request"]
    kind = (body.get("extra") or {}).get("response_image_type") or "png"
    if operation == "img2img":
        return Measure(
            _whole(request["width"]), _whole(request["height"]), _whole(request["image_num"]), kind
        )
    width, height = upright(pictures_in(request["image_base64"])[0])
    factor = float(request["scale_factor"])
    return Measure(half_up(width * factor), half_up(height * factor), 1, kind)


def upright(name: str) -> tuple[int, int]:
    """The size of a picture of ours, by its name, as a person sees it."""
    _, _, size, *options = name.split(":")
    width, _, height = size.partition("x")
    turned = any(option in {f"orientation={lying}" for lying in _LYING} for option in options)
    return (int(height), int(width)) if turned else (int(width), int(height))


def half_up(value: float) -> int:
    """The nearest whole number, halves up, at least 1."""
    return max(1, floor(value + 0.5))


def _v2(body: JSON) -> Measure:
    width, height = upright(pictures_in(body["image"])[0])
    across, down = body.get("upscaling_resize_w"), body.get("upscaling_resize_h")
    if _whole(body.get("resize_mode") or 0) == 1 and (across or down):
        wide = _whole(across) / width if across else _whole(down) / height
        high = _whole(down) / height if down else wide
        return _fitted(width * wide, height * high)
    given = body.get("upscaling_resize")
    factor = 2.0 if given is None else float(given)
    return _fitted(width * factor, height * factor)


def _fitted(width: float, height: float) -> Measure:
    if max(half_up(width), half_up(height)) <= V2_MAX_SIDE:
        return Measure(half_up(width), half_up(height), 1, "")
    shrink = V2_MAX_SIDE / max(width, height)
    return Measure(half_up(width * shrink), half_up(height * shrink), 1, "", reduced=True)


def _whole(value: JSON) -> int:
    return int(float(value))
