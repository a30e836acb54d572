"""How large a picture comes out: pure arithmetic on a request and the size of its input."""

from collections.abc import Mapping
from math import floor

from msgspec import Struct

from novita_mock.types import JSON

#: Longest side of a picture that V2 makes, in pixels. Source: page upscale-v2, ``upscaling_resize``.
V2_MAX_SIDE = 2048
#: A larger factor leads to the same picture: already this one makes a single pixel too long.
V2_MAX_FACTOR = V2_MAX_SIDE + 1


class Output(Struct, frozen=True, gc=False):
    """The size of each output picture, in pixels, how many there are, and what V2 warns about."""

    width: int
    height: int
    count: int = 1
    warn: str = ""

    @property
    def pixels(self) -> int:
        """Pixels of all pictures together."""
        return self.width * self.height * self.count


def half_up(value: float) -> int:
    """Round to the nearest whole number, halves up, and to at least one."""
    return max(1, floor(value + 0.5))


def upscale(request: Mapping[str, JSON], width: int, height: int) -> Output:
    """Input times ``scale_factor``."""
    factor = float(request["scale_factor"])
    return Output(half_up(width * factor), half_up(height * factor))


def img2img(request: Mapping[str, JSON], width: int, height: int) -> Output:
    """Exactly ``width`` x ``height``, ``image_num`` times, whatever the input was."""
    return Output(int(request["width"]), int(request["height"]), int(request["image_num"]))


def upscale_v2(request: Mapping[str, JSON], width: int, height: int) -> Output:
    """By factor (``resize_mode`` 0 or absent) or to a size (1); a missing side keeps the proportions."""
    wanted_w, wanted_h = request.get("upscaling_resize_w"), request.get("upscaling_resize_h")
    if request.get("resize_mode", 0) == 1 and (wanted_w or wanted_h):
        across = wanted_w / width if wanted_w else wanted_h / height  # type: ignore[operator]
        down = wanted_h / height if wanted_h else across
        return _fitted(width * across, height * down)
    factor = float(min(request.get("upscaling_resize", 2), V2_MAX_FACTOR))
    return _fitted(width * factor, height * factor)


def _fitted(width: float, height: float) -> Output:
    longest = max(half_up(width), half_up(height))
    if longest <= V2_MAX_SIDE:
        return Output(half_up(width), half_up(height))
    shrink = V2_MAX_SIDE / max(width, height)
    warn = f"the result would be {half_up(width)} x {half_up(height)}; it was reduced to fit {V2_MAX_SIDE}"
    return Output(half_up(width * shrink), half_up(height * shrink), warn=warn)


#: The output size of each renderer, by its name in ``operations.json``.
OUTPUTS = {"upscale": upscale, "img2img": img2img, "upscale_v2": upscale_v2}
