"""Each documented limit through the server: accepted on it, refused a step outside, with its reason.

``test_limits`` looks at the schemas alone; here a client sends the values, and reads reason and ``metadata``.
"""

from collections.abc import Iterator
from copy import deepcopy

import httpx2
import pytest

from conftest import KEY, b64, img2img_body, picture, upscale_body
from laws import answered, refused
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON

UPSCALE, IMG2IMG, V2 = "/v3/async/upscale", "/v3/async/img2img", "/v2/upscale"
INVALID, SIZE, FORMAT, PLACE = (
    "INVALID_REQUEST_BODY", "INVALID_IMAGE_SIZE", "INVALID_IMAGE_FORMAT", "INVALID_CUSTOM_OUTPUT_PATH",
)  # fmt: skip
SAMPLERS = [
    "Euler a", "Euler", "LMS", "Heun", "DPM2", "DPM2 a", "DPM++ 2S a", "DPM++ 2M", "DPM++ SDE",
    "DPM fast", "DPM adaptive", "LMS Karras", "DPM2 Karras", "DPM2 a Karras", "DPM++ 2S a Karras",
    "DPM++ 2M Karras", "DPM++ SDE Karras", "DDIM", "PLMS", "UniPC",
]  # fmt: skip
PREPROCESSORS = [
    "scribble_hed", "softedge_hed", "scribble_hedsafe", "softedge_hedsafe", "depth_midas", "mlsd",
    "openpose", "openpose_face", "openpose_faceonly", "openpose_full", "openpose_hand", "dwpose",
    "scribble_pidinet", "softedge_pidinet", "scribble_pidsafe", "softedge_pidsafe", "normal_bae",
    "lineart_coarse", "lineart_realistic", "lineart_anime", "lineart", "depth_zoe", "shuffle",
    "mediapipe_face", "canny", "depth", "depth_leres", "depth_leres++",
]  # fmt: skip
LORA = {"model_name": "a lora", "strength": 0.5}
EMBEDDING = {"model_name": "an embedding"}
ADAPTER = {"model_name": "ip-adapter_sd15.bin", "image_base64": b64(picture()), "strength": 0.5}
UNIT = {"model_name": "canny", "image_base64": b64(picture()), "strength": 0.5}
S3 = {"region": "us-east-2", "bucket": "pictures", "path": "/", "save_to_path_directly": True}
HOOK = {"url": "http://a"}
NO_REGION = {"bucket": "pictures", "path": "/"}
NO_STATUS = {"enabled": True}
NO_ENABLED = {"return_task_status": "TASK_STATUS_FAILED"}
TEST_MODE = {"enabled": False, "return_task_status": "TASK_STATUS_FAILED"}
ESRGANS = ["RealESRGAN_x4plus_anime_6B", "RealESRNet_x4plus", "4x-UltraSharp"]
ADAPTERS = ["ip-adapter_sd15.bin", "ip-adapter_sdxl.bin"]
BODIES: dict[str, JSON] = {
    UPSCALE: upscale_body() | {"extra": {}},
    IMG2IMG: img2img_body(
        loras=[LORA], embeddings=[EMBEDDING], ip_adapters=[ADAPTER], controlnet={"units": [UNIT]}
    ) | {"extra": {}},
    V2: {"image": b64(picture())},
}  # fmt: skip

