import re

import httpx2
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from conftest import upscale_body
from novita_mock.catalogue import load
from novita_mock.openapi import openapi
from novita_mock.types import JSON
from novita_mock.validation import Validator


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "quirks", [{}, {"submit-shape": "both", "image-url-ttl": "integer", "missing-key": "401"}]
)
def test_the_document_is_valid(quirks: dict[str, str], strict: bool) -> None:
    OpenAPIV31SpecValidator(openapi(load(quirks, strict))).validate()


def test_the_document_is_served_and_has_every_row(client: httpx2.Client) -> None:
    document = client.get("/_mock/openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    rows = {(row.path, row.method.lower()) for row in load().operations}
    assert {(path, method) for path, item in document["paths"].items() for method in item} == rows


def test_the_document_says_which_statuses_a_quirk_makes() -> None:
    def statuses(quirks: dict[str, str]) -> JSON:
        return openapi(load(quirks))["paths"]["/v3/async/upscale"]["post"]["responses"]

    assert "401" not in statuses({})
    assert "401" in statuses({"missing-key": "401"})


@pytest.mark.parametrize(
    ("operation", "quirks", "result", "pointer"),
    [
        ("upscale", {}, "task-result", "/task_id"),
        ("img2img", {"submit-shape": "both"}, "task-result", "/task_id"),
        ("img2img", {"submit-shape": "envelope"}, "task-result", "/data/task_id"),
        ("upscale-v2", {}, "progress", "/data/task_id"),
    ],
)
def test_a_submit_leads_to_what_tells_of_its_task(
    operation: str, quirks: dict[str, str], result: str, pointer: str
) -> None:
    document = openapi(load(quirks))
    by_id = {item["operationId"]: item for path in document["paths"].values() for item in path.values()}
    (link,) = by_id[operation]["responses"]["200"]["links"].values()
    assert link == {"operationId": result, "parameters": {"task_id": f"$response.body#{pointer}"}}
    assert [each["name"] for each in by_id[result]["parameters"]] == ["task_id"]
    assert "links" not in by_id[result]["responses"]["200"]


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("http://127.0.0.1:4078/hook", True), ("https://example.com", True), ("http://[::1]:80/?a=b@c", True),
        ("https://a.b/c#d", True), ("ftp://a.b", False), ("http://", False), ("http:///path", False),
        ("http://" + "me@a.b", False), ("http://a b", False), ("http://a.b\\c", False), ("a.b/c", False),
        ("http://a.b:port", False),
    ],
)  # fmt: skip
def test_the_document_says_what_a_webhook_address_is_as_the_double_does(url: str, good: bool) -> None:
    schema = openapi(load())["components"]["schemas"]["v3.upscale.request"]
    address = schema["properties"]["extra"]["properties"]["webhook"]["properties"]["url"]
    assert (address["format"], bool(re.search(address["pattern"], url))) == ("uri", good)
    body = upscale_body() | {"extra": {"webhook": {"url": url}}}
    assert (not Validator(load(), "v3/upscale.request.json").check(body).faults) is good
