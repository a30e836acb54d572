"""What PNG, JPEG and WebP files say before their pixels, read by hand.

Why not by the decoder: reading a header must cost nothing and warn of nothing, however large the picture or
hostile the file. The decoder is then given a file without the parts that only it would interpret (profiles,
compressed text, EXIF, animation), so that these can neither break it nor end up in a result.
"""

import struct
import zlib
from collections.abc import Iterator
from itertools import islice

from msgspec import Struct

#: What a PNG file begins with.
PNG = b"\x89PNG\r\n\x1a\n"
_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset((0x01, *range(0xD0, 0xD8)))
_JPEG_KEPT = frozenset((0xE0, 0xEE, *range(0xC0, 0xE0)))
_START_OF_SCAN, _EXIF_SEGMENT, _ORIENTATION = 0xDA, 0xE1, 0x0112

#: Parts of a file at most, and of those that come before its pixels: hostile files have millions.
_MAX_PARTS, _MAX_LEADING_PARTS = 100_000, 1_000
#: Files of fewer bytes are searched faster than walked through.
_SHORT = 4096

#: A part of a file: its name, where it starts, where what it carries starts, and where it ends.
Part = tuple[bytes, int, int, int]


class Header(Struct, frozen=True, gc=False):
    """``png``, ``jpeg`` or ``webp``; width and height as stored, in pixels; EXIF orientation, 1 to 8."""

    format: str
    width: int
    height: int
    orientation: int = 1


def header(content: bytes) -> Header:
    """Read the header; raises ``ValueError``, whose text may be shown, for any other or a broken file."""
    try:
        if content.startswith(PNG):
            found = _png_header(content)
        elif content.startswith(b"\xff\xd8\xff"):
            found = _jpeg_header(content)
        elif content.startswith(b"RIFF") and content[8:12] == b"WEBP":
            found = _webp_header(content)
        else:
            raise ValueError("not a PNG, JPEG or WebP file")
    except (struct.error, IndexError) as error:
        raise ValueError("the file breaks off in its header") from error
    if not (found.width and found.height):
        raise ValueError(f"a picture of {found.width} x {found.height} pixels")
    return found


def bare(content: bytes) -> bytes:
    """The file with nothing but what its pixels need; a broken file stays as broken as it is."""
    if content.startswith(PNG):
        kept = [(start, end) for name, start, _, end in png_parts(content) if name in _PNG_KEPT]
        lead = len(PNG)
    elif content.startswith(b"\xff\xd8"):
        kept = [(start, end) for name, start, _, end in _jpeg_parts(content) if name[0] in _JPEG_KEPT]
        lead = 2
    else:
        return content
    view = memoryview(content)
    return b"".join([view[:lead], *(view[start:end] for start, end in kept)])


def png_parts(content: bytes) -> Iterator[Part]:
    """The chunks; the last may end beyond the file."""
    place = len(PNG)
    for _ in range(_MAX_PARTS):
        if place + 8 > len(content):
            return
        (length,) = struct.unpack_from(">I", content, place)
        end = place + length + 12
        yield content[place + 4 : place + 8], place, place + 8, end
        place = end
    raise ValueError(f"a PNG file of more than {_MAX_PARTS} chunks")


def _png_header(content: bytes) -> Header:
    width, height, depth, colours = struct.unpack_from(">IIBB", content, 16)
    if content[8:16] != b"\0\0\0\rIHDR" or depth not in _PNG_DEPTHS.get(colours, ()):
        raise ValueError("a PNG file without a valid IHDR")
    if struct.unpack_from(">I", content, 29)[0] != zlib.crc32(content[12:29]):
        raise ValueError("a PNG file whose IHDR has a wrong checksum")
    orientation = 1
    if len(content) < _SHORT and b"eXIf" not in content:
        return Header("png", width, height)  # there is nothing to walk to
    for name, _, start, end in islice(png_parts(content), _MAX_LEADING_PARTS):
        if name == b"eXIf":
            orientation = _orientation(content[start : end - 4])
        elif name == b"IDAT":
            break
    return Header("png", width, height, orientation)


def _jpeg_parts(content: bytes) -> Iterator[Part]:
    """The segments; the last, from the first scan on, reaches to the end of the file."""
    place = 2
    for _ in range(_MAX_PARTS):
        if place + 4 > len(content):
            return
        if content[place] != 0xFF:
            raise ValueError("a JPEG file with a broken segment")
        marker = content[place + 1]
        if marker == 0xFF or marker in _JPEG_BARE:
            place += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", content, place + 2)
        end = len(content) if marker == _START_OF_SCAN else place + 2 + length
        yield bytes((marker,)), place, place + 4, end
        place = end
    raise ValueError(f"a JPEG file of more than {_MAX_PARTS} segments")


def _jpeg_header(content: bytes) -> Header:
    size: tuple[int, int] | None = None
    orientation = 1
    for name, _, start, end in islice(_jpeg_parts(content), _MAX_LEADING_PARTS):
        if name[0] in _JPEG_SIZES and size is None:
            size = struct.unpack_from(">HH", content, start + 1)
        elif name[0] == _EXIF_SEGMENT and content.startswith(b"Exif\0", start):
            orientation = _orientation(content[start:end])
    if size is None:
        raise ValueError("a JPEG file that names no size")
    return Header("jpeg", size[1], size[0], orientation)


def _webp_header(content: bytes) -> Header:
    name, start = content[12:16], 20
    orientation = 1
    if name == b"VP8X":
        width, height = (1 + int.from_bytes(content[at : at + 3], "little") for at in (start + 4, start + 7))
        orientation = _webp_orientation(content)
    elif name == b"VP8L" and content[start] == 0x2F:
        (bits,) = struct.unpack_from("<I", content, start + 1)
        width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    elif name == b"VP8 " and content[start + 3 : start + 6] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", content, start + 6))
    else:
        raise ValueError("a WebP file without a valid first chunk")
    if len(content) < start + 10:
        raise ValueError("the file breaks off in its header")
    return Header("webp", width, height, orientation)


def _webp_orientation(content: bytes) -> int:
    place = 12
    for _ in range(_MAX_LEADING_PARTS):
        if place + 8 > len(content):
            break
        (length,) = struct.unpack_from("<I", content, place + 4)
        if content[place : place + 4] == b"EXIF":
            return _orientation(content[place + 8 : place + 8 + length])
        place += 8 + length + length % 2
    return 1


def _orientation(exif: bytes) -> int:
    """The orientation that an EXIF block gives; 1 where it gives none, or is broken."""
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (place,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, place)
        for index in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", tiff, place + 2 + 12 * index)
            if tag == _ORIENTATION:
                return value if kind == 3 and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
