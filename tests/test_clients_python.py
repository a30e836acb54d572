"""The official Python SDK, unmodified: 0.7.1 on V3, 0.5.7 on V2, each against a double that runs."""

from itertools import pairwise
from pathlib import Path

import pytest

from clients.install import PYTHON_V2, PYTHON_V3
from clients.program import opened, python
from conftest import Start, b64, picture
from novita_mock.types import JSON

KEY = "sk_python"
CHECKPOINT = "sd_xl_base_1.0.safetensors"


def v3(scene: str, url: str, **told: JSON) -> JSON:
    return python(PYTHON_V3, "novita_client_v3.py", scene, url=url, **({"key": KEY} | told))


def v2(scene: str, url: str, **told: JSON) -> JSON:
    return python(PYTHON_V2, "novita_client_v2.py", scene, url=url, **({"key": KEY} | told))


def test_img2img_v3_downloads_pictures_of_the_asked_size(url: str, photo: Path, tmp_path: Path) -> None:
    request = {"model_name": CHECKPOINT, "prompt": "a fern", "width": 256, "height": 192, "image_num": 3}
    request |= {"steps": 25, "seed": 123, "response_image_type": "png"}
    seen = v3("img2img", url, picture=photo, folder=tmp_path, request=request)
    assert seen["sdk"] == "0.7.1"
    assert (seen["status"], seen["task_type"]) == ("TASK_STATUS_SUCCEED", "IMG_TO_IMG")
    assert seen["seed"] == 123
    assert seen["images"] == [["png", 3600]] * 3
    assert seen["confidences"] == []
    assert opened(seen["files"]) == [("PNG", (256, 192))] * 3
    assert len({Path(file).read_bytes() for file in seen["files"]}) == 3


def test_img2img_v3_with_nothing_but_its_own_defaults_passes(url: str, photo: Path, tmp_path: Path) -> None:
    # So it sends steps: null, five more nulls, two empty objects and a key that no page knows.
    request = {"model_name": CHECKPOINT, "prompt": "a fern", "image_num": 1}
    seen = v3("img2img", url, picture=photo, folder=tmp_path, request=request)
    assert seen["status"] == "TASK_STATUS_SUCCEED"
    assert opened(seen["files"]) == [("JPEG", (512, 512))]


def test_img2img_v3_takes_the_objects_of_the_sdk(url: str, photo: Path, tmp_path: Path) -> None:
    request = {"model_name": CHECKPOINT, "prompt": "a fern", "width": 128, "height": 128, "image_num": 1}
    request |= {"negative_prompt": "", "clip_skip": 2, "strength": 0.4, "sampler_name": "DPM++ 2M Karras"}
    units = {"lora": "a-lora", "embedding": "an-embedding", "controlnet": "control_v11p_sd15_canny"}
    seen = v3("img2img", url, picture=photo, folder=tmp_path, request=request, **units)
    assert opened(seen["files"]) == [("JPEG", (128, 128))]


def test_img2img_v3_reads_nsfw_detection(url: str, photo: Path, tmp_path: Path) -> None:
    request = {"model_name": CHECKPOINT, "prompt": "a fern", "width": 128, "height": 128, "image_num": 2}
    request |= {"enable_nsfw_detection": True, "nsfw_detection_level": 1}
    seen = v3("img2img", url, picture=photo, folder=tmp_path, request=request)
    assert len(seen["confidences"]) == 2
    assert all(0 <= confidence <= 100 for confidence in seen["confidences"])


def test_the_sdk_reads_the_other_readings_too(start: Start, photo: Path, tmp_path: Path) -> None:
    # Not submit-shape=envelope: that one it can't read, nor could it if the live service answered so.
    quirk = ("submit-shape=both", "image-url-ttl=integer", "debug-info=present", "final-progress=100")
    url = str(start(quirk=quirk).base_url)
    request = {"model_name": CHECKPOINT, "prompt": "a fern", "width": 128, "height": 128, "image_num": 1}
    seen = v3("img2img", url, picture=photo, folder=tmp_path, request=request)
    assert seen["polls"] == [["TASK_STATUS_SUCCEED", 100, 0]]
    assert seen["images"] == [["jpeg", 3600]]


def test_img2img_v3_sees_a_task_on_its_way(start: Start, photo: Path, tmp_path: Path) -> None:
    # 100 steps and 6 megapixels: some 33 seconds of API time, polled every 10 of them.
    url = str(start(speed=20.0).base_url)
    request = {"model_name": CHECKPOINT, "prompt": "a fern", "width": 1024, "height": 1024, "image_num": 6}
    seen = v3("img2img", url, picture=photo, folder=tmp_path, request=request | {"steps": 100})
    assert opened(seen["files"]) == [("JPEG", (1024, 1024))] * 6
    *before, (status, _, eta) = seen["polls"]
    assert (status, eta) == ("TASK_STATUS_SUCCEED", 0)
    assert {name for name, *_ in before} <= {"TASK_STATUS_QUEUED", "TASK_STATUS_PROCESSING"}
    assert any(0 < progress < 100 for _, progress, _ in before)
    assert all(first[1] <= second[1] and first[2] >= second[2] for first, second in pairwise(before))
    assert all(eta >= 1 for *_, eta in before)


