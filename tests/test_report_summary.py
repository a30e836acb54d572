"""The summary for a pull request, and the badge: short, right, and inert."""

import json
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from novita_contract.display import visible
from novita_contract.report import BUDGET, DEVIATES
from novita_contract.report_json import document
from novita_contract.report_summary import MOST, badge, plain, summary
from novita_contract.verdicts import Outcome, Verdict
from report_samples import HOSTILE, SAMPLES, case, every_verdict, finding, live_over_budget, passing, report


def shown(text):
    """Markdown as a reader of tables understands it."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)


def kinds(tokens):
    for token in tokens:
        yield token.type
        yield from kinds(token.children or ())


def test_the_verdict_comes_first():
    assert summary(document(passing())).startswith("## ✅ mock conforms\\: 27 checks hold\n")
    assert summary(document(every_verdict())).startswith("## ❌ mock deviates\\: 2 of 33 checks fail")


def test_the_table_has_a_row_for_each_operation_and_one_for_all():
    text = summary(document(every_verdict()))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 7 + 1
    assert rows[-1] == "| **all** | **26** | **1** | **2** | **2** | **1** | **1** | **1** | **1** |"
    assert len({row.count(" | ") for row in rows}) == 1
    assert "table_open" in {token.type for token in shown(text)}


def test_what_deviates_is_named_with_its_claim():
    text = summary(document(every_verdict()))
    assert plain("UPS-REQUEST.SCALE_FACTOR-MAXIMUM-REFUSED") in text
    assert plain("expected 400 INVALID_REQUEST, received 200") in text
    assert plain("page upscale, heading") in text
    assert plain("image-url-ttl") in text
    assert plain("The target lets a made-up key in") in text


def test_money_is_told():
    assert "at most $0.0500 of $0.05 in 5 paid calls" in summary(document(live_over_budget()))


def test_of_many_deviations_some_are_told_and_the_rest_is_counted():
    many = [Outcome(case(f"A-{at:02}"), Verdict.FAIL, "", (finding(at),)) for at in range(MOST + 5)]
    text = summary(document(report(many, exit_code=DEVIATES)))
    assert text.count(plain("A-0")) == 10
    assert "and 5 more in the report" in text
    assert len(text) < 8_000


def test_hostile_texts_make_no_element_no_link_and_no_picture():
    found = set(kinds(shown(summary(document(SAMPLES["hostile"]())))))
    assert not found & {"html_block", "link_open", "image", "code_inline", "fence", "code_block"}
    only_breaks = [
        token for token in shown(summary(document(SAMPLES["hostile"]()))) if token.type == "inline"
    ]
    tags = {child.content for token in only_breaks for child in token.children if child.type == "html_inline"}
    assert tags <= {"<br>"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_plain_text_shows_just_itself(text):
    inline = shown(f"x {plain(visible(text))}")[1]
    assert {child.type for child in inline.children} == {"text"} or inline.content == "x"
    words = "".join(child.content for child in inline.children)
    assert words == f"x {' '.join(visible(text).split())}".strip()


def test_the_badge_is_what_shields_reads():
    assert json.loads(badge(document(passing()))) == {
        "schemaVersion": 1, "label": "contract: mock", "message": "27/27 checks", "color": "brightgreen"
    }  # fmt: skip
    assert json.loads(badge(document(every_verdict())))["message"] == "2 deviate"
    assert json.loads(badge(document(every_verdict())))["color"] == "red"


def test_a_badge_is_green_for_nothing_but_agreement():
    for run in (report(), replace(passing(), exit_code=BUDGET), live_over_budget()):
        assert json.loads(badge(document(run)))["color"] == "lightgrey"
