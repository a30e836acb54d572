"""Work on a picture piece by piece: its colours without its alpha, its rows some at a time."""

from collections.abc import Callable

from novita_mock import pixels
from novita_mock.pixels import Image

#: Rows worked on at once: bounds the memory of intermediate pictures. Any other height gives the same bytes.
STRIPE_ROWS = 256
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


def in_stripes(image: Image, halo: int, effect: Callable[[Image], Image], rows: int = STRIPE_ROWS) -> Image:
    """Apply a local effect stripe by stripe, in place, and return the picture.

    ``halo`` is how many rows above and below a pixel the effect looks at. The last ``halo`` rows of a stripe
    are kept as they were, because the next stripe needs them after they have been overwritten.
    """
    width, height = image.size
    above = pixels.plain(image.mode, (width, 0))
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        region = pixels.plain(image.mode, (width, above.height + min(bottom + halo, height) - top))
        region.paste(above, (0, 0))
        region.paste(image.crop((0, top, width, min(bottom + halo, height))), (0, above.height))
        done = effect(region)
        image.paste(done.crop((0, above.height, width, above.height + bottom - top)), (0, top))
        before = above.height + bottom - top
        above = region.crop((0, max(0, before - halo), width, before))
    return image