@pytest.mark.parametrize("image_type", ["png", "webp", "jpeg"])
def test_upscale_through_post_and_wait_for_task_v3(
    url: str, photo: Path, tmp_path: Path, image_type: str
) -> None:
    request = {"model_name": "4x-UltraSharp", "image_base64": b64(photo.read_bytes()), "scale_factor": 2.5}
    extra = {"response_image_type": image_type}
    seen = v3("upscale", url, folder=tmp_path, request=request, extra=extra)
    assert (seen["status"], seen["task_type"]) == ("TASK_STATUS_SUCCEED", "UPSCALE")
    assert seen["polls"] == [["TASK_STATUS_SUCCEED", 0, 0]]
    assert opened(seen["files"]) == [(image_type.upper(), (750, 500))]


def test_the_sdk_reads_a_task_that_failed(url: str, photo: Path, tmp_path: Path) -> None:
    torn = photo.read_bytes()[:-60]
    request = {"model_name": "4x-UltraSharp", "image_base64": b64(torn), "scale_factor": 2}
    seen = v3("upscale", url, folder=tmp_path, request=request)
    assert seen["status"] == "TASK_STATUS_FAILED"
    assert seen["reason"]
    assert seen["files"] == []


def test_an_error_shows_its_reason_and_message(url: str) -> None:
    request = {"model_name": "4x-UltraSharp", "image_base64": b64(picture()), "scale_factor": 9}
    error = v3("refused", url, request=request)["error"]
    assert "status 400" in error
    assert '"reason":"INVALID_REQUEST_BODY"' in error
    assert "request.scale_factor" in error
    assert "9 is greater than the maximum of 4" in error


def test_a_key_that_is_not_let_in_is_told_so(start: Start) -> None:
    url = str(start(key=("sk_other",)).base_url)
    request = {"model_name": "4x-UltraSharp", "image_base64": b64(picture()), "scale_factor": 2}
    error = v3("refused", url, request=request)["error"]
    assert "status 403" in error
    assert '"reason":"INVALID_API_KEY"' in error


def test_an_unknown_task_is_a_404(url: str) -> None:
    # This release tells nothing but the status of a GET that failed.
    assert "status 404" in v3("unknown_task", url)["error"]


def test_both_methods_that_list_models_do(url: str) -> None:
    # query_model_v3 always sends filter.is_inpainting, and spells it as Python does: False.
    seen = v3("models", url, query={"query": "sd_xl_base", "is_sdxl": True, "limit": 5})
    assert CHECKPOINT in seen["all"]
    assert CHECKPOINT in seen["queried"]
    assert all("sd_xl_base" in name for name in seen["queried"])


def test_v2_upscale_by_factor_is_followed_until_done(start: Start, photo: Path, tmp_path: Path) -> None:
    url = str(start(speed=1.0).base_url)
    seen = v2("upscale", url, picture=photo, folder=tmp_path, request={"upscaling_resize": 1.5})
    assert seen["sdk"] == "0.5.7"
    assert (seen["code"], seen["warn"], seen["status"]) == ("NORMAL", "", "SUCCESSFUL")
    assert opened(seen["files"]) == [("PNG", (450, 300))]
    *before, (_, progress, eta) = seen["polls"]
    assert (progress, eta) == (1, 0)
    assert "RUNNING" in {name for name, *_ in before}
    assert {name for name, *_ in before} <= {"INITIALIZING", "RUNNING"}
    assert all(eta >= 1 for *_, eta in before)


@pytest.mark.parametrize("crop", [True, False])
def test_v2_upscale_to_an_exact_size(url: str, photo: Path, tmp_path: Path, crop: bool) -> None:
    request = {"resize_mode": "SIZE", "upscaling_resize_w": 500, "upscaling_resize_h": 500}
    request |= {"upscaling_resize": None, "upscaling_crop": crop}
    seen = v2("upscale", url, picture=photo, folder=tmp_path, request=request)
    assert opened(seen["files"]) == [("PNG", (500, 500))]


def test_v2_blends_two_upscalers(url: str, photo: Path, tmp_path: Path) -> None:
    contents = set()
    for visibility in (0.0, 0.5, 1.0):
        request = {"upscaler_1": "R-ESRGAN 4x+", "upscaler_2": "Nearest", "gfpgan_visibility": 0.5}
        request |= {"extras_upscaler_2_visibility": visibility}
        seen = v2("upscale", url, picture=photo, folder=tmp_path, request=request)
        assert opened(seen["files"]) == [("PNG", (600, 400))]
        contents.add(Path(seen["files"][0]).read_bytes())
    assert len(contents) == 3


def test_v2_refusals_have_the_codes_that_the_sdk_names(start: Start, url: str, photo: Path) -> None:
    unknown = v2("upscale", url, picture=photo, request={"upscaler_1": "ESRGAN_9x"})
    assert unknown["code"] == "MODEL_NOT_EXISTS"
    assert "ESRGAN_9x" in unknown["msg"]
    outside = v2("upscale", url, picture=photo, request={"gfpgan_visibility": 2})
    assert outside["code"] == "PARAM_RANGE_ERROR"
    closed = str(start(key=("sk_other",)).base_url)
    assert v2("upscale", closed, picture=photo, request={})["code"] == "INVALID_AUTH"
    gone = v2("unknown_task", url)
    assert (gone["code"], gone["data"]) == ("TASK_ID_NOT_EXISTS", None)
    assert gone["msg"]


def test_v2_reads_a_task_that_failed(url: str, photo: Path, tmp_path: Path) -> None:
    torn = tmp_path / "torn.png"
    torn.write_bytes(photo.read_bytes()[:-60])
    seen = v2("upscale", url, picture=torn, folder=tmp_path, request={})
    assert seen["status"] == "FAILED"
    assert seen["failed_reason"]
    assert seen["files"] == []
