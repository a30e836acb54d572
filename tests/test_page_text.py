"""How a file becomes the words of a page, whatever it came as."""

import pytest

from novita_contract.claims import normalise
from novita_contract.page_text import UnreadablePage, decode, page_words, text_of_html

HTML = """<!-- kept --><!doctype html>
<html><head><title>Lamp</title><style>p { color: red }</style></head><body>
<script>let page = "<p>not said</p>";</script>
<nav><a href="/lamps">All lamps</a></nav>
<div id="param-hue"><a href="#param-hue" aria-label="Link">\u200b</a><div>hue</div><div>string</div></div>
<p>The <b>lamp</b> is lit.<br/>Enum: <code>red</code>, <code>green</code></p>
<pre><code>{
  "hue": "&lt;string&gt;"
}</code></pre>
<table><tr><td>A</td><td>1</td></tr>
<tr><td>B</td><td>2</td></tr></table>
</body></html>"""


def test_html_is_read_as_a_browser_shows_it() -> None:
    words = page_words(decode(HTML.encode())).words
    said = "all lamps hue string the lamp is lit enum red green hue a 1 b 2"
    assert " ".join(words) == said
    assert "[\u200b](#param-hue)" in text_of_html(HTML)


def test_a_list_goes_on_behind_a_comma_a_semicolon_and_a_row() -> None:
    page = page_words("One, two; three.\n\n| a | b |\n| c | d |\n\nEnd `x`, `y`\n, z.")
    assert {page.words[at] for at in page.listed} == {"one", "two", "b", "x", "y"}
    page = page_words(decode(HTML.encode()))
    assert [page.words[at] for at in sorted(page.listed)] == ["red", "1"]


def test_a_comma_inside_an_interval_is_no_list() -> None:
    assert page_words("Range [0, 1]. Or (1, 4\\].").listed == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        '<ParamField body="hue" type="string|null" required={true}>',
        "<ParamField required={true} type='string|null' body='hue' default=\"red\">",
        '<ResponseField name="hue" type="string|null" required>',
        "hue\n\nstring\\|null\n\nrequired",
        "hue\nstring|null\n*\nhue\nRequired\nstring|null",
        "**hue** string|null `hue` required string|null",
    ],
)
def test_the_head_of_a_field_is_the_same_in_every_layout(text: str) -> None:
    assert page_words(text).words == ("hue", "string", "null", "required")


def test_an_optional_field_has_no_such_word() -> None:
    assert page_words('<ParamField body="hue" type="string" required={false}>').words == ("hue", "string")
    assert page_words("hue\nstring\nhue\nstring\n").words == ("hue", "string")


def test_other_words_are_those_of_the_claims() -> None:
    text = "The *lamp*\\_x is [lit](https://host.example/a), `up to` (0, 9\\]. It&#39;s | so |"
    assert page_words(text).words == normalise(text)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n\t",
        b"\xef\xbb\xbf",
        b"--- | --- ***",
        b"\xff\xfe\x00",
        b"PNG\0",
        b"<!doctype html><html><body></body></html>",
    ],
)
def test_what_says_nothing_is_no_page(content: bytes) -> None:
    with pytest.raises(UnreadablePage):
        decode(content)


def test_a_byte_order_mark_is_no_word() -> None:
    assert page_words(decode(b"\xef\xbb\xbfLamp")).words == ("lamp",)


def test_a_page_has_an_end() -> None:
    with pytest.raises(UnreadablePage, match="100001 words"):
        decode(b"lamp " * 100_001)
