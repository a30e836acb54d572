"""The page: well-formed, alone in the world, inert whatever it shows, and complete."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from novita_contract import report_html
from novita_contract.html_evidence import anchor
from novita_contract.report_html import page
from novita_contract.report_json import document
from novita_contract.verdicts import Verdict
from report_samples import HOSTILE, SAMPLES, every_verdict, large, live_over_budget, passing

VOID = {"meta", "link", "input", "wbr"}
#: Elements that this page is made of. None of them runs, loads or sends anything.
KNOWN = VOID.union(
    ["html", "head", "title", "style", "body", "header", "nav", "main", "section", "article", "div", "span"],
    ["p", "a", "h1", "h2", "h3", "h4", "ul", "li", "dl", "dt", "dd", "details", "summary", "code", "pre"],
    [
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "fieldset",
        "legend",
        "label",
        "small",
        "strong",
    ],
    ["figure", "figcaption"],
)
#: Attributes that may hold an address, and what it may be here: a place in this page, or the icon in itself.
ADDRESS = re.compile(r"#[\w.-]+|data:image/svg\+xml,[\w%./-]+")


class Reader(HTMLParser):
    """Reads a page and insists on every end."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice"
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        raise AssertionError(f"{tag} is closed in the manner of XML")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.texts.append(data)

    def all(self, tag, **attributes):
        return [each for each in self.elements if each[0] == tag and attributes.items() <= each[1].items()]

    @property
    def text(self):
        return "".join(self.texts)


def read(run, *others):
    return Reader(page(run, *others))


@pytest.mark.parametrize("name", SAMPLES)
def test_every_page_is_well_formed_and_of_known_elements(name):
    found = read(SAMPLES[name](), document(passing()))
    assert {tag for tag, _, _ in found.elements} <= KNOWN
    for _, attributes, _ in found.elements:
        assert not [attribute for attribute in attributes if attribute.startswith("on")]


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_is_loaded_from_anywhere(name):
    text = page(SAMPLES[name]())
    found = Reader(text)
    for _, attributes, _ in found.elements:
        for attribute in ("src", "href", "action", "srcset", "poster", "data", "background"):
            assert attribute not in attributes or ADDRESS.fullmatch(attributes[attribute])
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert not re.search(r"url\(|@import|@font-face|expression|</", style)
    (policy,) = found.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert "default-src 'none'" in policy[1]["content"]
    assert "script-src" not in policy[1]["content"]


@pytest.mark.parametrize("name", SAMPLES)
def test_every_place_has_one_name_and_every_link_leads_to_one(name):
    found = read(SAMPLES[name](), document(passing()))
    names = Counter(attributes["id"] for _, attributes, _ in found.elements if "id" in attributes)
    assert [name for name, count in names.items() if count > 1] == []
    links = {attributes["href"][1:] for _, attributes, _ in found.all("a")}
    labels = {
        attributes["aria-labelledby"]
        for _, attributes, _ in found.elements
        if "aria-labelledby" in attributes
    }
    assert links | labels <= set(names)


def test_hostile_texts_are_read_as_they_were_said():
    found = read(SAMPLES["hostile"]())
    for words in HOSTILE[:3] + HOSTILE[4:7]:
        assert found.text.count(words) >= 4
    assert not found.all("script") + found.all("img")
    text = page(SAMPLES["hostile"]())
    assert not any(sign in text for sign in ("\x1b", "\x9b", "\u202e", "\u200b", "\x00", "\r", HOSTILE[-3]))
    text.encode()


def test_documents_of_others_are_not_trusted_either():
    other = document(passing())
    other["target"] = other["cases"][0]["title"] = HOSTILE[0]
    other["cases"][0]["id"] = other["operations"][0]["name"] = other["cases"][0]["operation"] = (
        '"><script>\x1b'
    )
    found = read(every_verdict(), other)
    assert not found.all("script")
    assert HOSTILE[0] in found.text


def test_the_verdict_and_the_run_are_at_the_top():
    found = read(live_over_budget())
    (heading,) = found.all("h1")
    assert heading[2] == ("html", "body", "header", "div", "div")
    head = found.text[: found.text.index("What was checked")]
    for words in (
        "interrupted after 9 checks of live",
        "https://api.novita.ai",
        "2026-11-20 12:00 UTC",
        "seed 7",
        "schemas 9f2c41d07be5",
        "$0.0500 of $0.05",
        "from $10.0000 to $9.9540",
        "the budget left cases out",
    ):
        assert words in head


def test_every_case_is_in_the_matrix_once_and_every_deviation_below_it():
    found, told = read(every_verdict()), document(every_verdict())
    in_cells = [name for name in (case["id"] for case in told["cases"]) if found.text.count(name) >= 1]
    assert len(in_cells) == len(told["cases"])
    articles = [attributes["id"] for _, attributes, _ in found.all("article")]
    by_id = {case["id"]: case for case in told["cases"]}
    assert articles == [anchor(by_id[name]) for name in told["deviating"]]


