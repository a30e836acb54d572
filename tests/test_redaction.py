"""What may be kept: nothing secret, nothing large, and the same again when it is redacted once more."""

import base64
import json
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import picture
from novita_mock.blobs import Grant, Signer
from novita_mock.problems import cut
from novita_mock.redaction import (
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_TEXT,
    outline,
    redacted_headers,
    redacted_query,
    redacted_text,
)

#: Apart from their addresses: no committed file holds an address with a user.
USER, CANARY_USER, NO_USER = "user:canary@", "u:CANARY@", "***@"
PATH = f"/prod/0f9d3c8e-1111-4222-8333-123456789abc/{'a' * 32}.png"
LINK = Signer(b"secret").url("http://127.0.0.1:4077", PATH, Grant("acc", 1_800_000_000, 3600))
TEXTS = st.text(max_size=60) | st.sampled_from(
    [
        LINK,
        "Bearer canary",
        f"http://{USER}h/?token=x&a=1",
        "?x-id=1&x-id=2#key=v",
        "a,b",
        "***",
        "\ud800",
        "\0&\0",
    ]
)
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=30,
)


@given(BODIES)
def test_an_outline_is_its_own_outline_and_can_be_written_down(body):
    kept = outline(body)
    assert outline(kept) == kept
    assert json.loads(json.dumps(kept, allow_nan=False)) == kept
    json.dumps(kept, ensure_ascii=False).encode()


@given(st.dictionaries(TEXTS, TEXTS, max_size=4))
def test_headers_redacted_twice_are_as_redacted_once(headers):
    kept = redacted_headers(headers)
    assert redacted_headers(kept) == kept


def test_a_long_text_is_told_by_its_size_and_digest():
    text = "x" * 5_592_405
    assert outline(text) == f"<5,592,405 characters, sha256 {sha256(text.encode()).hexdigest()[:12]}>"
    assert outline("x" * MAX_TEXT) == "x" * MAX_TEXT
    assert outline(b"abc") == "<3 bytes, sha256 ba7816bf8f01>"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("prefix", ["", " \n", "data:image/png;base64,"])
def test_even_the_smallest_picture_is_not_kept(kind, prefix):
    text = base64.b64encode(picture(1, 1, kind)).decode()
    assert text[:20] not in json.dumps(outline({"request": {"image_base64": prefix + text}}))


@pytest.mark.parametrize(
    "name",
    ["Authorization", "api_key", "apiKey", "X-Omni-Key", "access-token", "client_secret", "Password"],
)
def test_what_stands_under_a_secret_name_is_hidden(name):
    assert outline({name: "canary"}) == {name: "***"}
    assert outline({"a": [{name: {"b": "canary"}}]}) == {"a": [{name: "***"}]}
    assert outline({name: None}) == {name: None}


def test_a_link_keeps_its_path_and_life_but_not_what_opens_it():
    kept = redacted_text(LINK)
    assert kept.endswith(".png?X-Amz-Date=20270115T080000Z&X-Amz-Expires=3600&X-Amz-Signature=***")
    assert redacted_query(LINK.partition("?")[2]) == kept.partition("?")[2]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"http://{USER}h:1/x", f"http://{NO_USER}h:1/x"),
        ("see //canary@h/x", "see //***@h/x"),
        ("https://h/hook?token=canary&task=7", "https://h/hook?token=***&task=7"),
        ("https://h/hook?a=1;sig=canary#key=canary", "https://h/hook?a=1;sig=***#key=***"),
        ("https://h/?X-Amz-%53ignature=canary&X-Amz-Credential=canary", "https://h/?X-Amz-%53ignature=***"),
        ("https://h/?next=https%3A%2F%2Fg%2F%3Ftoken%3Dcanary", "https://h/?next=***"),
        ("Authorization: Bearer canary-1, more", "Authorization: Bearer ***, more"),
        ("a key sk_live_canary123 in a prompt", "a key *** in a prompt"),
        ("a risk_assessment of keys", "a risk_assessment of keys"),
        ("https://h/?a=1&b=&c#d", "https://h/?a=1&b=&c#d"),
        ("x-id=1 is no query", "x-id=1 is no query"),
        ("a = b & c", "a = b & c"),
    ],
)
def test_addresses_and_texts_lose_their_secrets_only(text, kept):
    assert redacted_text(text) == kept


