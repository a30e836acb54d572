"""What img2img paints: a seeded transformation of the resized picture whose weight is ``strength``."""

from collections.abc import Mapping

from novita_mock import pixels
from novita_mock.pixels import Image
from novita_mock.types import JSON

#: How much is repainted when the request does not say. Source: assumed; no page gives a default.
DEFAULT_STRENGTH = 0.75


def painted(base: Image, request: Mapping[str, JSON], pictures: Mapping[str, Image], seed: int) -> Image:
    """Repaint ``base``."""
    given = request.get("strength")
    strength = DEFAULT_STRENGTH if given is None else float(given)
    if not strength:
        return base.copy()
    fields = pixels.resized(pixels.noise((9, 9), f"{seed} {request['prompt']}"), base.size).convert("RGB")
    return pixels.on_colours(base, lambda rgb: pixels.blended(rgb, fields, strength**1.5))
