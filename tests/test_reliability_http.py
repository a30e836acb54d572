"""What a client can do to HTTP itself: rows H1 to H4, H12 to H20 of the catalogue of faults."""

import gzip
import json
import time
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import Start, b64, finished, picture, upscale_body
from laws import refused, told
from raw import Raw, request, timed

MODEL_QUERY = (
    "filter.visibility", "filter.source", "filter.types", "filter.is_sdxl", "filter.query",
    "filter.is_inpainting", "pagination.limit", "pagination.cursor", "stray",
)  # fmt: skip
RESULT = "/v3/async/task-result"
UPSCALE = "/v3/async/upscale"
PATHS = {
    "/v3/async/upscale": "POST", "/v3/async/img2img": "POST", RESULT: "GET", "/v3/model": "GET",
    "/v2/upscale": "POST", "/v2/progress": "GET",
}  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "path", ["/v3", "/v3/", "/v3/nothing", "/v3/async/upscale/x", "/v3/%2e%2e/x", "/v3/a%00b"]
)
def test_an_unknown_v3_path_is_not_found_in_its_dialect(
    client: httpx2.Client, method: str, path: str
) -> None:
    """H1."""
    reply = client.request(method, path)
    assert reply.status_code == 404
    refused(told(path, reply), 404, "API_NOT_FOUND")


@pytest.mark.parametrize("path", ["/v2", "/v2/", "/v2/nothing", "/v2/upscale/x"])
def test_an_unknown_v2_path_is_not_found_in_its_dialect(client: httpx2.Client, path: str) -> None:
    """H1."""
    reply = client.post(path)
    assert reply.status_code == 404
    assert told(path, reply)["code"] == 10


@pytest.mark.parametrize("path", ["/nothing", "/v30/x", "/V3/async/upscale"])
def test_an_unknown_path_of_no_dialect_is_not_found_in_text(client: httpx2.Client, path: str) -> None:
    """H1."""
    reply = client.get(path)
    assert reply.status_code == 404
    assert reply.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"])
@pytest.mark.parametrize("path", PATHS)
def test_a_wrong_method_says_which_is_right(url: str, path: str, method: str) -> None:
    """H2."""
    if method == PATHS[path]:
        return
    with Raw(url) as raw:
        reply = raw.ask(request(path, method=method))
    assert reply.status == 405
    assert PATHS[path] in reply.headers["allow"].split(", ")
    told(path, reply)


@pytest.mark.parametrize(
    "target", [RESULT, f"{RESULT}?task_id=x", "/v2/progress?task_id=x", "/nothing", "/_mock/quirks"]
)
def test_head_has_the_headers_of_get_and_no_body(url: str, target: str) -> None:
    """H3."""
    with Raw(url) as raw:
        got = raw.ask(request(target))
        headed = raw.ask(request(target, method="HEAD"), head=True)
        after = raw.ask(request("/_mock/health"))
    assert headed.status == got.status
    assert {**headed.headers, "date": ""} == {**got.headers, "date": ""}
    assert json.loads(after.body)["status"] == "ok"  # nothing of a body stood in between


@pytest.mark.parametrize("target", ["//v3/async/upscale", "///v2/upscale", "//evil.example/v3/async/upscale"])
def test_a_path_of_two_slashes_is_a_path_and_no_host(url: str, target: str) -> None:
    """H12."""
    with Raw(url) as raw:
        reply = raw.ask(request(target, method="POST", body=b"{}"))
    assert reply.status == 404
    assert b"evil" not in reply.body


@pytest.mark.parametrize("host", ["localhost", "evil.example:99", "[::1]:4077"])
def test_an_absolute_target_is_answered_as_its_path(url: str, host: str) -> None:
    """H12."""
    with Raw(url) as raw:
        reply = raw.ask(request(f"http://{host}{RESULT}?task_id=x"))
    refused(told(RESULT, reply), 404, "TASK_NOT_FOUND")


@pytest.mark.parametrize("start", ["", "http://localhost:1", "HTTPS://x"])
def test_a_refusal_before_the_app_knows_the_path_of_an_absolute_target(url: str, start: str) -> None:
    """H10, H12."""
    with Raw(url) as raw:
        reply = raw.ask(request(f"{start}{UPSCALE}", *["X: y"] * 200, method="POST"))
    assert reply.status == 431
    told(UPSCALE, reply)


