"""From a constraint to its claim and back; and the table of the pages."""

import re

import pytest

from contract_files import claims as kept_claims
from contract_files import page, table, validator
from novita_contract.page_text import page_words
from novita_contract.pages import UnknownPage, known_pages, named, recognise
from novita_contract.provenance import (
    NO_CLAIM,
    Constraint,
    claims,
    quirks_on,
    source_of,
    sources,
    standing_on,
    told,
)
from page_copies import demanded


def test_every_claim_is_known() -> None:
    assert claims() == dict(kept_claims())


def test_every_constraint_of_the_files_leads_to_its_source() -> None:
    by_default = {key: source for key, source in sources().items() if not key.quirk}
    found = {(key.schema, key.pointer, key.keyword, source) for key, source in by_default.items()}
    assert found == {(*row, source) for source, rows in demanded().items() for row in rows}


def test_the_way_back_leads_to_the_same_constraints() -> None:
    for source in set(sources().values()):
        assert {key for key, behind in sources().items() if behind == source} == set(standing_on(source))


def test_every_claim_has_something_standing_on_it() -> None:
    assert not [id for id in claims() if not standing_on(id) and not quirks_on(id)]


def test_a_source_is_a_claim_or_says_that_it_is_none() -> None:
    assert not [
        source for source in sources().values() if source not in claims() and not source.startswith(NO_CLAIM)
    ]


def test_a_reading_of_a_quirk_has_its_own_source() -> None:
    ttl = "/properties/image_url_ttl"
    assert Constraint("common/result-image.json", ttl, "type", "image-url-ttl=integer") in standing_on(
        "result.images.image_url_ttl.type"
    )
    assert source_of("common/result-image.json", ttl, "type").startswith("observed: ")


def test_one_constraint_leads_to_its_claim() -> None:
    steps = "/properties/request/properties/steps"
    assert source_of("v3/img2img.request.json", steps, "maximum") == "img2img.steps.range"
    assert (
        source_of("v3/img2img.request.json", "/properties/request", "required.steps") == "img2img.steps.type"
    )
    assert source_of("v3/img2img.request.json", steps, "minLength") == ""
    assert standing_on("no.such.claim") == ()


def test_a_claim_is_told_by_page_and_heading() -> None:
    assert told("upscale.scale_factor.range") == "page upscale, heading Request Body > request.scale_factor"
    assert told("assumed: a name is not empty") == "assumed: a name is not empty"


def test_the_table_of_the_pages_is_as_its_schema_says() -> None:
    validator("meta/pages.schema.json").validate(table("pages"))


def test_the_table_names_the_pages_of_the_claims_and_their_lists() -> None:
    rows = table("pages")["pages"]
    assert set(rows) == {claim.page for claim in claims().values()}
    lists = {id: name for name, row in rows.items() for id in row.get("lists", ())}
    assert {id: claims()[id].page for id in lists} == lists
    assert {id for id in claims() if id.endswith((".enum", ".codes", ".names", ".reasons"))} <= set(lists)


def test_what_is_left_out_is_as_little_as_can_be() -> None:
    assert [row["field"] for row in table("pages")["left_out"]] == ["Authorization", "Content-Type"]


@pytest.mark.parametrize("name", table("pages")["pages"])
def test_a_slug_is_the_end_of_the_address_in_the_kept_page(name: str) -> None:
    address = re.search(r'^url: "(.*)"$', page(name), re.M)
    assert address
    assert address[1].endswith("/" + known_pages()[name].slug)


@pytest.mark.parametrize(
    "given",
    [
        "upscale.md", "a/b/UPSCALE.txt", "c:\\\\pages\\\\upscale.mdx", "upscale", "model-apis-upscale.html",
        "https://host.example/docs/model-apis-upscale", "https://host.example/model-apis-upscale.md?x=/img2img#y",
        "https://host.example/docs/model-apis-upscale/",
    ],
)  # fmt: skip
def test_a_copy_is_recognised_by_its_name(given: str) -> None:
    assert recognise(given, "Lamp", page_words("Lamp")).title == "upscale"


@pytest.mark.parametrize(
    "given", ["upscale2.md", "lamp.md", "https://host.example/", "my-upscale.md", "x/upscale/y.md"]
)
def test_a_copy_of_no_known_page_is_refused_with_the_names_of_those(given: str) -> None:
    with pytest.raises(UnknownPage, match=r"authentication, .*upscale, .*webhook"):
        recognise(given, "Lamp", page_words("Lamp"))


RECOGNISED = {
    "000_628dbb2e32238673.txt": "upscale", "001_d2da750a6b9a6c07.txt": "upscale-v2-deprecated",
    "002_8c38549169269a9f.txt": "upscale", "003_0f437868f4de4707.txt": "img2img",
    "004_c97efef978385b48.txt": "img2img", "task-result.md": "task-result", "error-code.md": "error-code",
    "webhook.md": "webhook", "progress-deprecated.md": "progress-deprecated", "get-model.md": "get-model",
}  # fmt: skip


@pytest.mark.parametrize("name", RECOGNISED)
def test_a_copy_under_a_strange_name_is_recognised_by_what_it_says(name: str) -> None:
    text = page(name)
    assert recognise("copy.txt", text, page_words(text)).title == RECOGNISED[name]


@pytest.mark.parametrize(
    "name", ["txt2img.md", "introduction.md", "dedicated-endpoints.md", "get-user-balance.md"]
)
def test_a_page_that_no_claim_was_read_from_is_not_taken_for_another(name: str) -> None:
    text = page(name)
    with pytest.raises(UnknownPage):
        recognise("copy.txt", text, page_words(text))


def test_a_page_is_found_by_name() -> None:
    assert named("upscale") is named("upscale.md") is named("model-apis-upscale")
    with pytest.raises(UnknownPage, match="no page is called 'lamp'"):
        named("lamp")
