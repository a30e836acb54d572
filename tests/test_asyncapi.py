"""The AsyncAPI 3 document of the webhook: every reference leads somewhere, and the event is the one sent."""

from collections.abc import Iterator

import httpx2
import pytest
from jsonschema import Draft202012Validator

from novita_mock.asyncapi import asyncapi
from novita_mock.catalogue import load
from novita_mock.files import read_json
from novita_mock.types import JSON

#: Source: the AsyncAPI 3.0.0 specification, "AsyncAPI Object" and those below it.
FIELDS = {
    "": {"asyncapi", "id", "info", "servers", "defaultContentType", "channels", "operations", "components"},
    "channel": {"address", "messages", "title", "summary", "description", "servers", "parameters", "tags",
                "externalDocs", "bindings"},
    "operation": {"action", "channel", "title", "summary", "description", "security", "tags", "externalDocs",
                  "bindings", "traits", "messages", "reply"},
    "message": {"headers", "payload", "correlationId", "contentType", "name", "title", "summary",
                "description", "tags", "externalDocs", "bindings", "examples", "traits"},
}  # fmt: skip


def references(node: JSON) -> Iterator[str]:
    """Every reference in a document."""
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from references(child)
    if isinstance(node, dict) and isinstance(node.get("$ref"), str):
        yield node["$ref"]


def at(document: JSON, reference: str) -> JSON:
    """What a reference leads to."""
    for step in reference.removeprefix("#/").split("/"):
        document = document[step]
    return document


@pytest.mark.parametrize("quirks", [{}, {"image-url-ttl": "integer", "debug-info": "present"}])
def test_the_document_is_built_as_the_specification_says(quirks: dict[str, str]) -> None:
    document = asyncapi(load(quirks))
    assert document["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(document["info"])
    assert set(document) <= FIELDS[""]
    (channel,), (operation,) = document["channels"].values(), document["operations"].values()
    assert set(channel) <= FIELDS["channel"]
    assert set(operation) <= FIELDS["operation"]
    assert operation["action"] in ("send", "receive")
    for message in document["components"]["messages"].values():
        assert set(message) <= FIELDS["message"]


def test_every_reference_leads_somewhere() -> None:
    document = asyncapi(load())
    found = list(references(document))
    assert len(found) >= 4
    for reference in found:
        assert reference.startswith("#/")
        assert isinstance(at(document, reference), dict)
    (operation,) = document["operations"].values()
    assert at(document, operation["channel"]["$ref"])["messages"]
    for message in operation["messages"]:  # an operation names messages of its channel, not of components
        assert message["$ref"].startswith(operation["channel"]["$ref"] + "/messages/")


@pytest.mark.parametrize("name", ["succeeded", "failed"])
def test_an_event_fits_what_the_document_says_of_it(name: str) -> None:
    payload = asyncapi(load())["components"]["schemas"]["event"]
    Draft202012Validator.check_schema(payload)
    Draft202012Validator(payload).validate(read_json("fixtures", f"events/{name}.json"))
    assert list(Draft202012Validator(payload).iter_errors({"event_type": "OTHER"}))


def test_it_follows_the_quirks_of_the_double_that_serves_it(start) -> None:
    def ttl(client: httpx2.Client) -> JSON:
        event = client.get("/_mock/asyncapi.json").json()["components"]["schemas"]["event"]
        return event["properties"]["payload"]["properties"]["images"]["items"]["properties"]["image_url_ttl"]

    assert ttl(start()) != ttl(start(quirk=("image-url-ttl=integer",)))
