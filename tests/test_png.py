"""PNG files as we write them: exactly the pixels, whoever reads them, and the same whatever writes them."""

import io
import struct
import zlib
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from novita_mock import pixels, png
from pictures import opened, photo

_SIZES = st.tuples(st.integers(1, 90), st.integers(1, 300))


def _picture(mode: str, size: tuple[int, int], seed: bytes) -> Image.Image:
    wanted = size[0] * size[1] * len(mode)
    return Image.frombytes(mode, size, ((seed or b"\0") * wanted)[:wanted])


def _chunks(file: bytes) -> list[tuple[bytes, bytes]]:
    found, place = [], 8
    while place < len(file):
        (length,) = struct.unpack_from(">I", file, place)
        kind, content = file[place + 4 : place + 8], file[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", file, place + 8 + length)[0] == zlib.crc32(kind + content)
        found.append((kind, content))
        place += 12 + length
    return found


@given(st.sampled_from(["RGB", "RGBA"]), _SIZES, st.binary(max_size=2000), st.text(max_size=20))
def test_a_file_holds_exactly_the_pixels(mode: str, size: tuple[int, int], seed: bytes, text: str) -> None:
    picture = _picture(mode, size, seed)
    text = text.encode("utf-8", "replace").decode().replace("\0", "")
    file = pixels.encoded(picture, "png", text)
    with Image.open(io.BytesIO(file)) as checked:
        checked.verify()
    result = opened(file)
    assert (result.mode, result.size, result.tobytes()) == (mode, size, picture.tobytes())
    assert result.info["parameters"] == text
    raw = zlib.decompress(b"".join(content for kind, content in _chunks(file) if kind == b"IDAT"))
    assert len(raw) == size[1] * (1 + size[0] * len(mode))


def test_the_bytes_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = photo(150, 700)
    expected = pixels.encoded(picture, "png", "")
    for alone, threads in ((1, 1), (1, 2), (1, 5)):
        monkeypatch.setattr(png, "ALONE", alone)
        monkeypatch.setattr(png, "THREADS", threads)
        assert pixels.encoded(picture, "png", "") == expected


def test_without_isal_the_pixels_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = photo(150, 300)
    monkeypatch.setattr(png, "deflater", lambda: zlib)
    assert opened(pixels.encoded(picture, "png", "")).tobytes() == picture.tobytes()


def test_isal_is_what_deflates_where_it_is_installed() -> None:
    assert png.deflater() is import_module("isal.isal_zlib")


def test_a_photograph_takes_no_more_than_a_tenth_more_than_pillow_at_its_fastest() -> None:
    picture, target = photo(400, 400).resize((800, 800), Image.Resampling.BICUBIC), io.BytesIO()
    picture.save(target, "PNG", compress_level=1)
    assert len(pixels.encoded(picture, "png", "")) < 1.1 * len(target.getvalue())
