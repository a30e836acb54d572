"""How a page becomes words, and how a sentence is found among them."""

import json
from pathlib import Path

import pytest

from novita_contract.claims import Claim, digest, holds, load, main, normalise
from novita_mock.types import JSON

SAME = [
    ("Valid range: (1, 4\\].", "valid range (1,4]"),
    ("Range \\[0~1\\], Extras", "range [0~1] extras"),
    ("range (0, 100\\].", "range (0,100]"),
    ("[-1, 1) or ( -1 , 1 ]", "[-1,1) or (-1,1]"),
    ("at least -1; otherwise -1.", "at least -1 otherwise -1"),
    ("Code=0, Other=-1,", "code=0 other=-1"),
    ("`DPM++ 2S a`, `depth_leres++`", "dpm++ 2s a depth_leres++"),
    ("scale\\_factor **number**", "scale_factor number"),
    ("object\\[\\]", "object[]"),
    ("string\\|null", "string null"),
    ("an array (of two)", "an array of two"),
    ("you\N{RIGHT SINGLE QUOTATION MARK}ll", "youll"),
    ("you'll", "youll"),
    ("cost of \\$0.0015 for", "cost of $0.0015 for"),
    ("[\u200b](https://a.example/b#c)\n\nwidth\n\ninteger", "width integer"),
    ("see [the **page**](https://a.example/b).", "see the page"),
    ("[![light](https://a.example/l.svg)![dark](https://a.example/d.svg)](https://a.example/)", "light dark"),
    ("&#x3C;string> &amp; more", "more"),
    ("png.<br />Enum: `png`", "png enum png"),
    ('<ParamField body="steps" type="integer" required={true}>', "steps integer required"),
    ('<ParamField body="seed" type="integer" required={false}>', "seed integer"),
    ('"images": [\\\n  {\\\n  "eta": 0\\', "images eta 0"),
    ("| NAME\\_A | 400 | Not so |", "name_a 400 not so"),
    ("\N{FULLWIDTH DIGIT ONE}0 \N{MICRO SIGN}s", "10 \N{GREEK SMALL LETTER MU}s"),
]


@pytest.mark.parametrize(("text", "expected"), SAME)
def test_markup_does_not_matter(text: str, expected: str) -> None:
    assert " ".join(normalise(text)) == expected


def test_an_interval_is_one_word_and_its_brackets_matter() -> None:
    assert digest("Range (1, 4].") == digest("range `(1,4\\]`")
    assert len({digest(f"Range {interval}") for interval in ("(1, 4]", "[1, 4]", "(1, 4)", "(1~4]")}) == 4


def claim(sentence: str) -> Claim:
    words, sha = digest(sentence)
    return Claim("x", "page.md", "Heading", words, sha, "2026-11-20")


PAGE = normalise("# Lamp\n\nThe lamp is lit. Range \\[128, 2048\\].\n\n# Height\n")


def test_a_claim_holds_where_its_words_stand_in_a_row() -> None:
    assert holds(claim("The lamp is lit. Range [128, 2048]."), PAGE)


@pytest.mark.parametrize(
    "sentence", ["Range [128, 2049].", "Range [128, 2048).", "lit is lamp", "Height Lamp"]
)
def test_a_claim_does_not_hold_when_a_word_has_changed(sentence: str) -> None:
    assert not holds(claim(sentence), PAGE)


def test_a_claim_longer_than_the_page_does_not_hold() -> None:
    assert not holds(claim("word " * 50), PAGE)


def test_claims_are_read_from_a_file_or_from_what_was_in_it(tmp_path: Path) -> None:
    row = {"page": "a.md", "heading": "H", "words": 1, "sha256": "0" * 64, "read": "2026-11-20"}
    document: JSON = {"claims": {"a.b": row}}
    path = tmp_path / "sources.json"
    path.write_text(json.dumps(document), "utf-8")
    assert load(path) == load(document) == {"a.b": Claim("a.b", "a.md", "H", 1, "0" * 64, "2026-11-20")}


def test_the_command_prints_the_entry_of_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.md"
    path.write_text("Range \\[128, 2048\\].", "utf-8")
    assert main(["digest", str(path), "Range [128, 2048]"]) == 0
    entry = json.loads(capsys.readouterr().out)
    assert (entry["page"], entry["words"]) == ("page.md", 2)
    assert entry["sha256"] == digest("range [128,2048]")[1]


def test_the_command_refuses_a_sentence_the_page_has_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "page.md"
    path.write_text("Range \\[128, 2048\\].", "utf-8")
    assert main(["digest", str(path), "Range [128, 4096]"]) == 1
    assert "range [128,4096]" in capsys.readouterr().err


def test_the_command_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
