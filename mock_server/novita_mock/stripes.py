"""Work on a picture piece by piece: its colours without its alpha, its rows some at a time."""

from collections.abc import Callable

from novita_mock import pixels
from novita_mock.pixels import Image

_ENLARGED_ROWS = 256


def on_colours(image: Image, effect: Callable[[Image], Image]) -> Image:
    """Apply an effect made for RGB, keeping alpha as it is."""
    if image.mode != "RGBA":
        return effect(image)
    result = effect(image.convert("RGB"))
    result.putalpha(image.getchannel("A"))
    return result


def apart(image: Image) -> tuple[Image, Image | None]:
    """Colours (RGB; the picture itself if it has no alpha) and alpha (L), if there is any."""
    return (image.convert("RGB"), image.getchannel("A")) if image.mode == "RGBA" else (image, None)


def together(colours: Image, alpha: Image | None) -> Image:
    """The reverse of `apart`; changes ``colours``."""
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


def add_enlarged(image: Image, texture: Image) -> None:
    """Add a small texture to all of a large picture, in place, without ever holding it enlarged.

    The rows at once are fixed here: where an enlargement is cut decides its last bit.
    """
    width, height = image.size
    texture = pixels.resized(texture, (width, texture.height))
    for top in range(0, height, _ENLARGED_ROWS):
        bottom = min(top + _ENLARGED_ROWS, height)
        share = texture.height / height
        rows = (0, top * share, width, bottom * share)
        part = pixels.resized(texture, (width, bottom - top), "bicubic", rows)
        place = (0, top, width, bottom)
        image.paste(pixels.textured(image.crop(place), part), place)
