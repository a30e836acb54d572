"""An independent judge of requests: what a body breaks, where, read strictly as the schemas say it.

Shares no code with the double. A number is no integer for being whole (``20.0``), a boolean is no
number, and null is nothing but null.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from novita_contract.keywords import Path, dotted, pointer_of
from novita_contract.pictures import NoPicture, decoded, measured
from novita_mock.types import JSON

#: Longest text of a picture whose verdict is remembered, in characters.
_MAX_REMEMBERED = 1 << 20

#: What else must be broken where one keyword is, and says nothing more:
#: no list holds a value of another type; the empty text is in no list, and neither picture nor address;
#: a text that is too long for the largest file is the text of a file that is too large.
FOLLOWS = {
    "type": frozenset({"enum", "const"}),
    "minLength": frozenset({"enum", "const", "x-image", "x-format"}),
    "maxLength": frozenset({"x-image.max_bytes"}),
    "x-image.max_bytes": frozenset({"maxLength"}),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One keyword that a body breaks.

    Attributes:
        pointer: where in the body; of a field that is missing, where it would be.
        keyword: as the schema spells it; bounds of a picture as ``x-image.max_side``.
        field: the dotted path of the field that is at fault, as errors name it.
    """

    pointer: str
    keyword: str
    field: str


def _is_integer(checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_Engine: Any = extend(  # type: ignore[no-untyped-call]  # jsonschema types such a class so
    Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
)


class Judge:
    """Judges bodies by one schema."""

    __slots__ = ("_engine", "_schema")

    def __init__(self, schema: JSON) -> None:
        self._schema = schema
        self._engine = _Engine(schema)

    def violations(self, body: JSON) -> list[Violation]:
        """Every keyword that the body breaks, each place and keyword once."""
        found = [of for error in self._engine.iter_errors(body) for of in _named(error)]
        found += _own(self._schema, body, ())
        return list(dict.fromkeys(found))


def violations(schema: JSON, body: JSON) -> list[Violation]:
    """Every keyword of a schema, its references resolved, that a body breaks."""
    return Judge(schema).violations(body)


def broken_only(found: list[Violation], pointer: str, keyword: str) -> bool:
    """Whether exactly one thing is broken: this keyword in this place, and what follows from it."""
    follows = FOLLOWS.get(keyword, frozenset())
    others = [each for each in found if (each.pointer, each.keyword) != (pointer, keyword)]
    return len(others) == len(found) - 1 and all(
        each.pointer == pointer and each.keyword in follows for each in others
    )


def read_query(schema: JSON, query: dict[str, str]) -> JSON:
    """What a query decodes to: text, but a number where its schema asks for one and it is one."""
    return {name: _read(schema["properties"].get(name, {}), text) for name, text in query.items()}


def is_http_url(text: str) -> bool:
    """Whether a text is an absolute http or https address that something can be posted to."""
    if not text.isprintable() or " " in text or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc and port != 0
    )


def picture_breaches(text: str, limits: JSON) -> tuple[str, ...]:
    """What a text breaks as a picture: base64, of so many bytes, of a picture, of so many pixels."""
    if len(text) > _MAX_REMEMBERED:
        return _breaches(text, **limits)
    return _remembered(text, tuple(limits.items()))


@lru_cache(maxsize=4096)
def _remembered(text: str, limits: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    return _breaches(text, **dict(limits))


def _breaches(text: str, max_bytes: int, max_side: int = 0, max_pixels: int = 0) -> tuple[str, ...]:
    try:
        content = decoded(text)
    except ValueError:
        return ("contentEncoding",)
    if len(content) > max_bytes:
        return ("x-image.max_bytes",)
    try:
        _, width, height = measured(content)
    except NoPicture:
        return ("x-image",)
    too_wide = bool(max_side) and max(width, height) > max_side
    too_many = bool(max_pixels) and width * height > max_pixels
    return ("x-image.max_side",) * too_wide + ("x-image.max_pixels",) * too_many


def _named(error: ValidationError) -> Iterator[Violation]:
    path, keyword = tuple(error.absolute_path), str(error.validator)
    schema: JSON = error.schema
    value: JSON = error.instance
    if keyword == "required":
        # Reported once for each name, with all of them in hand: those said twice are dropped.
        for name in schema[keyword]:
            if name not in value:
                yield Violation(pointer_of((*path, name)), keyword, dotted((*path, name)))
    elif keyword == "additionalProperties":
        for name in value:
            if name not in schema.get("properties", {}):
                yield Violation(pointer_of(path), keyword, dotted((*path, name)))
    else:
        yield Violation(pointer_of(path), keyword, dotted(path))


def _own(schema: JSON, value: JSON, path: Path) -> Iterator[Violation]:
    """What jsonschema doesn't look at: pictures and addresses."""
    if isinstance(value, str):
        broken = picture_breaches(value, schema["x-image"]) if "x-image" in schema else ()
        if schema.get("x-format") == "http-url" and not is_http_url(value):
            broken = ("x-format",)
        for keyword in broken:
            yield Violation(pointer_of(path), keyword, dotted(path))
    elif isinstance(value, dict):
        for name, child in schema.get("properties", {}).items():
            if name in value:
                yield from _own(child, value[name], (*path, name))
    elif isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _own(schema["items"], item, (*path, index))


def _read(schema: JSON, text: str) -> JSON:
    if schema.get("type") not in ("integer", "number"):
        return text
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return text
