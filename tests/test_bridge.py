"""A double without a socket: asked from any loop and any thread."""

import asyncio

import anyio
import httpx2
import pytest
from starlette.testclient import TestClient

from conftest import upscale_body
from novita_mock.calling import CallFailed
from novita_mock.testing import DoubleFailed, running

UPSCALE = "/v3/async/upscale"
HEADERS = {"Authorization": "Bearer sk_mock"}


@pytest.fixture
def mock():
    with running(where="asgi", speed=0, strict_responses=True) as double:
        yield double


def client(mock) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=mock.app)
    return httpx2.AsyncClient(transport=transport, base_url=mock.url, headers=HEADERS)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_any_event_loop_may_ask(mock, backend) -> None:
    async def go() -> None:
        async with client(mock) as asking:
            task_id = (await asking.post(UPSCALE, json=upscale_body())).json()["task_id"]
            result = (await asking.get("/v3/async/task-result", params={"task_id": task_id})).json()
            picture = await asking.get(result["images"][0]["image_url"])
            head = await asking.head(result["images"][0]["image_url"])
        assert picture.content[:4] == b"\x89PNG"
        assert head.headers["content-length"] == str(len(picture.content))

    anyio.run(go, backend=backend)
    assert [row["status"] for row in mock.requests] == [200, 200, 200, 200]


def test_many_at_once_are_answered_each_its_own(mock) -> None:
    async def go() -> list[int]:
        async with client(mock) as asking:
            bodies = [upscale_body(scale_factor=9 if n % 3 == 0 else 2) for n in range(30)]
            replies = await asyncio.gather(*(asking.post(UPSCALE, json=body) for body in bodies))
        return [reply.status_code for reply in replies]

    assert asyncio.run(go()) == [400 if n % 3 == 0 else 200 for n in range(30)]
    assert len(mock.tasks) == 20


def test_a_client_without_a_loop_may_ask(mock) -> None:
    with TestClient(mock.app, base_url=mock.url, headers=HEADERS) as asking:
        assert asking.post(UPSCALE, json=upscale_body()).status_code == 200
        assert asking.get("/v3/user").json()["credit_balance"] < 1_000_000
    assert len(mock.tasks) == 1


def test_the_app_of_a_double_in_a_thread_is_the_same_double() -> None:
    with running(where="thread", speed=0) as mock, TestClient(mock.app, base_url=mock.url) as asking:
        asking.post(UPSCALE, json=upscale_body(), headers=HEADERS)
        with httpx2.Client(base_url=mock.url, headers=HEADERS, trust_env=False) as other:
            assert other.get("/v3/user").json()["credit_balance"] < 1_000_000


def test_faults_at_the_socket_are_refused_and_others_are_had(mock) -> None:
    with pytest.raises(CallFailed, match="does not offer its socket"):
        mock.scenario("reset")
    mock.scenario("truncated")
    mock.fail_next("RATE_LIMIT_EXCEEDED", "user")

    async def go() -> httpx2.Response:
        async with client(mock) as asking:
            return await asking.get("/v3/user")

    assert asyncio.run(go()).status_code == 429


def test_a_request_that_is_given_up_does_no_harm(mock) -> None:
    mock.add_fault({"phase": "before", "effect": {"kind": "latency", "seconds": 30}, "times": 1})

    async def go() -> int:
        async with client(mock) as asking:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asking.get("/v3/user"), 0.05)
            return (await asking.get("/v3/user")).status_code

    assert asyncio.run(go()) == 200


def test_it_can_be_somewhere_else() -> None:
    with running(where="asgi", public_url="https://pictures.example", speed=0) as mock:
        assert mock.url == "https://pictures.example"
        assert mock.inbox("a").url == "https://pictures.example/_mock/inbox/a"
        assert mock.balance == 100


def test_after_the_end_nothing_answers() -> None:
    with running(where="asgi") as mock:
        pass

    async def go() -> None:
        async with client(mock) as asking:
            await asking.get("/v3/user")

    with pytest.raises(ConnectionError, match="come to its end"):
        asyncio.run(go())
    with pytest.raises(CallFailed, match="no double answers"):
        mock.balance  # noqa: B018 - what is tested


def test_what_can_not_be_is_told() -> None:
    with pytest.raises(DoubleFailed, match="no quirk 'no-such'"):
        running(where="asgi", quirks={"no-such": "1"}).__enter__()
