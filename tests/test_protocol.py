"""What a client can do to a connection: rows H4 to H11 and H22 of the catalogue of faults."""

import json
from collections.abc import Iterator

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Start, upscale_body
from laws import refused, told
from novita_mock import protocol
from novita_mock.catalogue import load
from novita_mock.server import running
from novita_mock.settings import Settings
from raw import Raw, request, timed

UPSCALE = "/v3/async/upscale"
LIMITS = {row.path: row.max_body_bytes for row in load().operations if row.kind == "submit"}
GOOD = json.dumps(upscale_body()).encode()
TYPE = "Content-Type: application/json"


@pytest.mark.parametrize("path", LIMITS)
def test_a_body_is_refused_by_its_declared_length_before_it_comes(url: str, path: str) -> None:
    """H4."""
    with Raw(url) as raw:
        reply = raw.ask(request(path, TYPE, "Content-Length: 104857600", method="POST") + b"{")
    assert reply.status == 413
    assert told(path, reply)["code"] == (6 if path.startswith("/v2") else 413)


@pytest.mark.parametrize("over", [-1, 0, 1])
@pytest.mark.parametrize("path", LIMITS)
def test_a_body_may_be_as_long_as_its_row_says(url: str, path: str, over: int) -> None:
    """H6."""
    body = b"{}".ljust(LIMITS[path] + over)
    with Raw(url) as raw:
        reply = raw.ask(request(path, method="POST", body=body))
    found = told(path, reply)
    assert (reply.status == 413) == (over > 0)
    if over <= 0:
        assert found["code"] == (1 if path.startswith("/v2") else 400)


def test_every_documented_picture_fits_into_a_body() -> None:
    """H6: 30 MiB in base64 for the upscalers, five pictures of 10 MiB for img2img."""
    assert all(limit > 41_943_040 for limit in LIMITS.values())
    assert LIMITS["/v3/async/img2img"] > 5 * 13_981_016


