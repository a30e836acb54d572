"""What is reported when a page of the documentation changes, and that a new layout is not."""

import re
from collections.abc import Iterable

import pytest

from contract_files import claims, page, table
from novita_contract.claims import Claim, digest
from novita_contract.drift import EXAMPLE, Drift, compare
from novita_contract.drift_telling import as_json
from novita_contract.page_text import decode
from novita_contract.pages import KnownPage, known_pages
from novita_contract.provenance import quirks_on
from page_copies import COPIES, LAYOUTS, NONSENSE, as_html, demanded, ends, without

PAGES = sorted({claim.page for claim in claims().values()})
UPSCALE, RESULT, SOURCE, FLAT = (
    "upscale.md",
    "task-result.md",
    "002_8c38549169269a9f.txt",
    "000_628dbb2e32238673.txt",
)
RENDERED, NAMELESS, PLAIN = "003_0f437868f4de4707.txt", "004_c97efef978385b48.txt", "001_d2da750a6b9a6c07.txt"

#: What a copy really lacks, and why.
LACKING = {
    SOURCE: {"intro.v3-prefix"},  # the line of the endpoint is made when the page is rendered
    FLAT: {
        "intro.v3-prefix",  # no line of the endpoint
        "upscale.content-type", "upscale.authorization",  # no names of headers
        "extra.response_image_type.enum", "upscale.model_name.enum",  # two lists of values are missing
        "upscale.response.task_id.type",  # no chapter on the answer
        "upscale.example.submit", "upscale.example.task-type", "upscale.example.progress",  # no answers
        "upscale.example.image-url", "upscale.example.image-url-ttl", "upscale.example.image-type",
        "upscale.example.nsfw-off",
    },
    RENDERED: set(),
    # no names, types or marks of fields and headers at all: only what is said of them
    NAMELESS: {id for id in claims() if id.startswith(("img2img.", "extra.")) and id.endswith(".type")}
    | {"img2img.content-type", "img2img.authorization"},
    PLAIN: {"intro.v2-prefix", "v2.upscale.data.task_id.type", "v2.upscale.data.warn.type"},  # cut off
}  # fmt: skip


def of(name: str) -> KnownPage:
    return known_pages()[COPIES.get(name, name)]


def drift(name: str, text: str | None = None) -> Drift:
    return compare(of(name), page(name) if text is None else text)


def ids(gone: Iterable[Claim]) -> set[str]:
    return {claim.id for claim in gone}


def places(found: Drift) -> set[str]:
    return {field.place for field in found.new}


@pytest.mark.parametrize("name", PAGES)
def test_a_kept_page_has_not_drifted(name: str) -> None:
    assert not drift(name).drifted


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_lacks_what_it_lacks_and_nothing_else(name: str) -> None:
    assert ids(drift(name).gone) == LACKING[name]
    assert drift(name).new == ()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", [*PAGES, *COPIES])
def test_another_layout_is_no_drift(name: str, layout: str) -> None:
    written = LAYOUTS[layout](page(name))
    found = drift(name, written)
    assert ids(found.gone) == LACKING.get(name, set())
    assert found.new == ()


@pytest.mark.parametrize("name", [name for name in [*PAGES, *COPIES] if name != SOURCE])
def test_html_is_no_drift(name: str) -> None:
    document = as_html(page(name))
    found = drift(name, decode(document.encode()))
    assert ids(found.gone) == LACKING.get(name, set())
    assert found.new == ()


def every_claim() -> list[tuple[str, str]]:
    rows = table("pages")["pages"]
    both = [(name, claim) for name in PAGES for claim in claims().values()]
    return [
        (name, claim.id)
        for name, claim in both
        if claim.page == name or claim.id.startswith(rows[name].get("also", "\n"))
    ]


