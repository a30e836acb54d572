"""Says yes to bodies that fit a schema, fast. It never says why not: jsonschema is the judge of all others.

A schema becomes functions, once. Of the keywords that schemas of requests use all are known; where a schema
says anything else there is no such function, and jsonschema judges every body.
"""

from collections.abc import Callable, Container, Mapping

from novita_mock.types import JSON

Accepts = Callable[[JSON], bool]

#: Keywords that no body can break; and whatever begins with ``x-``, which is ours and looked at elsewhere.
_ANNOTATIONS = frozenset({"$schema", "$id", "title", "description", "default", "contentEncoding", "examples"})
_TYPES: Mapping[str, Accepts] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


class Unknown(Exception):
    """A schema says something that is not known here."""


def rules_of(schema: JSON, known: Container[str]) -> Mapping[str, JSON]:
    """What a schema says that a value can break.

    Raises:
        Unknown: some of it is not known.
    """
    said = {
        name: rule for name, rule in schema.items() if not (name in _ANNOTATIONS or name.startswith("x-"))
    }
    unknown = [name for name in said if name not in known]
    if unknown:
        raise Unknown(*unknown)
    return said


def compiled(schema: JSON) -> Accepts | None:
    """Whether a value fits a schema, as a function; None where the schema says what is not known here."""
    try:
        return _compiled(schema)
    except Unknown:
        return None


def _compiled(schema: JSON) -> Accepts:
    said = rules_of(schema, _KEYWORDS)
    checks = [_KEYWORDS[name](rule, schema) for name, rule in said.items()]
    match checks:
        case []:
            return lambda value: True
        case [only]:
            return only
        case [first, second]:
            return lambda value: first(value) and second(value)
    return lambda value: all(check(value) for check in checks)


def _type(rule: JSON, schema: JSON) -> Accepts:
    names = [rule] if isinstance(rule, str) else rule
    kinds = [_TYPES[name] for name in names]
    if len(kinds) == 1:
        return kinds[0]
    return lambda value: any(kind(value) for kind in kinds)


def _enum(rule: JSON, schema: JSON) -> Accepts:
    if not all(isinstance(each, str) or each is None for each in rule):
        # A number equals a truth value for Python, and not for JSON.
        pairs = {(type(each), each) for each in rule if not isinstance(each, float | dict | list)}
        if len(pairs) != len(rule):
            raise Unknown("enum")
        return lambda value: not isinstance(value, dict | list | float) and (type(value), value) in pairs
    known = frozenset(rule)
    return lambda value: not isinstance(value, dict | list) and value in known


def _properties(rule: JSON, schema: JSON) -> Accepts:
    children = {name: _compiled(child) for name, child in rule.items()}

    def accepts(value: JSON) -> bool:
        if isinstance(value, dict):
            for name, item in value.items():
                child = children.get(name)
                if child is not None and not child(item):
                    return False
        return True

    return accepts


def _required(rule: JSON, schema: JSON) -> Accepts:
    names = frozenset(rule)
    return lambda value: not isinstance(value, dict) or names <= value.keys()


def _additional(rule: JSON, schema: JSON) -> Accepts:
    if rule is not False:
        raise Unknown("additionalProperties")
    names = frozenset(schema.get("properties", ()))
    return lambda value: not isinstance(value, dict) or value.keys() <= names


def _items(rule: JSON, schema: JSON) -> Accepts:
    item = _compiled(rule)
    return lambda value: not isinstance(value, list) or all(item(each) for each in value)


def _sized(
    kind: type[str] | type[list[JSON]], fits: Callable[[int, int], bool]
) -> Callable[[JSON, JSON], Accepts]:
    def made(rule: JSON, schema: JSON) -> Accepts:
        return lambda value: not isinstance(value, kind) or fits(len(value), rule)

    return made


def _bounded(fits: Callable[[float, float], bool]) -> Callable[[JSON, JSON], Accepts]:
    number = _TYPES["number"]

    def made(rule: JSON, schema: JSON) -> Accepts:
        return lambda value: not number(value) or fits(value, rule)

    return made


_KEYWORDS: Mapping[str, Callable[[JSON, JSON], Accepts]] = {
    "type": _type,
    "enum": _enum,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "items": _items,
    "minLength": _sized(str, lambda size, bound: size >= bound),
    "maxLength": _sized(str, lambda size, bound: size <= bound),
    "minItems": _sized(list, lambda size, bound: size >= bound),
    "maxItems": _sized(list, lambda size, bound: size <= bound),
    "minimum": _bounded(lambda value, bound: value >= bound),
    "maximum": _bounded(lambda value, bound: value <= bound),
    "exclusiveMinimum": _bounded(lambda value, bound: value > bound),
    "exclusiveMaximum": _bounded(lambda value, bound: value < bound),
}
