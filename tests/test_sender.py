"""One delivery of a webhook, to real receivers on loopback: what is sent, and what becomes of it."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

import receivers
from novita_mock import __version__
from novita_mock.egress import HOP_HEADER, Policy
from novita_mock.sender import Answer, Sender
from receivers import Behaviour, receiving, status

ROOT = Path(__file__).parents[1]
Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a story on the loop of Python and on the one that a served double has."""
    factory = None if request.param == "asyncio" else pytest.importorskip("uvloop").new_event_loop

    def runner(story: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=factory) as loop:
            return loop.run(story)

    return runner


def sender(**limits: Any) -> Sender:
    return Sender(limits.pop("policy", Policy()), **{"timeout_s": 5.0} | limits)


async def posted(url: str, headers: dict[str, str] | None = None, **limits: Any) -> Answer:
    """What becomes of one post by a sender of its own."""
    one = sender(**limits)
    try:
        return await one.post(url, b'{"event_type": "X"}', headers or {})
    finally:
        await one.close()


async def answered(*behaviours: Behaviour, **limits: Any) -> Answer:
    async with receiving(*behaviours) as receiver:
        answer = await posted(receiver.url, **limits)
        assert receiver.connections == 1, "one attempt is one connection"
        return answer


def test_a_delivery_is_a_post_of_json_with_our_name_and_the_hop(run):
    async def story():
        async with receiving() as receiver:
            answer = await posted(receiver.url + "?a=%2F&b", {"x-event": "7", "user-agent": "mine"})
            return answer, receiver.received[0]

    answer, received = run(story())
    assert (answer.status, answer.reason, answer.excerpt, answer.delivered) == (200, "", "ok", True)
    assert 0 <= answer.duration_s < 5
    assert received.line == "POST /hook?a=%2F&b HTTP/1.1"
    assert received.body == b'{"event_type": "X"}'
    headers = received.headers
    assert headers["content-type"] == "application/json"
    assert [headers["user-agent"], headers["x-event"], headers[HOP_HEADER.lower()]] == ["mine", "7", "1"]
    assert not {"authorization", "cookie"} & set(headers)


def test_the_name_of_the_sender_is_ours_unless_told_otherwise():
    async def story():
        async with receiving() as receiver:
            await posted(receiver.url)
            return receiver.received[0].headers["user-agent"]

    assert asyncio.run(story()) == f"novita-mock/{__version__}"


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_delivery(code):
    answer = asyncio.run(answered(status(code)))
    assert (answer.status, answer.reason) == (code, "")


@pytest.mark.parametrize("code", [300, 304, 400, 404, 410, 429, 500, 503])
def test_anything_else_is_a_failure_with_its_status(code):
    answer = asyncio.run(answered(status(code, b"because", retry_after="1")))
    assert (answer.status, answer.reason, answer.delivered) == (code, f"status {code}", False)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_never_followed(code):
    async def story():
        async with receiving() as other, receiving(status(code, location=other.url)) as receiver:
            return await posted(receiver.url), other.received

    answer, followed = asyncio.run(story())
    assert (answer.reason, followed) == (f"status {code}", [])


def test_the_deadline_is_for_the_whole_answer_and_not_for_each_byte(run):
    assert run(answered(receivers.drip(0.3), timeout_s=2.0)).reason == ""
    late = run(answered(receivers.drip(3.0), timeout_s=0.3))
    assert (late.status, late.reason) == (None, "timed out")
    assert 0.29 < late.duration_s < 5  # uvloop counts whole milliseconds


def test_a_receiver_that_hangs_is_given_up(run):
    assert run(answered(receivers.hang(), timeout_s=0.2)).reason == "timed out"


def test_every_delivery_has_its_whole_time_whenever_it_begins(run):
    async def story():
        one = sender(timeout_s=0.3)
        async with receiving(receivers.hang()) as receiver:

            async def begun(number: int) -> asyncio.Future[Answer]:
                post = asyncio.ensure_future(one.post(receiver.url, b"{}", {}))
                while len(receiver.received) < number:
                    await asyncio.sleep(0)
                return post

            first = await begun(1)
            await receiver.wait(0.1)
            second = await begun(2)
            answers = [
                await first,
                await second,
            ]  # the second is under way when the time of the first is over
            answers.append(await (await begun(3)))
        await one.close()
        return answers

    for answer in run(story()):
        assert answer.reason == "timed out"
        assert 0.29 < answer.duration_s < 5


