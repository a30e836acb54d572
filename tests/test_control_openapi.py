"""The OpenAPI document of the control routes: valid, whole, and true."""

import httpx2
from msgspec.structs import fields
from openapi_spec_validator import OpenAPIV31SpecValidator

from novita_mock.catalogue import load
from novita_mock.control_openapi import control_openapi
from novita_mock.fault_form import parse
from novita_mock.files import read_json
from novita_mock.types import JSON
from novita_mock.validation import Validator
from novita_mock.wanted import Wanted, wanted_of


def operations() -> dict[str, JSON]:
    paths = control_openapi(load())["paths"]
    return {each["operationId"]: each for item in paths.values() for each in item.values()}


def test_the_document_is_valid_and_served(client: httpx2.Client) -> None:
    document = client.get("/_mock/control.openapi.json").json()
    OpenAPIV31SpecValidator(document).validate()
    assert document["servers"] == [{"url": str(client.base_url).rstrip("/")}]


def test_it_has_every_route_and_only_those() -> None:
    assert set(operations()) == {row["name"] for row in read_json("schemas", "control.json")["routes"]}


def test_every_route_says_what_it_answers_and_how_it_refuses() -> None:
    for name, operation in operations().items():
        assert {"200", "400", "403"} <= set(operation["responses"]), name
        assert all(response["description"] for response in operation["responses"].values()), name
        assert ("404" in operation["responses"]) == any(p["in"] == "path" for p in operation["parameters"]), (
            name
        )


def test_the_filters_of_the_journal_are_those_that_it_takes() -> None:
    for name in ("requests", "requests-har"):
        query = {p["name"] for p in operations()[name]["parameters"] if p["in"] == "query"}
        query -= {"account", "nobody"}  # these two say whose
        wanted_of(dict.fromkeys(query))
        assert query == {field.name for field in fields(Wanted)} - {"request"}


def test_the_documented_body_of_a_fault_is_what_is_taken() -> None:
    checked = Validator(load(), "control/faults.json")
    fault = {"phase": "before", "effect": {"kind": "error", "reason": "ILLEGAL_PROMPT"}}
    parse(fault, "f", load())
    assert list(checked.violations(fault)) == list(checked.violations({"scenario": "happy"})) == []
    assert list(checked.violations({"phase": "never"}))


def test_what_is_documented_of_an_inbox_is_what_it_takes(start) -> None:
    client, schema = start(), Validator(load(), "control/inbox.json")
    samples: list[tuple[JSON, bool]] = [
        ([], True), ({"status": 500}, True), ([{"hang": True}], True),
        ([{"status": 200, "delay_s": 3}], True),
        ([{"status": 99}], False), ([{"times": 0}], False), ([{"wait": 3}], False), ("500", False),
    ]  # fmt: skip
    for body, good in samples:
        assert (not list(schema.violations(body))) == good, body
        assert (client.put("/_mock/inbox/x", json=body).status_code == 200) == good, body
