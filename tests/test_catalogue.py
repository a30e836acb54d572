import pytest
from jsonschema import Draft202012Validator

from novita_mock.catalogue import UnknownQuirk, load, parse_quirks, schema_paths
from novita_mock.types import JSON
from novita_mock.validation import Validator


def choices() -> list[tuple[str, str]]:
    rows = load().quirk_rows
    return [(row["id"], other["value"]) for row in rows for other in row["alternatives"]]


@pytest.mark.parametrize(("quirk", "value"), choices())
def test_under_every_alternative_all_schemas_are_valid(quirk: str, value: str) -> None:
    catalogue = load({quirk: value})
    assert catalogue.quirks[quirk] == value
    for path in schema_paths():
        Draft202012Validator.check_schema(catalogue.bundle(path))


def test_a_bundle_holds_no_reference() -> None:
    def references(node: JSON) -> list[JSON]:
        if isinstance(node, list):
            return [found for item in node for found in references(item)]
        if not isinstance(node, dict):
            return []
        return [node[key] for key in node if key == "$ref"] + references(list(node.values()))

    for path in schema_paths():
        bundle = load().bundle(path)
        bundle.pop("$defs", None)
        assert references(bundle) == []


def test_a_quirk_patches_its_schema_and_leaves_the_next_catalogue_alone() -> None:
    body = load({"image-url-ttl": "integer"}).bundle("common/result-image.json")
    assert body["properties"]["image_url_ttl"]["type"] == "integer"
    assert load().bundle("common/result-image.json")["properties"]["image_url_ttl"]["type"] == "string"


def test_strict_closes_requests_and_refuses_what_clients_only_happen_to_send() -> None:
    strict = load(strict=True)
    assert strict.bundle("v3/upscale.request.json")["additionalProperties"] is False
    assert strict.bundle("v3/upscale.request.json")["properties"]["extra"]["additionalProperties"] is False
    assert "additionalProperties" not in strict.bundle("v3/submit.response.json")
    assert strict.quirks["numeric-string"] == strict.quirks["bare-key"] == "refused"


@pytest.mark.parametrize(
    ("quirks", "hint"),
    [({"submit-shap": "flat"}, "submit-shape"), ({"submit-shape": "round"}, "flat or both or envelope")],
)
def test_an_unknown_quirk_or_value_says_what_there_is(quirks: dict[str, str], hint: str) -> None:
    with pytest.raises(UnknownQuirk) as caught:
        load(quirks)
    assert hint in caught.value.hint


def test_quirks_are_read_from_id_and_value() -> None:
    assert parse_quirks(("a=b", "c=d=e")) == {"a": "b", "c": "d=e"}
    with pytest.raises(UnknownQuirk):
        parse_quirks(("nonsense",))


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v3/x", "v3"),
        ("/v3", "v3"),
        ("/v2/x", "v2"),
        ("/v2_prod/x", "plain"),
        ("/v30", "plain"),
        ("/", "plain"),
    ],
)
def test_a_path_s_dialect_is_that_of_its_prefix(path: str, dialect: str) -> None:
    assert load().dialect_of(path) == dialect


def test_every_kind_of_error_in_the_table_can_be_told_in_some_dialect() -> None:
    for kind, row in load().errors.items():
        assert {"v2", "v3", "plain"} & set(row), kind
        assert row["source"], kind


def test_the_validator_names_the_place_and_the_limit() -> None:
    validator = Validator(load(), "v3/upscale.request.json")
    request = {"model_name": "4x-UltraSharp", "image_base64": "aGk=", "scale_factor": 9}
    (fault,) = validator.check({"request": request}).faults
    assert fault.pointer == "/request/scale_factor"
    assert fault.message == "9 is greater than the maximum of 4"
