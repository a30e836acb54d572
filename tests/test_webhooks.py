"""Webhooks over HTTP, from the submit to the receiver: rows W1 to W20, test mode, and what faults do."""

import socket
from itertools import pairwise

import httpx2
import pytest

from conftest import Start, upscale_body
from hooks import hooked
from novita_mock.types import JSON
from world import advance, effects, get, now, poll, post, status, submit, webhooks

MANUAL = {"speed": "manual"}
#: A task of ours has ended by then.
DONE_S = 2.0
#: All retries are over by then.
LONG_S = 60.0
#: When the attempts are due, in seconds after the end of the task.
DUE_S = [0.0, 1.0, 3.0, 7.0, 15.0, 31.0]


def fault(client: httpx2.Client, kind: str, **more: JSON) -> None:
    """Ask for a fault of phase ``webhook``, once."""
    post(client, "/faults", {"phase": "webhook", "effect": {"kind": kind, **more}, "times": 1})


@pytest.mark.parametrize("refusals", range(6))
def test_an_event_is_sent_until_it_is_taken_and_never_again(start: Start, refusals: int) -> None:
    """W1."""
    client = start(**MANUAL)
    with hooked(lambda place, body: 500 if place < refusals else 204) as hook:
        task_id = submit(client, hook.url)
        advance(client, LONG_S)
        assert hook.statuses == [500] * refusals + [204]
        assert hook.received[-1][1]["payload"] == poll(client, task_id)
        advance(client, LONG_S)
        assert len(hook.received) == refusals + 1
    (delivery,) = webhooks(client)
    assert delivery["state"] == "delivered"
    assert [attempt["status"] for attempt in delivery["attempts"]] == hook.statuses


def test_after_six_attempts_an_event_is_given_up_and_its_task_stands(start: Start) -> None:
    """W2."""
    client = start(**MANUAL)
    with hooked(lambda place, body: 500) as hook:
        task_id = submit(client, hook.url)
        told = advance(client, LONG_S)
    assert effects(told)[1:] == ["task-succeeded", *["webhook-refused"] * 5, "webhook-failed"]
    (delivery,) = webhooks(client)
    assert (delivery["state"], delivery["next_attempt_at"], len(hook.received)) == ("failed", None, 6)
    first = delivery["attempts"][0]["at"]
    assert [attempt["at"] - first for attempt in delivery["attempts"]] == pytest.approx(DUE_S, abs=0.01)
    assert status(client, task_id) == "SUCCEED"
    assert {head["x-novita-mock-delivery"] for head, _, _ in hook.received} == {delivery["id"]}


def test_on_a_running_clock_the_retries_come_by_themselves(start: Start) -> None:
    client = start(speed=1000.0)
    with hooked(lambda place, body: 500 if place < 5 else 200) as hook:
        submit(client, hook.url)
        while not (told := webhooks(client)) or told[0]["state"] in ("pending", "sending"):
            pass  # about 33 milliseconds of planned time, and the receiver's own
        assert hook.statuses == [500] * 5 + [200]
    times = [attempt["at"] for attempt in told[0]["attempts"]]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert all(wait >= least - 0.01 for wait, least in zip(waits, [1, 2, 4, 8, 16], strict=True))


def test_on_an_instant_clock_the_retries_follow_at_once(start: Start) -> None:
    client = start(speed=0.0)
    with hooked(lambda place, body: 500) as hook:
        submit(client, hook.url)
        advance(client, 0)
        deliveries = webhooks(client)
    assert deliveries[0]["state"] == "failed"
    assert len(hook.received) == 6


@pytest.mark.parametrize(
    ("code", "taken"),
    [
        (200, True),
        (204, True),
        (299, True),
        (301, False),
        (302, False),
        (307, False),
        (410, False),
        (429, False),
    ],
)
def test_only_a_2xx_counts_and_no_redirect_is_followed(start: Start, code: int, taken: bool) -> None:
    """W4."""
    client = start(**MANUAL)
    with hooked(lambda place, body: code) as hook:
        submit(client, hook.url)
        advance(client, DONE_S)
    (delivery,) = webhooks(client)
    assert (delivery["state"] == "delivered") is taken
    assert delivery["attempts"][0]["reason"] == ("" if taken else f"status {code}")


