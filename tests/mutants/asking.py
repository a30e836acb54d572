"""Mutations of what is accepted and what is refused, generated from the lines that the schemas draw."""

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from PIL import Image

from conftest import b64
from mutants.beyond import beyond
from mutants.fields import EACH, Field, fields, holders, reached, sample
from mutants.inside import inside
from mutants.lines import Line, Test
from mutants.messages import Call, Reply, copied
from mutants.mutation import LAXER, TIGHTER, Behaviour, Expect, Mutation
from mutants.probes import asked
from mutants.replies import refused_for
from mutants.witness import Probe
from novita_contract.pictures import MODES, PictureText
from novita_mock.types import JSON

#: Operations whose request has a schema with lines in it.
ASKED = ("upscale", "img2img", "upscale-v2", "model")


class Mended(Behaviour):
    """Accepts what must be refused: it is made good before the double sees it."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def concerns(self, call: Call) -> bool:
        return call.name == self._line.place.operation.name

    async def answer(self, call: Call) -> Reply | None:
        line, body = self._line, _body_of(call)
        for holder, key in list(holders(body, line.place.path)):
            absent = isinstance(holder, dict) and key not in holder
            if absent and line.gone:
                holder[key] = sample(line.place)
            elif not absent and line.meets(holder[key]):
                _mend(holder, key, line.place)
        return await self.world.forward(_with(call, body) if body is not None else call)


class Refusing(Behaviour):
    """Refuses what must be accepted."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def concerns(self, call: Call) -> bool:
        return call.name == self._line.place.operation.name

    async def answer(self, call: Call) -> Reply | None:
        line = self._line
        whose = call.key in self.world.keys
        for holder, key in holders(_body_of(call), line.place.path) if whose else ():
            absent = isinstance(holder, dict) and key not in holder
            if (absent and line.gone) or (not absent and not line.gone and line.meets(holder[key])):
                path = tuple(0 if step == EACH else step for step in line.place.path)
                return refused_for(line.place.operation, path, line.word, line.place.schema)
        return await self.world.forward(call)


def mutations() -> Iterator[Mutation]:
    """Every line of every request, crossed from both sides."""
    for name in ASKED:
        for place in fields(name):
            again = name == "img2img" and place.path[0] == "extra"
            for line in beyond(place):
                if not again or line.keyword in ("enum", "required", "x-format"):
                    yield _mutation(line, LAXER, Mended)
            for line in inside(place):
                if not again or line.word == "enum":
                    yield _mutation(line, TIGHTER, Refusing)
            if "x-image" in place.schema:
                yield from _of_pictures(place)


def reached_by(name: str, dotted: str, keyword: str) -> Probe:
    """A request that is wrong at a place by a keyword, and no more than that."""
    return next(
        made.probe for made in _wrongly_accepted(name) if made.id == f"{LAXER} {name} {dotted} {keyword}"
    )


@cache
def _wrongly_accepted(name: str) -> tuple[Mutation, ...]:
    found = [_mutation(line, LAXER, Mended) for place in fields(name) for line in beyond(place)]
    of_pictures = [_of_pictures(place) for place in fields(name) if "x-image" in place.schema]
    return (*found, *(made for group in of_pictures for made in group))


def _mutation(line: Line, kind: str, behave: Callable[[Line], Behaviour]) -> Mutation:
    place = line.place
    name = place.operation.name
    return Mutation(
        f"{kind} {name} {place.dotted} {line.keyword}",
        f"{name}: {place.dotted} {line.title}",
        f"{place.row} {line.word}",
        kind,
        Expect((name,), (place.name,)),
        lambda: behave(line),
        asked(name, lambda: _shown(line), f"{place.dotted} {line.keyword} {kind}"),
    )


def _shown(line: Line) -> JSON:
    value = line.example
    if line.word.split(".")[0] in ("x-image", "format", "mode", "orientation"):
        value = PictureText.of(value)
    return reached(line.place, value, gone=line.gone)


@dataclass(frozen=True)
class _Sight:
    """What a service may wrongly accept or refuse of a picture; ``example`` names one that has it."""

    keyword: str
    meets: Callable[[bytes], bool]
    example: str


