"""Pictures at twice and at four times their size, made some rows at a time: the whole is never held."""

from novita_mock import pixels, planes, png
from novita_mock.pixels import Image, Size
from novita_mock.planes import Blend

#: How pixels are doubled, by how many times larger the picture becomes.
DOUBLINGS = {2: (Blend(0.1),), 4: (Blend(0.15, 0.2), Blend(0.2))}


class Doubled:
    """A picture that is ``factor`` times as large, in pieces of `png.ROWS` rows."""

    def __init__(self, source: Image, factor: int) -> None:
        self.mode = source.mode
        self.size: Size = (source.width * factor, source.height * factor)
        self.pieces = -(-self.size[1] // png.ROWS)
        self._factor = factor
        self._blends = DOUBLINGS[factor]
        # Colours count as far as they are seen.
        self._bordered = source.convert("RGBa") if self.mode == "RGBA" else source
        for _ in self._blends:
            self._bordered = planes.bordered(self._bordered)

    def planes(self, piece: int) -> list[Image]:
        """A piece by its number; exactly those rows of the whole."""
        border = len(self._blends)
        top, end = (min(each * png.ROWS, self.size[1]) // self._factor for each in (piece, piece + 1))
        made = [self._widened(top, end + 2 * border)]
        for blend in self._blends:
            made = planes.doubled(made, blend)
        made = [each.crop((0, border, each.width, each.height - border)) for each in made]
        if self.mode == "RGBA":
            made = [planes.plane(planes.picture([each], "RGBa").convert("RGBA")) for each in made]
        return made

    def _widened(self, top: int, end: int) -> Image:
        """Rows of the bordered picture, as wide as the result."""
        across = self._bordered.width
        size, box = (across * self._factor, end - top), (0, top, across, end)
        plane = planes.plane(pixels.resized(self._bordered, size, "nearest", box))
        pixel = len(self.mode)
        step = pixel * self._factor
        for blend in self._blends:
            step //= 2
            plane = planes.widened(plane, step, blend)
        left = len(self._blends) * self._factor * pixel
        return plane.crop((left, 0, left + self.size[0] * pixel, plane.height))


def whole(picture: Doubled) -> Image:
    """All pieces in one picture."""
    result = pixels.plain(picture.mode, picture.size)
    for piece in range(picture.pieces):
        result.paste(planes.picture(picture.planes(piece), picture.mode), (0, piece * png.ROWS))
    return result


def png_file(picture: Doubled, text: str) -> bytes:
    """The PNG file, as `pixels.encoded` makes it of the whole."""

    def rows(piece: int) -> bytes:
        return planes.filtered(picture.planes(piece))

    return png.written(picture.size, len(picture.mode), text, picture.pieces, rows)
