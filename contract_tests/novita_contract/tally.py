"""Which constraints of the replies' schemas were put to the test by what came back."""

from collections.abc import Iterator
from threading import Lock

from novita_mock.types import JSON

#: Keywords that assert something of a value.
ASSERTING = frozenset(
    {
        "type",
        "enum",
        "const",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "required",
        "additionalProperties",
    }
)


class Tally:
    """Counts constraints as (schema, pointer into a body, keyword); ``*`` stands for any item or field.

    Attributes:
        exercised: the constraints that a body was judged by.
        unknown: the fields that no schema knows, as (schema, pointer).
    """

    def __init__(self) -> None:
        self.exercised: set[tuple[str, str, str]] = set()
        self.unknown: set[tuple[str, str]] = set()
        self._lock = Lock()

    def add(self, path: str, schema: JSON, body: JSON) -> None:
        """Every constraint that a body was judged by."""
        found, more = set(constraints(path, schema, body)), set(unknown_fields(schema, body))
        with self._lock:
            self.exercised |= found
            self.unknown |= {(path, pointer) for pointer in more}


def constraints(path: str, schema: JSON, body: JSON, pointer: str = "") -> list[tuple[str, str, str]]:
    """The constraints of a schema that a body comes by; with ``...`` for a body, all that there are."""
    found = [
        (path, pointer, keyword)
        for keyword, limit in schema.items()
        if keyword in ASSERTING and not (keyword == "additionalProperties" and limit is not False)
    ]
    for branch in schema.get("anyOf", ()):
        if body is ... or _of_type(branch, body):
            found += constraints(path, branch, body, pointer)
    for name, child in schema.get("properties", {}).items():
        if body is ... or (isinstance(body, dict) and name in body):
            found += constraints(path, child, ... if body is ... else body[name], f"{pointer}/{name}")
    others = schema.get("additionalProperties")
    if isinstance(others, dict) and (body is ... or (isinstance(body, dict) and body)):
        for value in [...] if body is ... else body.values():
            found += constraints(path, others, value, f"{pointer}/*")
    if "items" in schema and (body is ... or isinstance(body, list)):
        for item in [...] if body is ... else body:
            found += constraints(path, schema["items"], item, f"{pointer}/*")
    return found


def unknown_fields(schema: JSON, body: JSON, pointer: str = "") -> Iterator[str]:
    """The fields of a body that its schema does not speak of: allowed, and yet worth knowing."""
    for branch in schema.get("anyOf", ()):
        if _of_type(branch, body):
            yield from unknown_fields(branch, body, pointer)
    if isinstance(body, dict) and "properties" in schema:
        for name, value in body.items():
            if name in schema["properties"]:
                yield from unknown_fields(schema["properties"][name], value, f"{pointer}/{name}")
            else:
                yield f"{pointer}/{name}"
    if isinstance(body, list) and "items" in schema:
        for item in body:
            yield from unknown_fields(schema["items"], item, f"{pointer}/*")


def _of_type(schema: JSON, body: JSON) -> bool:
    return bool((schema.get("type") == "null") == (body is None))
