"""Each keyword of a request is tried from both sides, each of a reply is known: nothing is passed over."""

from dataclasses import replace

import pytest

from generator_world import QUERIES, SUBMITS, contract, patched
from novita_contract.coverage import Row, missing, response_keywords, table
from novita_contract.keywords import UnsupportedKeyword, asserted, places, schema_of
from novita_contract.tally import constraints
from novita_mock.catalogue import load
from test_generator_boundaries import synthetic


@pytest.mark.parametrize("strict", [False, True])
def test_every_keyword_is_tried_from_both_sides(strict: bool) -> None:
    assert missing(contract(strict)) == ()


def test_every_quirk_leaves_every_keyword_tried() -> None:
    for row in contract().quirk_rows:
        for other in row["alternatives"]:
            assert missing(load({row["id"]: other["value"]})) == (), (row["id"], other["value"])


def test_the_table_has_every_keyword_of_every_place_once() -> None:
    rows = table(contract())
    known = {(row.operation, row.pointer, row.keyword) for row in rows}
    assert len(known) == len(rows)
    wanted = {
        (name, place.pointer, keyword)
        for name in (*SUBMITS, *QUERIES)
        for place in places(schema_of(contract(), contract().operation(name)))
        for keyword in asserted(place)
    }
    assert wanted - known == {(name, "", "type") for name in QUERIES}
    assert known <= wanted


def test_little_is_excused_and_only_what_can_not_be() -> None:
    excused = {(row.operation, row.pointer): row.excused for row in table(contract()) if row.excused}
    texts = {place for place, excuse in excused.items() if excuse == "a query carries nothing but text"}
    assert texts == {
        (name, place.pointer)
        for name in QUERIES
        for place in places(schema_of(contract(), contract().operation(name)))
        if place.path and place.kind == "string"
    }
    assert set(excused) - texts == {("img2img", "/request/negative_prompt"), ("img2img", "/request/sd_vae")}
    assert all("quirk empty-string" in excused[place] for place in set(excused) - texts)
    strict = {row.excused for row in table(contract(True)) if row.excused}
    assert strict == {"a query carries nothing but text"}


def test_a_keyword_that_is_tried_from_one_side_only_would_be_found() -> None:
    row = Row("upscale", "v3/upscale.request.json", "/request", "type", ("A",), ("B",))
    assert row.covered
    assert not replace(row, accepted=()).covered
    assert not replace(row, refused=()).covered
    assert replace(row, refused=(), excused="can't be").covered


def test_new_keywords_are_tried_as_soon_as_they_are_in_a_schema() -> None:
    changed = synthetic()
    assert missing(changed) == ()
    rows = {(row.pointer, row.keyword): row for row in table(changed) if row.operation == "upscale"}
    assert rows["/request/tags", "minItems"].refused == ("UPS-REQUEST.TAGS-MINITEMS-ONE-LESS",)
    assert rows["/request/closed", "additionalProperties"].refused
    assert rows["/request/share", "exclusiveMaximum"].accepted


def test_every_keyword_of_a_reply_is_listed_as_the_tally_counts_them() -> None:
    found = response_keywords(contract())
    assert {
        ("v3/task-result.response.json", "/task/status", "enum"),
        ("v3/error.json", "/metadata/*", "type"),
        ("v2/error.json", "", "required"),
        ("webhook/event.json", "/event_type", "const"),
        ("v2/progress.response.json", "/data/imgs/*", "type"),
    } <= found
    files = {file for file, _, _ in found}
    assert {row.response for row in contract().operations if row.response} <= files
    for file in files:
        assert set(constraints(file, contract().bundle(file), ...)) <= found


@pytest.mark.parametrize(
    ("file", "pointer"),
    [
        ("v3/error.json", "/properties/reason/pattern"),
        ("v3/task-result.response.json", "/properties/task/oneOf"),
        ("webhook/event.json", "/dependentRequired"),
        ("common/result-image.json", "/properties/image_url/format"),
    ],
)
def test_a_reply_may_not_say_what_nobody_judges(file: str, pointer: str) -> None:
    with pytest.raises(UnsupportedKeyword) as refusal:
        response_keywords(patched((file, pointer, "x")))
    assert refusal.value.keyword == pointer.rpartition("/")[2]