def test_a_deviation_tells_what_was_sent_expected_and_received_and_how_to_see_it_again():
    text = page(every_verdict())
    article = text[text.index('<article id="case-UPS-REQUEST.SCALE_FACTOR') :]
    article = Reader(article[: article.index("</article>") + 10]).text
    for words in (
        "400 INVALID_REQUEST",
        '200 {"task_id"',
        '"scale_factor": 2',
        "<picture png:RGB:40x30>",
        "request 90",
        "page upscale, heading",
        "curl -sS",
        "$NOVITA_API_KEY",
        "--select UPS-REQUEST",
    ):
        assert words in article


def test_a_verdict_is_told_by_a_word_and_its_mark_is_for_the_eye_only():
    found = read(every_verdict())
    marks = [attributes for tag, attributes, _ in found.elements if attributes.get("class") == "mark"]
    assert len(marks) > 40
    assert all(attributes["aria-hidden"] == "true" for attributes in marks)
    words = [attributes for tag, attributes, _ in found.elements if attributes.get("class") == "word"]
    assert len(words) == len(marks)
    for verdict in Verdict:
        assert verdict.value.replace("-", " ") in found.text


def test_tables_have_captions_and_heads_and_rows_open_without_a_script():
    found = read(every_verdict(), document(passing()))
    assert len(found.all("caption")) == len(found.all("table")) > 8
    for _, attributes, _ in found.all("th"):
        assert attributes["scope"] in ("col", "row", "rowgroup")
    in_matrix = [path for _, _, path in found.all("tbody") if "div" in path]
    assert len(found.all("th", scope="rowgroup")) == len(in_matrix) > 5
    opening = [path for tag, _, path in found.all("summary") if path[-1] == "details"]
    assert len(opening) == len(found.all("summary")) > 20


def test_the_page_says_what_it_is_to_those_who_do_not_see_it():
    found = read(every_verdict())
    assert found.all("html", lang="en")
    assert found.all("meta", name="viewport")
    for landmark in ("header", "nav", "main"):
        assert len(found.all(landmark)) == 1
    order = [int(tag[1]) for tag, _, _ in found.elements if re.fullmatch(r"h\d", tag)]
    assert order[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(order))
    assert found.elements[[tag for tag, _, _ in found.elements].index("body") + 1][1]["href"] == "#matrix"


def test_each_run_is_a_column():
    earlier = document(replace(passing(), target="live", started="2026-11-18T09:30:00Z"))
    found = read(every_verdict(), earlier, document(passing()))
    heads = [attributes for _, attributes, path in found.all("th", scope="col") if "thead" in path]
    assert len(heads) > 3 * 4
    assert "live2026-11-18 09:30" in found.text
    assert "only where runs differ" in found.text
    assert "only where runs differ" not in read(every_verdict()).text


def test_what_was_not_checked_is_never_shown_as_agreement():
    text = page(passing(), document(every_verdict()))
    row = next(part for part in text.split("<tr") if "cursor leads on" in part)
    assert "not checked" in row
    assert "v-pass" not in row


def test_quirks_habits_and_coverage_are_told():
    found = read(every_verdict())
    for words in (
        "image-url-ttl",
        "in 12 task results",
        "a stray field",
        "/extra/webhook",
        "180 of 184",
        "97.8 %",
        "3600 s would have to pass",
        "--quirk nsfw-off=absent",
        "lets a made-up key in",
    ):
        assert words in found.text


def test_a_share_is_never_rounded_up_to_all():
    run = replace(passing(), coverage={"*": (9999, 10000)})
    assert "99.9 %" in read(run).text


def test_sections_with_nothing_to_say_are_left_out():
    text = read(passing()).text
    assert "What deviates" not in text
    assert "The baseline is out of date" not in text
    assert "Nowhere that could be checked." in text


def test_a_thousand_cases_make_a_page_that_a_browser_opens_at_once():
    assert len(page(large(1000)).encode()) < 4_000_000


def contrast(one, other):
    def light(colour):
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_colour_of_a_text_can_be_read_on_every_ground_in_both_schemes():
    style = Path(report_html.__file__).with_name("report.css").read_text("utf-8")
    schemes = [
        dict(re.findall(r"--([\w-]+): (#\w{6});", block))
        for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    ]
    inks = {"ink", "soft", "link", "none", *(verdict.value for verdict in Verdict)}
    for scheme in schemes:
        assert inks < set(scheme)
        for ink in inks:
            for ground in ("ground", "panel", "sunk"):
                assert contrast(scheme[ink], scheme[ground]) >= 4.5, (ink, ground)
