"""What is changed in a request so that it shows in the picture, or so that the size follows."""

from novita_contract.pictures import name_of
from novita_mock.types import JSON

_FORM = name_of("png", "RGB", 32, 24, look=3)
#: What is changed of an img2img, one at a time; each must show, the seed being the same.
CHANGES: dict[str, JSON] = {
    "prompt": "a lighthouse in a storm",
    "negative_prompt": "fog",
    "steps": 40,
    "guidance_scale": 15,
    "sampler_name": "DDIM",
    "strength": 0.95,
    "clip_skip": 2,
    "sd_vae": "another.vae",
    "model_name": "another.model",
    "loras": [{"model_name": "a lora", "strength": 0.9}],
    "embeddings": [{"model_name": "an embedding"}],
    "ip_adapters": [{"model_name": "ip-adapter_sd15.bin", "image_base64": _FORM, "strength": 0.9}],
    "controlnet": {
        "units": [
            {
                "model_name": "control_v11p_sd15_canny",
                "image_base64": _FORM,
                "strength": 1,
                "preprocessor": "canny",
            }
        ]
    },
    "image_base64": _FORM,
}
_UNIT = {
    "model_name": "control_v11p_sd15_canny",
    "image_base64": _FORM,
    "strength": 1,
    "preprocessor": "canny",
}
_ADAPTER = {"model_name": "ip-adapter_sd15.bin", "image_base64": _FORM, "strength": 0.9}
#: What is changed inside a field, as two requests that must not come to the same.
PAIRS: dict[str, tuple[JSON, JSON]] = {
    "CONTROLNET.STRENGTH": (
        {"controlnet": {"units": [_UNIT]}},
        {"controlnet": {"units": [_UNIT | {"strength": 0.3}]}},
    ),
    "CONTROLNET.PREPROCESSOR": (
        {"controlnet": {"units": [_UNIT]}},
        {"controlnet": {"units": [_UNIT | {"preprocessor": "depth"}]}},
    ),
    "CONTROLNET.GUIDANCE_END": (
        {"controlnet": {"units": [_UNIT]}},
        {"controlnet": {"units": [_UNIT | {"guidance_start": 0, "guidance_end": 0.3}]}},
    ),
    "CONTROLNET.GUIDANCE_START": (
        {"controlnet": {"units": [_UNIT]}},
        {"controlnet": {"units": [_UNIT | {"guidance_start": 0.7, "guidance_end": 1}]}},
    ),
    "IP_ADAPTERS.STRENGTH": ({"ip_adapters": [_ADAPTER]}, {"ip_adapters": [_ADAPTER | {"strength": 0.2}]}),
    "LORAS.STRENGTH": (
        {"loras": [{"model_name": "a lora", "strength": 0.9}]},
        {"loras": [{"model_name": "a lora", "strength": 0.2}]},
    ),
    "LORAS.MODEL_NAME": (
        {"loras": [{"model_name": "a lora", "strength": 0.9}]},
        {"loras": [{"model_name": "another lora", "strength": 0.9}]},
    ),
    "EMBEDDINGS.MODEL_NAME": (
        {"embeddings": [{"model_name": "one"}]},
        {"embeddings": [{"model_name": "other"}]},
    ),
    "STRENGTH.MORE": ({"strength": 0.3}, {"strength": 0.5}),
    "STEPS.MORE": ({"steps": 10}, {"steps": 30}),
}
_MODELS = {"upscale": "model_name", "upscale-v2": "upscaler_1"}
#: V2: what is asked for, by name, and a claim about it.
V2_REQUESTS: dict[str, tuple[JSON, str]] = {
    "DEFAULT": ({}, "assumed: a factor of 2 where nothing is said (quirk v2-size)"),
    "FACTOR-1": ({"upscaling_resize": 1}, "v2.upscale.upscaling_resize.type"),
    "FACTOR-3": ({"upscaling_resize": 3, "resize_mode": 0}, "v2.upscale.upscaling_resize.type"),
    "FACTOR-2.5": ({"upscaling_resize": 2.5}, "v2.upscale.upscaling_resize.type"),
    "FACTOR-HALF": ({"upscaling_resize": 0.5}, "v2.upscale.upscaling_resize.type"),
    "FACTOR-OVER": ({"upscaling_resize": 300}, "v2.upscale.upscaling_resize.size"),
    "SIZE": (
        {"resize_mode": 1, "upscaling_resize_w": 60, "upscaling_resize_h": 44},
        "v2.upscale.upscaling_resize_w.type",
    ),
    "SIZE-CROP": (
        {"resize_mode": 1, "upscaling_resize_w": 60, "upscaling_resize_h": 20, "upscaling_crop": True},
        "v2.upscale.upscaling_crop.type",
    ),
    "SIZE-WIDTH": ({"resize_mode": 1, "upscaling_resize_w": 60}, "v2.upscale.upscaling_resize_w.type"),
    "SIZE-HEIGHT": ({"resize_mode": 1, "upscaling_resize_h": 60}, "v2.upscale.upscaling_resize_h.type"),
    "SIZE-IGNORED": (
        {"resize_mode": 0, "upscaling_resize": 2, "upscaling_resize_w": 99, "upscaling_resize_h": 99},
        "observed: 0 by factor and 1 by size in the official SDKs",
    ),
    "FACTOR-IGNORED": (
        {"resize_mode": 1, "upscaling_resize": 3, "upscaling_resize_w": 40, "upscaling_resize_h": 40},
        "observed: 0 by factor and 1 by size in the official SDKs",
    ),
}
#: V2: pairs of requests whose pictures must differ.
V2_PAIRS: dict[str, tuple[JSON, JSON]] = {
    "GFPGAN": ({}, {"gfpgan_visibility": 1}),
    "CODEFORMER": ({}, {"codeformer_visibility": 1, "codeformer_weight": 0}),
    "CODEFORMER-WEIGHT": (
        {"codeformer_visibility": 1, "codeformer_weight": 0},
        {"codeformer_visibility": 1, "codeformer_weight": 1},
    ),
    "UPSCALER": ({"upscaler_1": "ESRGAN_4x"}, {"upscaler_1": "R-ESRGAN 4x+"}),
    "GFPGAN-HALF": ({"gfpgan_visibility": 1}, {"gfpgan_visibility": 0.5}),
    "CODEFORMER-HALF": ({"codeformer_visibility": 1}, {"codeformer_visibility": 0.5}),
    "SECOND-HALF": (
        {"upscaler_1": "ESRGAN_4x", "upscaler_2": "R-ESRGAN 4x+ Anime6B", "extras_upscaler_2_visibility": 1},
        {
            "upscaler_1": "ESRGAN_4x",
            "upscaler_2": "R-ESRGAN 4x+ Anime6B",
            "extras_upscaler_2_visibility": 0.4,
        },
    ),
    "SECOND": (
        {"upscaler_1": "ESRGAN_4x"},
        {"upscaler_1": "ESRGAN_4x", "upscaler_2": "R-ESRGAN 4x+ Anime6B", "extras_upscaler_2_visibility": 1},
    ),
    "CROP": (
        {"resize_mode": 1, "upscaling_resize_w": 40, "upscaling_resize_h": 12},
        {"resize_mode": 1, "upscaling_resize_w": 40, "upscaling_resize_h": 12, "upscaling_crop": True},
    ),
}
