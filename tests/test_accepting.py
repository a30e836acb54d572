"""The fast yes and jsonschema say the same of every body."""

import json
from random import Random  # noqa: TID251 - seeded, and of no double

import pytest

from contract_files import ROOT
from novita_mock.accepting import compiled
from novita_mock.catalogue import load
from novita_mock.validation import Validator

OPERATIONS = [row for row in load().operations if row.request]
QUERIES = [row for row in load().operations if row.query]
#: Bodies that are judged in all; ``make check-deep`` takes a million.
MANY, DEEP = 24_000, 1_000_000
ODD = (
    None, True, False, 0, 1, -1, 2, 5, 20, 101, 2048, 2049, 10**30, 0.0, 1.0, 1.5, 20.0, -0.1, 4.000001,
    1e308, "", "a", "2", "None", "png", "x" * 2000, [], [None], [1, "a"], {}, {"a": 1}, [{}],
    {"url": "http://x"},
)  # fmt: skip


def samples(operation):
    """Good bodies, and some of real clients."""
    files = [*(ROOT / "fixtures/requests").glob("*.json"), *(ROOT / "fixtures/lenient").glob("*.json")]
    names = [f"{operation.name}.json", f"{operation.name}.full.json"]
    found = [file for file in files if file.name in names or file.name.startswith(f"{operation.name}.")]
    return [json.loads(file.read_text("utf-8")) for file in found]


def places(value, path=()):
    """Every place in a body, the body itself first."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in pairs:
        yield from places(item, (*path, step))


def changed(body, chance):
    """A body with one thing about it changed: put in, taken out, replaced, or multiplied."""
    *way, last = chance.choice(list(places(body))[1:] or [("a",)])
    holder = body
    for step in way:
        holder = holder[step]
    if isinstance(holder, dict) and chance.random() < 0.2:
        holder.pop(last, None)
    elif isinstance(holder, dict) and chance.random() < 0.1:
        holder[chance.choice(["stray", "steps", "request", "extra"])] = chance.choice(ODD)
    elif isinstance(holder, list) and chance.random() < 0.3:
        holder.extend([holder[last]] * chance.choice([1, 5, 1200]))
    elif isinstance(holder[last] if not isinstance(holder, dict) else holder.get(last), int | float):
        holder[last] = holder[last] + chance.choice([-1, 1, 0.5, -0.5, 100, -100])
    else:
        holder[last] = json.loads(json.dumps(chance.choice(ODD)))


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.name)
def test_both_say_the_same(operation, strict, request):
    deep = request.config.getoption("--hypothesis-profile") == "deep"
    validator = Validator(load(strict=strict), operation.request)
    accepts, good = compiled(validator.schema), samples(operation)
    assert accepts is not None
    assert len(good) >= 2
    chance, said = Random(7), {True: 0, False: 0}
    for _ in range((DEEP if deep else MANY) // (2 * len(OPERATIONS))):
        body = json.loads(json.dumps(chance.choice(good)))
        for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
            changed(body, chance)
        judged = not any(validator.violations(body))
        assert accepts(body) is judged, body
        said[judged] += 1
    assert min(said.values()) > 100


@pytest.mark.parametrize("operation", QUERIES, ids=lambda row: row.name)
def test_queries_have_a_fast_yes_too(operation):
    assert compiled(Validator(load(), operation.query).schema) is not None


@pytest.mark.parametrize(
    "schema",
    [{"anyOf": []}, {"properties": {"a": {"pattern": "x"}}}, {"items": {"const": 1}}, {"enum": [[1]]},
     {"additionalProperties": {"type": "string"}}, {"enum": [1.5]}],
    ids=str,
)  # fmt: skip
def test_of_what_it_does_not_know_it_says_nothing(schema):
    assert compiled(schema) is None


def test_truth_values_are_no_numbers():
    accepts = compiled({"enum": [0, 1, "a", None]})
    assert [accepts(value) for value in (0, 1, "a", None, True, False, 0.5, [], {})] == [True] * 4 + [
        False
    ] * 5
