"""The sample bodies: each valid under the schema of its operation, and harmless to show."""

import re
from urllib.parse import urlsplit

import pytest

from contract_files import FIXTURES, fixture, schemas, table, validator
from novita_mock.types import JSON

OPERATIONS = {row["name"]: row for row in table("operations")["operations"]}
MODELS = fixture("models.json")


def files(folder: str) -> list[str]:
    return sorted(path.relative_to(FIXTURES).as_posix() for path in (FIXTURES / folder).rglob("*.json"))


def operation(path: str) -> JSON:
    return OPERATIONS[path.split("/")[-1].split(".")[0]]


@pytest.mark.parametrize("path", files("requests"))
def test_a_sample_request_is_valid(path: str) -> None:
    row = operation(path)
    validator(row.get("request") or row["query"]).validate(fixture(path))


@pytest.mark.parametrize("path", files("lenient"))
def test_what_a_client_really_sends_is_not_what_the_pages_say(path: str) -> None:
    assert not validator(operation(path)["request"]).is_valid(fixture(path))


@pytest.mark.parametrize("path", [path for path in files("responses") if "user" not in path])
def test_a_sample_response_is_valid(path: str) -> None:
    validator(operation(path)["response"]).validate(fixture(path))


def test_the_sample_of_a_balance_is_valid() -> None:
    validator("v3/user.response.json").validate(fixture("responses/user.json"))


@pytest.mark.parametrize("path", files("events"))
def test_a_sample_event_is_valid(path: str) -> None:
    validator("webhook/event.json").validate(fixture(path))


@pytest.mark.parametrize("path", files("errors"))
def test_a_sample_error_is_valid_and_named_after_what_it_says(path: str) -> None:
    body, (_, dialect, name) = fixture(path), path.removesuffix(".json").split("/")
    validator(f"{dialect}/error.json").validate(body)
    assert str(body["reason" if dialect == "v3" else "code"]) == name


def test_every_documented_error_has_a_sample() -> None:
    errors = [row for row in table("errors").values() if not row["source"].startswith("assumed")]
    for row in errors:
        if "v3" in row:
            body = fixture(f"errors/v3/{row['v3']['reason']}.json")
            assert body["code"] == row["v3"]["status"]
        if "v2" in row:
            assert fixture(f"errors/v2/{row['v2']['code']}.json")["data"] is None


def test_every_operation_has_a_sample_of_what_is_asked_and_answered() -> None:
    for name, row in OPERATIONS.items():
        if "request" in row or "query" in row:
            assert any(operation(path) is row for path in files("requests")), name
        if "response" in row:
            answers = [path for path in files("responses") if path.split("/")[-1].split(".")[0] == name]
            assert answers, name


def public(model: JSON) -> JSON:
    return {field: value for field, value in model.items() if not field.startswith("_")}


def test_the_catalogue_is_valid_and_complete() -> None:
    answer: JSON = {"models": [public(model) for model in MODELS], "pagination": {"next_cursor": ""}}
    validator("v3/model.response.json").validate(answer)
    fields = set(schemas()["v3/model.response.json"]["properties"]["models"]["items"]["properties"])
    assert all(set(public(model)) == fields for model in MODELS)
    assert len(MODELS) >= 60


def test_no_two_models_share_an_id_or_a_name() -> None:
    for field in ("id", "sd_name", "hash_sha256"):
        assert len({model[field] for model in MODELS}) == len(MODELS)


def test_a_model_says_who_may_see_it_and_who_names_it() -> None:
    for model in MODELS:
        assert model["_visibility"] == "public"
        assert model["_is_inpainting"] is (model["base_model_type"] == "Inpainting")
        assert re.match("page [a-z0-9-]+$|assumed: ", model["_named_by"])


def test_no_link_of_a_sample_leads_to_somebody_else() -> None:
    for path in files("."):
        for link in re.findall(r'"(https?://[^"]*)"', (FIXTURES / path).read_text("utf-8")):
            host = urlsplit(link).hostname or ""
            assert host == "127.0.0.1" or host.endswith((".invalid", ".example.com")), path
