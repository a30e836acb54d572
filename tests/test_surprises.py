"""Replies made worse: one kind always breaks its schema in one place, the other never does."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bodies import bodies
from contract_files import fixture
from novita_mock import catalogue, surprises
from novita_mock.chance import Chance
from novita_mock.places import Draw, places, type_of
from novita_mock.types import JSON
from novita_mock.validation import Validator


@cache
def checked() -> dict[str, tuple[JSON, Validator]]:
    """Every schema of a reply, and each again as a quirk patches it, with what checks it."""
    default = catalogue.load()
    paths = [path for path in catalogue.schema_paths() if ".response" in path]
    paths += ["v2/error.json", "v3/error.json", "webhook/event.json"]
    found = {path: (default.bundle(path), Validator(default, path)) for path in paths}
    for row in default.quirk_rows:
        for other in row["alternatives"]:
            patched = catalogue.load({row["id"]: other["value"]})
            for path in paths:
                if patched.bundle(path) != default.bundle(path):
                    name = f"{path} {row['id']}={other['value']}"
                    found[name] = (patched.bundle(path), Validator(patched, path))
    return found


def is_valid(name: str, body: JSON) -> bool:
    return not list(checked()[name][1].violations(body))


@st.composite
def replies(pick: st.DrawFn) -> tuple[str, JSON]:
    name = pick(st.sampled_from(sorted(checked())))
    return name, pick(bodies(checked()[name][0]))


def numbers(seed: int) -> Draw:
    """Draws as the rule of a fault gives them."""
    counter: Iterator[int] = iter(range(10**9))
    return lambda limit: Chance(seed).number(limit, "test", next(counter))


def edits(before: JSON, after: JSON) -> int:
    """In how many places two bodies differ, a value that was wrapped counted as one."""
    if type_of(before) == type_of(after) == "object" and after != {"value": before}:
        shared = before.keys() & after.keys()
        return len(before.keys() ^ after.keys()) + sum(edits(before[key], after[key]) for key in shared)
    if type_of(before) == type_of(after) == "array" and len(before) == len(after) and after != [before]:
        return sum(map(edits, before, after))
    return int(repr(before) != repr(after))


@pytest.mark.parametrize("name", checked())
def test_the_schemas_of_replies_are_all_looked_at(name: str) -> None:
    assert list(places(checked()[name][0], {}))
    assert {"v3/task-result.response.json", "v2/progress.response.json", "v3/error.json"} <= set(checked())
    assert "v3/submit.response.json submit-shape=envelope" in checked()


@given(replies(), st.integers(0, 2**20))
def test_a_broken_reply_breaks_its_schema_in_one_place(reply: tuple[str, JSON], seed: int) -> None:
    name, body = reply
    assert is_valid(name, body)
    kept = deepcopy(body)
    worse = surprises.broken(checked()[name][0], body, numbers(seed))
    assert not is_valid(name, worse)
    assert not Draft202012Validator(checked()[name][0]).is_valid(worse)
    assert edits(body, worse) == 1
    assert repr(body) == repr(kept)
    assert repr(worse) == repr(surprises.broken(checked()[name][0], body, numbers(seed)))


@given(replies(), st.integers(0, 2**20))
def test_a_surprising_reply_is_another_one_and_still_fits_its_schema(
    reply: tuple[str, JSON], seed: int
) -> None:
    name, body = reply
    kept = deepcopy(body)
    odd = surprises.surprising(checked()[name][0], body, numbers(seed))
    assert is_valid(name, odd)
    assert Draft202012Validator(checked()[name][0]).is_valid(odd)
    assert repr(odd) != repr(body) == repr(kept)
    assert repr(odd) == repr(surprises.surprising(checked()[name][0], body, numbers(seed)))
    assert msgspec.json.decode(msgspec.json.encode(odd)) == odd


RESULT = fixture("responses/task-result.succeeded.json")
RESULT_SCHEMA = catalogue.load().bundle("v3/task-result.response.json")


def made(worsen: Callable[..., JSON], times: int = 400) -> list[JSON]:
    return [worsen(RESULT_SCHEMA, RESULT, numbers(seed)) for seed in range(times)]


def test_every_way_to_break_a_task_result_is_taken() -> None:
    worse = made(surprises.broken)
    results = [body for body in worse if isinstance(body, dict)]
    tasks = [body["task"] for body in results if isinstance(body.get("task"), dict)]
    assert any("task" not in body for body in results)
    assert any(task.get("status") == "TASK_STATUS_UNHEARD_OF" for task in tasks)
    assert any(task.get("progress_percent") in (-1, 101) for task in tasks)
    assert any(task.get("eta") == "0" for task in tasks)
    assert any(task.get("task_id") == "" for task in tasks)
    assert any(body.get("task") in ({"value": RESULT["task"]}, [RESULT["task"]]) for body in results)
    assert len({repr(body) for body in worse}) > 60


def test_every_surprise_that_a_task_result_allows_is_taken() -> None:
    odd = made(surprises.surprising)
    assert all(body["task"]["task_id"] == RESULT["task"]["task_id"] for body in odd)
    assert all(body["task"]["status"] == RESULT["task"]["status"] for body in odd)
    assert any(body["images"] == [] for body in odd)
    assert any(list(body) == list(reversed(RESULT)) for body in odd)
    assert any("__proto__" in repr(body) for body in odd)
    assert any("debug_info" in body["extra"] for body in odd)
    assert any("\u202e" in body["task"]["reason"] for body in odd)
    assert len({repr(body) for body in odd}) > 60


def test_a_null_is_put_where_one_is_allowed() -> None:
    body = deepcopy(RESULT)
    body["images"][0]["nsfw_detection_result"] = {"valid": True, "confidence": 3}
    odd = [surprises.surprising(RESULT_SCHEMA, body, numbers(seed)) for seed in range(200)]
    results = [image["nsfw_detection_result"] for reply in odd for image in reply["images"]]
    assert any(result is None for result in results)
    assert any(result and type_of(result["confidence"]) == "number" for result in results)


@given(replies(), st.integers(0, 2**20))
def test_an_odd_spelling_says_the_same(reply: tuple[str, JSON], seed: int) -> None:
    text = surprises.spelled(reply[1], numbers(seed))
    assert json.loads(text) == reply[1]
    assert msgspec.json.decode(text) == reply[1]


@given(replies())
def test_a_malformed_reply_and_half_a_reply_are_no_json(reply: tuple[str, JSON]) -> None:
    content = msgspec.json.encode(reply[1])
    for broken in (surprises.malformed(content), surprises.truncated(content)):
        with pytest.raises(ValueError):
            json.loads(broken)
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(broken)
