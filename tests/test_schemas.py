"""The schemas: valid, made of few keywords, and with a source for everything they demand."""

import json
from urllib.parse import urldefrag, urljoin

import pytest
from jsonschema import Draft202012Validator

from contract_files import (
    BASE,
    BOUNDS,
    FIXTURES,
    SCHEMAS,
    SOURCED,
    TABLES,
    all_nodes,
    all_schemas,
    demands,
    is_a_source,
    nodes,
    schemas,
    source_ids,
    source_of,
    table,
    validator,
)
from novita_mock.types import JSON

ANNOTATIONS = frozenset(
    ["x-source", "x-image", "x-fault", "x-empty-absent", "x-null-default", "x-format", "x-claim-note"]
)
KEYWORDS = (
    SOURCED
    | ANNOTATIONS
    | frozenset(
        ["$schema", "$id", "$ref", "$defs", "title", "description", "properties", "items", "examples"]
    )
)


@pytest.mark.parametrize("path", all_schemas())
def test_a_schema_is_valid_and_says_where_it_is(path: str) -> None:
    schema = all_schemas()[path]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == BASE + path
    assert schema["title"]


@pytest.mark.parametrize("path", all_schemas())
def test_a_schema_uses_only_the_keywords_we_allow(path: str) -> None:
    strange = {(at, key) for at, node in nodes(all_schemas()[path]) for key in node if key not in KEYWORDS}
    assert not strange


def test_everything_a_schema_demands_has_a_source() -> None:
    lacking = [f"{at} {key}" for at, node in all_nodes() for key in demands(node) if not source_of(node, key)]
    assert not lacking


def test_every_source_is_a_claim_or_says_why() -> None:
    given = [(at, source) for at, node in all_nodes() for source in source_ids(node.get("x-source"))]
    assert [pair for pair in given if not is_a_source(pair[1])] == []


def test_no_source_is_given_for_what_is_not_demanded() -> None:
    for at, node in all_nodes():
        if isinstance(node.get("x-source"), dict):
            assert set(node["x-source"]) <= set(demands(node)), at


def test_the_sources_of_required_fields_name_each_of_them() -> None:
    for at, node in all_nodes():
        source = source_of(node, "required")
        if isinstance(source, dict):
            assert set(source) == set(node["required"]), at


def test_every_required_field_is_described() -> None:
    for at, node in all_nodes():
        assert set(node.get("required", [])) <= set(node.get("properties", {})), at


def test_every_reference_leads_somewhere() -> None:
    for at, node in all_nodes():
        if "$ref" in node:
            target, fragment = urldefrag(urljoin(BASE + at.split("#")[0], node["$ref"]))
            found: JSON = schemas()[target.removeprefix(BASE)]
            for part in fragment.strip("/").split("/") if fragment else ():
                found = found[part]
            assert found, at


def test_the_length_of_a_picture_is_that_of_its_base64() -> None:
    pictures = [(at, node) for at, node in all_nodes() if "x-image" in node]
    assert len(pictures) == 5
    for at, node in pictures:
        assert node["maxLength"] == 4 * -(-node["x-image"]["max_bytes"] // 3), at
        assert (node["contentEncoding"], node["minLength"]) == ("base64", 1), at
        assert {"max_side", "max_pixels"} & set(node["x-image"]), at


def test_a_fault_is_a_row_of_the_errors_and_belongs_to_a_bound() -> None:
    for at, node in all_nodes():
        fault = node.get("x-fault", {})
        per_keyword = fault if isinstance(fault, dict) else dict.fromkeys(BOUNDS & set(node), fault)
        assert set(per_keyword) <= BOUNDS & set(node), at
        assert set(per_keyword.values()) <= set(table("errors")), at
        assert per_keyword or not fault, at


def test_a_request_is_open_for_fields_no_page_knows() -> None:
    assert [at for at, node in all_nodes() if node.get("additionalProperties") is False] == []


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_as_its_schema_says(name: str) -> None:
    validator(f"meta/{name}.schema.json").validate(table(name))


def test_an_operation_names_schemas_that_exist_and_a_source_for_its_facts() -> None:
    facts = {"path", "task_type", "images_path", "max_body_bytes", "price_usd", "images_per_minute"}
    for row in table("operations")["operations"]:
        assert {row[key] for key in ("request", "response", "query") if key in row} <= set(schemas())
        assert set(row["source"]) == facts & set(row), row["name"]
        assert all(map(is_a_source, row["source"].values())), row["name"]
    assert all(is_a_source(row["source"]) for row in table("operations")["prefixes"])


def test_an_error_has_a_source_and_speaks_a_dialect() -> None:
    for fault, row in table("errors").items():
        assert is_a_source(row["source"]), fault
        assert {"v3", "v2", "plain"} & set(row), fault


def test_the_reasons_of_the_schema_are_those_of_the_errors() -> None:
    reasons = schemas()["v3/error.json"]["properties"]["reason"]["enum"]
    assert len(reasons) == 24
    assert set(reasons) == {row["v3"]["reason"] for row in table("errors").values() if "v3" in row}
    codes = schemas()["v2/error.json"]["properties"]["code"]["enum"]
    assert set(codes) == {row["v2"]["code"] for row in table("errors").values() if "v2" in row}


def test_every_data_file_is_json_with_a_line_at_its_end() -> None:
    for path in [*SCHEMAS.rglob("*.json"), *FIXTURES.rglob("*.json")]:
        text = path.read_text("utf-8")
        json.loads(text)
        assert text == text.rstrip() + "\n", path