def _of_pictures(place: Field) -> Iterator[Mutation]:
    limits = place.schema["x-image"]
    for sight in _too_large(limits):
        yield _mutation(_line(place, sight, "is not limited"), LAXER, Mended)
    spoiled: tuple[tuple[str, Test, JSON], ...] = (
        ("contentEncoding", _is_no_base64, "?" * 12),
        ("picture", _is_no_picture, b64(b"no picture at all")),
    )
    for keyword, meets, example in spoiled:
        yield _mutation(Line(place, keyword, "is not looked at", meets, example), LAXER, Mended)
    for sight in (*_just_fitting(limits), *_looks(main=place.name != "image_base64" or len(place.path) == 2)):
        yield _mutation(_line(place, sight, "is refused"), TIGHTER, Refusing)


def _line(place: Field, sight: _Sight, title: str) -> Line:
    def meets(value: JSON) -> bool:
        content = _decoded(value)
        return content is not None and sight.meets(content)

    return Line(place, sight.keyword, title, meets, sight.example)


def _too_large(limits: JSON) -> Iterator[_Sight]:
    most = limits["max_bytes"]
    yield _Sight("x-image.max_bytes", lambda content: len(content) > most, f"png:RGB:8x6:bytes={most + 1}")
    if "max_side" in limits:
        side = limits["max_side"]
        yield _Sight("x-image.max_side", lambda content: max(_size(content)) > side, f"png:L:{side + 1}x4")
        yield _Sight(
            "x-image.max_side height", lambda content: _size(content)[1] > side, f"png:L:4x{side + 1}"
        )
    if "max_pixels" in limits:
        root = round(limits["max_pixels"] ** 0.5)
        example = f"png:1:{root + 1}x{root}"
        yield _Sight("x-image.max_pixels", lambda content: _area(content) > limits["max_pixels"], example)


def _just_fitting(limits: JSON) -> Iterator[_Sight]:
    most = limits["max_bytes"]
    yield _Sight("x-image.max_bytes edge", lambda content: len(content) == most, f"png:RGB:8x6:bytes={most}")
    if "max_side" in limits:
        side = limits["max_side"]
        yield _Sight("x-image.max_side edge", lambda content: max(_size(content)) == side, f"png:L:{side}x4")
    if "max_pixels" in limits:
        root = round(limits["max_pixels"] ** 0.5)
        example = f"png:1:{root}x{root}"
        yield _Sight("x-image.max_pixels edge", lambda content: _area(content) == root * root, example)


def _looks(main: bool) -> Iterator[_Sight]:
    for kind, modes in MODES.items():
        fmt = kind.upper()
        yield _Sight(f"format {kind}", lambda content, fmt=fmt: _seen(content)[0] == fmt, f"{kind}:RGB:8x6")  # type: ignore[misc]
        for mode in modes if main else ():
            if mode == "RGB":
                continue
            yield _Sight(
                f"mode {kind} {mode}",
                lambda content, fmt=fmt, mode=mode: _seen(content)[:2] == (fmt, mode),  # type: ignore[misc]
                f"{kind}:{mode}:8x6",
            )
    if main:
        turned = "jpeg:RGB:8x6:orientation=6"
        yield _Sight("orientation", lambda content: _seen(content)[2] > 1, turned)


def _decoded(value: JSON) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) and value else None
    except ValueError:
        return None


def _opened(content: bytes) -> Image.Image | None:
    try:
        return Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "WEBP"])
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None


def _seen(content: bytes) -> tuple[str, str, int]:
    image = _opened(content)
    return (image.format or "", image.mode, image.getexif().get(0x0112, 1)) if image else ("", "", 1)


def _size(content: bytes) -> tuple[int, int]:
    image = _opened(content)
    return image.size if image else (0, 0)


def _area(content: bytes) -> int:
    width, height = _size(content)
    return width * height


def _is_no_base64(value: JSON) -> bool:
    return isinstance(value, str) and value != "" and _decoded(value) is None


def _is_no_picture(value: JSON) -> bool:
    content = _decoded(value)
    return content is not None and _opened(content) is None


def _body_of(call: Call) -> JSON:
    row = call.operation
    return call.query if row and row.query else copied(call.json)


def _with(call: Call, body: JSON) -> Call:
    row = call.operation
    return call.with_query(body) if row and row.query else call.with_json(body)


def _mend(holder: JSON, key: str | int, place: Field) -> None:
    if place.required or isinstance(holder, list):
        holder[key] = sample(place)
    else:
        del holder[key]