def spoilt(name: str, claim: Claim, instead: str) -> tuple[str, set[str]]:
    """The page with a word of the claim changed wherever it stands; and the claims that need such a word."""
    text, touched = without(name, [end - (claim.words + 1) // 2 for end in ends(claim, name)], instead)
    return text, {
        other.id
        for other in of(name).claims
        if all(touched & set(range(end - other.words, end)) for end in ends(other, name))
    }


@pytest.mark.parametrize(("name", "id"), every_claim())
def test_a_changed_sentence_is_reported_with_all_that_stands_on_it(name: str, id: str) -> None:
    text, expected = spoilt(name, claims()[id], NONSENSE)
    found = drift(name, text)
    assert ids(found.gone) == expected
    assert id in expected
    assert all(NONSENSE in place for place in places(found))
    for gone in as_json(found, name)["gone"]:
        told = {
            (row["schema"], row["pointer"], row["keyword"]) for row in gone["constraints"] if not row["quirk"]
        }
        assert told == demanded().get(gone["claim"], set())
        assert gone["quirks"] == list(quirks_on(gone["claim"]))
        assert gone["heading"] == claims()[gone["claim"]].heading


@pytest.mark.parametrize(("name", "id"), every_claim()[::4])
def test_a_sentence_without_one_of_its_words_is_reported(name: str, id: str) -> None:
    text, expected = spoilt(name, claims()[id], "")
    assert ids(drift(name, text).gone) == expected


#: A list with one item more at its end: the page, what stands there, what is put behind it, the claim.
LONGER = [
    (UPSCALE, "`webp`, `jpeg`", ", `avif`", "extra.response_image_type.enum"),
    (SOURCE, "`webp`, `jpeg`", ", `avif`", "extra.response_image_type.enum"),
    (RENDERED, "`webp`, `jpeg`", " or `avif`", "extra.response_image_type.enum"),
    (NAMELESS, "\n, webp\n, jpeg", "\n, avif", "extra.response_image_type.enum"),
    (SOURCE, "`4x-UltraSharp`", ", `8x`", "upscale.model_name.enum"),
    (RENDERED, "`PLMS`, `UniPC`", ", `LCM`", "img2img.sampler_name.enum"),
    (RENDERED, "controlnet-softedge-sdxl-1.0", ", controlnet-tile", "img2img.controlnet.model_name.names"),
    (PLAIN, "CodeNotSupport=10", ", CodePromptIllegal=11", "v2.upscale.codes"),
    (RESULT, "`mp4`, `gif`", ", `webm`", "result.videos.video_type.enum"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "end", "more", "id"), LONGER)
def test_a_list_with_one_item_more_no_longer_says_the_same(name: str, end: str, more: str, id: str) -> None:
    assert page(name).count(end) == 1
    found = drift(name, page(name).replace(end, end + more))
    assert ids(found.gone) - LACKING.get(name, set()) == {id}


def test_another_row_in_a_table_is_seen() -> None:
    longer = re.sub(
        r"(?m)^(\| TASK\\_FAILED .*)$", r"\1\n| TASK\\_LOST | 410 | Gone |", page("error-code.md")
    )
    assert longer != page("error-code.md")
    assert ids(drift("error-code.md", longer).gone) == {"error.reasons"}


def test_another_row_in_a_table_of_html_is_seen() -> None:
    document = as_html(page("error-code.md"))
    row = "<tr>\n<td><p>TASK_LOST</p></td><td><p>410</p></td>\n</tr>"
    longer = document.replace("</tr></tbody></table>", f"</tr>\n{row}</tbody></table>", 1)
    assert ids(drift("error-code.md", decode(longer.encode())).gone) == {"error.reasons"}


@pytest.mark.parametrize(
    ("more", "id"), [("\\|null", "v2.upscale.msg.type"), ("\n\nrequired", "v2.upscale.msg.type")]
)
def test_a_field_that_may_now_be_null_or_is_now_required_is_reported(more: str, id: str) -> None:
    text = page("upscale-v2-deprecated.md")
    changed = re.sub(r"(?m)(^msg\n\nstring$)", lambda match: match[1] + more, text)
    assert changed != text
    assert ids(drift("upscale-v2-deprecated.md", changed).gone) == {id}


TAG = '<ParamField body="quality" type="integer" required={true}>\n  How good.\n</ParamField>\n\n'
HEADER_TAG = TAG.replace("body", "header")
RESPONSE_TAG = TAG.replace("Param", "Response").replace("body", "name")
REFERENCE = "https://novita.ai/docs/api-reference/model-apis-"
LINKED = "[](#param-quality)\n\nquality\n\ninteger\n\nrequired\n\nHow good. Range [1, 9].\n\n"
SHOWN = "quality\n\ninteger\n\nrequired\n\nHow good.\n\n"
DOUBLED = "quality\ninteger\n*\nquality\nRequired\ninteger\nHow good.\n"
#: A new field, written as the copy writes its own: the copy, before what, the place and heading it must have.
ADDED = [
    (SOURCE, '    <ParamField body="scale_factor"', TAG, "request.quality", "Request Body"),
    (SOURCE, '        <ParamField body="test_mode"', TAG, "extra.webhook.quality", "Request Body"),
    (SOURCE, '<ParamField header="Authorization"', HEADER_TAG, "quality", "Request Headers"),
    (SOURCE, "## Example", RESPONSE_TAG, "quality", "Response"),
    (RENDERED, "[](#param-seed)", LINKED, "request.controlnet.units.quality", "Request Body"),
    (RENDERED, "[](#param-height)", LINKED, "request.quality", "Request Body"),
    (RENDERED, "[](#param-test-mode)", LINKED, "extra.webhook.quality", "Request Body"),
    (RENDERED, "##\n\n[](#example)", LINKED, "quality", "Response"),
    (UPSCALE, f"## [\u200b]({REFERENCE}upscale\\#response)", LINKED, "request.quality", "Request Body"),
    (RESULT, f"[\u200b]({REFERENCE}task-result#param-videos)", LINKED, "images.quality", "Response"),
    (PLAIN, "upscaler_2\nstring|null", SHOWN, "quality", "Request Body"),
    (PLAIN, "data\nobject", SHOWN, "quality", "Response"),
    (FLAT, "scale_factor\nnumber\n*", DOUBLED, "request.quality", ""),
    (FLAT, "test_mode\nobject\ntest_mode", DOUBLED.replace("*\n", "").replace("Required\n", ""),
     "extra.webhook.quality", ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "before", "added", "place", "section"), ADDED)
def test_a_new_field_is_told_with_its_place(
    name: str, before: str, added: str, place: str, section: str
) -> None:
    assert page(name).count(before) >= 1
    found = drift(name, page(name).replace(before, added + before, 1))
    assert [(new.place, new.section, new.type) for new in found.new] == [(place, section, "integer")]
    assert found.new[0].name == "quality"
    assert found.new[0].required == ("equired" in added)
    assert found.new[0].exact == (name == SOURCE)
    assert ids(found.gone) == LACKING.get(name, set())


def test_a_new_field_in_html_is_told() -> None:
    text = page(RENDERED).replace("[](#param-height)", LINKED + "[](#param-height)")
    found = drift(RENDERED, decode(as_html(text).encode()))
    assert [(new.place, new.type) for new in found.new] == [("request.quality", "integer")]


def test_a_name_that_other_fields_have_is_new_in_a_place_of_its_own() -> None:
    again = LINKED.replace("quality", "strength")
    found = drift(RENDERED, page(RENDERED).replace("[](#param-clip-skip)", again + "[](#param-clip-skip)"))
    assert [new.name for new in found.new] == ["strength"]
    tagged = TAG.replace("quality", "url")
    found = drift(
        SOURCE, page(SOURCE).replace('    <ParamField body="scale', tagged + '    <ParamField body="scale')
    )
    assert places(found) == {"request.url"}


@pytest.mark.parametrize("name", [RENDERED, NAMELESS, "img2img.md"])
def test_a_new_field_in_an_example_is_told(name: str) -> None:
    changed = re.sub(r'("seed": -1,)', r'\1 "quality": {"level": 3},', page(name))
    assert changed != page(name)
    found = drift(name, changed)
    told = [(new.place, new.section, new.exact) for new in found.new]
    assert told == [("request.quality", EXAMPLE, True), ("request.quality.level", EXAMPLE, True)]


def test_an_example_settles_where_a_new_field_belongs() -> None:
    changed = page(RENDERED).replace("[](#param-seed)", LINKED + "[](#param-seed)")
    changed = changed.replace('"seed": 123,', '"seed": 123, "quality": 1,')
    assert [(new.place, new.exact) for new in drift(RENDERED, changed).new] == [("request.quality", True)]


def blocks(text: str, first: str, last: str) -> tuple[str, list[str], str]:
    """What is before the first of some fields of a rendered page, the fields, and what is behind them."""
    start, stop = text.index(first), text.index(last)
    return text[:start], re.split(r"(?m)^(?=\[\]\(#param-)", text[start:stop])[1:], text[stop:]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("[](#param-prompt)", "[](#param-negative-prompt)"),
        ("[](#param-url)", "[](#param-request)"),
        ("[](#param-extra)", "##\n\n[](#response)"),
    ],
)
def test_fields_in_another_order_are_no_drift(first: str, last: str) -> None:
    before, fields, behind = blocks(page(RENDERED), first, last)
    assert len(fields) > 6
    for order in (fields[::-1], fields[3:] + fields[:3], fields[::2] + fields[1::2]):
        assert not drift(RENDERED, before + "".join(order) + behind).drifted