PLAIN = st.tuples(st.text("ab%-_. ", min_size=1, max_size=5), st.text("ab%+/:@?.\0", max_size=5)).map(
    "=".join
)
SECRETS = st.sampled_from(
    [
        "token=CANARY",
        "X-Amz-Signature=CANARY",
        "x-amz-credential=CANARY%2F2026",
        "API_KEY=CANARY",
        "k%65y=CANARY",
    ]
)


@settings(max_examples=400)
@given(
    st.sampled_from(["http://h/x", f"http://{CANARY_USER}h", f"see https://{CANARY_USER}h/", "", "/hook"]),
    st.lists(PLAIN | SECRETS, min_size=1, max_size=6),
    st.lists(st.sampled_from("&;#?"), min_size=5, max_size=5),
    st.sampled_from(["", "#frag", " and more", "\n"]),
)
def test_wherever_a_secret_stands_in_an_address_it_is_hidden(start, parts, marks, end):
    query = parts[0] + "".join(mark + part for mark, part in zip(marks, parts[1:], strict=False))
    for text in (f"{start}?{query}{end}", f"{start}?{query}{end}".replace("http", "HTTP")):
        assert "CANARY" not in redacted_text(text)
        assert redacted_text(redacted_text(text)) == redacted_text(text)
    assert "CANARY" not in redacted_query(query)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("Authorization", "Bearer canary", "Bearer ***"),
        ("authorization", "canary", "***"),
        ("authorization", "Basic Y2FuYXJ5", "Basic ***"),
        ("authorization", "Bearer", "Bearer"),
        ("authorization", "", ""),
        ("authorization", 'Digest username="canary", nonce="canary"', "Digest ***,***"),
        ("Proxy-Authorization", "canary canary", "***"),
        ("X-Omni-Key", "canary", "***"),
        ("X-Api-Key", "canary", "***"),
        ("Cookie", "a=canary", "***"),
        ("Referer", "http://h/?token=canary", "http://h/?token=***"),
        ("User-Agent", "novita-python-sdk/0.5.0", "novita-python-sdk/0.5.0"),
    ],
)
def test_headers_lose_their_credentials(name, value, kept):
    assert redacted_headers({name: value}) == {name.lower(): kept}
    assert redacted_headers([(name.encode(), value.encode())]) == {name.lower(): kept}


def test_headers_that_come_twice_are_joined_and_many_are_cut():
    assert redacted_headers([(b"A", b"1"), (b"a", b"2")]) == {"a": "1, 2"}
    assert redacted_headers([(b"authorization", b"Bearer canary")] * 2) == {
        "authorization": "Bearer ***, Bearer ***"
    }
    assert len(redacted_headers([(b"a%d" % n, b"x" * 99_999) for n in range(5000)])) == 100


def test_wide_and_deep_bodies_are_cut_and_say_so():
    assert outline(list(range(1000)))[-1] == "<801 more items>"
    assert len(outline(list(range(1000)))) == MAX_ITEMS
    assert outline({str(n): n for n in range(1000)})["..."] == "<801 more keys>"
    deep: object = [1, 2]
    for _ in range(500):
        deep = [deep]
    assert json.dumps(outline(deep)) == "[" * MAX_DEPTH + '"<an array of 1>"' + "]" * MAX_DEPTH


def test_a_body_of_a_million_values_stays_small():
    kept = outline([[list(range(100))] * 100] * 100)
    assert len(json.dumps(kept)) < 20_000
    assert len(json.dumps(outline(kept))) <= len(json.dumps(kept)) + 100


def test_numbers_that_json_has_not_are_kept_as_texts():
    assert outline([float("nan"), float("inf"), 10**400, 2**64, 2**64 - 1, True]) == [
        "nan", "inf", "<an integer of 1329 bits>", "<an integer of 65 bits>", 2**64 - 1, True
    ]  # fmt: skip


@pytest.mark.parametrize("before", ["", "task_id=", "risk_", "a b ", "(", "_"])
def test_a_secret_is_found_wherever_it_begins(before):
    assert redacted_text(f"{before}sk_live_0123456789abcdef") == f"{before}***"


def test_a_word_that_only_holds_the_beginning_of_a_secret_is_left():
    assert redacted_text("task_something_long") == "task_something_long"


def test_a_refused_value_is_shown_without_its_secret():
    assert cut("sk_live_0123456789abcdef") == "'***'"
    assert cut("ftp://a/?token=abc&x=1") == "'ftp://a/?token=***&x=1'"
