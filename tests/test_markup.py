"""HTML as values: texts are escaped, pieces are not, and nothing else gets in."""

from novita_contract.markup import Html, joined, tag


def test_texts_are_escaped_wherever_they_stand():
    assert tag("p", "<b>&", title='"x"') == '<p title="&quot;x&quot;">&lt;b&gt;&amp;</p>'
    assert joined("<", ["<", ("<",)], 3, None) == "&lt;&lt;&lt;3"


def test_pieces_are_put_in_as_they_are():
    assert tag("ul", [tag("li", name) for name in "ab"]) == "<ul><li>a</li><li>b</li></ul>"
    assert isinstance(tag("p"), Html)


def test_attributes_are_spelled_as_html_has_them():
    assert tag("details", class_="a b", aria_label="x", open=True, hidden=False, id=None) == (
        '<details class="a b" aria-label="x" open></details>'
    )
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_parts_of_a_table_say_what_they_are():
    assert tag("td") == '<td role="cell"></td>'
    assert tag("th", scope="col") == '<th role="columnheader" scope="col"></th>'


def test_what_is_hidden_in_a_text_is_made_visible():
    assert tag("p", "\x1b\u202e\ud800", id="\x00") == r'<p id="\x00">\x1b\u202e\ud800</p>'
