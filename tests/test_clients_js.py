"""The official JavaScript SDK, unmodified: 3.1.3 on V3, 1.1.0 on V2, each against a double that runs."""

from itertools import pairwise
from pathlib import Path

import pytest

from clients.program import javascript, opened
from conftest import Start, b64
from novita_mock.types import JSON

KEY = "sk_javascript"
CHECKPOINT = "sd_xl_base_1.0.safetensors"
#: Each task takes some 1.5 seconds then, polled every tenth of one.
PACED = 1.0


def img2img_request(photo: Path, **changed: JSON) -> JSON:
    good = {
        "model_name": CHECKPOINT, "image_base64": b64(photo.read_bytes()), "prompt": "a fern",
        "width": 256, "height": 192, "image_num": 2, "steps": 20, "guidance_scale": 7.5,
        "sampler_name": "Euler a", "seed": 123,
    }  # fmt: skip
    return good | changed


def upscale_request(photo: Path, **changed: JSON) -> JSON:
    good = {"model_name": "4x-UltraSharp", "image_base64": b64(photo.read_bytes()), "scale_factor": 2.5}
    return good | changed


def v3(scene: str, url: str, **told: JSON) -> JSON:
    return javascript("novita_sdk_v3.cjs", scene, url=url, **({"key": KEY} | told))


def v2(scene: str, url: str, **told: JSON) -> JSON:
    return javascript("novita_sdk_v2.cjs", scene, url=url, **({"key": KEY} | told))


def test_img2img_is_followed_by_progress_and_downloaded(start: Start, photo: Path, tmp_path: Path) -> None:
    url = str(start(speed=PACED).base_url)
    seen = v3("img2img", url, folder=tmp_path, extra={}, request=img2img_request(photo))
    assert seen["sdk"] == "3.1.3"
    assert (seen["status"], seen["task_type"], seen["seed"]) == ("TASK_STATUS_SUCCEED", "IMG_TO_IMG", "123")
    assert opened(seen["files"]) == [("PNG", (256, 192))] * 2
    *before, (_, _, eta) = seen["polls"]
    assert eta == 0
    assert "TASK_STATUS_PROCESSING" in {name for name, *_ in before}
    assert any(0 < progress < 100 for _, progress, _ in before)
    assert all(first[1] <= second[1] and first[2] >= second[2] for first, second in pairwise(before))


@pytest.mark.parametrize("image_type", ["png", "webp", "jpeg"])
def test_upscale_through_http_fetch(url: str, photo: Path, tmp_path: Path, image_type: str) -> None:
    extra = {"response_image_type": image_type}
    seen = v3("upscale", url, folder=tmp_path, extra=extra, request=upscale_request(photo))
    assert (seen["status"], seen["task_type"]) == ("TASK_STATUS_SUCCEED", "UPSCALE")
    assert opened(seen["files"]) == [(image_type.upper(), (750, 500))]


def test_a_factor_that_is_a_string_passes(url: str, photo: Path, tmp_path: Path) -> None:
    # The vendor's own example of this SDK sends it so.
    seen = v3("upscale", url, folder=tmp_path, extra={}, request=upscale_request(photo, scale_factor="2"))
    assert opened(seen["files"]) == [("PNG", (600, 400))]


def test_an_error_shows_its_reason_message_and_metadata(url: str, photo: Path) -> None:
    error = v3("img2img", url, extra={}, request=img2img_request(photo, steps=101))
    assert (error["code"], error["reason"]) == (400, "INVALID_REQUEST_BODY")
    assert "101 is greater than the maximum of 100" in error["msg"]
    assert list(error["metadata"]) == ["request.steps"]


def test_a_picture_that_is_none_is_an_error_of_its_own(url: str, photo: Path) -> None:
    error = v3("upscale", url, extra={}, request=upscale_request(photo, image_base64="bm90IGFuIGltYWdl"))
    assert (error["code"], error["reason"]) == (400, "INVALID_IMAGE_FORMAT")


def test_the_sdk_reads_a_task_that_failed(url: str, photo: Path, tmp_path: Path) -> None:
    torn = b64(photo.read_bytes()[:-60])
    seen = v3("upscale", url, folder=tmp_path, extra={}, request=upscale_request(photo, image_base64=torn))
    assert seen["status"] == "TASK_STATUS_FAILED"
    assert seen["reason"]
    assert seen["files"] == []


def test_an_unknown_task_and_a_wrong_key_show_their_reasons(start: Start, url: str) -> None:
    unknown = v3("unknown_task", url)
    assert (unknown["code"], unknown["reason"]) == (404, "TASK_NOT_FOUND")
    assert unknown["metadata"]["task_id"] == "no-such-task"
    closed = str(start(key=("sk_other",)).base_url)
    wrong = v3("unknown_task", closed)
    assert (wrong["code"], wrong["reason"]) == (403, "INVALID_API_KEY")
    assert wrong["msg"]


def test_get_models_lists_models_whatever_it_filters_by(url: str) -> None:
    # This SDK writes filter[types]=lora, a name that no page knows: it filters nothing.
    everything = v3("models", url)
    assert CHECKPOINT in everything
    assert v3("models", url, query={"filter": {"types": "lora"}}) == everything


@pytest.mark.parametrize("scene", ["upscale_sync", "upscale_sync_function"])
def test_v2_upscale_sync_downloads_the_picture(start: Start, photo: Path, tmp_path: Path, scene: str) -> None:
    url = str(start(speed=PACED).base_url)
    request = {"resize_mode": 0, "upscaling_resize": 1.5, "upscaler_1": "ESRGAN_4x"}
    seen = v2(scene, url, picture=photo, folder=tmp_path, request=request)
    assert seen["sdk"] == "1.1.0"
    ((head, file),) = seen["pictures"]
    assert head == "data:image/png;base64"
    assert opened([file]) == [("PNG", (450, 300))]


def test_v2_upscale_sync_to_an_exact_size(url: str, photo: Path, tmp_path: Path) -> None:
    request = {"resize_mode": 1, "upscaling_resize_w": 640, "upscaling_resize_h": 360, "upscaling_crop": True}
    seen = v2("upscale_sync", url, picture=photo, folder=tmp_path, request=request)
    assert opened([file for _, file in seen["pictures"]]) == [("PNG", (640, 360))]


def test_v2_upscale_sync_gives_links_when_not_told_to_download(url: str, photo: Path) -> None:
    (link,) = v2("links", url, picture=photo, request={})["pictures"]
    assert link.startswith(url)


def test_v2_errors_have_their_codes_and_messages(start: Start, url: str, photo: Path) -> None:
    unknown = v2("links", url, picture=photo, request={"upscaler_1": "ESRGAN_9x"})
    assert unknown["code"] == 2
    assert "ESRGAN_9x" in unknown["msg"]
    closed = str(start(key=("sk_other",)).base_url)
    wrong = v2("links", closed, picture=photo, request={})
    assert wrong["code"] == 4
    assert wrong["msg"]


def test_v2_upscale_sync_shows_why_a_task_failed(url: str, photo: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.png"
    torn.write_bytes(photo.read_bytes()[:-60])
    failed = v2("links", url, picture=torn, request={})
    assert failed["msg"]
    assert failed["metadata"]["task_status"] == 3
