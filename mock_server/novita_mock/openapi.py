"""The OpenAPI 3.1 document of the API as the double speaks it, made from the table and the schemas."""

from collections.abc import Iterator
from typing import Any

from novita_mock import __version__
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.types import JSON

_ERRORS = {"v3": "v3/error.json", "v2": "v2/error.json"}
#: Rows of ``errors.json`` that any request may meet, and those that only a submit may.
_ANYWHERE = ("invalid-request", "missing-key", "wrong-key", "unknown-path", "wrong-method", "bad-http",
             "headers-too-large")  # fmt: skip
_SUBMIT = ("body-too-large", "rate-limit", "balance", "create-task-failed")
#: What an ``x-format`` is in words of JSON Schema, as far as those go.
_FORMATS: dict[str, JSON] = {
    "http-url": {
        "format": "uri",
        "pattern": r"^https?://(\[[0-9A-Fa-f:.]+\]|[^\x00-\x20\x7f/?#@:\[\]\\]+)(:[0-9]{1,5})?"
        r"([/?#][^\x00-\x20\x7f\\]*)?$",
    }
}


def openapi(catalogue: Catalogue, server_url: str = "") -> dict[str, Any]:
    """The document, under the quirks in force.

    Args:
        catalogue: the contract.
        server_url: where the API is reached; the document's own server where it is empty.
    """
    used: dict[str, JSON] = {}
    paths: dict[str, JSON] = {}
    for operation in catalogue.operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(
            catalogue, operation, used
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Novita AI image API, as novita-mock speaks it",
            "version": __version__,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": server_url or "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(used.items())),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(catalogue: Catalogue, operation: Operation, used: dict[str, JSON]) -> JSON:
    body: dict[str, JSON] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [operation.dialect],
        "responses": dict(_responses(catalogue, operation, used)),
    }
    parameters = [*path_parameters(operation.path), *query_parameters(catalogue, operation.query)]
    if parameters:
        body["parameters"] = parameters
    if operation.request:
        schema = referred(catalogue, operation.request, used)
        body["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if operation.kind == "image":
        body["security"] = []
    if operation.dialect == "v2":
        body["deprecated"] = True
    return body


def referred(catalogue: Catalogue, path: str, used: dict[str, JSON]) -> JSON:
    """A reference to a schema, which is put into ``used`` whole."""
    name = path.removesuffix(".json").replace("/", ".")
    if name not in used:
        used[name] = _spelled_out(catalogue.embedded(path))
    return {"$ref": f"#/components/schemas/{name}"}


def _spelled_out(node: JSON) -> JSON:
    """A schema in which an ``x-format``, which only our code can check, is said in JSON Schema too."""
    if isinstance(node, list):
        return [_spelled_out(item) for item in node]
    if not isinstance(node, dict):
        return node
    formats = _FORMATS.get(str(node.get("x-format")), {})
    return {name: _spelled_out(value) for name, value in node.items()} | formats


def path_parameters(path: str) -> Iterator[JSON]:
    """The parameters that stand in a path."""
    for step in path.split("/"):
        if step.startswith("{"):
            yield {"name": step.strip("{}"), "in": "path", "required": True, "schema": {"type": "string"}}


def query_parameters(catalogue: Catalogue, path: str) -> Iterator[JSON]:
    """The parameters of a query, from its schema; none where ``path`` is empty."""
    schema = catalogue.bundle(path) if path else {"properties": {}}
    for name, node in schema["properties"].items():
        required = name in schema.get("required", ())
        yield {"name": name, "in": "query", "required": required, "schema": node}


def _responses(
    catalogue: Catalogue, operation: Operation, used: dict[str, JSON]
) -> Iterator[tuple[str, JSON]]:
    if operation.kind == "image":
        pictures: JSON = {f"image/{kind}": {} for kind in ("png", "webp", "jpeg")}
        yield "200", {"description": "The picture", "content": pictures}
        for status, why in (
            ("403", "The link has expired or was altered"),
            ("404", "There is no such picture"),
        ):
            yield status, {"description": why, "content": {"text/plain": {"schema": {"type": "string"}}}}
        return
    success = referred(catalogue, operation.response, used)
    error = referred(catalogue, _ERRORS[operation.dialect], used)
    told = _told(catalogue, operation)
    if "200" in told:
        success = {"anyOf": [success, error]}
    content: JSON = {"application/json": {"schema": success}}
    yield "200", {"description": "Success", "content": content} | _links(catalogue, operation)
    for status, reasons in sorted(told.items()):
        if status != "200":
            why = ", ".join(sorted(reasons))
            yield status, {"description": why, "content": {"application/json": {"schema": error}}}


def _links(catalogue: Catalogue, operation: Operation) -> JSON:
    """How the answer of a submit leads to what tells of its task; nothing for other operations."""
    if operation.kind != "submit":
        return {}
    plain = "task_id" in catalogue.bundle(operation.response)["required"]
    task_id = f"$response.body#{'' if plain else '/data'}/task_id"
    return {
        "links": {
            row.name: {"operationId": row.name, "parameters": {"task_id": task_id}}
            for row in catalogue.operations
            if row.kind == "result" and row.dialect == operation.dialect
        }
    }


def _told(catalogue: Catalogue, operation: Operation) -> dict[str, set[str]]:
    """The HTTP statuses of an operation's refusals, with the reasons or codes under each."""
    kinds = {
        "submit": (*_ANYWHERE, *_SUBMIT),
        "result": (*_ANYWHERE, "unknown-task", "get-result-failed"),
    }.get(operation.kind, (*_ANYWHERE, "get-result-failed"))
    told: dict[str, set[str]] = {}
    for kind in kinds:
        row = catalogue.errors[kind].get(operation.dialect)
        if row:
            status = (
                catalogue.quirks[kind]
                if kind in ("missing-key", "balance") and operation.dialect == "v3"
                else None
            )
            reason = row["reason"] if "reason" in row else f"code {row['code']}"
            if kind == "missing-key" and status == "403":
                reason = "INVALID_API_KEY"
            told.setdefault(str(status or row["status"]), set()).add(reason)
    return told