def test_chapters_in_another_order_are_no_drift() -> None:
    chapters = re.split(r"(?m)^(?=##\n)", page(RENDERED))
    assert len(chapters) > 3
    assert not drift(RENDERED, "".join([chapters[0], *chapters[:0:-1]])).drifted


def test_tags_in_another_order_are_no_drift() -> None:
    text = page(SOURCE)
    one, other = (
        re.search(rf'    <ParamField body="{name}".*?\n    </ParamField>\n', text, re.S)[0]
        for name in ("model_name", "image_base64")
    )
    swapped = text.replace(one, "<>").replace(other, one).replace("<>", other)
    swapped = re.sub(
        r'body="(\w+)" type="(\w+)" required=\{(\w+)\}', r'required={\3} type="\2" body="\1"', swapped
    )
    assert swapped != text
    assert ids(drift(SOURCE, swapped).gone) == LACKING[SOURCE]
    assert drift(SOURCE, swapped).new == ()


def test_a_page_of_another_operation_is_full_of_new_fields() -> None:
    found = drift("img2img.md", page("txt2img.md"))
    assert {"request.hires_fix.strength", "request.refiner.switch_at", "request.restore_faces"} <= places(
        found
    )
    assert "img2img.image_base64.range" in ids(found.gone)


# Without any page of the documentation: a page of our own.