def test_a_receiver_that_is_not_there_is_tried_six_times(start: Start) -> None:
    """W5."""
    client = start(**MANUAL)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and never listens
        submit(client, f"http://127.0.0.1:{taken.getsockname()[1]}/hook")
        advance(client, LONG_S)
    (delivery,) = webhooks(client)
    assert delivery["state"] == "failed"
    assert [attempt["reason"].partition(":")[0] for attempt in delivery["attempts"]] == ["refused"] * 6


@pytest.mark.parametrize(
    "url",
    [
        "file:/etc/passwd",
        "gopher://a/",
        "ftp://a/",
        "//x",
        "http://",
        "http://a:99999/",
        "nonsense",
        f"http://u:p{chr(64)}a/",
    ],
)
def test_what_no_event_can_be_posted_to_is_refused_at_the_submit(start: Start, url: str) -> None:
    """W8."""
    client = start(**MANUAL)
    body = upscale_body() | {"extra": {"webhook": {"url": url}}}
    reply = client.post("/v3/async/upscale", json=body)
    assert (reply.status_code, reply.json()["reason"]) == (400, "INVALID_REQUEST_BODY")
    assert "extra.webhook.url" in reply.json()["metadata"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://169.254.169.254/latest/meta-data/", "link-local"),
        ("http://[fe80::1]/", "link-local"),
        ("http://[::ffff:169.254.169.254]/", "link-local"),
        ("http://2852039166/", "link-local"),
        ("http://100.100.100.200/", "metadata"),
        ("http://0.0.0.0:9/", "unspecified"),
        ("http://224.0.0.1/", "multicast"),
        ("http://8.8.8.8/", "public"),
    ],
)
def test_some_addresses_are_never_dialled_and_the_record_says_why(start: Start, url: str, why: str) -> None:
    """W9 to W12 and W14."""
    client = start(**MANUAL)
    task_id = submit(client, url)
    advance(client, DONE_S)
    (delivery,) = webhooks(client)
    assert why in delivery["attempts"][0]["reason"]
    assert delivery["attempts"][0]["status"] is None
    assert status(client, task_id) == "SUCCEED"


def test_of_the_double_itself_only_inboxes_are_posted_to(start: Start) -> None:
    """W15."""
    client = start(**MANUAL)
    port = client.base_url.port
    for host in ("127.0.0.1", "localhost", "127.1"):
        submit(client, f"http://{host}:{port}/v3/async/upscale")
        submit(client, f"http://{host}:{port}/_mock/inbox/app")
    advance(client, LONG_S)
    told = {delivery["url"]: delivery["state"] for delivery in webhooks(client)}
    assert {url.rpartition("/")[2]: state for url, state in told.items()} == {
        "upscale": "failed",
        "app": "delivered",
    }
    assert len(get(client, "/inbox/app")["events"]) == 3
    assert len(get(client, "/tasks")["tasks"]) == 6


def test_two_doubles_that_tell_each_other_stop_after_one_hop(start: Start) -> None:
    """W16: a task that a webhook made is told to nobody."""
    client = start(**MANUAL)
    body = upscale_body() | {"extra": {"webhook": {"url": "http://127.0.0.1:9/hook"}}}
    reply = client.post("/v3/async/upscale", json=body, headers={"X-Novita-Mock-Hop": "1"})
    advance(client, LONG_S)
    assert status(client, reply.json()["task_id"]) == "SUCCEED"
    assert webhooks(client) == []


def test_a_slow_receiver_delays_no_poll_and_no_other_receiver(start: Start) -> None:
    """W19."""
    client = start(**MANUAL)
    client.put("/_mock/inbox/slow", json={"hang": True})
    slow = str(client.base_url.join("/_mock/inbox/slow"))
    with hooked() as hook:
        slow_ids = [submit(client, slow) for _ in range(30)]
        quick_id = submit(client, hook.url)
        told = advance(client, DONE_S)
        assert [body["payload"]["task"]["task_id"] for _, body, _ in hook.received] == [quick_id]
    assert {delivery["task_id"] for delivery in told["in_flight"]} == set(slow_ids)
    assert all(delivery["state"] == "sending" for delivery in told["in_flight"])
    assert status(client, slow_ids[0]) == "SUCCEED"


