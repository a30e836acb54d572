"""What counts as an answer to a webhook: HTTP/1.1 as receivers speak it, well and badly."""

import asyncio

import pytest

import receivers
from novita_mock.egress import Policy
from novita_mock.posting import MAX_HEAD_BYTES
from novita_mock.sender import Sender
from receivers import Behaviour, raw, receiving, status

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n"


def answered(behaviour: Behaviour) -> tuple[int | None, str, str]:
    """Status, reason and excerpt of the answer to one post, on both event loops."""

    async def story():
        one = Sender(Policy(), timeout_s=5.0)
        async with receiving(behaviour) as receiver:
            answer = await one.post(receiver.url, b"{}", {})
        await one.close()
        return answer.status, answer.reason, answer.excerpt

    told = asyncio.run(story())
    with asyncio.Runner(loop_factory=pytest.importorskip("uvloop").new_event_loop) as loop:
        assert loop.run(story()) == told
    return told


@pytest.mark.parametrize(("content", "code", "excerpt"), [
    (OK + b"content-length: 2\r\n\r\nok", 200, "ok"),
    (b"HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nok", 200, "ok"),
    (b"HTTP/1.1 200 OK\ncontent-length: 2\n\nok", 200, "ok"),
    (b"\r\n" + OK + b"content-length: 2\r\n\r\nok", 200, "ok"),
    (OK + b"x: a\r\n b\r\ncontent-length: 2\r\n\r\nok", 200, "ok"),
    (CHUNKED + b"2\r\nok\r\n0\r\n\r\n", 200, "ok"),
    (CHUNKED + b"1;a=b\r\no\r\n1 \r\nk\r\n0\r\nx: y\r\n\r\n", 200, "ok"),
    (OK + b"\r\nuntil it is closed", 200, "until it is closed"),
    (OK + b"transfer-encoding: gzip\r\n\r\nclosed", 200, "closed"),
    (b"HTTP/1.0 200 OK\r\n\r\nold", 200, "old"),
    (b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"content-length: 2\r\n\r\nok", 200, "ok"),
    (b"HTTP/1.1 103 E\r\ncontent-length: 9\r\n\r\n" + OK + b"\r\nok", 200, "ok"),
    (OK + b"content-length: 2\r\n\r\nokHTTP/1.1 500 X\r\ncontent-length: 2\r\n\r\nno", 200, "ok"),
    (OK + b"upgrade: h2c\r\nconnection: upgrade\r\ncontent-length: 2\r\n\r\nok", 200, "ok"),
    (b"HTTP/1.1 204 X\r\n\r\n", 204, ""),
    (OK + b"content-length: 900\r\n\r\n" + "ü".encode() * 450, 200, "ü" * 200),
])  # fmt: skip
def test_an_answer_is_read_to_its_end_and_no_further(content, code, excerpt):
    assert answered(raw(content)) == (code, "", excerpt)


@pytest.mark.parametrize("head", [b"", b"upgrade: websocket\r\nconnection: upgrade\r\n"])
def test_another_protocol_is_an_answer_but_no_delivery(head):
    told = answered(raw(b"HTTP/1.1 101 Switching\r\n" + head + b"\r\n\0\1\2"))
    assert told == (101, "status 101", "")


@pytest.mark.parametrize(("content", "reason"), [
    (b"HTTP/1.1 100 Continue\r\n\r\n", "broken off before an answer"),
    (b"\r\n\r\n", "broken off before an answer"),
    (CHUNKED + b"2\r\nok\r\n", "broken off after status 200"),
    (CHUNKED + b"2\r\nokZ", "not HTTP: Expected LF after chunk data"),
    (OK + b"content-length: x\r\n\r\n", "not HTTP: Invalid character in Content-Length"),
    (OK + b"con tent: x\r\n\r\n", "not HTTP: Invalid header token"),
    (OK + b"content-length: 2\r\n\r\nok and more", "not HTTP: Bad status line"),
    (b"220 mail.example ESMTP\r\n", "not HTTP: Bad status line"),
    (b"HTTP/1.1 99 X\r\n\r\n", "not HTTP: Bad status line"),
    (b"<html>hello</html>", "not HTTP: Bad status line"),
    (b"\x15\x03\x01\x00\x02\x02\x46", "not HTTP: Bad status line"),
    (OK + b"x: " + b"y" * MAX_HEAD_BYTES + b"\r\n\r\n", "not HTTP: the head is too long"),
    (OK + b"x: y\r\n" * MAX_HEAD_BYTES + b"\r\n", "not HTTP: the head is too long"),
    (b"HTTP/1.1 200 " + b"y" * MAX_HEAD_BYTES + b"\r\n\r\n", "not HTTP: the head is too long"),
    (b"HTTP/1.1 102 P\r\n\r\n" * 10_000, "not HTTP: the head is too long"),
])  # fmt: skip
def test_what_is_no_answer_has_its_reason(content, reason):
    assert answered(raw(content)) == (None, reason, "")


def test_a_body_without_a_length_ends_with_its_connection_however_that_ends():
    assert answered(receivers.reset(OK + b"\r\nhello")) == (200, "", "hello")


def test_a_delivery_asks_for_its_connection_to_be_closed_and_says_how_long_it_is():
    async def story():
        one = Sender(Policy())
        async with receiving(status(200)) as receiver:
            await one.post(receiver.url, "ü".encode(), {})
        await one.close()
        return receiver.received[0]

    received = asyncio.run(story())
    assert received.headers["connection"] == "close"
    assert received.headers["content-length"] == "2"
    assert received.headers["accept-encoding"] == "identity"
    assert received.body == "ü".encode()
