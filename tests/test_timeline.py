"""The clock over HTTP: what it tells, what an advance does and in which order, and what it waits for."""

import threading
from email.utils import parsedate_to_datetime

import httpx2
import pytest

from conftest import Start, upscale_body
from novita_mock.clock import SEEDED_EPOCH_S
from novita_mock.types import JSON
from world import advance, effects, get, now, poll, post, status, submit, webhooks

MANUAL = {"speed": "manual"}


def clock(client: httpx2.Client) -> JSON:
    """The clock of the client's account."""
    (told,) = get(client, "/clock")["accounts"]
    return told


def inbox(client: httpx2.Client, name: str = "app") -> str:
    """The URL of an inbox of the double itself."""
    return str(client.base_url.join(f"/_mock/inbox/{name}"))


@pytest.mark.parametrize(
    ("speed", "mode", "rate"),
    [("manual", "manual", 0.0), (0.0, "instant", 0.0), (1.0, "running", 1.0), (60.0, "running", 60.0)],
)
def test_the_clock_tells_how_time_passes(start: Start, speed: JSON, mode: str, rate: float) -> None:
    told = clock(start(speed=speed))
    assert (told["mode"], told["rate"]) == (mode, rate)


@pytest.mark.parametrize("speed", ["manual", 0.0, 1.0, 60.0])
def test_an_advance_moves_every_kind_of_clock_and_the_date_of_replies(start: Start, speed: JSON) -> None:
    client = start(speed=speed)
    before_s = now(client)
    told = advance(client, 86_400)
    assert told["accounts"][0]["now_s"] - before_s >= 86_399.9
    dated = parsedate_to_datetime(client.get("/v3/user").headers["date"]).timestamp()
    assert dated == pytest.approx(now(client), abs=2 * max(1, speed if isinstance(speed, float) else 1))


def test_a_seeded_manual_clock_stands_at_its_epoch_until_it_is_told(start: Start) -> None:
    client = start(**MANUAL)
    assert {now(client) for _ in range(5)} == {SEEDED_EPOCH_S}
    for path, code in (("/v3/user", 200), ("/v3/nonsense", 404), ("/v3/async/task-result", 400)):
        reply = client.get(path)
        assert reply.status_code == code
        assert parsedate_to_datetime(reply.headers["date"]).timestamp() == SEEDED_EPOCH_S, path
    advance(client, 7)
    for path in ("/v3/user", "/v3/nonsense", "/v3/async/task-result"):
        assert parsedate_to_datetime(client.get(path).headers["date"]).timestamp() == SEEDED_EPOCH_S + 7, path


def test_a_frozen_clock_stands_and_a_resumed_one_goes_on_at_its_rate(start: Start) -> None:
    client = start(speed=1000.0)
    frozen = post(client, "/clock/freeze")["accounts"][0]
    assert (frozen["mode"], frozen["rate"]) == ("frozen", 0.0)
    task_id = submit(client)
    assert {now(client) for _ in range(5)} == {frozen["now_s"]}
    assert status(client, task_id) == "QUEUED"
    assert effects(advance(client, 5)) == ["task-started", "task-succeeded"]
    assert now(client) == pytest.approx(frozen["now_s"] + 5)
    resumed = post(client, "/clock/resume")["accounts"][0]
    assert (resumed["mode"], resumed["rate"]) == ("running", 1000.0)
    assert post(client, "/clock/resume")["accounts"][0]["mode"] == "running"


def test_a_frozen_clock_s_tasks_end_by_themselves_once_it_is_resumed(start: Start) -> None:
    client = start(speed=1000.0)
    post(client, "/clock/freeze")
    task_id = submit(client)
    post(client, "/clock/resume")
    while status(client, task_id) != "SUCCEED":
        pass  # a few milliseconds at this speed


def test_what_falls_due_happens_in_order_and_each_thing_once(start: Start) -> None:
    client = start(**MANUAL)
    client.put("/_mock/inbox/app", json=[{"status": 500, "times": 2}, {"status": 200}])
    first = submit(client, inbox(client))
    advance(client, 0.25)
    second = submit(client)
    told = advance(client, 4000)
    assert [
        (effect["effect"], effect["of"] == first, effect["of"] == second) for effect in told["effects"]
    ] == [
        ("task-started", True, False),
        ("task-started", False, True),
        ("task-succeeded", True, False),
        ("webhook-refused", False, False),
        ("task-succeeded", False, True),
        ("webhook-refused", False, False),
        ("webhook-delivered", False, False),
        ("links-expired", True, False),
        ("links-expired", False, True),
    ]
    times = [effect["at"] for effect in told["effects"]]
    assert times == sorted(times)
    assert effects(advance(client, 4000)) == []


def test_ends_that_are_due_at_once_come_in_the_order_of_their_submits(start: Start) -> None:
    """However fast each is painted: else no run would repeat."""
    client = start(**MANUAL)
    ids = [submit(client, inbox(client)) for _ in range(40)]
    told = advance(client, 2)
    assert [effect["of"] for effect in told["effects"] if effect["effect"] == "task-succeeded"] == ids
    assert [delivery["task_id"] for delivery in webhooks(client)] == ids


def test_an_advance_tells_everything_however_much_that_is(start: Start) -> None:
    client = start(**MANUAL)
    ids = [submit(client) for _ in range(400)]
    told = advance(client, 4000)
    for kind in ("task-started", "task-succeeded", "links-expired"):
        assert [effect["of"] for effect in told["effects"] if effect["effect"] == kind] == ids


