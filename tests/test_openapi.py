import httpx2
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from novita_mock.catalogue import load
from novita_mock.openapi import openapi
from novita_mock.types import JSON


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
