"""What a sensible value is where a schema alone can't tell: the few tables of names and texts."""

from collections.abc import Mapping

from novita_contract.keywords import Path
from novita_mock.types import JSON

#: The least picture that is plain, by name.
PICTURE = "png:RGB:8x8"
#: An address that can't exist (RFC 6761): what is posted there reaches nobody.
URL = "https://hooks.novita-contract.invalid/event"
#: Stands in a query for the id of a task that the caller knows.
KNOWN_TASK = "<a known task>"

#: Values by the end of their path. The names are those of the pages' own examples.
_PLAIN: Mapping[Path, JSON] = {
    ("controlnet", "units", 0, "model_name"): "control_v11p_sd15_canny",
    ("loras", 0, "model_name"): "add_detail_44319",
    ("embeddings", 0, "model_name"): "badhandv4_16755.pt",
    ("request", "model_name"): "sd_xl_base_1.0.safetensors",
    ("prompt",): "a lighthouse at dusk",
    ("negative_prompt",): "blurry",
    ("sd_vae",): "sdxl_vae.safetensors",
    ("region",): "us-east-1",
    ("bucket",): "novita-contract",
    ("path",): "/",
    ("url",): URL,
    ("task_id",): KNOWN_TASK,
    ("pagination.cursor",): "c_0",
    ("filter.query",): "xl",
    # -1 draws one, so that the same request would give other pictures
    ("seed",): 7,
    # the least is a link that has expired at once
    ("img_expire_ttl",): 3600,
    ("enable_nsfw_detection",): True,
}
#: Texts that mean something outside of the API, so that the shortest is none that could work.
_MEANT = frozenset({"region", "bucket", "task_id", "url"})
#: What such texts can be, by the rules of AWS and of addresses.
_FITTING: Mapping[str, tuple[str, ...]] = {
    "region": ("us-east-1", "eu-central-1", "ap-southeast-2"),
    "bucket": ("novita-contract", "abc", "pictures.of.contract-2"),
    "path": ("/", "a", "/a/b c/", "bilder/\N{LATIN SMALL LETTER U WITH DIAERESIS}ber"),
    "url": (URL, URL.replace("https", "http"), URL.replace("/event", ":8443/a/b?task=1&kind=event")),
    "task_id": (KNOWN_TASK,),
    "pagination.cursor": ("c_0", ""),
}
#: Prompts and names in all the ways that people write: short, long, beyond 16 bits, combined, from right
#: to left, with what a careless program would take for its own.
TEXTS = (
    "x",
    "a fern, (masterpiece:1.2), <lora:add_detail:0.7>",
    "\N{GRINNING FACE}",
    "e\N{COMBINING ACUTE ACCENT}\N{COMBINING DIAERESIS} \N{LATIN SMALL LETTER SHARP S}",
    "\N{HEBREW LETTER SHIN}\N{HEBREW LETTER LAMED} \N{ARABIC LETTER SEEN}\N{ARABIC LETTER LAM} 12",
    "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{MICROSCOPE}\N{VARIATION SELECTOR-16}",
    "\N{CJK UNIFIED IDEOGRAPH-706F}\N{CJK UNIFIED IDEOGRAPH-5854}",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.x\N{LINE SEPARATOR}",
    "line\nline\ttab \\ \"quoted\" 'single' </script> %s {0} $HOME",
    "null",
    "0",
    " spaced ",
    "x" * 300,
    "\N{GRINNING FACE}" * 1024,
)
#: Words that clients take for one of the list's; none of them is on a page.
#: The sampler is from the official Python SDK (facts 1.4).
_MISTAKEN: Mapping[str, tuple[str, ...]] = {
    "response_image_type": ("jpg", "gif"),
    "sampler_name": ("DPM++ Karras",),
    "preprocessor": ("none",),
    "model_name": ("RealESRGAN_x4plus", "ip-adapter"),
    "upscaler_1": ("SwinIR_4x",),
    "upscaler_2": ("SwinIR_4x",),
}


def plain_value(path: Path) -> JSON:
    """The sensible value of a place that has one, by the end of its path, else None."""
    path = tuple(0 if isinstance(step, int) else step for step in path)
    for length in range(min(len(path), 4), 0, -1):
        if path[-length:] in _PLAIN:
            return _PLAIN[path[-length:]]
    return None


def is_meant(path: Path) -> bool:
    """Whether a text of this place has to mean something, so that not every text will do."""
    return path[-1] in _MEANT


def mistaken(path: Path) -> tuple[str, ...]:
    """Words that this place is sent by mistake."""
    return _MISTAKEN.get(str(path[-1]), ())


def fitting(path: Path) -> tuple[str, ...]:
    """Texts of a place where not every text will do, the plain one first; of others nothing."""
    return _FITTING.get(str(path[-1]), ())
