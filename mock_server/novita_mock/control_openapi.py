"""The OpenAPI 3.1 document of the control routes, which are ours and no part of the API."""

from typing import Any

from novita_mock import __version__
from novita_mock.catalogue import Catalogue
from novita_mock.files import read_json
from novita_mock.openapi import path_parameters, query_parameters, referred
from novita_mock.types import JSON

_ACCOUNT: JSON = {
    "name": "account",
    "in": "query",
    "required": False,
    "description": "Whose: an account's id or its key. Without it, and without a key, all accounts.",
    "schema": {"type": "string"},
}
_ERROR: JSON = {
    "type": "object",
    "required": ["error", "fields"],
    "properties": {
        "error": {"description": "What is wrong, for people.", "type": "string"},
        "fields": {
            "description": "What is wrong with each field of the body, by JSON pointer.",
            "type": "object",
            "additionalProperties": {"type": "string"},
        },
    },
}
_DESCRIPTION = (
    "Routes without an account speak of all there are. POST and PUT need Content-Type: application/json, "
    "even without a body. Pages of other sites are refused; where others than this machine can reach the "
    "port, the header X-Novita-Mock-Token must hold the token that was printed at the start."
)


def control_openapi(catalogue: Catalogue, server_url: str = "") -> dict[str, Any]:
    """The document.

    Args:
        catalogue: the contract, for the schemas.
        server_url: where the routes are reached; the document's own server where it is empty.
    """
    table = read_json("schemas", "control.json")
    used: dict[str, JSON] = {"error": _ERROR}
    paths: dict[str, JSON] = {}
    for row in table["routes"]:
        path = (table["prefix"] + row["path"]).replace(":path}", "}")
        paths.setdefault(path, {})[row["method"].lower()] = _route(catalogue, row, path, used)
    token = {"type": "apiKey", "in": "header", "name": "X-Novita-Mock-Token"}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The control routes of novita-mock",
            "version": __version__,
            "description": _DESCRIPTION,
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": server_url or "/"}],
        "security": [{}, {"key": []}, {"token": []}, {"key": [], "token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(used.items())),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}, "token": token},
        },
    }


def _route(catalogue: Catalogue, row: JSON, path: str, used: dict[str, JSON]) -> JSON:
    parameters = [*path_parameters(path), *query_parameters(catalogue, row.get("query", "")), _ACCOUNT]
    body: dict[str, JSON] = {
        "operationId": row["name"],
        "summary": row["summary"],
        "parameters": parameters,
        "responses": _responses(row, path),
    }
    schema = row.get("request") or row.get("told")
    if schema:
        content = {"application/json": {"schema": referred(catalogue, schema, used)}}
        body["requestBody"] = {"required": True, "content": content}
    elif row["method"] == "POST":
        body["requestBody"] = {"required": False, "content": {"application/json": {"schema": {}}}}
    return body


def _responses(row: JSON, path: str) -> JSON:
    told = {"400": "Wrong in a way that the answer names", "403": "Not for whoever called"}
    if "{" in path:
        told["404"] = "There is nothing of that name"
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}}
    refused = {status: {"description": why, "content": error} for status, why in told.items()}
    if row["name"] == "storage-object":
        done: JSON = {"description": row["summary"], "content": {"*/*": {}}}
    elif row["name"] == "inbox-receive":
        done = {"description": "What the inbox was told to answer; any status"}
    else:
        anything = {"application/json": {"schema": {"type": "object"}}}
        done = {"description": row["summary"], "content": anything}
    return {"200": done} | refused
