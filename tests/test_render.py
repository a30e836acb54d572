"""The renderers: sizes, counts, formats, repeatability, and what is written into the files."""

import hashlib
import json
import pickle
import re
import threading
from typing import Any

import pytest
from PIL import Image

from novita_mock.render import BrokenImage, NotAnImage, Picture, inspect, render
from novita_mock.types import JSON
from pictures import drawn, mean_difference, name_of, opened, photo, stored, work

_PHOTO = stored(photo())
_UP: dict[str, JSON] = {"model_name": "4x-UltraSharp", "scale_factor": 2}


def _sizes(files: list[bytes]) -> list[tuple[int, int]]:
    return [opened(file).size for file in files]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_inspect_tells_format_and_size(kind: str) -> None:
    assert inspect(stored(photo(70, 50), kind)) == Picture(kind.lower(), 70, 50)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", bytes(1000)])
def test_inspect_refuses_what_is_no_picture_in_a_short_message(content: bytes) -> None:
    with pytest.raises(NotAnImage) as caught:
        inspect(content)
    assert 0 < len(str(caught.value)) <= 200
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("image_type", ["png", "webp", "jpeg"])
@pytest.mark.parametrize("factor", [1.001, 1.25, 1.5, 2.6667, 4])
def test_upscale_multiplies_and_rounds_half_up(factor: float, image_type: str) -> None:
    content = stored(photo(35, 22))
    (file,) = render(work("upscale", content, image_type=image_type, **{**_UP, "scale_factor": factor}))
    assert inspect(file) == Picture(image_type, int(35 * factor + 0.5), int(22 * factor + 0.5))


