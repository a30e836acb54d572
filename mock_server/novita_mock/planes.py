"""Planes: grey pictures whose pixels are the bytes of a picture's, red, green, blue, red, and so on.

What is done to all bytes alike costs a tenth so of what it costs pixel by pixel. Where there are several
planes they hold the rows by turns: of two, the first has the even and the second the odd ones. So rows need
not be moved for others to come between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image as _pil
from PIL import ImageChops

from novita_mock import png

Image = _pil.Image


@dataclass(frozen=True, slots=True)
class Blend:
    """How two pixels come between neighbours.

    Attributes:
        reach: the share of the nearer neighbour in each; a quarter is linear, less is crisper.
        relief: how much of the average of both neighbours is taken away then, which leaves peaks high.
    """

    reach: float
    relief: float = 0.0


def plane(image: Image) -> Image:
    """The plane of a picture; a pixel to the right is three or four in it."""
    size = (image.width * len(image.mode), image.height)
    return _pil.frombuffer("L", size, image.tobytes(), "raw", "L", 0, 1)


def bordered(image: Image) -> Image:
    """The picture with a border of one pixel; what lies outside is taken to be as the edge is."""
    width, height = image.size
    wider = _pil.new(image.mode, (width + 2, height + 2))
    wider.paste(image, (1, 1))
    wider.paste(image.crop((0, 0, 1, height)), (0, 1))
    wider.paste(image.crop((width - 1, 0, width, height)), (width + 1, 1))
    wider.paste(wider.crop((0, 1, width + 2, 2)), (0, 0))
    wider.paste(wider.crop((0, height, width + 2, height + 1)), (0, height + 1))
    return wider


def turned(flat: Image, right: int, down: int) -> Image:
    """Shifted; what goes out on one side comes in on the other."""
    return ImageChops.offset(flat, right, down)


def widened(flat: Image, step: int, blend: Blend) -> Image:
    """Pixels that are the same in twos, ``step`` apart, made two pixels between their neighbours."""
    near = _pil.blend(turned(flat, step, 0), turned(flat, -step, 0), 0.5)
    made = _pil.blend(flat, near, 2 * blend.reach)
    if blend.relief:
        far = _pil.blend(turned(flat, 2 * step, 0), turned(flat, -2 * step, 0), 0.5)
        made = _pil.blend(far, made, 1 + blend.relief)
    return made


def doubled(planes: Sequence[Image], blend: Blend) -> list[Image]:
    """Twice as many rows: each made two rows between its neighbours.

    The first and the last row of the planes become something else.
    """
    above = [turned(planes[-1], 0, 1), *planes[:-1]]
    below = [*planes[1:], turned(planes[0], 0, -1)]
    made = []
    for here, up, down in zip(planes, above, below, strict=True):
        pair = [_pil.blend(here, other, blend.reach) for other in (up, down)]
        if blend.relief:
            far = _pil.blend(up, down, 0.5)
            pair = [_pil.blend(far, each, 1 + blend.relief) for each in pair]
        made += pair
    return made


def picture(planes: Sequence[Image], mode: str) -> Image:
    """The picture that several planes are."""
    size = planes[0].width // len(mode), planes[0].height * len(planes)
    return _pil.frombytes(mode, size, _by_turns(planes, 0).tobytes())


def filtered(planes: Sequence[Image]) -> bytes:
    """The rows as PNG tells them, the first as it is, the others as differences to the row above."""
    above = turned(planes[-1], 0, 1)
    above.paste(png.PLAIN, (0, 0, above.width, 1))
    pairs = zip(planes, [above, *planes[:-1]], strict=True)
    sheet = _by_turns([ImageChops.subtract_modulo(*pair) for pair in pairs], 1)
    sheet.paste(png.PLAIN, (0, 0, 1, 1))
    return sheet.tobytes()


def png_file(image: Image, text: str) -> bytes:
    """The PNG file of a whole picture."""

    def rows(piece: int) -> bytes:
        top, end = piece * png.ROWS, min((piece + 1) * png.ROWS, image.height)
        return filtered([plane(image.crop((0, top, image.width, end)))])

    pieces = -(-image.height // png.ROWS)
    return png.written(image.size, len(image.mode), text, pieces, rows)


def _by_turns(planes: Sequence[Image], lead: int) -> Image:
    width, height = planes[0].size
    sheet = _pil.new("L", ((lead + width) * len(planes), height), png.UP)
    for place, each in enumerate(planes):
        sheet.paste(each, (place * (lead + width) + lead, 0))
    return sheet
