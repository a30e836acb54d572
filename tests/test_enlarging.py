"""Doubled pictures: the pieces are the whole, and the whole is smooth and in its place."""

import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from PIL import Image

from novita_mock import enlarging, pixels, png
from novita_mock.enlarging import Doubled
from pictures import drawn, mean_difference, opened, photo, psnr, stored


def _clear(image: Image.Image) -> Image.Image:
    image.putalpha(image.convert("L").point(lambda value: min(255, value * 2)))
    return image


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("source", [photo(61, 83), _clear(photo(33, 47))], ids=["RGB", "RGBA"])
@pytest.mark.parametrize("rows", [4, 36, 10_000])
def test_where_a_picture_is_cut_changes_no_byte(
    source: Image.Image, factor: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = enlarging.whole(Doubled(source, factor))
    monkeypatch.setattr(png, "ROWS", rows)
    cut = Doubled(source, factor)
    assert cut.pieces == -(-source.height * factor // rows)
    assert enlarging.whole(cut).tobytes() == expected.tobytes()


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (3, 2), (40, 70)])
def test_the_file_is_that_of_the_whole(size: tuple[int, int], mode: str, factor: int) -> None:
    source = photo(50, 70).resize(size) if mode == "RGB" else _clear(photo(50, 70)).resize(size)
    picture = Doubled(source, factor)
    whole = enlarging.whole(picture)
    assert (whole.size, whole.mode) == ((size[0] * factor, size[1] * factor), mode)
    file = enlarging.png_file(picture, "text")
    assert opened(file).tobytes() == whole.tobytes()
    assert file == pixels.encoded(whole, "png", "text")


@pytest.mark.parametrize("factor", [2, 4])
def test_turned_and_then_enlarged_is_enlarged_and_then_turned(factor: int) -> None:
    source, turn = photo(48, 40), Image.Transpose.TRANSPOSE
    first = enlarging.whole(Doubled(source.transpose(turn), factor)).transpose(turn)
    second = enlarging.whole(Doubled(source, factor))
    assert mean_difference(first, second) < 0.5


@pytest.mark.parametrize("factor", [2, 4])
def test_what_cannot_be_seen_has_no_colour_to_give(factor: int) -> None:
    shape = drawn().convert("L").point(lambda value: 0 if value < 128 else value)
    results = []
    for hidden in ((0, 0, 0), (255, 40, 200)):
        picture = photo().convert("RGBA")
        picture.paste(hidden, mask=shape.point(lambda value: 255 * (value == 0)))
        picture.putalpha(shape)
        results.append(enlarging.whole(Doubled(picture, factor)).tobytes())
    assert results[0] == results[1]


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("source", [photo(), drawn()], ids=["photo", "drawn"])
def test_the_result_is_about_what_a_cubic_one_is(source: Image.Image, factor: int) -> None:
    result = enlarging.whole(Doubled(source, factor))
    cubic = source.resize(result.size, Image.Resampling.BICUBIC)
    assert psnr(result, cubic) > 24
    assert mean_difference(result, cubic) < 3


@pytest.mark.parametrize("factor", [2, 4])
def test_a_slope_becomes_a_slope_without_steps_back(factor: int) -> None:
    slope = Image.fromarray(numpy.tile(numpy.arange(0, 250, 5, dtype=numpy.uint8), (50, 1))).convert("RGB")
    result = numpy.asarray(enlarging.whole(Doubled(slope, factor))).astype(int)
    steps = numpy.diff(result, axis=1)
    assert steps.min() >= 0 and steps.max() <= 5
    assert (numpy.diff(result, axis=0) == 0).all()


_LARGE = """
import sys
from pathlib import Path
from novita_mock import enlarging, pixels
source = pixels.resized(pixels.upright(sys.stdin.buffer.read()), (2048, 2048))
assert len(enlarging.png_file(enlarging.Doubled(source, 4), "")) > 2**20
lines = Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is told by Linux alone")
def test_the_largest_picture_takes_less_than_itself() -> None:
    line = [sys.executable, "-c", _LARGE]
    told = subprocess.run(line, input=stored(photo(256, 256)), capture_output=True, timeout=120, check=False)
    assert told.returncode == 0, told.stderr
    assert float(told.stdout) < 190  # MiB; the picture is 192