@pytest.mark.parametrize("renderer", ["upscale", "img2img", "upscale_v2"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_sizes_speak_of_the_upright_picture(orientation: int, renderer: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = photo(60, 40)
    turned = upright if orientation < 5 else upright.transpose(Image.Transpose.ROTATE_90)
    (file,) = render(work(renderer, stored(turned, "JPEG", exif=exif.tobytes()), **_UP))
    assert _sizes([file]) == [(144, 128) if renderer == "img2img" else (120, 80)]
    assert opened(file).getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("image_num", [1, 3])
@pytest.mark.parametrize("image_type", ["png", "webp", "jpeg"])
def test_img2img_makes_as_many_as_asked_and_each_another(image_type: str, image_num: int) -> None:
    files = render(work("img2img", _PHOTO, image_num=image_num, image_type=image_type, seed=9))
    assert _sizes(files) == [(144, 128)] * image_num
    assert len(set(files)) == image_num
    single = render(work("img2img", _PHOTO, image_num=1, image_type=image_type, seed=9 + image_num - 1))
    assert opened(single[0]).tobytes() == opened(files[-1]).tobytes()


_EXACT: dict[str, JSON] = {"resize_mode": 1, "upscaling_resize_w": 200, "upscaling_resize_h": 300}


@pytest.mark.parametrize(
    ("request_", "size"),
    [
        ({}, (320, 240)),
        ({"upscaling_resize": 3}, (480, 360)),
        ({"upscaling_resize": 100}, (2048, 1536)),
        (_EXACT, (200, 300)),
        ({**_EXACT, "upscaling_crop": True}, (200, 300)),
        ({"resize_mode": 1, "upscaling_resize_w": 80}, (80, 60)),
    ],
)
def test_v2_sizes(request_: dict[str, JSON], size: tuple[int, int]) -> None:
    assert _sizes(render(work("upscale_v2", _PHOTO, **request_))) == [size]


@pytest.mark.parametrize("renderer", ["upscale", "img2img", "upscale_v2"])
@pytest.mark.parametrize("image_type", ["png", "webp", "jpeg"])
def test_equal_work_gives_equal_bytes_in_any_thread(renderer: str, image_type: str) -> None:
    asked = work(renderer, _PHOTO, seed=4, image_type=image_type, **_UP)
    found: list[list[bytes]] = []
    threads = [threading.Thread(target=lambda: found.append(render(asked))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.append(render(pickle.loads(pickle.dumps(asked))))
    assert len(found) == 5
    assert all(files == found[0] for files in found)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_file_that_breaks_off_passes_inspect_and_fails_render(kind: str) -> None:
    content = stored(photo(), kind)[:-400]
    assert inspect(content).width == 160
    with pytest.raises(BrokenImage) as caught:
        render(work("upscale", content, **_UP))
    assert len(str(caught.value)) <= 200


@pytest.mark.parametrize("place", ["controlnet", "ip_adapters"])
def test_a_broken_picture_of_a_unit_is_broken_too(place: str) -> None:
    broken = _PHOTO[:-400]
    unit = {"model_name": "m", "image_base64": name_of(broken), "strength": 1}
    request = {"controlnet": {"units": [unit]}} if place == "controlnet" else {"ip_adapters": [unit]}
    with pytest.raises(BrokenImage):
        render(work("img2img", _PHOTO, broken, **request))


def _text(file: bytes) -> str:
    image = opened(file)
    if image.format == "PNG":
        return str(image.info["parameters"])
    comment = image.getexif().get_ifd(0x8769)[0x9286]
    assert comment.startswith(b"UNICODE\0")
    return str(comment[8:].decode("utf-16-be"))


@pytest.mark.parametrize("image_type", ["png", "webp", "jpeg"])
def test_files_say_how_they_were_made(image_type: str) -> None:
    asked = work(
        "img2img",
        _PHOTO,
        seed=41,
        image_num=2,
        image_type=image_type,
        negative_prompt="fog, rain",
        strength=0.5,
    )
    first, second = map(_text, render(asked))
    lines = first.split("\n")
    assert lines[0] == "a cottage by a lake"
    assert lines[1] == "Negative prompt: fog, rain"
    assert lines[2].startswith(
        "Steps: 20, Sampler: Euler a, CFG scale: 7.5, Seed: 41, Size: 144x128, Model: sd_xl"
    )
    canonical = json.dumps([asked.request, image_type], sort_keys=True, separators=(",", ":")).encode()
    assert lines[2].endswith(f"novita-mock: {hashlib.sha256(canonical).hexdigest()}")
    assert "Seed: 42," in second


@pytest.mark.parametrize("renderer", ["upscale", "upscale_v2"])
def test_upscaled_files_name_the_upscaler_and_a_digest(renderer: str) -> None:
    text = _text(render(work(renderer, _PHOTO, upscaler_1="ESRGAN_4x", **_UP))[0])
    assert ("4x-UltraSharp" if renderer == "upscale" else "ESRGAN_4x") in text
    assert re.search(r"Size: 320x240, novita-mock: [0-9a-f]{64}$", text)


@pytest.mark.parametrize("image_type", ["png", "webp", "jpeg"])
@pytest.mark.parametrize(
    "prompt",
    ["\0\x01\x1b[31m", "\ud800 lone", "漢字 и é", "🦊" * 1024, 'a "b", c: d\r\nnext', "x" * 1024, "\u2028"],
)
def test_any_prompt_can_be_written(prompt: str, image_type: str) -> None:
    request: dict[str, Any] = {
        "prompt": prompt,
        "negative_prompt": prompt,
        "model_name": prompt,
        "sd_vae": prompt,
    }
    loras = [{"model_name": prompt * 9, "strength": 0.5}] * 5
    text = _text(render(work("img2img", _PHOTO, image_type=image_type, loras=loras, **request))[0])
    assert all(char.isprintable() or char == "\n" for char in text)
    assert re.search(r"novita-mock: [0-9a-f]{64}$", text)


def test_sixteen_megapixels_are_taken_without_a_warning() -> None:
    content = stored(Image.new("L", (4096, 4096), 90))
    assert _sizes(render(work("img2img", content))) == [(144, 128)]


def test_img2img_stretches_to_the_size() -> None:
    image = drawn(width=200, height=100)
    (file,) = render(work("img2img", stored(image), strength=0))
    assert mean_difference(opened(file), image.resize((144, 128), Image.Resampling.BICUBIC)) == 0
