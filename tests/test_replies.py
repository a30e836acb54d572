"""Every constraint of every reply's schema is put to the test: broken, it is found and named."""

from copy import deepcopy

import pytest

from novita_contract.exchange import Exchange
from novita_contract.options import Options, Secret
from novita_contract.replies import fits
from novita_contract.session import Session
from novita_contract.tally import constraints
from novita_contract.targets import Target
from novita_contract.wire import Wire
from novita_mock.catalogue import load, schema_paths
from novita_mock.places import sample

CONTRACT = load()
REPLIES = [path for path in schema_paths() if ".response." in path or "error" in path or "webhook/" in path]


@pytest.fixture(scope="module")
def session():
    target = Target("url", "http://127.0.0.1:9", Secret("sk"))
    wire = Wire(target.url, target.keys)
    yield Session(Options(), target, wire, CONTRACT)
    wire.close()


def full(schema):
    """A body that has everything the schema speaks of."""
    if "anyOf" in schema:
        return full(schema["anyOf"][-1])
    if schema.get("type") == "object" or "properties" in schema:
        body = {name: full(child) for name, child in schema.get("properties", {}).items()}
        others = schema.get("additionalProperties")
        return body | ({"anything": full(others)} if isinstance(others, dict) else {})
    if schema.get("type") == "array" or (isinstance(schema.get("type"), list) and "array" in schema["type"]):
        return [full(schema["items"])]
    return sample(schema)


def steps(pointer):
    return pointer.split("/")[1:]


def at(body, path):
    for step in path:
        if step == "*":
            body = next(iter(body.values())) if isinstance(body, dict) else body[0]
        else:
            body = body[step]
    return body


def put(body, path, value):
    """The body with another value in a place; ``*`` is the first item, or any field."""
    if not path:
        return value
    step, *rest = path
    copy = deepcopy(body)
    if step == "*":
        step = next(iter(copy)) if isinstance(copy, dict) else 0
    copy[step] = put(copy[step], rest, value)
    return copy


def schema_at(schema, path):
    for step in path:
        while "anyOf" in schema:
            schema = schema["anyOf"][-1]
        if step == "*":
            schema = schema["items"] if "items" in schema else schema["additionalProperties"]
        else:
            schema = schema["properties"][step]
    while "anyOf" in schema:
        schema = schema["anyOf"][-1]
    return schema


def broken(schema, keyword, value):
    """A value that breaks just this keyword, or nothing where none does."""
    limit = schema[keyword]
    if keyword == "type":
        types = [limit] if isinstance(limit, str) else limit
        values = {"array": [], "object": {}, "string": "x", "boolean": True, "number": 0.5}
        return next(other for name, other in values.items() if name not in types)
    return {
        "enum": lambda: "UNHEARD_OF" if isinstance(limit[0], str) else 99,
        "const": lambda: 77 if isinstance(limit, int) else "UNHEARD_OF",
        "minimum": lambda: limit - 1,
        "maximum": lambda: limit + 1,
        "minLength": lambda: "",
        "required": lambda: {name: item for name, item in value.items() if name != limit[0]},
    }[keyword]()


ALL = [each for path in REPLIES for each in dict.fromkeys(constraints(path, CONTRACT.bundle(path), ...))]


def exchange():
    headers = {"content-type": "application/json"}
    return Exchange(0, "x", "GET", "http://h/x", {}, None, 0, 200, headers, b"{}")


@pytest.mark.parametrize("path", REPLIES)
def test_a_full_body_fits_and_exercises_every_constraint(session, path):
    body = full(CONTRACT.bundle(path))
    assert fits(session, exchange(), path, body) == []
    every = set(constraints(path, CONTRACT.bundle(path), ...))
    reached = set(constraints(path, CONTRACT.bundle(path), body))
    nulls = {each for each in every - reached if each[1].endswith("nsfw_detection_result")}
    assert every - reached == nulls  # the branch of null, which the test below takes


@pytest.mark.parametrize(("path", "pointer", "keyword"), ALL, ids=lambda part: part)
def test_a_broken_constraint_is_found_where_it_is(session, path, pointer, keyword):
    schema, where = CONTRACT.bundle(path), steps(pointer)
    body = full(schema)
    wrong = put(body, where, broken(schema_at(schema, where), keyword, at(body, where)))
    found = fits(session, exchange(), path, wrong)
    assert found, wrong
    named = [finding.where.replace("/0", "/*").replace("/anything", "/*") for finding in found]
    assert any(name.startswith(pointer) for name in named), named
    assert all(finding.claim for finding in found)


def test_a_field_that_no_page_documents_is_noted_where_it_is(session):
    path = "v3/task-result.response.json"
    body = full(CONTRACT.bundle(path))
    body["images"][0]["unheard_of"] = 1
    assert fits(session, exchange(), path, body) == []
    assert (path, "/images/*/unheard_of") in session.tally.unknown


def test_there_are_constraints_to_be_found():
    assert len(ALL) > 120
