"""Faults before and after a request, over a real socket: what the client sees, and what has happened."""

import json
import signal
import socket
import subprocess
from collections.abc import Iterator

import httpx2
import pytest

import faulty
from conftest import Start, b64, picture, upscale_body
from contract_files import fixture
from faulty import ask, keyed, marks, noted, poll, submit, task_of, until
from novita_mock.catalogue import load
from novita_mock.validation import Validator
from raw import Raw, request, timed
from served import served

CONTRACT = load()
V2_BODY = {"image": b64(picture())}


@pytest.fixture
def client(url: str, request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """A client of the session's double, with an account that no other test has."""
    with keyed(url, request.node.nodeid.replace(" ", "")[-200:].encode().hex()) as client:
        yield client


def tasks(client: httpx2.Client) -> list[str]:
    return [task["task_id"] for task in client.get("/_mock/tasks").json()["tasks"]]


def test_an_error_before_leaves_nothing_behind(client: httpx2.Client) -> None:
    ask(client, "before", {"kind": "error", "reason": "CREATE_TASK_FAILED"})
    reply = submit(client)
    assert (reply.status_code, reply.json()["reason"]) == (500, "CREATE_TASK_FAILED")
    assert tasks(client) == []
    assert faulty.balance(client) == 1_000_000
    assert submit(client).status_code == 200
    assert noted(client)[0]["outcome"] == ["refused", "fault"]


def test_an_error_after_keeps_the_task_and_the_money(client: httpx2.Client) -> None:
    ask(client, "after", {"kind": "error", "reason": "CREATE_TASK_FAILED"})
    assert submit(client).json()["reason"] == "CREATE_TASK_FAILED"
    (task_id,) = tasks(client)
    assert poll(client, task_id).json()["task"]["status"] == "TASK_STATUS_SUCCEED"
    assert faulty.balance(client) == 1_000_000 - 100
    (entry,) = noted(client, operation="upscale")
    assert (entry["outcome"], entry["task_id"]) == (["accepted", "fault", "lost"], task_id)


def test_a_wait_comes_before_an_answer_and_before_an_error() -> None:
    with faulty.noting() as (client, slept):
        ask(client, "before", {"kind": "error", "reason": "TASK_FAILED"})
        ask(client, "before", {"kind": "latency", "seconds": 2})
        ask(client, "after", {"kind": "latency", "seconds": 3}, skip=1)
        assert submit(client).status_code == 500
        assert slept == [2]
        assert [submit(client).status_code for _ in range(3)] == [200] * 3
        assert slept == [2, 3]


def test_waits_are_drawn_from_the_seed_and_stay_within_their_bounds() -> None:
    waits = []
    for _ in range(2):
        with faulty.noting(seed=7) as (client, slept):
            ask(client, "before", {"kind": "latency", "uniform": [0.5, 1.5]}, times=20)
            ask(client, "after", {"kind": "latency", "lognormal": {"median_s": 2, "sigma": 0.5}}, times=20)
            for _ in range(20):
                client.get("/v3/user")
            waits.append(list(slept))
    assert waits[0] == waits[1]
    uniform, lognormal = waits[0][::2], waits[0][1::2]
    assert len(set(uniform)) == 20
    assert all(0.5 <= wait <= 1.5 for wait in uniform)
    assert 1 < sorted(lognormal)[10] < 4


def test_a_wait_takes_wall_time(client: httpx2.Client) -> None:
    ask(client, "before", {"kind": "latency", "seconds": 0.2})
    with timed() as took:
        client.get("/v3/user")
    assert took[0] >= 0.2


@pytest.mark.parametrize(("phase", "tasks_made"), [("before", 1), ("after", 2)])
def test_who_has_no_patience_for_a_wait_and_asks_again_pays_once_or_twice(
    client: httpx2.Client, phase: str, tasks_made: int
) -> None:
    ask(client, phase, {"kind": "latency", "seconds": 1.2}, match={"kind": "submit"})
    with pytest.raises(httpx2.ReadTimeout):
        client.post(faulty.SUBMIT, json=upscale_body(), timeout=0.6)
    task_of(submit(client))
    until(lambda: len(noted(client, operation="upscale")) == 2)
    assert len(tasks(client)) == tasks_made
    assert len(client.get("/_mock/double-spends").json()["double_spends"]) == tasks_made - 1


def test_a_truncated_reply_says_how_long_it_would_have_been_and_ends_at_half(
    client: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    whole = client.get("/v3/user").content
    ask(client, "after", {"kind": "body", "how": "truncated"}, times=2)
    with pytest.raises(httpx2.RemoteProtocolError):
        client.get("/v3/user")
    key = client.headers["authorization"]
    with Raw(str(client.base_url)) as raw:
        raw.send(b"GET /v3/user HTTP/1.1\r\nhost: localhost\r\nauthorization: %b\r\n\r\n" % key.encode())
        head, _, body = raw.remainder().partition(b"\r\n\r\n")
    assert f"content-length: {len(whole)}".encode() in head
    assert body == whole[: len(whole) // 2]
    assert [record.message for record in caplog.records if record.name.startswith("uvicorn")] == []


@pytest.mark.parametrize("path", ["/v3/user", "/v3/model", faulty.SUBMIT])
def test_a_malformed_reply_is_no_json_wherever_it_breaks(client: httpx2.Client, path: str) -> None:
    ask(client, "after", {"kind": "body", "how": "malformed"})
    reply = submit(client) if path == faulty.SUBMIT else client.get(path)
    assert reply.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        reply.json()


@pytest.mark.parametrize("how", ["schema-breaking", "surprise"])
@pytest.mark.parametrize("operation", ["task-result", "upscale", "upscale-v2", "progress", "model", "user"])
def test_a_reply_breaks_its_schema_or_only_expectations(
    client: httpx2.Client, operation: str, how: str
) -> None:
    row = CONTRACT.operation(operation)
    made = {"v3": task_of(submit(client)), "v2": client.post("/v2/upscale", json=V2_BODY).json()}
    query = {"task_id": made["v3"] if row.dialect == "v3" else made["v2"]["data"]["task_id"]}
    ask(client, "after", {"kind": "body", "how": how}, match={"operation": operation}, times=8)
    validator = Validator(CONTRACT, row.response)
    bodies = set()
    for _ in range(8):
        if row.kind == "submit":
            reply = client.post(row.path, json=upscale_body() if row.dialect == "v3" else V2_BODY)
        else:
            reply = client.get(row.path, params=query)
        # Also under --strict-responses, which this double has: what was asked for is no lie.
        assert reply.status_code == 200
        assert bool(list(validator.violations(reply.json()))) is (how == "schema-breaking")
        bodies.add(reply.text)
    assert len(bodies) > 1


def test_a_reset_is_seen_as_a_reset(client: httpx2.Client) -> None:
    ask(client, "before", {"kind": "socket", "how": "reset"}, times=2)
    with pytest.raises(httpx2.ReadError):
        client.get("/v3/user")
    key = client.headers["authorization"]
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), 10) as connection:
        connection.sendall(b"GET /v3/user HTTP/1.1\r\nhost: x\r\nauthorization: %b\r\n\r\n" % key.encode())
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert tasks(client) == []
    assert [entry["status"] for entry in noted(client)] == [0, 0]


def test_a_hang_ends_with_the_patience_of_the_client(client: httpx2.Client) -> None:
    ask(client, "before", {"kind": "socket", "how": "hang"}, match={"kind": "submit"})
    ask(client, "after", {"kind": "socket", "how": "hang"}, match={"kind": "submit"})
    for made in (0, 1):
        with pytest.raises(httpx2.ReadTimeout):
            client.post(faulty.SUBMIT, json=upscale_body(), timeout=0.8)
        assert len(tasks(client)) == made


@pytest.mark.parametrize("name", ["hang", "drip", "slow"])
def test_the_server_ends_within_a_second_and_in_silence_while_a_fault_lasts(name: str) -> None:
    quiet = served("--scenario", name, stderr=subprocess.PIPE)
    with quiet as (process, client), Raw(str(client.base_url)) as raw:
        raw.send(request("/v3/model"))
        raw.ended(within_s=0.2)
        with timed() as took:
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=10)
    assert (process.returncode, told) == (0, b"")
    assert took[0] < 2


