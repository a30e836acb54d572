"""What can stand where a picture should: rows B1 to B16 of the catalogue of faults."""

import base64
import struct
import time
import zlib
from io import BytesIO

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from conftest import Start, b64, finished, img2img_body, picture, upscale_body
from laws import refused, spoken
from novita_mock.types import JSON
from raw import timed

UPSCALE, IMG2IMG, V2 = "/v3/async/upscale", "/v3/async/img2img", "/v2/upscale"
MIB = 1024 * 1024
FORMAT = "INVALID_IMAGE_FORMAT"


def chunk(name: bytes, content: bytes) -> bytes:
    """A chunk of a PNG file."""
    body = name + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png(width: int, height: int, *before: bytes, rows: bytes | None = None) -> bytes:
    """A grey PNG file of any stated size; its pixels are all there only if ``rows`` says so."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress(rows if rows is not None else b"\0", 9)
    parts = [chunk(b"IHDR", head), *before, chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def whole_png(width: int, height: int) -> bytes:
    """A black PNG file of that size, small however large it is."""
    return png(width, height, rows=bytes((width + 7) // 8 + 1) * height)


def submit(client: httpx2.Client, path: str, text: str) -> JSON:
    """What is answered to a picture string in an otherwise good body."""
    body = {UPSCALE: upscale_body(), IMG2IMG: img2img_body(), V2: {}}[path]
    body.get("request", body)["image" if path == V2 else "image_base64"] = text
    reply = client.post(path, json=body)
    return spoken(path, reply.status_code, dict(reply.headers), reply.content)


def refuses(client: httpx2.Client, text: str, reason: str, code: int) -> None:
    """Every operation refuses the picture: V3 with the reason, V2 with the code."""
    for path in (UPSCALE, IMG2IMG):
        told = submit(client, path, text)
        refused(told, 400, reason)
        assert list(told["metadata"]) == ["request.image_base64"]
        assert text[24:] not in told["message"] or len(text) < 30
    assert submit(client, V2, text)["code"] == code


GOOD = b64(picture())
NOT_BASE64 = {
    "data URL": "data:image/png;base64," + GOOD,
    "new line at the end": GOOD + "\n",
    "lines": "\r\n".join(GOOD[i : i + 76] for i in range(0, len(GOOD), 76)),
    "space": GOOD[:8] + " " + GOOD[8:],
    "URL alphabet": base64.urlsafe_b64encode(b"\xff\xfe" + picture()).decode(),
    "no padding": b64(picture() + b"x" * (-(len(picture()) - 1) % 3)).rstrip("="),
    "too much padding": GOOD.rstrip("=") + "====",
    "padding inside": GOOD[:7] + "=" + GOOD[8:],
    "padding only": "====",
    "marks": "!!!!",
    "not ASCII": "ä" * 40,
    "wide": "ＡＡＡＡ",
    "NUL": GOOD + "\0",
    "one sign": "A",
    "empty": "",
}


@pytest.mark.parametrize("case", NOT_BASE64)
def test_what_is_not_base64_is_no_picture(client: httpx2.Client, case: str) -> None:
    """B1, B2, B3."""
    refuses(client, NOT_BASE64[case], FORMAT, 1)


def test_a_data_url_can_be_let_in(start: Start) -> None:
    """B1."""
    client = start(quirk=("data-url=accepted",))
    assert "task_id" in submit(client, UPSCALE, "data:image/png;base64," + GOOD)
    refused(submit(client, UPSCALE, "data:image/png;base64,!"), 400, FORMAT)


NOT_IMAGES = {
    "nothing": b"\0",
    "text": b"hello, world",
    "random": bytes(range(256)) * 4,
    "HTML": b"<html><script>x</script>",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'/>",
    "FITS": b"SIMPLE  =      T".ljust(2880),
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n",
    "PSD": b"8BPS\0\1" + bytes(40),
    "PDF": b"%PDF-1.7\n",
    "PNG signature": b"\x89PNG\r\n\x1a\n",
    "JPEG mark": b"\xff\xd8\xff",
    "RIFF": b"RIFF\x04\0\0\0WEBP",
    "WebP of a sound": b"RIFF\x10\0\0\0WAVEfmt ",
    "PNG without IHDR": b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""),
    "PNG of no size": png(0, 0),
    "zip": b"PK\3\4" + bytes(30),
}


@pytest.mark.parametrize("case", NOT_IMAGES)
def test_what_is_no_image_is_refused(client: httpx2.Client, case: str) -> None:
    """B4, B5."""
    refuses(client, b64(NOT_IMAGES[case]), FORMAT, 1)


@pytest.mark.parametrize(
    "kind", ["GIF", "TIFF", "BMP", "PPM", "TGA", "ICO", "PCX", "SGI", "DDS", "JPEG2000", "AVIF"]
)
def test_an_image_of_another_kind_is_refused(client: httpx2.Client, kind: str) -> None:
    """B5."""
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow writes no {kind}")
    refuses(client, b64(picture(16, 16, kind)), FORMAT, 1)


LARGE = [(60_000, 60_000), (12_000, 12_000), (9_000, 9_000), (4_097, 4_096), (1, 16_777_217), (2**31, 8)]


@pytest.mark.parametrize("size", LARGE)
def test_a_large_picture_is_refused_by_its_header(client: httpx2.Client, size: tuple[int, int]) -> None:
    """B6, B7, B8, B9: 60,000 x 60,000 could not be decoded in that time."""
    file = b64(png(*size))
    submit(client, UPSCALE, GOOD)  # what is loaded once is loaded
    with timed(time.process_time) as took:
        refuses(client, file, "IMAGE_EXCEEDS_MAX_RESOLUTION", 6)
    assert took[0] < 1.0


@pytest.mark.parametrize("size", [(2049, 8), (8, 2049), (2049, 2049), (1, 20_000)])
def test_more_than_2048_a_side_is_refused_by_upscale(client: httpx2.Client, size: tuple[int, int]) -> None:
    """B8, B15."""
    refused(submit(client, UPSCALE, b64(whole_png(*size))), 400, "IMAGE_EXCEEDS_MAX_RESOLUTION")


def test_2048_a_side_and_16_megapixels_are_accepted(start: Start) -> None:
    """B8: and 1 x 20,000, whose V2 result is reduced to fit what encoders hold (B15)."""
    client = start(speed="manual")
    assert "task_id" in submit(client, UPSCALE, b64(whole_png(2048, 2048)))
    assert "task_id" in submit(client, IMG2IMG, b64(whole_png(4096, 4096)))
    told = submit(client, V2, b64(whole_png(1, 20_000)))
    assert told["code"] == 0
    assert "2048" in told["data"]["warn"]


@pytest.mark.parametrize(("path", "limit"), [(UPSCALE, 30 * MIB), (IMG2IMG, 10 * MIB), (V2, 30 * MIB)])
def test_a_file_may_have_as_many_bytes_as_the_page_says(start: Start, path: str, limit: int) -> None:
    """B10: MB are MiB."""
    client = start(speed="manual")
    file = picture()
    for size, fits in ((limit, True), (limit + 1, False)):
        told = submit(client, path, b64(file.ljust(size, b"\0")))
        if fits:
            assert "task_id" in (told["data"] if path == V2 else told), told
        elif path == V2:
            assert told["code"] == 6
        else:
            refused(told, 400, "IMAGE_FILE_EXCEEDS_MAX_SIZE")


def ended(client: httpx2.Client, file: bytes, image_type: str = "png") -> JSON:
    """A task of a file up to its end; or its refusal."""
    body = upscale_body(image_base64=b64(file)) | {"extra": {"response_image_type": image_type}}
    reply = client.post(UPSCALE, json=body)
    return (
        finished(client, reply)
        if reply.status_code == 200
        else spoken(UPSCALE, 400, dict(reply.headers), reply.content)
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_file_that_breaks_off_is_refused_or_its_task_fails(client: httpx2.Client, kind: str) -> None:
    """B11: cut at every fiftieth of it."""
    file = picture(64, 48, kind)
    seen = set()
    for fiftieth in range(1, 50):
        told = ended(client, file[: len(file) * fiftieth // 50])
        if "task" in told:
            seen.add(told["task"]["status"])
            assert (told["images"] == []) == (told["task"]["status"] == "TASK_STATUS_FAILED")
            assert bool(told["task"]["reason"]) == (told["task"]["status"] == "TASK_STATUS_FAILED")
            assert len(told["task"]["reason"]) <= 200
        else:
            refused(told, 400, FORMAT)
            seen.add(told["reason"])
    assert "TASK_STATUS_FAILED" in seen
    assert FORMAT in seen


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["PNG", "JPEG", "WEBP"]),
    st.lists(
        st.tuples(st.integers(0, 600), st.integers(0, 3), st.binary(max_size=3)), min_size=1, max_size=4
    ),
)
def test_a_garbled_file_is_refused_or_its_task_ends(
    client: httpx2.Client, kind: str, changes: list[tuple[int, int, bytes]]
) -> None:
    """B11, B12: for a reason that is the file's, never ours."""
    file = picture(24, 18, kind)
    for place, dropped, piece in changes:
        file = file[:place] + piece + file[place + dropped :]
    told = ended(client, file)
    if "task" in told:
        assert told["task"]["status"] in ("TASK_STATUS_SUCCEED", "TASK_STATUS_FAILED")
        assert told["task"]["reason"] != "the image could not be processed"
        assert "log says" not in told["task"]["reason"]
    else:
        assert told["reason"] in (FORMAT, "IMAGE_EXCEEDS_MAX_RESOLUTION")