def test_a_small_step_does_only_what_is_due_by_then(start: Start) -> None:
    client = start(**MANUAL)
    task_id = submit(client)
    assert effects(advance(client, 0.499)) == []
    assert status(client, task_id) == "QUEUED"
    assert effects(advance(client, 0.001)) == ["task-started"]
    assert effects(advance(client, 0.999)) == []
    assert status(client, task_id) == "PROCESSING"
    assert effects(advance(client, 0.002)) == ["task-succeeded"]


def test_an_advance_waits_for_pictures_however_long_they_take(start: Start) -> None:
    client = start(**MANUAL)
    body = upscale_body(scale_factor=4) | {"extra": {"response_image_type": "webp"}}
    ids = [client.post("/v3/async/upscale", json=body).json()["task_id"] for _ in range(10)]
    advance(client, 10)
    assert {status(client, task_id) for task_id in ids} == {"SUCCEED"}


def test_an_advance_waits_a_second_for_a_receiver_that_hangs_and_lists_it(start: Start) -> None:
    client = start(**MANUAL)
    client.put("/_mock/inbox/app", json={"hang": True})
    task_id = submit(client, inbox(client))
    told = advance(client, 2)
    (flying,) = told["in_flight"]
    assert (flying["task_id"], flying["state"], len(flying["attempts"])) == (task_id, "sending", 1)
    assert flying["attempts"][0]["duration_ms"] is None
    assert effects(told) == ["task-started", "task-succeeded"]
    assert status(client, task_id) == "SUCCEED"  # nobody else waits for it


def test_two_advances_at_once_add_up_and_share_what_happens(start: Start) -> None:
    client = start(**MANUAL)
    submit(client, inbox(client))
    began_s = now(client)
    told: list[JSON] = []

    def push() -> None:
        with httpx2.Client(base_url=client.base_url, headers=client.headers, trust_env=False) as mine:
            told.append(advance(mine, 1.0))

    threads = [threading.Thread(target=push) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert now(client) == pytest.approx(began_s + 4)
    kinds = sorted(effect["effect"] for each in told for effect in each["effects"])
    assert kinds == ["task-started", "task-succeeded", "webhook-delivered"]


def test_an_advance_without_a_key_moves_every_account(start: Start) -> None:
    client = start(**MANUAL)
    ids = {}
    for key in ("one", "two"):
        client.headers["authorization"] = f"Bearer {key}"
        ids[submit(client)] = key
    del client.headers["authorization"]
    told = advance(client, 2)
    assert [effect["effect"] for effect in told["effects"]] == ["task-started"] * 2 + ["task-succeeded"] * 2
    assert len({effect["account"] for effect in told["effects"]}) == 2
    for task_id, key in ids.items():
        client.headers["authorization"] = f"Bearer {key}"
        assert status(client, task_id) == "SUCCEED"


def test_an_account_s_time_is_its_own(start: Start) -> None:
    client = start(**MANUAL)
    advance(client, 100)
    client.headers["authorization"] = "Bearer another"
    assert now(client) == SEEDED_EPOCH_S


@pytest.mark.parametrize("seconds", [-1, "soon", None, 1e12])
def test_time_goes_only_forward_and_only_by_numbers(start: Start, seconds: JSON) -> None:
    client = start(**MANUAL)
    reply = client.post("/_mock/clock/advance", json={"seconds": seconds})
    assert reply.status_code == 400
    assert "/seconds" in reply.text
    assert now(client) == SEEDED_EPOCH_S


def test_the_window_of_a_rate_limit_is_account_time(start: Start) -> None:
    client = start(**MANUAL, rate_limits=True)
    codes = [client.post("/v3/async/upscale", json=upscale_body()).status_code for _ in range(21)]
    assert codes == [200] * 20 + [429]
    refused = client.post("/v3/async/upscale", json=upscale_body())
    wait_s = int(refused.headers["retry-after"])
    advance(client, wait_s - 1)
    assert client.post("/v3/async/upscale", json=upscale_body()).status_code == 429
    advance(client, 1)
    assert client.post("/v3/async/upscale", json=upscale_body()).status_code == 200


def test_links_that_expire_at_once_are_told_at_once(start: Start) -> None:
    client = start(**MANUAL)
    body = {"image": upscale_body()["request"]["image_base64"], "img_expire_ttl": 0}
    client.post("/v2/upscale", json=body)
    assert effects(advance(client, 3)) == ["task-started", "task-succeeded", "links-expired"]


def test_links_of_forgotten_tasks_don_t_expire(start: Start) -> None:
    client = start(**MANUAL)
    submit(client)
    advance(client, 2)
    post(client, "/reset", {"parts": ["tasks"]})
    assert effects(advance(client, 4000)) == []


def test_a_reset_clock_starts_over_only_where_nothing_saw_it_go_on(start: Start) -> None:
    client = start(**MANUAL)
    submit(client, inbox(client))
    advance(client, 100)
    for parts in (["clock"], ["clock", "tasks"]):
        post(client, "/reset", {"parts": parts})
        assert now(client) == SEEDED_EPOCH_S + 100, parts
    post(client, "/reset", {"parts": ["clock", "webhooks"]})
    assert now(client) == SEEDED_EPOCH_S


def test_eta_and_progress_follow_the_account_s_clock(start: Start) -> None:
    client = start(**MANUAL)
    body = upscale_body(scale_factor=4)
    post(client, "/faults", {"phase": "task", "effect": {"kind": "slow", "seconds": 9}})
    task_id = client.post("/v3/async/upscale", json=body).json()["task_id"]
    marks = []
    for _ in range(10):
        task = poll(client, task_id)["task"]
        marks.append((task["eta"], task["progress_percent"]))
        advance(client, 1)
    etas, progress = zip(*marks, strict=True)
    assert list(etas) == sorted(etas, reverse=True)
    assert list(progress) == sorted(progress)
    assert len(set(progress)) >= 4