@pytest.mark.parametrize(("behaviour", "reason"), [
    (receivers.reset(), "broken off before an answer"),
    (receivers.raw(b""), "broken off before an answer"),
    (receivers.raw(b"HTTP/1.1 200 OK\r\ncontent-le"), "broken off before an answer"),
    (receivers.raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"), "broken off after status 200"),
    (receivers.reset(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"), "broken off after status 200"),
    (receivers.raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZ\r\n"), "not HTTP"),
    (receivers.raw(b"SSH-2.0-OpenSSH_9.9\r\n\r\n"), "not HTTP"),
    (receivers.raw(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n"), "not HTTP"),
])  # fmt: skip
def test_an_answer_that_is_not_whole_is_a_failure(run, behaviour, reason):
    answer = run(answered(behaviour))
    assert answer.status is None
    assert answer.reason.startswith(reason)
    assert len(answer.reason) < 300


def test_where_nobody_listens_the_connection_is_refused(run):
    async def story():
        async with receiving() as receiver:
            url = receiver.url
        return await posted(url), await posted(url.replace("127.0.0.1", "localhost"))

    for answer in run(story()):
        assert (answer.status, answer.reason) == (None, "refused: Connection refused")


@pytest.mark.parametrize("head", ["", "content-length: 10000000000\r\n", "content-encoding: gzip\r\n"])
def test_of_an_endless_answer_64_kb_are_read_and_memory_stays(run, head):
    before = psutil.Process().memory_info().rss
    answer = run(answered(receivers.endless(200, head), timeout_s=5.0))
    assert (answer.status, answer.reason, answer.excerpt) == (200, "", "x" * 200)
    assert answer.duration_s < 4
    assert psutil.Process().memory_info().rss - before < 32 * 1024 * 1024
    assert run(answered(receivers.endless(500, head))).reason == "status 500"


def test_receivers_that_keep_connections_leave_none_open(run):
    async def story():
        one, mine = sender(per_host=64), psutil.Process()
        async with receiving(receivers.kept_alive()) as receiver:
            await one.post(receiver.url, b"{}", {})
            before = mine.num_fds()
            answers = await asyncio.gather(*(one.post(receiver.url, b"{}", {}) for _ in range(500)))
            assert all(answer.delivered for answer in answers)
            ours = [
                each for each in mine.net_connections() if each.raddr and each.raddr.port == receiver.port
            ]
        # the receiver's own ends are this process's too, and close only with it
        assert mine.num_fds() <= before
        await one.close()
        return [each for each in ours if each.status == "ESTABLISHED"]

    assert run(story()) == []


def test_a_receiver_that_shuts_its_connection_without_a_word_takes_the_next_delivery_too(run):
    async def story():
        one = sender()
        async with receiving(status(200)) as receiver:
            answers = [await one.post(receiver.url, b"{}", {}) for _ in range(200)]
        await one.close()
        return {answer.reason for answer in answers}

    assert run(story()) == {""}


@pytest.mark.parametrize("url", [
    "file:/etc/passwd", "ftp://127.0.0.1/", "//127.0.0.1/x", "http://127.0.0.1:99999/",
    "http://u:p" + "@127.0.0.1/", "http://127.0.0.1/\r\nX: y", "http://256.1.1.1/", "http://", "",
])  # fmt: skip
def test_what_is_not_a_url_of_http_is_not_sent(url):
    assert asyncio.run(posted(url)).reason.startswith("not delivered: ")


def test_headers_that_would_break_out_are_not_sent():
    async def story():
        async with receiving() as receiver:
            return await posted(receiver.url, {"x": "1\r\ny: 2"}), receiver.received

    answer, received = asyncio.run(story())
    assert (answer.reason, received) == ("failed: ValueError", [])


POST_TO_LOCALHOST = """
import asyncio, sys
sys.path[:0] = sys.argv[1:]
from test_sender import posted, receiving

async def story():
    async with receiving() as receiver:
        answer = await posted(receiver.url.replace("127.0.0.1", "localhost"))
        print(answer.status, answer.reason)

asyncio.run(story())
"""


def test_proxies_of_the_environment_are_not_asked():
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), "http://127.0.0.1:9")
    told = subprocess.run(
        [sys.executable, "-c", POST_TO_LOCALHOST, str(ROOT / "mock_server"), str(ROOT / "tests")],
        env={name: text for name, text in os.environ.items() if name.lower() != "no_proxy"} | proxies,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.stdout == "200 \n", told.stderr


def test_closing_ends_what_is_under_way_and_what_waits_at_once(run):
    async def story():
        one = sender(per_host=1, timeout_s=30.0)
        async with receiving(receivers.hang()) as receiver:
            posts = [asyncio.ensure_future(one.post(receiver.url, b"{}", {})) for _ in range(3)]
            while not receiver.received:
                await asyncio.sleep(0)
            await one.close()
            answers = await asyncio.wait_for(asyncio.gather(*posts), 1.0)
            return [*answers, await one.post(receiver.url, b"{}", {})], len(receiver.received)

    answers, received = run(story())
    assert {answer.reason for answer in answers} == {"not delivered: the double is stopping"}
    assert received == 1


def test_a_caller_who_gives_up_is_let_go(run):
    async def story():
        one = sender(per_host=1)
        async with receiving(receivers.hang(), status(200)) as receiver:
            post = asyncio.ensure_future(one.post(receiver.url, b"{}", {}))
            while not receiver.received:
                await asyncio.sleep(0)
            post.cancel()
            with pytest.raises(asyncio.CancelledError):
                await post
            answer = await one.post(receiver.url, b"{}", {})
            await one.close()
            return answer.reason

    assert run(story()) == "", "its place in the lane is free again"


def test_a_sender_that_is_closed_while_it_begins_sends_nothing(run):
    async def story():
        one = sender()
        async with receiving() as receiver:
            post = asyncio.ensure_future(one.post(receiver.url, b"{}", {}))
            await asyncio.sleep(0)
            await one.close()
            return await post, receiver.received

    answer, received = run(story())
    assert (answer.reason, received) == ("not delivered: the double is stopping", [])
