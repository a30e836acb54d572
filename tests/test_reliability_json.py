"""What a body can hold that is JSON or nearly: rows J1 to J13 and J16 (the others: ``test_validation``)."""

import json
import logging
import time
from collections.abc import Iterator

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import KEY, Start, b64, finished, img2img_body, picture, upscale_body
from laws import spoken
from novita_mock.types import JSON
from raw import timed

GOOD: dict[str, JSON] = {
    "/v3/async/upscale": upscale_body(),
    "/v3/async/img2img": img2img_body(
        negative_prompt="a fly", strength=0.5, clip_skip=2, sd_vae="vae", seed=1,
        loras=[{"model_name": "lora", "strength": 0.5}], embeddings=[{"model_name": "easy"}],
        controlnet={"units": [{
            "model_name": "canny", "image_base64": b64(picture()), "strength": 0.5, "preprocessor": "canny",
            "guidance_start": 0, "guidance_end": 1,
        }]},
        ip_adapters=[{"model_name": "ip-adapter_sd15.bin", "image_base64": b64(picture()), "strength": 0.5}],
    ) | {"extra": {
        "response_image_type": "png", "enable_nsfw_detection": True, "nsfw_detection_level": 1,
        "webhook": {"url": "http://localhost:1/x"}, "enterprise_plan": {"enabled": False},
        "custom_storage": {"aws_s3": {"region": "us-east-2", "bucket": "pictures", "path": "/"}},
    }},
    "/v2/upscale": {
        "image": b64(picture()), "upscaler_1": "None", "upscaler_2": "Nearest", "resize_mode": 0,
        "upscaling_resize": 2, "upscaling_resize_w": 8, "upscaling_resize_h": 8, "upscaling_crop": True,
        "extras_upscaler_2_visibility": 0.5, "gfpgan_visibility": 0, "codeformer_visibility": 1,
        "codeformer_weight": 0.5, "img_expire_ttl": 60,
    },
}  # fmt: skip
BAD_NUMBERS = ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 5000]
HUGE = ["9" * 20, "9" * 100, "9" * 400, "-" + "9" * 20, "-" + "9" * 400, "1e308", "-1e308"]
Where = tuple[str | int, ...]


def leaves(node: JSON, kind: type | tuple[type, ...], path: Where = ()) -> Iterator[Where]:
    """Where values of a type are."""
    if isinstance(node, dict | list):
        for step, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield from leaves(child, kind, (*path, step))
    elif isinstance(node, kind) and not (isinstance(node, bool) and kind is not bool):
        yield path


def with_text(path: str, where: Where, text: str) -> bytes:
    """The good body of a path, but for one value that is written as told."""
    body = json.loads(json.dumps(GOOD[path]))
    holder = body
    for step in where[:-1]:
        holder = holder[step]
    holder[where[-1]] = "@@"
    return json.dumps(body).replace('"@@"', text).encode()


def post(client: httpx2.Client, path: str, content: bytes) -> JSON:
    """What is answered to a body, which must keep the laws of its path."""
    reply = client.post(path, content=content, headers={"Content-Type": "application/json"})
    return spoken(path, reply.status_code, dict(reply.headers), reply.content)


def refuses(client: httpx2.Client, path: str, content: bytes, codes: tuple[int, ...] = (1,)) -> JSON:
    """The refusal of a body: 400 INVALID_REQUEST_BODY, or one of the V2 codes."""
    told = post(client, path, content)
    if path.startswith("/v2"):
        assert told["code"] in codes, told
    else:
        assert (told.get("code"), told.get("reason")) == (400, "INVALID_REQUEST_BODY"), told
    return told


NUMBERS = [(path, where) for path, body in GOOD.items() for where in leaves(body, (int, float))]
STRINGS = [(path, where) for path, body in GOOD.items() for where in leaves(body, str)]


@pytest.mark.parametrize("path", GOOD)
def test_the_bodies_that_are_broken_here_are_good(client: httpx2.Client, path: str) -> None:
    told = post(client, path, json.dumps(GOOD[path]).encode())
    assert "task_id" in (told["data"] if path.startswith("/v2") else told)


