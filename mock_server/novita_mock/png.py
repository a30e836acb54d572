"""PNG files written piece by piece, the pieces compressed on a thread of its own.

Each piece is deflated by itself and is an IDAT chunk of its own, so that a picture is never held whole.
Deflated is by igzip (the package isal) where it is installed, and else by zlib, three times slower. The
pixels are the same whatever deflates; the bytes of a file are the same wherever the same release of it does.
"""

import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib import import_module
from io import BytesIO
from types import ModuleType

from novita_mock.containers import PNG

#: What a row begins with: its bytes are told as they are, or as differences to those of the row above.
PLAIN, UP = 0, 2
#: Rows of a piece. Fixed, for they decide the bytes of a file, and the last bits of a picture made in pieces.
ROWS = 64
#: Threads that deflate, beside that of the caller, which makes what they deflate. More only get in its way:
#: each needs the interpreter's lock before and after a piece.
THREADS = 1
#: A picture of no more pixels is made by the caller's own thread: those that the server makes itself, where
#: other threads are at work on others.
ALONE = 3_000_000

_COLOUR_TYPES = {3: 2, 4: 6}
#: A zlib stream begins with the first, says "fast" by it, and its last block may be empty: the second.
_BEGIN, _END = b"\x78\x01", b"\x03\x00"
#: Raw blocks that look back 512 bytes at most: what is alike is near in a filtered picture, and the search
#: for it is so a tenth faster, and finds better.
_NEAR = -9
_ADLER = 65521


def written(
    size: tuple[int, int], channels: int, text: str, pieces: int, rows: Callable[[int], bytes]
) -> bytes:
    """The file of a picture.

    Args:
        size: width and height in pixels.
        channels: 3 for RGB, 4 for RGBA; each has eight bits.
        text: goes into the text ``parameters``.
        pieces: of how many pieces the picture is made, from top to bottom.
        rows: makes a piece by its number: whole rows, each after a byte, `PLAIN` or `UP`.
    """
    file = BytesIO()
    file.write(PNG)
    chunk(file, b"IHDR", struct.pack(">IIBBBBB", *size, 8, _COLOUR_TYPES[channels], 0, 0, 0))
    chunk(file, *_text(text))
    chunk(file, b"IDAT", _BEGIN)
    adler = 1
    threads = 0 if size[0] * size[1] <= ALONE else THREADS
    for deflated, sum_, length in _made(pieces, threads, rows):
        chunk(file, b"IDAT", deflated)
        adler = _joined(adler, sum_, length)
    chunk(file, b"IDAT", _END + struct.pack(">I", adler))
    chunk(file, b"IEND", b"")
    return file.getvalue()


def _made(pieces: int, threads: int, rows: Callable[[int], bytes]) -> Iterator[tuple[bytes, int, int]]:
    """What `_deflated` makes of each piece, in order.

    The caller makes the rows: that holds the interpreter's lock for the most part, deflating does not.
    """
    if not threads:
        yield from map(_deflated, map(rows, range(pieces)))
        return
    with ThreadPoolExecutor(threads, "novita-mock-png") as deflating:
        waiting: deque[Future[tuple[bytes, int, int]]] = deque()
        for piece in range(pieces):
            waiting.append(deflating.submit(_deflated, rows(piece)))
            if len(waiting) > 2 * threads:
                yield waiting.popleft().result()
        yield from (each.result() for each in waiting)


def _text(text: str) -> tuple[bytes, bytes]:
    try:
        return b"tEXt", b"parameters\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt", b"parameters\0\0\0\0\0" + text.encode()


def chunk(file: BytesIO, kind: bytes, content: bytes) -> None:
    """Write a chunk."""
    file.write(struct.pack(">I", len(content)))
    file.write(kind)
    file.write(content)
    file.write(struct.pack(">I", deflater().crc32(content, zlib.crc32(kind))))


def _deflated(rows: bytes) -> tuple[bytes, int, int]:
    """Blocks that others may follow, the check sum of what they hold, and its length."""
    fast = deflater()
    strategy = zlib.Z_RLE if fast is zlib else zlib.Z_DEFAULT_STRATEGY
    packing = fast.compressobj(1, zlib.DEFLATED, _NEAR, 9, strategy)
    return packing.compress(rows) + packing.flush(zlib.Z_FULL_FLUSH), fast.adler32(rows), len(rows)


@cache
def deflater() -> ModuleType:
    """The module that deflates, looked for when first used: most programs never write a picture."""
    try:
        return import_module("isal.isal_zlib")
    except ImportError:
        return zlib


def _joined(first: int, second: int, length: int) -> int:
    """The Adler-32 of two contents, of theirs and of the second's length (zlib's ``adler32_combine``)."""
    low = ((first & 0xFFFF) + (second & 0xFFFF) - 1) % _ADLER
    high = ((first >> 16) + (second >> 16) + length * ((first & 0xFFFF) - 1)) % _ADLER
    return high << 16 | low
