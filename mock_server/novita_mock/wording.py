"""What a broken rule of a schema is called, and how a person is told: jsonschema repeats the whole value."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from novita_mock.problems import Fault, cut
from novita_mock.spelling import meant
from novita_mock.types import JSON

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

#: Faults that are told of one request; the rest would only repeat them.
MAX_FAULTS = 20

_SPELLED = {
    "integer": "an integer", "number": "a number", "string": "a string",
    "boolean": "true or false", "object": "an object", "array": "an array", "null": "null",
}  # fmt: skip
Path = tuple[str | int, ...]


def faults_of(error: "ValidationError") -> Iterator[Fault]:
    """What one verdict of jsonschema says, in our words."""
    path: Path = tuple(error.absolute_path)
    schema: JSON = error.schema
    value: JSON = error.instance
    limit: JSON = error.validator_value
    keyword = str(error.validator)
    if keyword == "required":
        missing = [name for name in limit if name not in value]
        # jsonschema reports each missing name as an error of its own: tell this one only.
        name = next(name for name in missing if error.message.startswith(repr(name)))
        yield Fault("invalid-request", (*path, name), "is required")
    elif keyword == "additionalProperties":
        for name in list(value)[:MAX_FAULTS]:
            if name not in schema["properties"]:
                yield Fault("invalid-request", (*path, name[:40]), "is not a documented field")
    else:
        words = _MESSAGES.get(keyword, lambda _, value: f"{cut(value)} does not fit {keyword}")
        yield Fault(kind_of(keyword, schema), path, words(limit, value))


def kind_of(keyword: str, schema: JSON) -> str:
    """The row of ``errors.json``: the schema's for a broken bound; a wrong type is always the same."""
    named = schema.get("x-fault", "invalid-request")
    if isinstance(named, dict):
        named = named.get(keyword, "invalid-request")
    return "invalid-request" if keyword == "type" else str(named)


def _type_message(limit: JSON, value: JSON) -> str:
    wanted = [limit] if isinstance(limit, str) else limit
    return f"{cut(value)} is not {' or '.join(_SPELLED[name] for name in wanted)}"


def _enum_message(limit: JSON, value: JSON) -> str:
    choices = [choice for choice in limit if choice is not None]
    near = meant(value[:60], map(str, choices)) if isinstance(value, str) else ""
    listed = ", ".join(map(cut, choices[:8])) + f" ... ({len(choices)} in all)" * (len(choices) > 8)
    return f"{cut(value)} is not one of {listed}" + (f"; did you mean {near!r}?" if near else "")


def _length_message(bound: str, unit: str) -> Callable[[JSON, JSON], str]:
    return lambda limit, value: f"has {len(value)} {unit}, {bound} {limit} are allowed"


_MESSAGES: dict[str, Callable[[JSON, JSON], str]] = {
    "type": _type_message,
    "enum": _enum_message,
    "const": lambda limit, value: f"{cut(value)} is not {cut(limit)}",
    "minimum": lambda limit, value: f"{cut(value)} is less than the minimum of {limit}",
    "maximum": lambda limit, value: f"{cut(value)} is greater than the maximum of {limit}",
    "exclusiveMinimum": lambda limit, value: f"{cut(value)} is not greater than {limit}",
    "exclusiveMaximum": lambda limit, value: f"{cut(value)} is not less than {limit}",
    "minLength": _length_message("at least", "characters"),
    "maxLength": _length_message("at most", "characters"),
    "minItems": lambda limit, value: f"has {len(value)} items, at least {limit} are needed",
    "maxItems": lambda limit, value: f"has more than the {limit} items that are allowed",
}
