"""The fast yes and jsonschema say the same of every body."""

from random import Random  # noqa: TID251 - seeded, and of no double

import pytest

from novita_mock.accepting import compiled
from novita_mock.catalogue import load
from novita_mock.validation import Validator
from odd_bodies import OPERATIONS, how_many, odd_body, samples

QUERIES = [row for row in load().operations if row.query]


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda row: row.name)
def test_both_say_the_same(operation, strict, request):
    validator = Validator(load(strict=strict), operation.request)
    accepts, good = compiled(validator.schema), samples(operation)
    assert accepts is not None
    assert len(good) >= 2
    chance, said = Random(7), {True: 0, False: 0}
    for _ in range(how_many(request) // 2):
        body = odd_body(good, chance)
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
