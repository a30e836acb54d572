"""The claims behind the schemas: each still said by its page, each used, none missing."""

import pytest

from contract_files import all_nodes, claims, source_ids, table, words
from novita_contract.claims import holds

#: Kept copies of the pages, older or flattened: copy to the page it is a copy of.
COPIES = {
    "000_628dbb2e32238673.txt": "upscale.md",
    "002_8c38549169269a9f.txt": "upscale.md",
    "003_0f437868f4de4707.txt": "img2img.md",
    "004_c97efef978385b48.txt": "img2img.md",
    "001_d2da750a6b9a6c07.txt": "upscale-v2-deprecated.md",
}
IMG2IMG = ("img2img.md", "003_0f437868f4de4707.txt", "004_c97efef978385b48.txt")
#: Flattened copies, in which a field's name, its type and its text no longer stand in a row.
WITHOUT_SIGNATURES = {"000_628dbb2e32238673.txt", "004_c97efef978385b48.txt"}
#: What a copy really lacks.
LACKING = {
    "000_628dbb2e32238673.txt": {  # no endpoint, no headers, no examples of answers, no lists of two enums
        "intro.v3-prefix",
        "upscale.endpoint",
        "upscale.content-type",
        "upscale.authorization",
        "extra.response_image_type.enum",
        "upscale.model_name.enum",
        "upscale.example.submit",
        "upscale.example.task-type",
        "upscale.example.progress",
        "upscale.example.image-url",
        "upscale.example.image-url-ttl",
        "upscale.example.image-type",
        "upscale.example.nsfw-off",
    },
    "002_8c38549169269a9f.txt": {
        "intro.v3-prefix"
    },  # the source of the page, without the line of the endpoint
    "003_0f437868f4de4707.txt": set(),
    "004_c97efef978385b48.txt": {
        "img2img.content-type",
        "img2img.authorization",
    },  # names of headers are gone
    "001_d2da750a6b9a6c07.txt": {  # no host, and no fields inside data
        "intro.v2-prefix",
        "v2.upscale.data.task_id.type",
        "v2.upscale.data.warn.type",
    },
}


def used() -> set[str]:
    sources = {source for _, node in all_nodes() for source in source_ids(node.get("x-source"))}
    for name in ("operations", "errors"):
        rows = table(name)
        rows = [*rows["operations"], *rows["prefixes"]] if name == "operations" else rows.values()
        sources |= {source for row in rows for source in source_ids(row["source"])}
    sources |= {source for quirk in table("quirks")["quirks"] for source in quirk["sources"]}
    return {source for source in sources if not source.startswith(("observed: ", "assumed: ", "ours: "))}


def test_every_claim_is_used_and_every_claim_used_exists() -> None:
    assert used() == set(claims())


@pytest.mark.parametrize("page", sorted({claim.page for claim in claims().values()}))
def test_a_page_still_says_what_it_said(page: str) -> None:
    changed = [id for id, claim in claims().items() if claim.page == page and not holds(claim, words(page))]
    assert not changed


@pytest.mark.parametrize("copy", COPIES)
def test_every_copy_of_a_page_says_the_same(copy: str) -> None:
    of_the_page = {id: claim for id, claim in claims().items() if claim.page == COPIES[copy]}
    absent = {id for id, claim in of_the_page.items() if not holds(claim, words(copy))}
    if copy in WITHOUT_SIGNATURES:
        absent = {id for id in absent if not id.endswith(".type")}
    assert absent == LACKING[copy]


@pytest.mark.parametrize("page", IMG2IMG)
def test_both_endpoints_say_the_same_of_extra(page: str) -> None:
    extra = {id: claim for id, claim in claims().items() if id.startswith("extra.")}
    absent = {id for id, claim in extra.items() if not holds(claim, words(page))}
    assert {id for id in absent if page not in WITHOUT_SIGNATURES or not id.endswith(".type")} == set()
