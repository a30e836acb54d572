"""Pictures out of pictures: look at a file's header, and render a task by the name of its renderer."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeAlias

from novita_mock import containers, enlarging, looks, painting, pixels
from novita_mock.caption import caption
from novita_mock.enlarging import Doubled
from novita_mock.geometry import OUTPUTS, Output
from novita_mock.pixels import Image
from novita_mock.types import JSON
from novita_mock.work import BrokenImage, NotAnImage, Picture, Work

_MAX_MESSAGE = 200

#: Makes a picture, or gets it ready to be made in pieces.
Making: TypeAlias = Callable[[], Image | Doubled]


def inspect(content: bytes) -> Picture:
    """Read the header, never the pixels, so that any size may be reported; raises `NotAnImage`."""
    try:
        header = containers.header(content)
    except ValueError as error:
        raise NotAnImage(_message("not a readable picture", error)) from error
    sides = (header.width, header.height)
    return Picture(header.format, *(sides if header.orientation < 5 else reversed(sides)))


def render(work: Work, threads: int = 1) -> list[bytes]:
    """The files of a task, in order. A pure function: equal work gives equal bytes, in any thread.

    So many of several pictures are made at once. Raises `BrokenImage` when one of the input files cannot
    be decoded.
    """
    source = _decoded(work, "image" if work.renderer == "upscale_v2" else "image_base64")
    output = OUTPUTS[work.renderer](work.request, source.width, source.height)
    pictures = _RENDERERS[work.renderer](work, source, output)

    def made(index: int) -> bytes:
        return _encoded(pictures[index](), work.image_type, _text(work, output, work.seed + index))

    if threads == 1 or len(pictures) == 1:
        return [made(index) for index in range(len(pictures))]
    with ThreadPoolExecutor(threads) as painters:
        return list(painters.map(made, range(len(pictures))))


def _encoded(picture: Image | Doubled, image_type: str, text: str) -> bytes:
    """The file; a PNG needs no whole picture."""
    if isinstance(picture, Image):
        return pixels.encoded(picture, image_type, text)
    if image_type == "png":
        return enlarging.png_file(picture, text)
    return pixels.encoded(enlarging.whole(picture), image_type, text)


def _upscale(work: Work, source: Image, output: Output) -> list[Making]:
    model = str(work.request["model_name"])
    return [partial(looks.in_pieces, source, (output.width, output.height), model)]


def _upscale_v2(work: Work, source: Image, output: Output) -> list[Making]:
    return [partial(looks.enlarged_v2, source, (output.width, output.height), work.request)]


def _img2img(work: Work, source: Image, output: Output) -> list[Making]:
    size = (output.width, output.height)
    units = (work.request.get("controlnet") or {}).get("units") or ()
    pictures = {
        str(item["image_base64"]): _decoded(work, "image_base64", item)
        for item in [*units, *(work.request.get("ip_adapters") or ())]
    }
    canvas = painting.Canvas(pixels.resized(source, size), work.request, pictures)
    return [partial(canvas.painted, seed) for seed in range(work.seed, work.seed + output.count)]


#: Each makes a list of pictures still to be made, so that one at a time is held.
_RENDERERS = {"upscale": _upscale, "img2img": _img2img, "upscale_v2": _upscale_v2}


def _decoded(work: Work, field: str, item: Mapping[str, JSON] | None = None) -> Image:
    content = work.images[str((work.request if item is None else item)[field])]
    try:
        return pixels.upright(content)
    except pixels.DECODER_ERRORS as error:
        raise BrokenImage(_message(f"{field}: the picture cannot be decoded", error)) from error


def _text(work: Work, output: Output, seed: int) -> str:
    return caption(work.renderer, work.request, work.image_type, seed, output.width, output.height)


def _message(what: str, error: BaseException) -> str:
    """What went wrong; a decoder's own words are kept where they are text of its program, not of the file."""
    why = "".join(char for char in str(error) if char.isprintable())
    return f"{what}: {why}"[:_MAX_MESSAGE] if why else what