@pytest.mark.parametrize(("path", "where"), NUMBERS)
def test_what_is_no_json_number_is_refused_in_every_field(
    client: httpx2.Client, path: str, where: Where
) -> None:
    """J1, J2."""
    for text in BAD_NUMBERS:
        refuses(client, path, with_text(path, where, text))


@pytest.mark.parametrize(("path", "where"), NUMBERS)
def test_a_huge_number_is_never_more_than_out_of_range(
    client: httpx2.Client, path: str, where: Where
) -> None:
    """J3: only a V2 factor has no documented maximum: what it leads to is reduced to fit."""
    for text in HUGE:
        told = post(client, path, with_text(path, where, text))
        if where == ("upscaling_resize",) and told["code"] == 0:
            assert 0 < len(told["data"]["warn"]) <= 200
        elif path.startswith("/v2"):
            assert told["code"] in (1, 6), (text, told)
        else:
            assert told["code"] == 400, (text, told)
            assert ".".join(map(str, where)) in told["metadata"]


@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
@pytest.mark.parametrize("depth", [70, 500, 5_000, 100_000])
def test_deep_nesting_is_refused_at_once(client: httpx2.Client, path: str, opening: str, depth: int) -> None:
    """J4, J5."""
    closing = "".join({"[": "]", "{": "}"}.get(sign, "") for sign in reversed(opening))
    nested = opening * depth + "1" + closing * depth
    field = next(iter(GOOD[path]))
    for content in (nested.encode(), f'{{"{field}": {nested}}}'.encode(), with_text(path, (field,), nested)):
        with timed(time.process_time) as took:
            refuses(client, path, content)
        assert took[0] < 1


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_not_looked_at_may_not_be_deep_either(client: httpx2.Client, opening: str) -> None:
    """J5: 64 levels in all, the body's own among them."""
    path, closing = "/v3/async/upscale", "]" if opening == "[" else "}"
    for depth, fits in ((63, True), (64, False)):
        content = with_text(path, ("extra",), f'{{}}, "stray": {opening * depth}1{closing * depth}')
        if fits:
            assert "task_id" in post(client, path, content)
        else:
            assert "nested" in refuses(client, path, content)["message"]


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=30,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=JSONS,
    place=st.sampled_from(NUMBERS + STRINGS + [(path, (name,)) for path in GOOD for name in GOOD[path]]),
)
def test_any_json_in_any_field_is_answered(
    client: httpx2.Client, value: JSON, place: tuple[str, Where]
) -> None:
    """J5, J11, J16."""
    path, where = place
    post(client, path, with_text(path, where, json.dumps(value)))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=60), path=st.sampled_from(list(GOOD)))
def test_any_bytes_are_answered(client: httpx2.Client, content: bytes, path: str) -> None:
    """J8, J12."""
    refuses(client, path, content)


def test_of_two_equal_keys_the_last_counts(client: httpx2.Client) -> None:
    """J6."""
    path, where = "/v3/async/upscale", ("request", "scale_factor")
    assert "task_id" in post(client, path, with_text(path, where, '9, "scale_factor": 2'))
    refuses(client, path, with_text(path, where, '2, "scale_factor": 9'))


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-7"]
)
@pytest.mark.parametrize("path", GOOD)
def test_only_utf_8_without_a_mark_is_json(client: httpx2.Client, path: str, encoding: str) -> None:
    """J7."""
    text = json.dumps(GOOD[path])
    refuses(
        client, path, text.encode(encoding) if encoding != "utf-7" else text.replace("{", "+AHs-").encode()
    )


BAD_UTF_8 = [
    b'"\xff"',
    b'"\xc0\xaf"',
    b'"\xe2\x82"',
    b'"\xed\xa0\x80"',
    b'"\xf5\x80\x80\x80"',
    b'"\xf0\x80\x80\xaf"',
]
HALVES = [
    rb'"\ud800"',
    rb'"\udfff"',
    rb'"a\ud800b"',
    rb'"\ud800\ud800"',
    rb'"\udc00\ud800"',
    rb'"\ud83d\u0020"',
]