#: path, place, values on the limit, values a step outside, the documented reason.
V3_LIMITS = [
    (UPSCALE, "request.model_name", ESRGANS, ["x", ""], INVALID),
    (UPSCALE, "request.image_base64", [], [""], FORMAT),
    (UPSCALE, "request.scale_factor", [1.0000001, 4], [1, 4.0000001, 0, -2], INVALID),
    (IMG2IMG, "request.model_name", ["x"], [""], INVALID),
    (IMG2IMG, "request.image_base64", [], [""], FORMAT),
    (IMG2IMG, "request.prompt", ["x", "x" * 1024, "\U0001f600" * 1024], ["", "x" * 1025], INVALID),
    (IMG2IMG, "request.negative_prompt", ["x", "x" * 1024], ["x" * 1025], INVALID),
    (IMG2IMG, "request.width", [128, 2048], [127, 2049], SIZE),
    (IMG2IMG, "request.height", [128, 2048], [127, 2049], SIZE),
    (IMG2IMG, "request.width", [], ["wide", True, 128.5], INVALID),
    (IMG2IMG, "request.image_num", [1, 8], [0, 9], INVALID),
    (IMG2IMG, "request.steps", [1, 100], [0, 101], INVALID),
    (IMG2IMG, "request.guidance_scale", [1, 30], [0.99, 30.01], INVALID),
    (IMG2IMG, "request.sampler_name", SAMPLERS, ["DPM++ Karras", "euler a", ""], INVALID),
    (IMG2IMG, "request.seed", [-1, 0, 2**63 - 1], [-2, 2**63], INVALID),
    (IMG2IMG, "request.clip_skip", [1, 12], [0, 13], INVALID),
    (IMG2IMG, "request.strength", [0, 1, None], [-0.01, 1.01], INVALID),
    (IMG2IMG, "request.loras", [[], [LORA] * 5], [[LORA] * 6], INVALID),
    (IMG2IMG, "request.loras.0.model_name", ["x"], [""], INVALID),
    (IMG2IMG, "request.loras.0.strength", [0, 1], [-0.01, 1.01], INVALID),
    (IMG2IMG, "request.embeddings", [[], [EMBEDDING] * 5], [[EMBEDDING] * 6], INVALID),
    (IMG2IMG, "request.embeddings.0.model_name", ["x"], [""], INVALID),
    (IMG2IMG, "request.ip_adapters", [[], [ADAPTER]], [[ADAPTER] * 2], INVALID),
    (IMG2IMG, "request.ip_adapters.0.model_name", ADAPTERS, ["x"], INVALID),
    (IMG2IMG, "request.ip_adapters.0.strength", [0, 1], [-0.01, 1.01], INVALID),
    (IMG2IMG, "request.ip_adapters.0.image_base64", [], [""], FORMAT),
    (IMG2IMG, "request.controlnet.units", [[], [UNIT] * 9], [1], INVALID),
    (IMG2IMG, "request.controlnet.units.0.model_name", ["x"], [""], INVALID),
    (IMG2IMG, "request.controlnet.units.0.strength", [0, 1], [-0.01, 1.01], INVALID),
    (IMG2IMG, "request.controlnet.units.0.preprocessor", PREPROCESSORS, ["Canny", "none"], INVALID),
    (IMG2IMG, "request.controlnet.units.0.guidance_start", [0, 1], [-0.01, 1.01], INVALID),
    (IMG2IMG, "request.controlnet.units.0.guidance_end", [0, 1], [-0.01, 1.01], INVALID),
    (IMG2IMG, "request.controlnet.units.0.image_base64", [], [""], FORMAT),
]  # fmt: skip
EXTRA_LIMITS = [
    ("extra.response_image_type", ["png", "webp", "jpeg"], ["jpg", "PNG"], INVALID),
    ("extra.nsfw_detection_level", [0, 1, 2], [-1, 3], INVALID),
    ("extra.enable_nsfw_detection", [True, False], [1], INVALID),
    ("extra.enterprise_plan", [{"enabled": True}, {"enabled": False}], [1], INVALID),
    ("extra.webhook", [HOOK, HOOK | {"test_mode": TEST_MODE}], [1], INVALID),
    ("extra.custom_storage", [{"aws_s3": S3}, {}], [1], INVALID),
]
V3_ALL = V3_LIMITS + [(path, *row) for path in (UPSCALE, IMG2IMG) for row in EXTRA_LIMITS]
#: Objects of ``extra``, each with one thing wrong in it, and what is to be named.
EXTRA_FAULTS = [
    ("extra.webhook.url", {"webhook": {}}, INVALID),
    ("extra.webhook.url", {"webhook": {"url": "ftp://a"}}, INVALID),
    ("extra.webhook.test_mode.enabled", {"webhook": HOOK | {"test_mode": NO_ENABLED}}, INVALID),
    ("extra.webhook.test_mode.return_task_status", {"webhook": HOOK | {"test_mode": NO_STATUS}}, INVALID),
    ("extra.webhook.test_mode.return_task_status",
     {"webhook": HOOK | {"test_mode": TEST_MODE | {"return_task_status": "TASK_STATUS_QUEUED"}}}, INVALID),
    ("extra.custom_storage.aws_s3.region", {"custom_storage": {"aws_s3": NO_REGION}}, INVALID),
    ("extra.custom_storage.aws_s3.path", {"custom_storage": {"aws_s3": S3 | {"path": ""}}}, PLACE),
    ("extra.custom_storage.aws_s3.bucket", {"custom_storage": {"aws_s3": S3 | {"bucket": ""}}}, PLACE),
    ("extra.custom_storage.aws_s3.region", {"custom_storage": {"aws_s3": S3 | {"region": ""}}}, PLACE),
]  # fmt: skip
UPSCALERS = ["ESRGAN_4x", "R-ESRGAN 4x+", "R-ESRGAN 4x+ Anime6B", "None", "Nearest", "", None]
V2_LIMITS = [
    ("image", [], [""], 1),
    ("upscaler_1", UPSCALERS, ["x"], 2),
    ("upscaler_2", UPSCALERS, ["x"], 2),
    ("resize_mode", [0, 1, None], [-1, 2], 6),
    ("upscaling_resize", [0.1, 4, 1000, None], [0, -1], 6),
    ("upscaling_resize_w", [1, 2048, None], [0, 2049], 6),
    ("upscaling_resize_h", [1, 2048, None], [0, 2049], 6),
    ("upscaling_crop", [True, False, None], ["yes", 1], 1),
    ("extras_upscaler_2_visibility", [0, 1, None], [-0.01, 1.01], 6),
    ("gfpgan_visibility", [0, 1, None], [-0.01, 1.01], 6),
    ("codeformer_visibility", [0, 1, None], [-0.01, 1.01], 6),
    ("codeformer_weight", [0, 1, None], [-0.01, 1.01], 6),
    ("img_expire_ttl", [0, 604_800, None], [-1, 604_801], 6),
]
REQUIRED = [(path, name) for path in (UPSCALE, IMG2IMG) for name in (
    "model_name", "image_base64", "scale_factor", "prompt", "width", "height", "image_num", "steps",
    "guidance_scale", "sampler_name",
) if name in BODIES[path]["request"]]  # fmt: skip


