"""What a report may show of a text: nothing secret, nothing hidden, and no more than a person reads."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from novita_contract.display import MAX_COMMAND, MAX_SHOWN, Display, visible
from novita_contract.pictures import PictureText, made
from novita_contract.verdicts import Outcome, Verdict
from report_samples import HOSTILE, KEY, LINK, PICTURE, case, exchange, hostile, report

PLAIN_KEY = "akeythatlookslikenokey"
BASE64 = base64.b64encode(made(PICTURE)).decode()
SIGNATURE = LINK.partition("X-Amz-Signature=")[2]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202eback", r"\u202eback"),
        ("a\rb\x00\x7f", r"a\x0db\x00\x7f"),
        ("\ud800", r"\ud800"),
        ("a\tb\nc", "a\tb\nc"),
        ("naïve 漢字 👩\u200d🚀", "naïve 漢字 👩\u200d🚀"),
    ],
)
def test_what_is_hidden_in_a_text_is_made_visible(text, shown):
    assert visible(text) == shown


@given(st.text())
def test_no_text_keeps_what_a_terminal_would_obey(text):
    shown = Display().text(text)
    assert all(
        letter == "\n" or letter == "\t" or letter.isprintable() or ord(letter) > 0x9F for letter in shown
    )
    shown.encode()  # half of a surrogate pair could not be


def test_keys_are_hidden_wherever_they_stand_and_however_they_are_written():
    display = Display.of(report_with_keys(KEY, PLAIN_KEY + "+/="))
    for text in (KEY, f"x{KEY}y", f"said {PLAIN_KEY}+/= twice {PLAIN_KEY}+/=", f"?k={PLAIN_KEY}%2B%2F%3D"):
        assert "key" not in display.text(text).replace("?k=", "")
        assert "***" in display.text(text)


def test_a_key_that_is_a_part_of_another_leaves_nothing_of_it():
    display = Display.of(report_with_keys("abcd", "abcdefgh"))
    assert display.text("it was abcdefgh") == "it was ***"


def test_short_keys_are_words_that_may_stand_anywhere():
    assert Display.of(report_with_keys("sk")).text("ask me") == "ask me"


def report_with_keys(*keys):
    return report([Outcome(case("A"), Verdict.PASS, evidence=(exchange(keys=keys),))])


@pytest.mark.parametrize(
    "text",
    [
        BASE64,
        f"received {BASE64}",
        f'{{"image_base64": "{BASE64}"}}',
        f"data:image/png;base64,{BASE64}",
        f"cut: {BASE64[:60]}",
        f"not from its beginning: {BASE64[20:]}",
        "word " * 60 + BASE64,
    ],
)
def test_a_picture_is_told_by_its_size(text):
    shown = Display().text(text)
    assert not any(BASE64[at : at + 24] in shown for at in range(len(BASE64) - 24))
    assert "characters, sha256" in shown


def test_a_link_loses_its_signature_and_a_bearer_his_token():
    shown = Display().text(f"{LINK} and Authorization: Bearer abcdef0123 and Basic Zm9vOmJhcg==")
    assert "characters" in shown or "X-Amz-Signature=***" in shown
    assert SIGNATURE not in shown
    assert "abcdef0123" not in shown
    assert "Zm9v" not in shown
    assert SIGNATURE not in Display().text(f"its signature is {SIGNATURE}")


@pytest.mark.parametrize(
    "text",
    [
        "/properties/request/properties/controlnet/properties/units/items/properties/image_base64/maxLength",
        "I2I-REQUEST.CONTROLNET.UNITS.0.IMAGE_BASE64-CONTENTENCODING-REFUSED-AND-SOME-MORE-WORDS-2-3-4",
        "page upscale, heading Request Body > request.scale_factor",
        "400 INVALID_REQUEST at /request/scale_factor: 9 is greater than the maximum of 4",
    ],
)
def test_long_names_stay_readable(text):
    assert Display().text(text) == text


def test_a_long_sentence_stays_and_a_very_long_one_is_cut():
    sentence = "words that say something, " * 20
    assert Display().text(sentence) == sentence
    cut = Display().text(sentence * 20)
    assert len(cut) < MAX_SHOWN + 40
    assert cut.endswith("characters)")
    assert Display().text("x" * 10_000).startswith("<10,000 characters")


def test_a_second_reading_changes_nothing():
    for text in (*(text for text in HOSTILE if len(text) < MAX_SHOWN), LINK, BASE64, KEY, "Bearer abcdefgh"):
        once = Display((KEY,)).text(text)
        assert Display((KEY,)).text(once) == once


def test_values_are_shown_all_the_way_down():
    shown = Display((KEY,)).value({"a": ["\x1b", {KEY: KEY}], "b": [1, None, True, 2.5]})
    assert shown == {"a": [r"\x1b", {"***": "***"}], "b": [1, None, True, 2.5]}


def test_a_command_can_be_pasted_and_holds_no_secret():
    curl = Display((KEY,)).curl(exchange())
    assert '-H "Authorization: Bearer $NOVITA_API_KEY"' in curl
    assert f"novita_contract.pictures {PICTURE}" in curl
    assert '{"request": {"model_name": "4x-UltraSharp", "image_base64": "%s", "scale_factor": 2}}' in curl
    long_prompt = "a" * 1024
    assert long_prompt in Display().curl(exchange(sent={"prompt": long_prompt}))


def test_a_command_with_a_picture_written_out_a_link_or_a_key_in_its_body_loses_them():
    sent = {
        "image": f"data:image/png;base64,{BASE64}",
        "url": LINK,
        "key": KEY,
        "own": PictureText.of(PICTURE),
    }
    curl = Display((KEY,)).curl(exchange(sent=sent, url=f"{LINK}&key={KEY}"))
    assert KEY not in curl
    assert SIGNATURE not in curl
    assert BASE64[:40] not in curl


@pytest.mark.parametrize("length", [100, 180, 220, len(BASE64) - 4])
def test_a_command_shows_no_part_of_a_picture_whatever_its_length(length):
    curl = Display().curl(exchange(sent={"image": BASE64[:length], "cut": BASE64[10 : 10 + length]}))
    assert not any(BASE64[at : at + 24] in curl for at in range(len(BASE64) - 24))


def test_a_command_that_is_too_long_names_the_request_instead():
    curl = Display().curl(exchange(17, sent={"prompt": "many words " * MAX_COMMAND}))
    assert curl.startswith("# ")
    assert "request 17 of requests.har" in curl


def test_escapes_in_a_command_mean_the_same_to_who_reads_the_json():
    curl = Display().curl(exchange(sent={"prompt": "\u202e\x9b"}))
    assert r'{"prompt": "\u202e\u009b"}' in curl


def test_the_keys_of_all_requests_of_a_report_are_known():
    assert KEY in Display.of(hostile()).keys
