"""A body against its schema: first the leniency that real clients need, then the verdict.

The leniency is data (annotations of the schema, quirks); the verdict is jsonschema's, but its
messages are ours, since its own repeat the whole value.
"""

import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any

from msgspec import Struct, field

from novita_mock.accepting import compiled
from novita_mock.catalogue import Catalogue
from novita_mock.egress import is_http_url
from novita_mock.plain import MAX_ITEMS
from novita_mock.problems import Fault, cut
from novita_mock.remembering import remember
from novita_mock.types import JSON
from novita_mock.wording import MAX_FAULTS, Path, faults_of, kind_of

#: Violations that are looked for in one request; a million of them would take half a minute.
MAX_VIOLATIONS = 200
#: Things noticed in one request that are kept.
MAX_NOTICES = 50
#: Queries that are known again, and the characters of the longest of them.
MAX_KNOWN_QUERIES, MAX_KNOWN_QUERY = 1024, 200

_DIGITS = re.compile(r"-?\d{1,30}\Z", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,30}(\.0{1,30})?\Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?\Z", re.ASCII)


@cache
def _judges() -> Any:
    """Jsonschema's validator, but that ``20.0`` is no integer: whether it passes is a quirk.

    Loaded for the first body that is not accepted: a double whose clients make no mistakes never needs it.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    checker = Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, value: isinstance(value, int) and not isinstance(value, bool)
    )
    return extend(Draft202012Validator, type_checker=checker)  # type: ignore[no-untyped-call]


def is_loaded() -> bool:
    """Whether jsonschema is loaded: there was such a body."""
    return bool(_judges.cache_info().currsize)


class Checked(Struct):
    """What became of a body.

    Attributes:
        body: with absences removed, numbers read and defaults filled.
        faults: what is wrong with it, in order.
        notices: what passed although it is not documented: ``(quirk, dotted path)``.
        images: where the picture strings are, and the ``x-image`` limits of each.
    """

    body: JSON
    faults: list[Fault] = field(default_factory=list)
    notices: list[tuple[str, str]] = field(default_factory=list)
    images: list[tuple[Path, JSON]] = field(default_factory=list)


class Validator:
    """Checks bodies against one schema of the catalogue."""

    __slots__ = ("_accepts", "_judge", "_numbers", "_queries", "_quirks", "schema")

    def __init__(self, catalogue: Catalogue, path: str) -> None:
        self.schema: JSON = catalogue.bundle(path)
        self._quirks = catalogue.quirks
        self._judge: Any = None
        self._accepts = compiled(self.schema) or (lambda body: False)
        children = self.schema.get("properties", {}).items()
        self._numbers = {name for name, child in children if child.get("type") == "integer"}
        self._queries: dict[tuple[tuple[str, str], ...], Checked] = {}

    @property
    def _engine(self) -> Any:  # Any: jsonschema types such a class so
        if self._judge is None:
            self._judge = _judges()(self.schema)
        return self._judge

    def check(self, body: JSON) -> Checked:
        """The body normalised, with all that is wrong with it and all that was noticed."""
        checked = Checked(body)
        checked.body = self._walk(body, self.schema, (), checked)
        if not self._accepts(checked.body):
            found = islice(self._engine.iter_errors(checked.body), MAX_VIOLATIONS)
            errors = sorted(found, key=lambda error: len(error.absolute_path))
            for error in errors[:MAX_FAULTS]:
                checked.faults.extend(faults_of(error))
        del checked.faults[MAX_FAULTS:]
        checked.faults.extend(_wrong_urls(checked.body, self.schema, ()))
        return checked

    def check_query(self, query: Mapping[str, str]) -> Checked:
        """A query likewise; that its numbers come as text is no leniency.

        One that was good is known again: a task is polled with the same query over and over.
        """
        key = tuple(query.items())
        known = self._queries.get(key)
        if known is None:
            known = self.check({name: self._read(name, text) for name, text in key})
            if known.faults or sum(len(text) for _, text in key) > MAX_KNOWN_QUERY:
                return known
            remember(self._queries, key, known, MAX_KNOWN_QUERIES)
        return Checked(dict(known.body), notices=list(known.notices))

    def _read(self, name: str, text: str) -> JSON:
        return int(text) if name in self._numbers and _DIGITS.match(text) else text

    def violations(self, body: JSON) -> Iterator[str]:
        """What is wrong with a body that is ours, each as ``pointer: rule``."""
        for error in self._engine.iter_errors(body):
            place, rule = error.absolute_path, error.absolute_schema_path
            yield f"/{'/'.join(map(str, place))}: {'/'.join(map(str, rule))}"

    def _allows(self, quirk: str, path: Path, checked: Checked) -> bool:
        allowed = self._quirks.get(quirk) != "refused"
        if allowed and len(checked.notices) < MAX_NOTICES:
            checked.notices.append((quirk, ".".join(map(str, path))))
        return allowed

    def _walk(self, value: JSON, schema: JSON, path: Path, checked: Checked) -> JSON:
        if "x-image" in schema and isinstance(value, str):
            checked.images.append((path, schema["x-image"]))
        if isinstance(value, dict) and "properties" in schema:
            return self._walk_object(value, schema, path, checked)
        if isinstance(value, list) and "items" in schema:
            return self._walk_array(value, schema, path, checked)
        types = schema.get("type", ())
        types = (types,) if isinstance(types, str) else types
        if isinstance(value, str) and "string" not in types:
            return self._number_of(value, schema, path, checked)
        if value in ("True", "False") and schema.get("enum") == ["true", "false"]:
            return value.lower() if self._allows("boolean-text", path, checked) else value
        if isinstance(value, float) and value.is_integer() and "integer" in types and "number" not in types:
            return int(value) if self._allows("integral-float", path, checked) else value
        if isinstance(value, int | float) and not isinstance(value, bool) and "number" in types:
            return _one_spelling(value, schema, path, checked)
        return value

    def _walk_array(self, value: list[JSON], schema: JSON, path: Path, checked: Checked) -> JSON:
        if len(value) > MAX_ITEMS and "maxItems" not in schema:
            checked.faults.append(Fault("invalid-request", path, f"has more than {MAX_ITEMS} items"))
        # One too many is enough to be refused: the rest is not looked at.
        looked_at = value[: schema.get("maxItems", MAX_ITEMS) + 1]
        return [self._walk(item, schema["items"], (*path, i), checked) for i, item in enumerate(looked_at)]

    def _walk_object(self, value: JSON, schema: JSON, path: Path, checked: Checked) -> JSON:
        result: dict[str, JSON] = {}
        properties, required = schema["properties"], schema.get("required", ())
        for name, item in value.items():
            if name not in properties:
                if "additionalProperties" in schema and schema["additionalProperties"] is False:
                    result[name] = item
                else:
                    self._allows("unknown-field", (*path, name[:40]), checked)
            elif not self._absent(item, properties[name], name in required, (*path, name), checked):
                result[name] = self._walk(item, properties[name], (*path, name), checked)
        for name, child in properties.items():
            if name not in result and name in value and value[name] is None and "x-null-default" in child:
                if self._allows("steps-null", (*path, name), checked):
                    result[name] = child["x-null-default"]
            elif name not in result and "default" in child and name not in required:
                result[name] = child["default"]
        return result

    def _absent(self, item: JSON, child: JSON, required: bool, path: Path, checked: Checked) -> bool:
        if item is None:
            if "x-null-default" in child:
                return self._quirks.get("steps-null") != "refused"
            documented = "null" in child.get("type", ())
            return not required and (documented or self._allows("null-optional", path, checked))
        if child.get("x-empty-absent") and item in ({}, "") and not required:
            return self._allows("empty-object" if item == {} else "empty-string", path, checked)
        return False

    def _number_of(self, value: str, schema: JSON, path: Path, checked: Checked) -> JSON:
        types = schema.get("type", ())
        if "number" in types and _NUMBER.match(value) and math.isfinite(float(value)):
            allowed = self._allows("numeric-string", path, checked)
            return _one_spelling(float(value), schema, path, checked) if allowed else value
        if "integer" in types and _INTEGER.match(value):
            return int(value.partition(".")[0]) if self._allows("numeric-string", path, checked) else value
        return value


def _one_spelling(value: JSON, schema: JSON, path: Path, checked: Checked) -> JSON:
    """A number as 2, however it was spelled (2.0, "2"), so that equal requests are equal."""
    if abs(value) < 2**53:  # here a whole number is the same as an integer and as a float
        return int(value) if value == int(value) else value
    try:
        return float(value)
    except OverflowError:
        checked.faults.append(Fault(kind_of("maximum", schema), path, f"{cut(value)} is out of range"))
        return value


def _wrong_urls(value: JSON, schema: JSON, path: Path) -> Iterator[Fault]:
    if schema.get("x-format") == "http-url" and isinstance(value, str) and not is_http_url(value):
        yield Fault("invalid-request", path, f"{cut(value)} is not an http or https address")
    for name, child in schema.get("properties", {}).items():
        if isinstance(value, dict) and name in value:
            yield from _wrong_urls(value[name], child, (*path, name))
