"""Under a foreign ASGI server all works but what needs the socket, and that says so when it is asked for."""

from collections.abc import Iterator

import httpx2
import pytest

from contract_files import validator
from faulty import ask, finished, keyed, link, marks, submit
from foreign import foreign


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with foreign() as url:
        yield url


@pytest.fixture
def client(address: str, request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    with keyed(address, request.node.nodeid[-200:].encode().hex()) as client:
        yield client


def test_a_task_goes_its_whole_way(client: httpx2.Client) -> None:
    assert finished(client)["task"]["status"] == "TASK_STATUS_SUCCEED"
    assert client.get(link(client)).headers["content-type"] == "image/png"


@pytest.mark.parametrize("how", ["reset", "hang"])
@pytest.mark.parametrize("phase", ["before", "after", "download"])
def test_a_fault_at_the_socket_is_refused_when_it_is_queued(
    client: httpx2.Client, phase: str, how: str
) -> None:
    effect = {"kind": "socket", "how": how}
    reply = client.post("/_mock/faults", json={"phase": phase, "effect": effect})
    assert reply.status_code == 400
    assert "run novita-mock serve for faults there" in reply.text
    assert client.get("/_mock/faults").json() == {"faults": []}


@pytest.mark.parametrize("name", ["reset", "flaky", "slow-download", "lost-reply"])
def test_a_scenario_with_such_a_fault_is_refused_whole(client: httpx2.Client, name: str) -> None:
    reply = client.post("/_mock/faults", json={"scenario": name})
    assert reply.status_code == 400
    assert client.get("/_mock/faults").json() == {"faults": []}
    reply = client.get("/v3/user", headers={"x-novita-mock-scenario": name})
    assert reply.status_code == 400
    assert "run novita-mock serve" in reply.json()["message"]
    validator("v3/error.json").validate(reply.json())
    assert marks(client) == []


def test_other_faults_work(client: httpx2.Client) -> None:
    ask(client, "before", {"kind": "error", "reason": "CREATE_TASK_FAILED"})
    assert submit(client).status_code == 500
    ask(client, "task", {"kind": "fail"})
    assert finished(client)["task"]["status"] == "TASK_STATUS_FAILED"


def test_a_truncated_body_is_half_of_it_though_the_length_fits(client: httpx2.Client) -> None:
    whole = client.get("/v3/user").content
    ask(client, "after", {"kind": "body", "how": "truncated"})
    assert client.get("/v3/user").content == whole[: len(whole) // 2]
