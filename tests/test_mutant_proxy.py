"""The mutating proxy: without a mutation it can't be told from the double."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import httpx2
import pytest

from conftest import b64, img2img_body, picture, upscale_body
from mutants.everything import catalogue
from mutants.proxy import Proxy, mutating
from mutants.receiver import Receiver, receiving
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON
from raw import Raw, request

KEYS = ("sk_first", "sk_second")
#: What a request may be, beside what clients send: each is sent as it stands here, byte for byte.
ODD = [
    request("/v3/user"),
    request("/v3/user", method="HEAD"),
    request("/v3/async/upscale", method="PUT", body=b"{}"),
    request("/v3/async/upscale", method="POST", body=b'{"request": {'),
    request("/v3/async/upscale", method="POST", body=b"\xef\xbb\xbf{}"),
    request("/v3/async/upscale", method="POST", body=b'{"extra": {"webhook": null}, "request": 1}'),
    request("/v3/async/upscale", method="POST", body=b'{"extra": {"webhook": {"url": "ftp://127.0.0.1/"}}}'),
    request("/v3/async/upscale", "Content-Length: 2", method="POST", body=b"{}"),
    request("/v3/async/upscale", "Transfer-Encoding: chunked", method="POST") + b"2\r\n{}\r\n0\r\n\r\n",
    request("/v3/async/upscale", "Transfer-Encoding: chunked", method="POST") + b"x\r\n{}\r\n0\r\n\r\n",
    request("/v3/async/upscale", "Content-Length: nine", method="POST"),
    request("/v3/async/upscale", "Content-Length: 99999999999", method="POST"),
    request("/v3/async/task-result?task_id=%00&task_id=b"),
    request("//v3/user"),
    request("/v2/nothing/here"),
    request("/_mock/health"),
    request("/_mock/quirks"),
    request("/" + "x" * 20_000),
    request("/v3/user", "X-Long: " + "y" * 70_000),
    b"GET /v3/user HTTP/1.0\r\nAuthorization: Bearer sk_first\r\n\r\n",
    b"no request at all\r\n\r\n",
    b"GET /v3/user HTTP/1.1\r\n\r\n",
]


@pytest.fixture
def pair() -> Iterator[tuple[str, str]]:
    """The address of a double, and of a proxy before its twin; both tell the same address in their links."""
    told: dict[str, JSON] = {"port": 0, "seed": 1, "speed": 0.0, "quiet": True, "key": KEYS}
    with ExitStack() as stack:
        proxy = stack.enter_context(mutating(KEYS, seed=1, speed=0.0))
        yield stack.enter_context(running(Settings(**told, public_url=proxy.url))), proxy.url


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with mutating(KEYS, seed=1, speed=0.0) as proxy:
        yield proxy


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def client_of(url: str, key: str = KEYS[0]) -> httpx2.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx2.Client(base_url=url, headers=headers, timeout=60, trust_env=False)


def seen(reply: httpx2.Response) -> JSON:
    """All that a client sees of a reply but the moment."""
    headers = [(name, value) for name, value in reply.headers.raw if name != b"date"]
    return reply.status_code, reply.reason_phrase, headers, reply.content


@pytest.mark.parametrize("content", ODD, ids=[str(number) for number in range(len(ODD))])
def test_whatever_is_sent_is_answered_as_by_the_double(pair: tuple[str, str], content: bytes) -> None:
    content = content.replace(b"sk_test", b"sk_first")
    answers = []
    for url in pair:
        with Raw(url) as raw:
            answers.append(raw.ask(content, head=content.startswith(b"HEAD")))
    first, second = answers
    assert first.status == second.status
    assert first.headers.keys() == second.headers.keys()
    assert first.headers["content-type"] == second.headers["content-type"]
    assert first.body == second.body or b"uptime" in first.body


def test_a_battery_of_requests_is_answered_alike(pair: tuple[str, str]) -> None:
    bodies = [
        upscale_body(),
        upscale_body(scale_factor=9),
        img2img_body(),
        img2img_body(image_base64="?"),
        [],
        None,
    ]
    told: list[list[JSON]] = []
    for url in pair:
        with client_of(url) as client:
            told.append([seen(reply) for reply in answers(client, bodies)])
    assert told[0] == told[1]
    assert {status for status, *_ in told[0]} >= {200, 400, 403, 404, 405}


def answers(client: httpx2.Client, bodies: list[JSON]) -> Iterator[httpx2.Response]:
    for body in bodies:
        for path in ("/v3/async/upscale", "/v3/async/img2img", "/v2/upscale"):
            submitted = client.post(path, json=body)
            yield submitted
            task_id = submitted.json().get("task_id")
            if task_id:
                result = client.get("/v3/async/task-result", params={"task_id": task_id})
                yield result
                for image in result.json()["images"]:
                    link = "/" + image["image_url"].split("/", 3)[3]
                    yield from (client.get(link), client.head(link), client.get(f"{link}x"))
    yield client.post("/v3/async/upscale", json=upscale_body(), headers={"Authorization": "Bearer sk_nobody"})
    yield client.get("/v3/model", params={"filter.types": "vae"})
    yield client.delete("/v3/user")
    yield client.get("/v3/nothing")
    yield client.post("/_mock/clock/advance", json={"seconds": 1})
    yield client.get("/_mock/tasks")


def test_links_lead_through_the_proxy(proxy: Proxy) -> None:
    with client_of(proxy.url) as client:
        task_id = client.post("/v3/async/upscale", json=upscale_body()).json()["task_id"]
        url = client.get("/v3/async/task-result", params={"task_id": task_id}).json()["images"][0][
            "image_url"
        ]
    assert url.startswith(proxy.url)


def test_an_event_goes_to_where_its_client_wants_it(proxy: Proxy, receiver: Receiver) -> None:
    receiver.begin(500, 302)
    with client_of(proxy.url) as client:
        body = upscale_body() | {"extra": {"webhook": {"url": receiver.url}}}
        task_id = client.post("/v3/async/upscale", json=body).json()["task_id"]
        client.post("/_mock/clock/advance", json={"seconds": 60})
        result = client.get("/v3/async/task-result", params={"task_id": task_id}).json()
        delivery = client.get("/_mock/webhooks").json()["webhooks"][0]
    assert result["extra"]["webhook"] == {"url": receiver.url}
    assert [each[:3] for each in receiver.received] == [["POST", "/hook?for=us", "application/json"]] * 3
    assert [each[3]["payload"] for each in receiver.received] == [result] * 3
    assert delivery["url"].partition("?")[0] == receiver.url.partition("?")[0]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500, 302, 200]


def test_an_inbox_of_the_double_is_left_alone(proxy: Proxy) -> None:
    with client_of(proxy.url) as client:
        inbox = f"{proxy.url}/_mock/inbox/app"
        client.post("/v3/async/upscale", json=upscale_body() | {"extra": {"webhook": {"url": inbox}}})
        client.post("/_mock/clock/advance", json={"seconds": 1})
        assert len(client.get("/_mock/inbox/app").json()["events"]) == 1


def test_a_webhook_is_redirected_whatever_its_spelling(proxy: Proxy, receiver: Receiver) -> None:
    text = json.dumps(upscale_body() | {"extra": {"webhook": {"url": receiver.url}}}).replace(
        "/hook", "\\/hook"
    )
    with client_of(proxy.url) as client:
        submitted = client.post(
            "/v3/async/upscale", content=text, headers={"Content-Type": "application/json"}
        )
        client.post("/_mock/clock/advance", json={"seconds": 1})
    assert submitted.status_code == 200
    assert len(receiver.received) == 1


def test_requests_side_by_side_don_t_mix(proxy: Proxy) -> None:
    told: list[tuple[int, JSON]] = []

    def ask(number: int) -> None:
        with client_of(proxy.url) as client:
            body = img2img_body(width=128 + 8 * number, seed=number)
            task_id = client.post("/v3/async/img2img", json=body).json()["task_id"]
            result = client.get("/v3/async/task-result", params={"task_id": task_id}).json()
            told.append((number, [result["extra"]["seed"], result["task"]["task_id"] == task_id]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == [(number, [str(number), True]) for number in range(8)]


def test_a_large_body_passes(proxy: Proxy) -> None:
    with client_of(proxy.url) as client:
        large = picture(1000, 1000)
        assert client.post("/v3/async/upscale", json=upscale_body(image_base64=b64(large))).status_code == 200
        over = client.post("/v3/async/upscale", json=upscale_body(image_base64="A" * 47 * 1024 * 1024))
    assert over.status_code == 413


def test_a_client_that_goes_away_does_no_harm(proxy: Proxy) -> None:
    with Raw(proxy.url) as raw:
        raw.send(request("/v3/async/upscale", "Content-Length: 1000", method="POST"))
    with client_of(proxy.url) as client:
        assert client.get("/v3/user").status_code == 200


def test_a_mutation_is_in_force_for_as_long_as_its_block_runs(proxy: Proxy) -> None:
    lax = next(
        mutation for mutation in catalogue() if mutation.id == "laxer upscale request.scale_factor maximum"
    )
    with client_of(proxy.url) as client:
        ask = lambda: client.post("/v3/async/upscale", json=upscale_body(scale_factor=9)).status_code  # noqa: E731
        assert ask() == 400
        with proxy.under(lax):
            assert ask() == 200
        assert ask() == 400
