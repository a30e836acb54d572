"""Files in, files out: every kind of picture, and every kind of broken file."""

import io

import numpy
import pytest
from PIL import Image, ImageCms

from novita_mock import pixels
from novita_mock.render import Picture, inspect
from pictures import drawn, mean_difference, opened, photo, stored

_TURN = {
    1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}  # fmt: skip


def _inputs() -> dict[str, bytes]:
    colour = photo(40, 30)
    clear = colour.copy()
    clear.putalpha(colour.convert("L").point(lambda value: 255 * (value > 100)))
    palette = colour.quantize(32)
    deep = Image.fromarray((numpy.asarray(colour.convert("L")).astype(numpy.uint16)) * 257)
    return {
        "RGB": stored(colour), "RGBA": stored(clear), "LA": stored(clear.convert("LA")),
        "L": stored(colour.convert("L")), "1": stored(colour.convert("1")), "P": stored(palette),
        "P with a clear colour": stored(palette, transparency=3),
        "P with clearness": stored(palette, transparency=bytes(range(0, 256, 8))),
        "RGB with a clear colour": stored(colour, transparency=colour.getpixel((0, 0))), "I;16": stored(deep),
        "YCbCr": stored(colour, "JPEG"), "CMYK": stored(colour.convert("CMYK"), "JPEG"),
        "grey JPEG": stored(colour.convert("L"), "JPEG"), "WebP": stored(colour, "WEBP"),
        "WebP with alpha": stored(clear, "WEBP", lossless=True),
    }  # fmt: skip


@pytest.mark.parametrize("image_type", ["png", "webp", "jpeg"])
@pytest.mark.parametrize("mode", _inputs())
def test_every_mode_becomes_every_format(mode: str, image_type: str) -> None:
    image = pixels.upright(_inputs()[mode])
    result = opened(pixels.encoded(image, image_type, "text"))
    assert (result.format or "").lower() == image_type
    assert result.size == (40, 30)
    assert image.mode in ("RGB", "RGBA")
    assert (result.mode == "RGBA") == (image.mode == "RGBA" and image_type != "jpeg")


@pytest.mark.parametrize("mode", ["L", "I;16", "CMYK", "P", "YCbCr"])
def test_colours_survive_decoding(mode: str) -> None:
    expected = photo(40, 30).convert("L") if mode in ("L", "I;16") else photo(40, 30)
    assert mean_difference(pixels.upright(_inputs()[mode]), expected) < 12


def test_clear_parts_are_white_in_jpeg() -> None:
    clear = Image.new("RGBA", (16, 16), (200, 0, 0, 0))
    result = opened(pixels.encoded(pixels.upright(stored(clear)), "jpeg", ""))
    assert result.getpixel((8, 8)) == (255, 255, 255)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_upright(orientation: int, kind: str) -> None:
    upright, exif = photo(48, 32), Image.Exif()
    exif[0x0112] = orientation
    turn = _TURN[orientation]
    content = stored(upright if turn is None else upright.transpose(turn), kind, exif=exif.tobytes())
    assert inspect(content) == Picture(kind.lower(), 48, 32)
    assert mean_difference(pixels.upright(content), upright) < 8


@pytest.mark.parametrize("image_type", ["png", "webp", "jpeg"])
def test_nothing_of_the_input_but_its_pixels_is_kept(image_type: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "Camera"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = stored(photo(40, 30), "JPEG", exif=exif.tobytes(), icc_profile=profile, comment=b"secret")
    result = opened(pixels.encoded(pixels.upright(content), image_type, "text"))
    assert "icc_profile" not in result.info and "comment" not in result.info
    assert 0x010F not in result.getexif() and 0x8825 not in result.getexif()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_the_first_frame_of_an_animation_is_taken(kind: str) -> None:
    first, second = drawn((255, 0, 0)), drawn((0, 0, 255), seed=2)
    content = stored(first, kind, save_all=True, append_images=[second], lossless=True)
    assert mean_difference(pixels.upright(content), first) < 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_cut_and_damaged_files_raise_decoder_errors_only(kind: str) -> None:
    content = stored(photo(64, 48), kind)
    chance = numpy.random.default_rng(3)
    for index in range(150):
        broken = bytearray(content[: len(content) * index // 150])
        if index % 2:
            broken = bytearray(content)
            for place in chance.integers(0, len(content), 8):
                broken[int(place)] = int(chance.integers(0, 256))
        try:
            assert isinstance(pixels.upright(bytes(broken)), Image.Image)
        except pixels.DECODER_ERRORS:
            continue


def test_a_convolution_sees_no_edge_at_the_border() -> None:
    flat = Image.new("L", (9, 7), 90)
    assert pixels.convolved(flat, (-1, 0, 1, -2, 0, 2, -1, 0, 1), 4, 128).getextrema() == (128, 128)


def test_noise_is_a_function_of_its_key() -> None:
    assert pixels.noise((9, 5), "a\ud800").tobytes() == pixels.noise((9, 5), "a\ud800").tobytes()
    assert pixels.noise((9, 5), "a").tobytes() != pixels.noise((9, 5), "b").tobytes()


def test_saving_leaves_no_file_open() -> None:
    content = pixels.encoded(photo(20, 20), "png", "line\nnext")
    assert Image.open(io.BytesIO(content)).info["parameters"] == "line\nnext"


def test_a_jpeg_is_the_same_wherever_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    content = pixels.encoded(photo(200, 150), "jpeg", "text")
    monkeypatch.setattr("sys.platform", "win32")
    assert pixels.encoded(photo(200, 150), "jpeg", "text") == content
