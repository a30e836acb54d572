"""Inflates a PNG file ahead of its decoder, by igzip: that takes a third of what zlib does in the decoder.

The decoder is given the same file with its pixels stored. A file that is odd in any way is left as it is:
what is wrong with a picture, and whether that matters, is its decoder's to say.
"""

import struct
import zlib
from io import BytesIO
from itertools import groupby

from novita_mock import containers, png

#: Of fewer bytes of pixels it is not worth it; of more what is stored would take much memory.
LEAST, MOST = 64 * 1024, 32 * 1024 * 1024
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
#: How many bytes stand before what a chunk carries, and behind it.
_BEFORE, _BEHIND = 8, 4


def inflated(content: bytes) -> bytes:
    """The same picture with its pixels stored; a file that is no PNG, or odd, or not worth it as it is."""
    fast = png.deflater()
    if fast is zlib or not content.startswith(containers.PNG):
        return content
    width, height, depth, colours, *methods = struct.unpack_from(">IIBBBBB", content, 16)
    length = height * (1 + (width * depth * _CHANNELS.get(colours, 0) + 7) // 8)
    if any(methods) or not LEAST <= length <= MOST:
        return content
    parts = [content[start:end] for _, start, _, end in containers.png_parts(content)]
    groups = [(name, list(of_name)) for name, of_name in groupby(parts, lambda part: part[4:8])]
    if [name for name, _ in groups].count(b"IDAT") != 1 or groups[-1][0] != b"IEND":
        return content
    packed = b"".join(part[_BEFORE:-_BEHIND] for name, data in groups if name == b"IDAT" for part in data)
    if any(fast.crc32(part[4:-_BEHIND]) != int.from_bytes(part[-_BEHIND:]) for part in parts):
        return content
    rows = _rows(packed, length)
    if rows is None:
        return content
    file = BytesIO()
    file.write(containers.PNG)
    for name, of_name in groups:
        if name == b"IDAT":
            png.chunk(file, name, zlib.compress(rows, 0))
        else:
            file.write(b"".join(of_name))
    return file.getvalue()


def _rows(packed: bytes, length: int) -> bytes | None:
    """What was packed, where that is exactly so many bytes."""
    unpacking = png.deflater().decompressobj()
    try:
        rows: bytes = unpacking.decompress(packed, length + 1)
    except Exception:  # an error class of isal's own
        return None
    return rows if len(rows) == length and unpacking.eof and not unpacking.unused_data else None
