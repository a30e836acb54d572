"""A PNG file that was inflated ahead shows the same picture; an odd one is left to its decoder."""

import io
import struct
import zlib
from random import Random  # noqa: TID251 - seeded, and of no double

import pytest
from PIL import Image

from novita_mock import containers, inflating, pixels, png

pytestmark = pytest.mark.skipif(png.deflater() is zlib, reason="isal is not installed")
SIDE = 260


def stored(mode: str = "RGB", side: int = SIDE, **options: object) -> bytes:
    target = io.BytesIO()
    grey = Image.frombytes(
        "L", (side, side), bytes(x * y // 7 % 251 for y in range(side) for x in range(side))
    )
    grey.convert(mode).save(target, "PNG", **options)  # type: ignore[arg-type]
    return target.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def rows_of(content: bytes) -> bytes:
    parts = [
        content[start : end - 4] for name, _, start, end in containers.png_parts(content) if name == b"IDAT"
    ]
    return zlib.decompress(b"".join(parts))


def with_rows(content: bytes, packed: bytes) -> bytes:
    """The file with other pixels."""
    parts = {name: content[start : end - 4] for name, _, start, end in containers.png_parts(content)}
    return containers.PNG + b"".join(
        chunk(name, packed if name == b"IDAT" else of) for name, of in parts.items()
    )


def outcome(content: bytes) -> object:
    try:
        image = pixels.upright(content)
    except pixels.DECODER_ERRORS as error:
        return type(error), str(error)
    return image.mode, image.size, image.tobytes()


def without(content: bytes, monkeypatch: pytest.MonkeyPatch) -> object:
    """The outcome where nothing is inflated ahead."""
    with monkeypatch.context() as patch:
        patch.setattr(inflating, "inflated", lambda content: content)
        return outcome(content)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "I;16"])
@pytest.mark.parametrize("options", [{}, {"compress_level": 0}, {"transparency": 3}], ids=str)
def test_the_picture_is_the_same(
    mode: str, options: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "transparency" in options and mode not in ("L", "P"):
        options = {}
    content = stored(mode, **options)
    ahead = inflating.inflated(containers.bare(content))
    assert ahead != content
    assert rows_of(ahead) == rows_of(content)
    assert outcome(content) == without(content, monkeypatch)


def odd() -> dict[str, bytes]:
    good = stored()
    rows, end = rows_of(good), good.rindex(b"IEND") - 4
    packed = zlib.compress(rows)
    return {
        "small": stored(side=100),
        "two colours": stored("1", side=300),
        "no PNG": b"\xff\xd8\xff" + good,
        "interlaced": good[:28] + b"\x01" + good[29:],
        "a wrong checksum": good[:-20] + bytes([good[-20] ^ 1]) + good[-19:],
        "too short": with_rows(good, zlib.compress(rows[:-1])),
        "too long": with_rows(good, zlib.compress(rows + b"\0")),
        "something behind": with_rows(good, packed + b"more"),
        "a sum that is wrong": with_rows(good, packed[:-1] + bytes([packed[-1] ^ 1])),
        "broken off": with_rows(good, packed[:-40]),
        "no end": good[:end],
        "a chunk between": good[:end] + chunk(b"PLTE", bytes(3)) + chunk(b"IDAT", b"") + good[end:],
        "no pixels": with_rows(good, b""),
        "colours that there are not": good[:25] + b"\x05" + good[26:],
    }


@pytest.mark.parametrize("name", odd())
def test_what_is_odd_is_left_to_the_decoder(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = odd()[name]
    assert inflating.inflated(content) is content
    assert outcome(content) == without(content, monkeypatch)


def test_whatever_is_broken_comes_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    good, chance, inflated_ahead = stored(), Random(5), 0
    for _ in range(250):
        content = bytearray(good)
        for _ in range(chance.choice([0, 1, 1, 2])):
            place = chance.randrange(len(content))
            content[place : place + chance.choice([0, 1, 1, 9])] = chance.randbytes(
                chance.choice([1, 1, 1, 4])
            )
        broken = bytes(content[: chance.choice([None, None, None, -1, len(content) // 2])])
        inflated_ahead += inflating.inflated(broken) is not broken
        assert outcome(broken) == without(broken, monkeypatch)
    assert 20 < inflated_ahead < 200


def test_where_there_is_no_igzip_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png, "deflater", lambda: zlib)
    content = stored()
    assert inflating.inflated(content) is content