@pytest.mark.parametrize(
    "target", ["*", "http://localhost", "localhost:1", "/v3/\xff", "http://[/v3/async/upscale"]
)
def test_a_target_that_is_none_is_refused(url: str, target: str) -> None:
    """H12."""
    with Raw(url) as raw:
        reply = raw.ask(request(target))
        assert reply.status in (400, 404)
    assert b"Traceback" not in reply.body


@pytest.mark.parametrize("path", PATHS)
def test_a_slash_too_many_is_no_redirect(client: httpx2.Client, path: str) -> None:
    """H13."""
    reply = client.request(PATHS[path], f"{path}/", follow_redirects=False)
    assert reply.status_code == 404
    assert "location" not in reply.headers
    told(path, reply)


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json"],
)
def test_a_body_that_is_not_called_json_is_refused(client: httpx2.Client, media_type: str) -> None:
    """H14."""
    body = json.dumps(upscale_body()).encode()
    headers = {"Content-Type": media_type} if media_type else {}
    refused(told(UPSCALE, client.post(UPSCALE, content=body, headers=headers)), 400, "INVALID_REQUEST_BODY")


@pytest.mark.parametrize("media_type", ["", "text/plain"])
def test_the_type_of_a_body_can_be_ignored(start: Start, media_type: str) -> None:
    """H14."""
    body = json.dumps(upscale_body()).encode()
    reply = start(quirk=("content-type=ignored",)).post(
        UPSCALE, content=body, headers={"Content-Type": media_type}
    )
    assert reply.status_code == 200


@pytest.mark.parametrize("charset", ["latin-1", "utf-16", "nonsense", '"utf-8"'])
def test_a_body_is_utf_8_whatever_its_type_says(client: httpx2.Client, charset: str) -> None:
    """H15."""
    headers = {"Content-Type": f"Application/JSON; charset={charset}"}
    good = json.dumps(upscale_body(), ensure_ascii=False).encode()
    assert client.post(UPSCALE, content=good, headers=headers).status_code == 200
    bad = '{"request": "\xe4"}'.encode("latin-1")
    refused(told(UPSCALE, client.post(UPSCALE, content=bad, headers=headers)), 400, "INVALID_REQUEST_BODY")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "x" * 5000])
def test_a_packed_body_is_refused_and_never_unpacked(client: httpx2.Client, encoding: str) -> None:
    """H16."""
    bomb = gzip.compress(bytes(20_000_000), compresslevel=1)
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    refused(told(UPSCALE, client.post(UPSCALE, content=bomb, headers=headers)), 400, "INVALID_REQUEST_BODY")


def test_of_two_task_ids_the_last_counts(client: httpx2.Client) -> None:
    """H17."""
    task_id = client.post(UPSCALE, json=upscale_body()).json()["task_id"]
    assert client.get(f"{RESULT}?task_id=nothing&task_id={task_id}").status_code == 200
    assert client.get(f"{RESULT}?task_id={task_id}&task_id=nothing").status_code == 404


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=30))
def test_no_bytes_in_a_task_id_upset_the_server(url: str, task_id: bytes) -> None:
    """H18."""
    quoted = "".join(f"%{byte:02x}" for byte in task_id)
    with Raw(url) as raw:
        refused(told(RESULT, raw.ask(request(f"{RESULT}?task_id={quoted}"))), 404, "TASK_NOT_FOUND")


@pytest.mark.parametrize("task_id", ["%ff", "%zz", "%00", "%", "%0d%0aX:y", "%ed%a0%80", "x" * 9000])
@pytest.mark.parametrize("path", [RESULT, "/v2/progress"])
def test_a_strange_task_id_is_not_found(url: str, path: str, task_id: str) -> None:
    """H18."""
    with Raw(url) as raw:
        reply = raw.ask(request(f"{path}?task_id={task_id}"))
    body = told(path, reply)
    assert body["code"] == (3 if path.startswith("/v2") else 404)


@pytest.mark.parametrize("byte", ["\xff", "\x80", "\x00", "\x7f", " ", "\x1b"])
@pytest.mark.parametrize("path", [RESULT, "/v2/progress"])
def test_a_byte_that_no_target_has_is_refused_in_the_dialect_of_the_path(
    url: str, path: str, byte: str
) -> None:
    """H18: the parser stops before it hands over the target."""
    with Raw(url) as raw:
        raw.ask(request("/_mock/health"))
        reply = raw.ask(request(f"{path}?task_id=x{byte}"))
    assert told(path, reply)["code"] in (1, 3, 400, 404)  # some such bytes pass as a part of the id