def test_an_endless_body_is_cut_off_and_kept_nowhere(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """H5: long before the deadline of a body that somebody reads."""
    monkeypatch.setattr(protocol, "LINGER_S", 0.3)
    before = psutil.Process().memory_info().rss
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with Raw(url) as raw:
        raw.send(request(UPSCALE, TYPE, "Transfer-Encoding: chunked", method="POST"))
        with pytest.raises(ConnectionError):
            raw.send_on(chunk for _ in range(20_000))
    assert psutil.Process().memory_info().rss - before < 200 * 1024 * 1024


def test_a_body_without_a_length_is_refused_once_it_is_over_the_limit(url: str) -> None:
    """H5."""
    chunk = b"1000000\r\n" + b" " * 0x1000000 + b"\r\n"
    with Raw(url) as raw:
        raw.send(
            request(UPSCALE, TYPE, "Transfer-Encoding: chunked", method="POST") + chunk * 3 + b"0\r\n\r\n"
        )
        reply = raw.reply()
    assert reply.status == 413
    told(UPSCALE, reply)


SMUGGLED = b"GET /v3/model HTTP/1.1\r\nHost: localhost\r\n\r\n"
BROKEN = {
    "two lengths": (["Content-Length: 2", "Content-Length: 3"], b"{}" + SMUGGLED),
    "negative length": (["Content-Length: -1"], SMUGGLED),
    "length that is no number": (["Content-Length: 0x10"], SMUGGLED),
    "length and encoding": (["Content-Length: 2", "Transfer-Encoding: chunked"], b"0\r\n\r\n" + SMUGGLED),
    "encoding and length": (["Transfer-Encoding: chunked", "Content-Length: 2"], b"0\r\n\r\n" + SMUGGLED),
    "bad chunk": (["Transfer-Encoding: chunked"], b"zz\r\n{}\r\n" + SMUGGLED),
    "bad chunk end": (["Transfer-Encoding: chunked"], b"2\r\n{}xx0\r\n\r\n" + SMUGGLED),
    "unknown encoding": (["Transfer-Encoding: chunked, x"], b"0\r\n\r\n" + SMUGGLED),
    "space in a name": (["X Y: z"], SMUGGLED),
    "folded header": (["X: y\r\n z"], b""),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_body_without_a_clear_end_is_refused_and_nothing_after_it_is_a_request(url: str, case: str) -> None:
    """H7."""
    headers, rest = BROKEN[case]
    with Raw(url) as raw:
        reply = raw.ask(request(UPSCALE, TYPE, *headers, method="POST") + rest)
        after = raw.remainder()
    refused(told(UPSCALE, reply), 400, "INVALID_REQUEST_BODY")
    assert after == b""


def test_what_follows_a_good_request_does_not_cost_it_its_answer(url: str) -> None:
    """H7: the answer to the first is whole, and is the last."""
    with Raw(url) as raw:
        reply = raw.ask(request(UPSCALE, method="POST", body=GOOD) + b"\x00\x01 nonsense\r\n\r\n")
        assert raw.ended(1)
    assert "task_id" in told(UPSCALE, reply)


def test_requests_in_a_row_are_answered_in_their_order(url: str) -> None:
    """H7."""
    with Raw(url) as raw:
        raw.send(request(UPSCALE, method="POST", body=GOOD) + request("/v3/x") + request("/v2/x"))
        replies = [raw.reply(), raw.reply(), raw.reply()]
    assert [reply.status for reply in replies] == [200, 404, 404]
    assert told("/v2/x", replies[2])["code"] == 10


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00",
        b"SSH-2.0-x\r\n",
        b"\r\n\r\n\x00",
        b"GET\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_not_http_is_refused(url: str, garbage: bytes) -> None:
    """H7."""
    with Raw(url) as raw:
        assert raw.ask(garbage).status == 400
        assert raw.ended(1)


def test_a_client_that_vanishes_leaves_no_task_and_no_traceback(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    """H8."""
    client = start(quiet=False)
    url = str(client.base_url).rstrip("/")
    for length in (0, 10, len(GOOD) - 1):
        with Raw(url) as raw:
            raw.send(request(UPSCALE, method="POST", body=GOOD)[: -len(GOOD)] + GOOD[:length])
    assert client.get("/_mock/health").json()["kept_bytes"] == 0
    assert client.get("/_mock/health").json()["unfinished_tasks"] == 0
    assert not [record for record in caplog.records if record.exc_info or record.levelname == "ERROR"]


@pytest.mark.parametrize("sent", [b"", b"GE", b"GET /v3/model HTTP/1.1\r\nHo"])
def test_a_slow_head_is_cut_off(start: Start, sent: bytes) -> None:
    """H9."""
    with Raw(str(start(header_deadline_s=0.2).base_url)) as raw, timed() as took:
        raw.send(sent)
        assert raw.ended(5)
    assert 0.1 < took[0] < 3


def test_a_slow_body_is_cut_off(start: Start) -> None:
    """H9, H22: with and without waiting for 100 Continue."""
    url = str(start(body_deadline_s=0.2).base_url)
    head = request(UPSCALE, TYPE, "Content-Length: 100", method="POST")
    with Raw(url) as raw, timed() as took:
        raw.send(head + b"{")
        assert raw.ended(5)
    assert 0.1 < took[0] < 3
    with Raw(url) as raw:
        assert raw.ask(head[:-2] + b"Expect: 100-continue\r\n\r\n").status == 100
        assert raw.ended(5)


def test_a_drip_of_bytes_does_not_put_a_deadline_off(start: Start) -> None:
    """H9."""
    url = str(start(header_deadline_s=0.3).base_url)
    with Raw(url) as raw, timed() as took, pytest.raises(ConnectionError):
        raw.send_on((bytes([byte]) for byte in request("/v3/model") * 9), 0.05)
    assert took[0] < 2


def test_slow_clients_do_not_keep_an_honest_one_waiting(start: Start) -> None:
    """H9."""
    client = start(header_deadline_s=0.5)
    url = str(client.base_url)
    slow = [Raw(url) for _ in range(200)]
    for raw in slow:
        raw.send(b"GET /v3/mo")
    with timed() as took:
        assert all(client.get("/_mock/health").status_code == 200 for _ in range(50))
    assert took[0] < 3
    assert all(raw.ended(2) for raw in slow)
    for raw in slow:
        raw.__exit__(None, None, None)


@pytest.mark.parametrize(
    "headers", [["X: " + "y" * 100_000], [f"X{n}: y" for n in range(5_000)], ["X" * 70_000 + ": y"]]
)
@pytest.mark.parametrize("path", [UPSCALE, "/v2/upscale"])
def test_too_much_of_headers_is_refused(url: str, path: str, headers: list[str]) -> None:
    """H10."""
    with Raw(url) as raw:
        reply = raw.ask(request(path, *headers, method="POST", body=b"{}"))
        assert raw.ended(2)
    assert reply.status == 431
    told(path, reply)


def test_a_header_that_never_ends_is_refused_while_it_comes(url: str) -> None:
    """H10: the parser would keep all of it until its end."""
    with Raw(url) as raw:
        reply = raw.ask(request(UPSCALE)[:-2] + b"X: " + b"y" * 2_000_000)
    assert reply.status == 431
    told(UPSCALE, reply)


@pytest.mark.parametrize("length", [16_000, 17_000, 100_000])
def test_a_target_has_a_length_at_most(url: str, length: int) -> None:
    """H10."""
    with Raw(url) as raw:
        reply = raw.ask(request("/v3/async/task-result?task_id=" + "x" * (length - 30)))
    assert reply.status == (404 if length < 16_384 else 431)
    told(UPSCALE, reply)


@pytest.mark.parametrize("hosts", [b"", b"Host: a\r\nHost: b\r\n"])
@pytest.mark.parametrize("path", [UPSCALE, "/v2/upscale"])
def test_http_1_1_needs_exactly_one_host(url: str, path: str, hosts: bytes) -> None:
    """H11."""
    with Raw(url) as raw:
        reply = raw.ask(b"POST " + path.encode() + b" HTTP/1.1\r\n" + hosts + b"\r\n")
    assert reply.status == 400
    told(path, reply)


def test_http_1_0_needs_no_host(url: str) -> None:
    """H11."""
    with Raw(url) as raw:
        reply = raw.ask(b"GET /v3/async/task-result HTTP/1.0\r\nAuthorization: Bearer x\r\n\r\n")
        assert raw.ended(2)
    refused(told(UPSCALE, reply), 400, "INVALID_REQUEST_BODY")


OFFERS = {
    "h2c": ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ"],
    "websocket": ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x"],
}


@pytest.mark.parametrize("split", [0, 30, 150, -len(GOOD), -3])
@pytest.mark.parametrize("offer", OFFERS)
@pytest.mark.parametrize("chunked", [False, True])
def test_an_offer_of_another_protocol_is_declined_without_loss(
    url: str, offer: str, split: int, chunked: bool
) -> None:
    """H2: Java's client offers HTTP/2 by default; its body must come through, and the connection go on."""
    content = request(UPSCALE, *OFFERS[offer], method="POST", body=GOOD)
    if chunked:
        head = request(UPSCALE, *OFFERS[offer], TYPE, "Transfer-Encoding: chunked", method="POST")
        content = head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD)
    with Raw(url) as raw:
        for _ in range(2):
            raw.send_on([content[:split], content[split:]], 0.02)
            assert told(UPSCALE, raw.reply()).keys() == {"task_id"}
        raw.send((content + request("/v3/x", *OFFERS[offer])) * 2)
        assert [raw.reply().status for _ in range(4)] == [200, 404, 200, 404]


def test_a_thousand_offers_at_once_are_declined_one_after_the_other(url: str) -> None:
    """H2."""
    with Raw(url) as raw:
        raw.send(request("/v3/x", *OFFERS["h2c"]) * 1000)
        assert {raw.reply().status for _ in range(1000)} == {404}


def test_a_declined_offer_leaves_the_end_of_the_connection(url: str) -> None:
    """H2."""
    with Raw(url) as raw:
        assert raw.ask(request("/v3/x", "Connection: close, Upgrade", "Upgrade: h2c")).status == 404
        assert raw.ended(1)
        refusal = request("x:1", method="CONNECT")
    with Raw(url) as raw:
        assert raw.ask(refusal).status == 400
        assert raw.ended(1)


def test_an_over_long_body_is_refused_without_being_asked_for(url: str) -> None:
    """H4, H22: no 100 Continue comes before the 413."""
    head = request(UPSCALE, TYPE, "Content-Length: 104857600", "Expect: 100-continue", method="POST")
    with Raw(url) as raw:
        reply = raw.ask(head)
    assert reply.status == 413
    told(UPSCALE, reply)


@pytest.fixture(scope="module")
def hasty() -> Iterator[str]:
    """The URL of a double that waits for nothing long."""
    with running(
        Settings(port=0, speed=0.0, header_deadline_s=0.1, body_deadline_s=0.1, quiet=True)
    ) as address:
        yield address


PIECES = [
    b"\r\n", b"\0", b"\xff", b"%00", b"//", b"?", b"&", b"1e999", b":", b"{", b'"', b" ", b"-1",
    b"Upgrade: h2c\r\nConnection: upgrade\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 3\r\n",
    b"Expect: 100-continue\r\n",
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([request(UPSCALE, method="POST", body=GOOD), request("/v3/model?pagination.limit=3")]),
    st.lists(
        st.tuples(st.integers(0, 260), st.integers(0, 20), st.sampled_from(PIECES)), min_size=1, max_size=3
    ),
)
def test_a_garbled_request_is_answered_in_the_dialect_or_cut_off(
    hasty: str, content: bytes, changes: list[tuple[int, int, bytes]]
) -> None:
    """H7: never a failure, never silence beyond the deadline."""
    for place, dropped, piece in changes:
        content = content[:place] + piece + content[place + dropped :]
    with Raw(hasty, timeout_s=5) as raw:
        try:
            reply = raw.ask(content)
        except (EOFError, ConnectionError):
            return
        if reply.status == 100:
            reply = raw.reply()
    assert reply.status < 500, reply.content
    first = content.split(b"\n")[0].split()
    if len(first) == 3 and first[1].startswith(b"/v3/"):
        told(UPSCALE, reply)
