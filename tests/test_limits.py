"""Each documented limit, by the schemas alone: one value on it, one a step outside."""

from copy import deepcopy
from dataclasses import dataclass

import pytest

from contract_files import fixture, table, validator
from novita_mock.types import JSON

MIB = 1024 * 1024
#: The full sample request of each operation; each limit is tried on a copy of it.
SAMPLES = {name: fixture(f"requests/{name}.full.json") for name in ("upscale", "img2img", "upscale-v2")}
REQUESTS = {row["name"]: row["request"] for row in table("operations")["operations"] if "request" in row}


@dataclass(frozen=True, slots=True)
class Base64Of:
    """Stands for the base64 of a file, which is only made when it is tried."""

    size_bytes: int

    def text(self) -> str:
        return "A" * (4 * -(-self.size_bytes // 3))


#: operation, dotted path, values on the limit, values outside.
EXTRA = [
    ("extra.response_image_type", ["png", "webp", "jpeg"], ["gif", "PNG", ""]),
    ("extra.webhook.url", ["http://a", "https://a.example/b"], ["", 1]),
    ("extra.webhook.test_mode.enabled", [True, False], [1, "true"]),
    ("extra.webhook.test_mode.return_task_status", ["TASK_STATUS_FAILED"], ["TASK_STATUS_QUEUED"]),
    ("extra.custom_storage.aws_s3.region", ["x"], [""]),
    ("extra.custom_storage.aws_s3.bucket", ["x"], [""]),
    ("extra.custom_storage.aws_s3.path", ["/"], [""]),
    ("extra.custom_storage.aws_s3.save_to_path_directly", [True, False], [0]),
    ("extra.enterprise_plan.enabled", [True, False], ["yes"]),
    ("extra.enable_nsfw_detection", [True, False], [1]),
    ("extra.nsfw_detection_level", [0, 1, 2], [-1, 3, 0.5, "0"]),
]
UPSCALE = [
    ("request.model_name", ["RealESRGAN_x4plus_anime_6B", "RealESRNet_x4plus", "4x-UltraSharp"], ["4x", ""]),
    ("request.image_base64", [Base64Of(30 * MIB), "A"], [Base64Of(30 * MIB + 3), ""]),
    ("request.scale_factor", [1.0001, 4], [1, 4.0001, 0, "2"]),
]
UNIT = "request.controlnet.units.0."
IMG2IMG = [
    ("request.model_name", ["x"], [""]),
    ("request.image_base64", [Base64Of(10 * MIB)], [Base64Of(10 * MIB + 3), ""]),
    ("request.prompt", ["x", "x" * 1024, "\N{GRINNING FACE}" * 1024], ["", "x" * 1025]),
    ("request.negative_prompt", ["x", "x" * 1024], ["", "x" * 1025]),
    ("request.width", [128, 2048], [127, 2049, 128.5]),
    ("request.height", [128, 2048], [127, 2049]),
    ("request.image_num", [1, 8], [0, 9]),
    ("request.steps", [1, 100], [0, 101, None]),
    ("request.guidance_scale", [1, 30, 7.5], [0.9999, 30.0001]),
    ("request.sampler_name", ["Euler a", "UniPC"], ["DPM++ Karras", "euler a"]),
    ("request.seed", [-1, 0, 2**63 - 1], [-2, 2**63, 1.5]),
    ("request.loras", [[{"model_name": "x", "strength": 1}] * 5], [[{"model_name": "x", "strength": 1}] * 6]),
    ("request.loras.0.strength", [0, 1], [-0.001, 1.001]),
    ("request.embeddings", [[{"model_name": "x"}] * 5], [[{"model_name": "x"}] * 6, [{}]]),
    ("request.clip_skip", [1, 12], [0, 13]),
    ("request.strength", [0, 1, None], [-0.001, 1.001]),
    (UNIT + "strength", [0, 1], [-0.001, 1.001]),
    (UNIT + "preprocessor", ["canny", "depth_leres++"], ["none"]),
    (UNIT + "guidance_start", [0, 1], [-0.001, 1.001]),
    (UNIT + "guidance_end", [0, 1], [-0.001, 1.001]),
    (UNIT + "image_base64", [Base64Of(10 * MIB)], [Base64Of(10 * MIB + 3), ""]),
    ("request.ip_adapters", [[]], [SAMPLES["img2img"]["request"]["ip_adapters"] * 2]),
    ("request.ip_adapters.0.model_name", ["ip-adapter_sd15.bin"], ["ip-adapter"]),
    ("request.ip_adapters.0.strength", [0, 1], [-0.001, 1.001]),
]
SHARES = ("extras_upscaler_2_visibility", "gfpgan_visibility", "codeformer_visibility", "codeformer_weight")
V2 = [
    ("image", [Base64Of(30 * MIB)], [Base64Of(30 * MIB + 3), "", None]),
    ("upscaler_1", ["ESRGAN_4x", "R-ESRGAN 4x+ Anime6B", "None", "Nearest", None], ["SwinIR", ""]),
    ("upscaler_2", ["R-ESRGAN 4x+", None], ["SwinIR"]),
    ("resize_mode", [0, 1, None], [-1, 2]),
    ("upscaling_resize", [0.001, 8, None], [0, -1]),
    ("upscaling_resize_w", [1, 2048, None], [0, 2049]),
    ("upscaling_resize_h", [1, 2048, None], [0, 2049]),
    ("upscaling_crop", [True, False, None], [1]),
    *((share, [0, 1, None], [-0.001, 1.001]) for share in SHARES),
    ("img_expire_ttl", [0, 604800, None], [-1, 604801]),
]
LIMITS = [
    (operation, *limit)
    for operation, limits in (
        ("upscale", [*EXTRA, *UPSCALE]),
        ("img2img", IMG2IMG),
        ("upscale-v2", V2),
    )
    for limit in limits
]


def with_value(sample: JSON, path: str, value: JSON) -> JSON:
    changed = inner = deepcopy(sample)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parents:
        inner = inner.setdefault(part, {}) if isinstance(part, str) else inner[part]
    inner[last] = value.text() if isinstance(value, Base64Of) else value
    return changed


@pytest.mark.parametrize(
    ("operation", "path", "inside", "outside"),
    LIMITS,
    ids=[f"{operation}-{path}" for operation, path, *_ in LIMITS],
)
def test_a_limit_is_where_the_page_says(
    operation: str, path: str, inside: list[JSON], outside: list[JSON]
) -> None:
    check, sample = validator(REQUESTS[operation]), SAMPLES[operation]
    assert [value for value in inside if not check.is_valid(with_value(sample, path, value))] == []
    assert [value for value in outside if check.is_valid(with_value(sample, path, value))] == []


SIZES = ["width", "height", "image_num", "steps", "guidance_scale"]
REQUIRED = {
    "upscale": ["model_name", "image_base64", "scale_factor"],
    "img2img": ["model_name", "image_base64", "prompt", *SIZES, "sampler_name"],
}


@pytest.mark.parametrize("operation", REQUIRED)
def test_the_required_fields_are_required_and_no_others(operation: str) -> None:
    check, sample = validator(REQUESTS[operation]), fixture(f"requests/{operation}.full.json")
    kept = {name: sample["request"][name] for name in REQUIRED[operation]}
    assert check.is_valid({"request": kept})
    for name in kept:
        assert not check.is_valid({"request": {key: value for key, value in kept.items() if key != name}}), (
            name
        )
    assert not check.is_valid({"extra": sample["extra"]})


def test_v2_requires_the_picture_alone() -> None:
    check = validator(REQUESTS["upscale-v2"])
    assert check.is_valid({"image": "A"})
    assert not check.is_valid({})


@pytest.mark.parametrize(("limit", "allowed"), [(0, False), (1, True), (100, True), (101, False)])
def test_a_page_of_models_has_from_1_to_100(limit: int, allowed: bool) -> None:
    assert validator("v3/model.query.json").is_valid({"pagination.limit": limit}) is allowed