@pytest.mark.parametrize("query", ["", "?", "?task_id", "?task_id=", "?taskId=x", "?%74ask_id=", "?x=1&&=&="])
@pytest.mark.parametrize("path", [RESULT, "/v2/progress"])
def test_without_a_task_id_the_request_is_invalid(client: httpx2.Client, path: str, query: str) -> None:
    """H19."""
    body = told(path, client.get(path + query))
    if path == RESULT:
        refused(body, 400, "INVALID_REQUEST_BODY")
        assert "task_id" in body["metadata"]  # type: ignore[operator]
    else:
        assert body["code"] == 1


KEYS = {
    "absent": ([], "MISSING_API_KEY"),
    "empty": (["Authorization: "], "MISSING_API_KEY"),
    "bearer only": (["Authorization: Bearer"], "MISSING_API_KEY"),
    "basic": (["Authorization: Basic c2tfdGVzdDo="], "INVALID_API_KEY"),
    "two words": (["Authorization: Bearer sk test"], "INVALID_API_KEY"),
    "two headers": (["Authorization: Bearer a", "Authorization: Bearer b"], "INVALID_API_KEY"),
    "10 kB": (["Authorization: Bearer " + "k" * 10_000], "INVALID_API_KEY"),
    "omni on V3": (["X-Omni-Key: sk_test"], "MISSING_API_KEY"),
    "two spaces": (["Authorization: Bearer  sk_test"], ""),
    "lower case": (["authorization: bearer sk_test"], ""),
    "tab": (["Authorization: Bearer\tsk_test"], ""),
    "latin-1": (["Authorization: Bearer sk_t\xe4st"], ""),
}


@pytest.mark.parametrize("case", KEYS)
def test_each_form_of_a_key_has_its_answer(url: str, case: str) -> None:
    """H20."""
    headers, reason = KEYS[case]
    lines = "\r\n".join([f"GET {RESULT}?task_id=x HTTP/1.1", "Host: localhost", *headers, "", ""])
    with Raw(url) as raw:
        body = told(RESULT, raw.ask(lines.encode("latin-1")))
    status = {"MISSING_API_KEY": 400, "INVALID_API_KEY": 403}.get(reason, 404)
    refused(body, status, reason or "TASK_NOT_FOUND")


@pytest.mark.parametrize(
    "value", ["bytes=" + ",".join(f"{n}-{n}" for n in range(5000)), "bytes=0-1", "bytes=9-1", "x"]
)
def test_a_range_of_a_picture_is_ignored_at_once(client: httpx2.Client, value: str) -> None:
    """H21."""
    link = finished(client, client.post(UPSCALE, json=upscale_body()))["images"][0]["image_url"]
    whole = client.get(link)
    with timed(time.process_time) as took:
        reply = client.get(link, headers={"Range": value})
    assert (reply.status_code, reply.content) == (200, whole.content)
    assert took[0] < 0.25


@pytest.mark.parametrize(
    "host", ["[", "[::1", "a b", "x@y", "evil.example", "localhost:99999", "", "\xff", "]", "a/b?c"]
)
def test_a_strange_host_breaks_nothing_and_gets_into_no_link(url: str, host: str) -> None:
    """H11, U8: a link is never made of a host that is not ours."""
    body = json.dumps({"request": upscale_body()["request"]}).encode()
    with Raw(url) as raw:
        submitted = told(UPSCALE, raw.ask(request(UPSCALE, method="POST", body=body, host=host)))
        polled = told(
            RESULT, raw.ask(request(f"{RESULT}?task_id={submitted.get('task_id', 'x')}", host=host))
        )
    for image in polled.get("images", []):  # type: ignore[attr-defined]
        assert image["image_url"].startswith(url)


def test_a_task_id_of_the_other_dialect_is_not_found(client: httpx2.Client) -> None:
    """H18, T1."""
    task_id = client.post("/v2/upscale", json={"image": b64(picture())}).json()["data"]["task_id"]
    refused(told(RESULT, client.get(RESULT, params={"task_id": task_id})), 404, "TASK_NOT_FOUND")


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(MODEL_QUERY), st.text(max_size=12) | st.sampled_from(["c_0", "c_9", "1", "true"])
    )
)
def test_any_query_for_models_is_answered(url: str, query: dict[str, str]) -> None:
    """H17, H18."""
    text = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    with Raw(url) as raw:
        body = told("/v3/model", raw.ask(request(f"/v3/model?{text}")))
    assert "models" in body or body["code"] == 400