BOMBS = {
    "zTXt": chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(100 * MIB), 9)),
    "iTXt": chunk(b"iTXt", b"k\0\1\0\0\0" + zlib.compress(bytes(100 * MIB), 9)),
    "iCCP": chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(100 * MIB), 9)),
    "many texts": b"".join(chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(900_000), 9)) for _ in range(200)),
}


@pytest.mark.parametrize("case", BOMBS)
def test_a_bomb_in_a_header_does_not_go_off(client: httpx2.Client, case: str) -> None:
    """B12: refused, or its chunk ignored."""
    with timed(time.process_time) as took:
        told = ended(client, png(8, 8, BOMBS[case], rows=bytes(2) * 8))
    assert told.get("reason", FORMAT) == FORMAT
    assert took[0] < 4


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_many_frames_the_first_is_taken(client: httpx2.Client, kind: str) -> None:
    """B13."""
    frames = [
        Image.new("RGB", (16, 16), (200, 10, 10)),
        *(Image.new("RGB", (16, 16), (10, n, 200)) for n in range(200)),
    ]
    out = BytesIO()
    frames[0].save(out, kind, save_all=True, append_images=frames[1:], lossless=True)
    assert len(list(ImageSequence.Iterator(Image.open(out)))) > 100
    with timed(time.process_time) as took:
        told = ended(client, out.getvalue())
    made = Image.open(BytesIO(client.get(told["images"][0]["image_url"]).content)).convert("RGB")
    red, _, blue = made.resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    assert red > 150 > 100 > blue
    assert took[0] < 10