@pytest.mark.parametrize("bad", BAD_UTF_8 + HALVES)
def test_what_is_no_text_is_refused_in_every_string(client: httpx2.Client, bad: bytes) -> None:
    """J8, J9."""
    for path, where in STRINGS:
        refuses(client, path, with_text(path, where, "##").replace(b"##", bad))
    refuses(client, "/v2/upscale", b'{"image": "x", %s: 1}' % bad)


@pytest.mark.parametrize("sign", ["\0", "\u202e", "\u200b", "\x1b[31m", "\r\nX: y", "\U0001f600", "\u2028"])
def test_strange_signs_in_a_prompt_are_taken_and_shown_safely(
    start: Start, caplog: pytest.LogCaptureFixture, sign: str
) -> None:
    """J10."""
    client = start(quiet=False)
    body = img2img_body(prompt=f"a{sign}b", negative_prompt=sign * 3, model_name=f"m{sign}")
    with caplog.at_level(logging.INFO):
        result = finished(client, client.post("/v3/async/img2img", json=body))
        told = post(client, "/v3/async/upscale", json.dumps(upscale_body(model_name=sign)).encode())
    assert result["task"]["status"] == "TASK_STATUS_SUCCEED"
    assert client.get(result["images"][0]["image_url"]).status_code == 200
    assert sign not in told["message"]
    assert all(
        record.getMessage().isprintable() and KEY not in record.getMessage() for record in caplog.records
    )


@pytest.mark.parametrize(("path", "where"), NUMBERS)
def test_true_is_no_number(client: httpx2.Client, path: str, where: Where) -> None:
    """J11."""
    for text in ("true", "false", '"true"', "[1]", "{}"):
        refuses(client, path, with_text(path, where, text), (1, 6))


@pytest.mark.parametrize("steps", ["20.0", '"20"', '"20.0"', "2e1"])
def test_a_whole_number_may_be_written_as_a_fraction_or_a_text(
    start: Start, client: httpx2.Client, steps: str
) -> None:
    """J11."""
    path = "/v3/async/img2img"
    content = with_text(path, ("request", "steps"), steps)
    assert "task_id" in post(client, path, content)
    refuses(start(strict=True), path, content)


@pytest.mark.parametrize(
    "steps", ["20.5", '"20.5"', '"0x14"', '"٢٠"', '" 20"', '"2_0"', '""', '"20e0"', '"1e400"', '"nan"']
)
def test_a_fraction_is_no_whole_number(client: httpx2.Client, steps: str) -> None:
    """J11."""
    refuses(client, "/v3/async/img2img", with_text("/v3/async/img2img", ("request", "steps"), steps))


@pytest.mark.parametrize(
    "content", ["", " ", "null", "[]", '"x"', "1", "true", "{} x", "{}{}", "{", "{'a': 1}", "{,}", "\0"]
)
@pytest.mark.parametrize("path", GOOD)
def test_a_body_that_is_no_object_is_refused(client: httpx2.Client, path: str, content: str) -> None:
    """J12."""
    refuses(client, path, content.encode())


@pytest.mark.parametrize(("path", "where"), NUMBERS + STRINGS)
def test_a_long_text_is_never_repeated(client: httpx2.Client, path: str, where: Where) -> None:
    """J13: the laws of a reply cap what is echoed."""
    told = post(client, path, with_text(path, where, json.dumps("secret " * 40_000)))
    assert json.dumps(told).count("secret") < 20


@pytest.mark.parametrize(
    "where", [("request", "scale_factor"), ("request", "model_name"), ("extra",), ("request",)]
)
def test_40_mib_of_a_wrong_value_are_refused_shortly(
    start: Start, caplog: pytest.LogCaptureFixture, where: Where
) -> None:
    """J13."""
    client = start(quiet=False)
    with timed(time.process_time) as took:
        refuses(
            client, "/v3/async/upscale", with_text("/v3/async/upscale", where, json.dumps("A" * 41_000_000))
        )
    assert took[0] < 10
    assert sum(len(record.getMessage()) for record in caplog.records) < 5_000