@pytest.fixture(scope="module")
def still() -> Iterator[httpx2.Client]:
    """A client of a double whose time stands still, so that nothing is painted."""
    settings = Settings(port=0, speed="manual", quiet=True, strict_responses=True)
    with (
        running(settings) as url,
        httpx2.Client(base_url=url, headers={"Authorization": KEY}, trust_env=False) as client,
    ):
        yield client


def sent(client: httpx2.Client, path: str, place: str, value: JSON) -> JSON:
    """What is answered to a good body but for one value."""
    body = deepcopy(BODIES[path])
    holder, steps = body, [int(step) if step.isdigit() else step for step in place.split(".")]
    for step in steps[:-1]:
        holder = holder[step]
    holder[steps[-1]] = value
    return answered(client, path, body)


@pytest.mark.parametrize(
    ("path", "place", "inside", "outside", "reason"), V3_ALL, ids=[f"{r[0]}-{r[1]}-{r[4]}" for r in V3_ALL]
)
def test_a_v3_limit_is_where_the_page_says(
    still: httpx2.Client, path: str, place: str, inside: list[JSON], outside: list[JSON], reason: str
) -> None:
    for value in inside:
        assert sent(still, path, place, value).keys() == {"task_id"}, value
    for value in outside:
        told = sent(still, path, place, value)
        refused(told, 400, reason)
        assert list(told["metadata"]) == [place]
        assert told["message"].startswith(f"/{place.replace('.', '/')}: ")


@pytest.mark.parametrize("path", [UPSCALE, IMG2IMG])
@pytest.mark.parametrize(("place", "extra", "reason"), EXTRA_FAULTS)
def test_what_is_wrong_in_extra_is_named(
    still: httpx2.Client, path: str, place: str, extra: JSON, reason: str
) -> None:
    told = answered(still, path, BODIES[path] | {"extra": extra})
    refused(told, 400, reason)
    assert list(told["metadata"]) == [place]


@pytest.mark.parametrize(("place", "inside", "outside", "code"), V2_LIMITS, ids=[row[0] for row in V2_LIMITS])
def test_a_v2_limit_is_where_the_page_says(
    still: httpx2.Client, place: str, inside: list[JSON], outside: list[JSON], code: int
) -> None:
    for value in inside:
        assert sent(still, V2, place, value)["code"] == 0, value
    for value in outside:
        told = sent(still, V2, place, value)
        assert (told["code"], told["data"]) == (code, None), (value, told)
        assert place in told["msg"]


@pytest.mark.parametrize(("path", "name"), REQUIRED)
def test_a_required_field_is_missed_by_name(still: httpx2.Client, path: str, name: str) -> None:
    body = deepcopy(BODIES[path])
    del body["request"][name]
    told = answered(still, path, body)
    refused(told, 400, INVALID)
    assert told["metadata"] == {f"request.{name}": "is required"}


def test_all_that_is_wrong_is_told_at_once(still: httpx2.Client) -> None:
    told = answered(still, IMG2IMG, img2img_body(width=1, height=9999, steps=0, prompt="", image_base64="!"))
    refused(told, 400, INVALID)
    names = ("height", "image_base64", "prompt", "steps", "width")
    assert sorted(told["metadata"]) == [f"request.{name}" for name in names]
