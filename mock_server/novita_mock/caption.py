"""The text inside a picture file: how it was made, in the convention that image tools read.

First the prompt, then ``Negative prompt: ...``, then one line of ``Name: value`` pairs. It is a function of
the request alone: never a task id, a key or a time.
"""

import hashlib
import json
from collections.abc import Mapping

from novita_mock.types import JSON

#: Characters of text at most; EXIF has 65,533 bytes, and a character takes up to four of them.
MAX_TEXT = 12_000
_MAX_NAME = 200

_UPSCALE = (("Postprocess upscale by", "scale_factor"), ("Postprocess upscaler", "model_name"))
_UPSCALE_V2 = (
    ("Postprocess upscaler", "upscaler_1"), ("Postprocess upscaler 2", "upscaler_2"),
    ("Postprocess upscaler 2 visibility", "extras_upscaler_2_visibility"),
    ("Postprocess GFPGAN visibility", "gfpgan_visibility"),
    ("Postprocess CodeFormer visibility", "codeformer_visibility"),
    ("Postprocess CodeFormer weight", "codeformer_weight"),
)  # fmt: skip
_IMG2IMG = (("Steps", "steps"), ("Sampler", "sampler_name"), ("CFG scale", "guidance_scale"))
_IMG2IMG_MORE = (("Model", "model_name"), ("VAE", "sd_vae"), ("Clip skip", "clip_skip"))


def digest(request: Mapping[str, JSON], image_type: str) -> str:
    """SHA-256 of the normalised request and the asked format, in hexadecimal."""
    canonical = json.dumps([dict(request), image_type], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def caption(
    renderer: str, request: Mapping[str, JSON], image_type: str, seed: int, width: int, height: int
) -> str:
    """The text for one picture of ``width`` x ``height`` pixels made with ``seed``."""
    size = ("Size", f"{width}x{height}")
    mark = ("novita-mock", digest(request, image_type))
    if renderer != "img2img":
        pairs = _pairs(request, _UPSCALE if renderer == "upscale" else _UPSCALE_V2)
        return _line([*pairs, size, mark])
    pairs = _pairs(request, _IMG2IMG)
    more = [*_pairs(request, _IMG2IMG_MORE), ("Denoising strength", _word(request.get("strength")))]
    lines = [_safe(request.get("prompt"))]
    if request.get("negative_prompt"):
        lines.append(f"Negative prompt: {_safe(request['negative_prompt'])}")
    lines.append(_line([*pairs, ("Seed", str(seed)), size, *more, *_additions(request), mark]))
    return "\n".join(lines)[-MAX_TEXT:]


def _pairs(request: Mapping[str, JSON], names: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    return [(label, _word(request[key])) for label, key in names if request.get(key) not in (None, "")]


def _additions(request: Mapping[str, JSON]) -> list[tuple[str, str]]:
    """LoRAs, embeddings, ControlNet units and IP adapters, by name and strength."""
    found = [("Lora", item) for item in request.get("loras") or ()]
    found += [("Embedding", item) for item in request.get("embeddings") or ()]
    found += [("ControlNet", item) for item in (request.get("controlnet") or {}).get("units") or ()]
    found += [("IP adapter", item) for item in request.get("ip_adapters") or ()]
    return [
        (f"{label} {index}", f"{_word(item.get('model_name'))} {_word(item.get('strength'))}".strip())
        for index, (label, item) in enumerate(found)
    ]


def _line(pairs: list[tuple[str, str]]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in pairs if value)


def _word(value: JSON) -> str:
    """A value of the last line; quoted as image tools do where a comma or a colon would split it."""
    text = f"{value:g}" if isinstance(value, float) else _safe(value).replace("\n", " ")[:_MAX_NAME]
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ',:"') else text


def _safe(value: JSON) -> str:
    """Printable text: control characters become spaces, lone surrogates question marks."""
    if value is None:
        return ""
    text = str(value).encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)