def test_a_receiver_that_asks_the_double_during_delivery_is_answered(start: Start) -> None:
    """Nothing waits for itself: not a poll, not the clock, not even one more advance."""
    client = start(**MANUAL)
    seen: list[JSON] = []

    def ask(place: int, body: JSON) -> int:
        with httpx2.Client(base_url=client.base_url, headers=client.headers, trust_env=False) as other:
            task_id = body["payload"]["task"]["task_id"]
            seen.append((poll(other, task_id) == body["payload"], now(other), submit(other)))
        return 200

    with hooked(ask) as hook:
        submit(client, hook.url)
        told = advance(client, LONG_S)
    assert effects(told)[:3] == ["task-started", "task-succeeded", "webhook-delivered"]
    assert seen[0][0] is True
    # what it submitted lives in the same advance
    assert [effect["effect"] for effect in told["effects"] if effect["of"] == seen[0][2]] == [
        "task-started",
        "task-succeeded",
    ]


def test_a_receiver_that_advances_the_clock_itself_has_to_wait_but_is_answered(start: Start) -> None:
    client = start(**MANUAL)
    moved: list[JSON] = []

    def push(place: int, body: JSON) -> int:
        with httpx2.Client(base_url=client.base_url, headers=client.headers, trust_env=False) as other:
            moved.append(advance(other, 5.0)["effects"])
        return 200

    with hooked(push) as hook:
        submit(client, hook.url)
        before_s = now(client)
        told = advance(client, DONE_S)
        assert len(told["in_flight"]) == 1
        advance(client, 0)
    assert moved == [[]]
    assert now(client) == pytest.approx(before_s + DONE_S + 5.0)


@pytest.mark.parametrize("wanted", ["SUCCEED", "FAILED"])
def test_test_mode_sends_one_event_for_no_work_and_no_money(start: Start, wanted: str) -> None:
    """W20 and facts 9, row 26; that the task can be polled is our reading."""
    client = start(**MANUAL)
    balance = client.get("/v3/user").json()["credit_balance"]
    with hooked(lambda place, body: 500 if place == 0 else 200) as hook:
        mode = {"enabled": True, "return_task_status": f"TASK_STATUS_{wanted}"}
        webhook = {"url": hook.url, "test_mode": mode}
        body = upscale_body() | {"extra": {"webhook": webhook, "response_image_type": "webp"}}
        task_id = client.post("/v3/async/upscale", json=body).json()["task_id"]
        told = poll(client, task_id)
        assert told["task"]["status"] == f"TASK_STATUS_{wanted}"
        advance(client, LONG_S)
    assert hook.statuses == [500, 200]
    assert [event["payload"] for _, event, _ in hook.received] == [told, told]
    assert poll(client, task_id) == told
    assert told["task"]["task_type"] == "UPSCALE"
    assert [image["image_type"] for image in told["images"]] == (["webp"] if wanted == "SUCCEED" else [])
    assert bool(told["task"]["reason"]) == (wanted == "FAILED")
    assert client.get("/v3/user").json()["credit_balance"] == balance
    if wanted == "SUCCEED":
        assert client.get(told["images"][0]["image_url"]).headers["content-type"] == "image/webp"


@pytest.mark.parametrize("failing", [False, True])
def test_the_payload_is_the_task_result_to_the_byte(start: Start, failing: bool) -> None:
    client = start(**MANUAL)
    if failing:
        post(client, "/faults", {"phase": "task", "effect": {"kind": "fail", "reason": "TASK_FAILED"}})
    client.put("/_mock/inbox/app", json={"status": 200})
    task_id = submit(client, str(client.base_url.join("/_mock/inbox/app")), enable_nsfw_detection=True)
    advance(client, DONE_S)
    (delivery,) = webhooks(client)
    sent = get(client, f"/webhooks/{delivery['id']}")["body"]
    reply = client.get("/v3/async/task-result", params={"task_id": task_id})
    assert sent == f'{{"event_type":"ASYNC_TASK_RESULT","payload":{reply.text}}}'
    assert (poll(client, task_id)["task"]["status"] == "TASK_STATUS_FAILED") is failing
    (event,) = get(client, "/inbox/app")["events"]
    assert event["headers"]["content-type"] == "application/json"
    assert event["headers"]["x-novita-mock-delivery"] == delivery["id"]


