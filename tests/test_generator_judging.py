"""The judge of requests: what a body breaks, where, and what only follows from something else."""

import pytest

from generator_world import contract
from novita_contract.bases import GONE, base, full, picture, put
from novita_contract.judging import Violation, broken_only, is_http_url, read_query, violations
from novita_contract.keywords import Path, schema_of
from novita_mock.types import JSON

REQUEST = ("request",)
PICTURE = "/request/image_base64"
S3 = {"region": "us-east-1", "bucket": "abc", "path": "/"}


def judged(name: str, body: JSON) -> list[tuple[str, str]]:
    schema = schema_of(contract(), contract().operation(name))
    return [(found.pointer, found.keyword) for found in violations(schema, body)]


def changed(name: str, path: Path, value: JSON) -> JSON:
    return put(full(contract().operation(name), effects=True), path, value)


#: operation, path, value, what is broken by it.
CASES: list[tuple[str, Path, JSON, list[tuple[str, str]]]] = [
    ("upscale", ("request", "scale_factor"), 4.0, []),
    ("upscale", ("request", "scale_factor"), 4.5, [("/request/scale_factor", "maximum")]),
    ("upscale", ("request", "scale_factor"), 1, [("/request/scale_factor", "exclusiveMinimum")]),
    ("upscale", ("request", "scale_factor"), True, [("/request/scale_factor", "type")]),
    ("upscale", ("request", "scale_factor"), "2", [("/request/scale_factor", "type")]),
    ("upscale", ("request", "scale_factor"), None, [("/request/scale_factor", "type")]),
    ("upscale", ("request", "scale_factor"), GONE, [("/request/scale_factor", "required")]),
    ("upscale", ("request",), GONE, [("/request", "required")]),
    ("upscale", ("request", "stray"), 1, []),
    ("upscale", ("extra",), None, [("/extra", "type")]),
    ("upscale", ("request", "model_name"), "x", [("/request/model_name", "enum")]),
    ("upscale", ("request", "model_name"), 1,
     [("/request/model_name", "type"), ("/request/model_name", "enum")]),
    ("upscale", ("request", "image_base64"), "", [(PICTURE, "minLength"), (PICTURE, "x-image")]),
    ("upscale", ("request", "image_base64"), "a*b=", [(PICTURE, "contentEncoding")]),
    ("upscale", ("request", "image_base64"), "YWJjZA", [(PICTURE, "contentEncoding")]),
    ("upscale", ("request", "image_base64"), "YWJjZA==", [(PICTURE, "x-image")]),
    ("upscale", ("request", "image_base64"), picture("png:L:2048x1"), []),
    ("upscale", ("request", "image_base64"), picture("png:L:1x2049"), [(PICTURE, "x-image.max_side")]),
    ("img2img", ("request", "image_base64"), picture("png:L:1x2049"), []),
    ("img2img", ("request", "steps"), 20.0, [("/request/steps", "type")]),
    ("img2img", ("request", "steps"), 20.5, [("/request/steps", "type")]),
    ("img2img", ("request", "strength"), None, []),
    ("img2img", ("request", "prompt"), "\U0001f600" * 1024, []),
    ("img2img", ("request", "prompt"), "\U0001f600" * 1025, [("/request/prompt", "maxLength")]),
    ("img2img", ("request", "loras"), [{}],
     [("/request/loras/0/model_name", "required"), ("/request/loras/0/strength", "required")]),
    ("img2img", ("request", "loras"), [{"model_name": "x", "strength": 1}] * 6,
     [("/request/loras", "maxItems")]),
    ("img2img", ("request", "loras", 0, "strength"), -0.1, [("/request/loras/0/strength", "minimum")]),
    ("img2img", ("extra", "webhook", "url"), "ftp://a", [("/extra/webhook/url", "x-format")]),
    ("img2img", ("extra", "webhook", "url"), "",
     [("/extra/webhook/url", "minLength"), ("/extra/webhook/url", "x-format")]),
    ("img2img", ("extra", "custom_storage", "aws_s3"), S3, []),
    ("upscale-v2", ("resize_mode",), 1.0, [("/resize_mode", "type")]),
    ("upscale-v2", ("resize_mode",), True, [("/resize_mode", "type"), ("/resize_mode", "enum")]),
    ("upscale-v2", ("upscaler_1",), None, []),
    ("upscale-v2", ("upscaler_1",), "", [("/upscaler_1", "enum")]),
    ("upscale-v2", (), [], [("", "type")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "path", "value", "expected"), CASES)
def test_a_body_breaks_what_it_breaks(
    name: str, path: Path, value: JSON, expected: list[tuple[str, str]]
) -> None:
    assert judged(name, changed(name, path, value)) == expected


def test_a_field_is_named_with_dots() -> None:
    schema = schema_of(contract(), contract().operation("img2img"))
    body = changed("img2img", ("request", "loras", 0, "strength"), 2)
    assert violations(schema, body) == [
        Violation("/request/loras/0/strength", "maximum", "request.loras.0.strength")
    ]


def test_a_field_that_strict_does_not_know_is_named() -> None:
    strict = contract(True)
    schema = schema_of(strict, strict.operation("upscale"))
    body = put(base(strict.operation("upscale"), strict), ("request", "stray"), 1)
    assert violations(schema, body) == [Violation("/request", "additionalProperties", "request.stray")]


def test_a_file_that_is_too_large_is_found_in_its_bytes_and_in_its_text() -> None:
    limit = 10 * 1024 * 1024
    for size, broken in (
        (limit, []),
        (limit + 1, ["x-image.max_bytes"]),
        (limit + 3, ["maxLength", "x-image.max_bytes"]),
    ):
        body = put(
            base(contract().operation("img2img")), (*REQUEST, "image_base64"),
            picture(f"png:RGB:8x8:bytes={size}"),
        )  # fmt: skip
        assert judged("img2img", body) == [(PICTURE, keyword) for keyword in broken]


def test_only_what_follows_is_forgiven() -> None:
    type_, enum = Violation("/a", "type", "a"), Violation("/a", "enum", "a")
    other, bound = Violation("/b", "type", "b"), Violation("/a", "minimum", "a")
    assert broken_only([type_], "/a", "type")
    assert broken_only([type_, enum], "/a", "type")
    assert not broken_only([type_, enum], "/a", "enum")
    assert not broken_only([type_, bound], "/a", "type")
    assert not broken_only([type_, other], "/a", "type")
    assert not broken_only([other], "/a", "type")
    assert not broken_only([], "/a", "type")


URLS = {
    "http://a": True, "https://a.example/b?c=d#e": True, "http://127.0.0.1:4077/x": True,
    "http://[::1]/": True, "ftp://a": False, "a.example": False, "": False, "http://": False,
    "https:///path": False, "//a": False,
    "http://a b": False, "http://a\n": False, "http://a:0": False, "http://a:99999": False,
    "http://user" "@a": False, "http://a\\b": False, "http://[::1": False, "HTTP://A": True,
}  # fmt: skip


@pytest.mark.parametrize("url", URLS)
def test_an_address_is_http_or_https_and_whole(url: str) -> None:
    assert is_http_url(url) is URLS[url]


def test_a_query_is_text_but_where_a_number_is_asked_for() -> None:
    schema = schema_of(contract(), contract().operation("model"))
    read = read_query(schema, {"pagination.limit": "5", "filter.query": "5", "stray": "5"})
    assert read == {"pagination.limit": 5, "filter.query": "5", "stray": "5"}
    assert read_query(schema, {"pagination.limit": "x"}) == {"pagination.limit": "x"}
    assert read_query(schema, {"pagination.limit": "1.5"}) == {"pagination.limit": 1.5}