def test_a_drip_brings_all_of_it_slowly() -> None:
    with faulty.noting() as (client, slept):
        whole = client.get("/v3/user").content
        ask(client, "after", {"kind": "socket", "how": "drip", "bytes_per_second": 20})
        assert client.get("/v3/user").content == whole
    assert sum(slept) == pytest.approx(len(whole) / 20, abs=0.1)
    assert len(slept) == -(-len(whole) // 2)


def test_a_rate_limit_says_when_to_try_again(client: httpx2.Client) -> None:
    ask(client, "before", {"kind": "error", "reason": "RATE_LIMIT_EXCEEDED", "retry_after_s": 7})
    reply = submit(client)
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "7")
    ask(client, "before", {"kind": "error", "code": 5, "retry_after_s": 9})
    reply = client.post("/v2/upscale", json=V2_BODY)
    assert (reply.status_code, reply.json()["code"], reply.headers["retry-after"]) == (200, 5, "9")
    assert "retry-after" not in submit(client).headers


def test_skip_times_and_rate_say_how_often(start: Start) -> None:
    told = []
    for _ in range(2):
        client = start(seed=5)
        ask(client, "before", {"kind": "error", "reason": "TASK_FAILED"}, skip=2, times=3)
        assert [client.get("/v3/user").status_code for _ in range(7)] == [200, 200, 500, 500, 500, 200, 200]
        ask(client, "before", {"kind": "error", "reason": "TASK_FAILED"}, times=None, rate=0.3)
        told.append([client.get("/v3/user").status_code for _ in range(100)])
    assert told[0] == told[1]
    assert 15 <= told[0].count(500) <= 45


def test_a_fault_meets_the_polls_of_the_task_type_that_it_names(client: httpx2.Client) -> None:
    effect = {"kind": "error", "reason": "GET_RESULT_FAILED"}
    other = {"task_type": "IMG_TO_IMG", "kind": "result"}
    ask(client, "before", effect, match=other, times=None)
    ask(client, "before", effect, match=other | {"task_type": "UPSCALE"})
    task_id = task_of(submit(client))
    assert [poll(client, task_id).status_code for _ in range(2)] == [500, 200]


def test_a_fault_of_one_account_never_touches_another(client: httpx2.Client, url: str) -> None:
    ask(client, "before", {"kind": "error", "reason": "TASK_FAILED"}, times=None)
    with keyed(url, "sk_of_somebody_else") as other:
        assert other.get("/v3/user").status_code == 200
        assert client.get("/v3/user").status_code == 500
        assert other.get("/v3/user").status_code == 200
        assert other.get("/_mock/faults").json() == {"faults": []}
        assert marks(other) == []


def test_the_sample_requests_pass_when_nothing_was_asked_for(client: httpx2.Client) -> None:
    for name in ("upscale", "img2img", "upscale-v2"):
        body = fixture(f"requests/{name}.json")
        assert client.post(CONTRACT.operation(name).path, json=body).status_code == 200
    assert marks(client) == []
    assert client.get("/_mock/faults").json() == {"faults": []}