def test_an_event_can_be_sent_once_more(start: Start) -> None:
    client = start(**MANUAL)
    with hooked(lambda place, body: 500 if place < 6 else 200) as hook:
        submit(client, hook.url)
        advance(client, LONG_S)
        (failed,) = webhooks(client)
        again = post(client, f"/webhooks/{failed['id']}/resend")
        advance(client, 0)
        assert hook.statuses == [500] * 6 + [200]
    assert hook.received[0][1] == hook.received[-1][1]
    assert {d["id"]: d["state"] for d in webhooks(client)} == {
        failed["id"]: "failed",
        again["id"]: "delivered",
    }
    assert client.post("/_mock/webhooks/none/resend", json={}).status_code == 404


def test_a_duplicated_event_arrives_twice(start: Start) -> None:
    """W17."""
    client = start(**MANUAL)
    with hooked() as hook:
        fault(client, "duplicate")
        submit(client, hook.url)
        advance(client, LONG_S)
    assert len(hook.received) == 2
    assert hook.received[0][1] == hook.received[1][1]


def test_a_dropped_event_is_on_record_and_never_sent(start: Start) -> None:
    client = start(**MANUAL)
    with hooked() as hook:
        fault(client, "drop")
        submit(client, hook.url)
        told = advance(client, LONG_S)
        assert hook.received == []
    assert effects(told) == ["task-started", "task-succeeded", "webhook-dropped"]
    (delivery,) = webhooks(client)
    assert (delivery["state"], delivery["attempts"]) == ("dropped", [])


def test_a_late_event_comes_when_it_was_told_to(start: Start) -> None:
    client = start(**MANUAL)
    with hooked() as hook:
        fault(client, "late", seconds=20)
        submit(client, hook.url)
        told = advance(client, LONG_S)
        assert len(hook.received) == 1
    ended, delivered = told["effects"][1:]
    assert delivered["at"] - ended["at"] == pytest.approx(20, abs=0.01)


def test_a_reordered_event_is_overtaken_by_the_account_s_next_one(start: Start) -> None:
    client = start(**MANUAL)
    with hooked() as hook:
        fault(client, "reorder")
        first = submit(client, hook.url)
        advance(client, 0.5)
        second = submit(client, hook.url)
        advance(client, LONG_S)
    assert [body["payload"]["task"]["task_id"] for _, body, _ in hook.received] == [second, first]


def test_a_reordered_event_waits_until_the_next_one_has_been_answered(start: Start) -> None:
    """Though that takes the next one's whole time: what overtakes has arrived, not just left."""
    client = start(**MANUAL)
    client.put("/_mock/inbox/app", json=[{"status": 200, "delay_s": 0.2}, {"status": 200}])
    app = str(client.base_url.join("/_mock/inbox/app"))
    with hooked() as hook:
        fault(client, "reorder")
        first = submit(client, hook.url)
        second = submit(client, app)
        advance(client, LONG_S)
        assert len(hook.received) == 1
    order = [delivery["task_id"] for delivery in webhooks(client)]
    assert order == [first, second]
    held, overtaker = webhooks(client)
    assert held["attempts"][0]["at"] >= overtaker["attempts"][0]["at"]


def test_a_reordered_event_comes_after_three_seconds_where_no_other_comes(start: Start) -> None:
    client = start(**MANUAL)
    with hooked() as hook:
        fault(client, "reorder")
        submit(client, hook.url)
        told = advance(client, LONG_S)
        assert len(hook.received) == 1
    ended, delivered = told["effects"][1:]
    assert delivered["at"] - ended["at"] == pytest.approx(3, abs=0.01)


def test_where_every_event_is_reordered_neighbours_change_places(start: Start) -> None:
    client = start(**MANUAL)
    post(client, "/faults", {"phase": "webhook", "effect": {"kind": "reorder"}, "times": 5})
    with hooked() as hook:
        ids = []
        for _ in range(5):
            ids.append(submit(client, hook.url))
            advance(client, 0.5)
        advance(client, LONG_S)
    arrived = [ids.index(body["payload"]["task"]["task_id"]) for _, body, _ in hook.received]
    assert arrived == [1, 0, 3, 2, 4]


def test_an_event_that_was_forgotten_is_not_sent_again(start: Start) -> None:
    client = start(**MANUAL)
    with hooked(lambda place, body: 500) as hook:
        submit(client, hook.url)
        advance(client, DONE_S)
        assert len(hook.received) == 1
        post(client, "/reset", {"parts": ["webhooks"]})
        assert effects(advance(client, LONG_S)) == []
        assert len(hook.received) == 1
    assert webhooks(client) == []