@pytest.mark.parametrize("image_type", ["png", "jpeg", "webp"])
@pytest.mark.parametrize(
    ("mode", "kind"),
    [("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("RGB", "PNG"),
     ("RGBA", "PNG"),
     ("L", "JPEG"), ("RGB", "JPEG"), ("CMYK", "JPEG"), ("RGB", "WEBP"), ("RGBA", "WEBP")],
)  # fmt: skip
def test_every_mode_gives_every_type(client: httpx2.Client, mode: str, kind: str, image_type: str) -> None:
    """B14."""
    out = BytesIO()
    Image.linear_gradient("L").resize((10, 10)).convert(mode).save(out, kind)
    told = ended(client, out.getvalue(), image_type)
    assert told["task"]["status"] == "TASK_STATUS_SUCCEED", told["task"]["reason"]
    assert Image.open(BytesIO(client.get(told["images"][0]["image_url"]).content)).size == (20, 20)


@pytest.mark.parametrize("image_type", ["png", "jpeg", "webp"])
def test_a_picture_is_turned_upright_and_tells_no_place(client: httpx2.Client, image_type: str) -> None:
    """B16."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N-secret"
    out = BytesIO()
    Image.open(BytesIO(picture(30, 20))).save(out, "JPEG", exif=exif)
    assert b"N-secret" in out.getvalue()
    told = ended(client, out.getvalue(), image_type)
    content = client.get(told["images"][0]["image_url"]).content
    made = Image.open(BytesIO(content))
    assert made.size == (40, 60)
    assert b"N-secret" not in content
    assert made.getexif().get(0x0112, 1) == 1
    assert not made.getexif().get_ifd(0x8825)
