"""Headers read by hand agree with the decoder's, and say no in time."""

import struct
import zlib

import numpy
import pytest
from PIL import Image

from novita_mock import containers, pixels
from novita_mock.containers import Header
from pictures import mean_difference, opened, photo, stored

_HEAD = (b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0))


def _png(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = [
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _jpeg(*segments: tuple[int, bytes]) -> bytes:
    parts = [bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body for marker, body in segments]
    return b"\xff\xd8" + b"".join(parts)


def _exif(order: str, orientation: int, kind: int = 3) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(f"{order}HHIH2x", 0x0112, kind, 1, orientation)
    return b"Exif\0\0" + mark + struct.pack(f"{order}IH", 8, 1) + entry + bytes(4)


@pytest.mark.parametrize("size", [(1, 1), (37, 300), (300, 37)])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}),
        ("WEBP", {}), ("WEBP", {"lossless": True}), ("WEBP", {"exif": _exif("<", 1)}),
    ],
)  # fmt: skip
def test_sizes_are_those_of_the_decoder(kind: str, options: dict[str, object], size: tuple[int, int]) -> None:
    assert containers.header(stored(photo(40, 40).resize(size), kind, **options)) == Header(
        kind.lower(), *size
    )


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_orientation_is_read_in_both_byte_orders(kind: str, order: str) -> None:
    content = stored(photo(40, 30), kind, exif=_exif(order, 6))
    assert containers.header(content).orientation == 6


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0junk", b"\xff" * 40, b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0",
        _exif("<", 9), _exif("<", 0), _exif("<", 6, kind=2), _exif(">", 6)[:-8],
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_broken_exif_is_no_orientation(kind: str, exif: bytes) -> None:
    content = stored(photo(40, 30), kind, exif=exif)
    assert containers.header(content).orientation == 1
    assert pixels.upright(content).size == (40, 30)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "PPM", "ICO", "TGA", "PCX"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(ValueError, match="not a PNG, JPEG or WebP file"):
        containers.header(stored(photo(40, 30), kind))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a PNG"),
        (b"\x89PNG\r\n\x1a\n", "breaks off"),
        (_png((b"IHDR", struct.pack(">IIBBBBB", 8, 8, 3, 2, 0, 0, 0))), "IHDR"),
        (_png((b"IHDR", struct.pack(">IIBBBBB", 0, 8, 8, 2, 0, 0, 0))), "0 x 8"),
        (_png((b"tEXt", bytes(13))), "IHDR"),
        (_png(_HEAD)[:-1] + b"!", "checksum"),
        (b"\xff\xd8\xff", "names no size"),
        (_jpeg((0xE0, b"JFIF")), "names no size"),
        (_jpeg((0xE0, b"JFIF")) + b"text", "broken segment"),
        (b"RIFF\x04\0\0\0WEBP", "first chunk"),
        (b"RIFF\x20\0\0\0WEBPVP8L\x20\0\0\0", "breaks off"),
        (b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0\0\0", "breaks off"),
        (b"RIFF\x20\0\0\0WEBPVP8 \x0a\0\0\0\0\0", "first chunk"),
    ],
)
def test_broken_headers_are_refused_with_a_reason(content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        containers.header(content)


def test_huge_pictures_are_told_by_their_headers() -> None:
    huge = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    assert containers.header(_png((b"IHDR", huge))) == Header("png", 60_000, 60_000)
    frame = struct.pack(">BHHB", 8, 60_000, 50_000, 3)
    assert containers.header(_jpeg((0xC0, frame))) == Header("jpeg", 50_000, 60_000)


def _bombs() -> dict[str, bytes]:
    flood = zlib.compress(bytes(150_000_000), 1)
    pixels_and_end = ((b"IDAT", zlib.compress(bytes(8 * 25))), (b"IEND", b""))
    return {
        "zTXt": _png(_HEAD, (b"zTXt", b"k\0\0" + flood), *pixels_and_end),
        "iCCP": _png(_HEAD, (b"iCCP", b"k\0\0" + flood), *pixels_and_end),
        "iTXt": _png(_HEAD, (b"iTXt", b"k\0\1\0\0\0" + flood), *pixels_and_end),
        "broken acTL": _png(_HEAD, (b"acTL", bytes(8)), *pixels_and_end),
    }


def test_what_pixels_do_not_need_is_never_interpreted() -> None:
    for content in _bombs().values():
        assert len(containers.bare(content)) < 200
        assert pixels.upright(content).size == (8, 8)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_bare_files_have_the_same_pixels(kind: str) -> None:
    content = stored(photo(40, 30), kind, exif=_exif("<", 3))
    assert mean_difference(opened(containers.bare(content)), opened(content)) == 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_any_damage_is_a_value_error_or_nothing(kind: str) -> None:
    content = stored(photo(40, 30), kind, exif=_exif("<", 3))
    chance = numpy.random.default_rng(5)
    for index in range(600):
        broken = bytearray(content[: 1 + index] if index % 3 == 0 else content)
        for place in chance.integers(0, min(200, len(broken)), 4):
            broken[int(place)] = int(chance.integers(0, 256))
        try:
            assert containers.header(bytes(broken)).width > 0
            assert len(containers.bare(bytes(broken))) <= len(broken)
        except ValueError:
            continue


def test_an_animation_is_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    content = stored(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert b"acTL" in content and b"acTL" not in containers.bare(content)


def test_a_file_of_millions_of_parts_is_given_up() -> None:
    crowds = [
        _png(_HEAD) + (bytes(4) + b"tEXt" + bytes(4)) * 500_000,
        b"\xff\xd8" + b"\xff\xe1\0\x02" * 500_000,
        b"\xff\xd8" + b"\xff" * 500_000,
    ]
    for crowd in crowds:
        with pytest.raises(ValueError, match="more than 100000"):
            containers.bare(crowd)
    assert containers.header(crowds[0]) == Header("png", 8, 8)
    webp = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(10) + (b"junk" + bytes(4)) * 2_000
    late = webp + b"EXIF" + struct.pack("<I", len(_exif("<", 6))) + _exif("<", 6)
    assert containers.header(late).orientation == 1