LAMP = """# Lamp

## Request Body

[](#param-lamp)

lamp

object

required

The lamp that is lit.

[](#param-colour)

colour

string

Enum: `red`, `green`

## Example

```
{"lamp": {"colour": "red"}}
```
"""


def lamp(*sentences: str, lists: tuple[str, ...] = ()) -> KnownPage:
    made = (Claim(text, "lamp.md", "Lamp", *digest(text), "2026-11-20") for text in sentences)
    known = {"Request Body": (("lamp",), ("lamp", "colour"))}
    return KnownPage("lamp.md", "lamp", tuple(made), frozenset(lists), known, {})


def test_a_page_of_our_own_holds() -> None:
    found = compare(lamp("lamp object required The lamp that is lit", "Enum: red, green"), LAMP)
    assert (found.checked, found.held, found.drifted) == (2, 2, False)


def test_a_changed_page_of_our_own_has_drifted() -> None:
    changed = LAMP.replace("is lit", "was lit").replace("colour", "hue")
    found = compare(lamp("The lamp that is lit", "Enum: red, green"), changed)
    assert ids(found.gone) == {"The lamp that is lit"}
    assert [(new.place, new.section) for new in found.new] == [("lamp.hue", "Request Body")]
    assert found.held == 1


def test_only_a_claim_that_is_a_whole_list_minds_what_is_behind_it() -> None:
    longer = LAMP.replace("`green`", "`green`, `blue`")
    assert compare(lamp("Enum: red, green"), longer).held == 1
    assert compare(lamp("Enum: red, green", lists=("Enum: red, green",)), longer).held == 0
    assert compare(lamp("Enum: red, green", lists=("Enum: red, green",)), LAMP).held == 1


def test_sentences_that_a_layout_ran_into_each_other_hold() -> None:
    text = LAMP.replace("The lamp that is lit.", "One sentence.Another sentence.ALL capitals")
    assert compare(lamp("Another sentence", "ALL capitals"), text).held == 2
