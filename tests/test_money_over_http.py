"""Money and allowances over HTTP: paid when accepted, given back when it fails, refused when too low."""

from collections.abc import Iterator
from contextlib import suppress

import httpx2
import pytest

from conftest import Start, b64, img2img_body, picture, upscale_body
from faulty import ask, balance, finished, keyed, noted, poll, submit, task_of
from novita_mock.types import JSON

FIRST, UPSCALE = 1_000_000, 100
V2_BODY = {"image": b64(picture())}


@pytest.fixture
def client(url: str, request: pytest.FixtureRequest) -> Iterator[httpx2.Client]:
    """A client of the session's double, with an account that no other test has."""
    with keyed(url, request.node.nodeid.replace(" ", "")[-200:].encode().hex()) as client:
        yield client


def own(client: httpx2.Client) -> JSON:
    (account,) = client.get("/_mock/accounts").json()["accounts"]
    return account


def set_balance(client: httpx2.Client, **told: JSON) -> httpx2.Response:
    return client.post("/_mock/balance", json=told)


def test_a_new_account_holds_100_dollars_and_pays_when_it_is_served(client: httpx2.Client) -> None:
    assert balance(client) == FIRST
    task_of(submit(client))
    assert balance(client) == FIRST - UPSCALE
    client.post("/v2/upscale", json=V2_BODY)
    assert balance(client) == FIRST - 2 * UPSCALE
    assert client.post("/v3/async/img2img", json=img2img_body(image_num=3)).status_code == 200
    assert balance(client) == FIRST - 5 * UPSCALE


def test_a_task_is_paid_when_it_is_accepted_and_given_back_when_it_fails(start: Start) -> None:
    client = start(speed="manual")
    ask(client, "task", {"kind": "fail"})
    task_id = task_of(submit(client))
    assert (balance(client), own(client)["held"]) == (FIRST - UPSCALE, UPSCALE)
    client.post("/_mock/clock/advance", json={"seconds": 60})
    assert poll(client, task_id).json()["task"]["status"] == "TASK_STATUS_FAILED"
    assert (balance(client), own(client)["held"], own(client)["spent"]) == (FIRST, 0, 0)


def test_a_picture_that_can_not_be_read_is_given_back_too(client: httpx2.Client) -> None:
    torn = b64(picture(200, 200)[:-60])
    assert finished(client, image_base64=torn)["task"]["status"] == "TASK_STATUS_FAILED"
    assert balance(client) == FIRST


def test_detection_costs_fifteen_hundredths_of_a_cent_a_picture(client: httpx2.Client) -> None:
    body = img2img_body(image_num=2) | {"extra": {"enable_nsfw_detection": True}}
    assert client.post("/v3/async/img2img", json=body).status_code == 200
    assert balance(client) == FIRST - 2 * (UPSCALE + 15)


def test_a_balance_that_is_too_low_is_refused_in_both_dialects(
    client: httpx2.Client,
) -> None:
    assert set_balance(client, credit_balance=UPSCALE - 1).status_code == 200
    reply = submit(client)
    assert (reply.status_code, reply.json()["reason"]) == (400, "BILLING_BALANCE_NOT_ENOUGH")
    assert "$0.01" in reply.json()["message"]
    reply = client.post("/v2/upscale", json=V2_BODY)
    assert (reply.status_code, reply.json()["code"], reply.json()["data"]) == (200, 7, None)
    assert balance(client) == UPSCALE - 1
    assert client.get("/_mock/tasks").json() == {"tasks": []}
    set_balance(client, credit_balance=UPSCALE)
    assert submit(client).status_code == 200
    assert balance(client) == 0


def test_the_balance_is_set_in_dollars_or_as_the_api_tells_it(client: httpx2.Client) -> None:
    set_balance(client, usd=2.5)
    assert balance(client) == 25_000
    set_balance(client, credit_balance=7)
    assert balance(client) == 7
    for wrong in ({}, {"usd": 1, "credit_balance": 1}, {"usd": -1}, {"credit_balance": 0.5}, {"eur": 1}):
        assert set_balance(client, **wrong).status_code == 400, wrong
    assert balance(client) == 7


def test_the_money_of_one_account_is_not_that_of_another(client: httpx2.Client, url: str) -> None:
    with keyed(url, "sk_rich") as other:
        assert balance(other) == FIRST
        set_balance(client, credit_balance=0)
        assert submit(client).status_code == 400
        assert submit(other).status_code == 200


def test_a_refusal_says_the_other_status_where_that_is_the_reading(start: Start) -> None:
    client = start(quirk=("balance=403",))
    set_balance(client, credit_balance=0)
    assert (submit(client).status_code, submit(client).json()["code"]) == (403, 403)


def test_a_webhook_test_is_free_and_takes_nothing_from_an_allowance(start: Start) -> None:
    client = start(rate_limits=True)
    extra = {"webhook": {"url": str(client.base_url).rstrip("/") + "/_mock/inbox/hook"}}
    extra["webhook"]["test_mode"] = {"enabled": True, "return_task_status": "TASK_STATUS_SUCCEED"}
    ask(client, "task", {"kind": "fail"})
    statuses = {finished(client, extra=extra)["task"]["status"] for _ in range(25)}
    assert statuses == {"TASK_STATUS_SUCCEED"}
    assert balance(client) == FIRST
    # The fault waits for a task that does work.
    assert finished(client)["task"]["status"] == "TASK_STATUS_FAILED"


@pytest.mark.parametrize(("operation", "limit"), [("upscale", 20), ("img2img", 10)])
def test_more_images_a_minute_than_the_pages_allow_are_refused(
    start: Start, operation: str, limit: int
) -> None:
    client = start(speed="manual", rate_limits=True)
    path, body = f"/v3/async/{operation}", upscale_body() if operation == "upscale" else img2img_body()
    for _ in range(limit):
        assert client.post(path, json=body).status_code == 200
        client.post("/_mock/clock/advance", json={"seconds": 1})
    reply = client.post(path, json=body)
    assert (reply.status_code, reply.json()["reason"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(reply.headers["retry-after"]) == 60 - limit
    client.post("/_mock/clock/advance", json={"seconds": 59 - limit})
    assert client.post(path, json=body).status_code == 429
    client.post("/_mock/clock/advance", json={"seconds": 1})
    assert client.post(path, json=body).status_code == 200
    assert client.post(path, json=body).status_code == 429


def test_images_are_counted_not_requests_and_each_operation_and_account_has_its_own_window(
    start: Start,
) -> None:
    client = start(rate_limits=True)
    assert client.post("/v3/async/img2img", json=img2img_body(image_num=8)).status_code == 200
    assert client.post("/v3/async/img2img", json=img2img_body(image_num=3)).status_code == 429
    assert client.post("/v3/async/img2img", json=img2img_body(image_num=2)).status_code == 200
    assert submit(client).status_code == 200
    with keyed(str(client.base_url), "sk_other") as other:
        assert other.post("/v3/async/img2img", json=img2img_body(image_num=8)).status_code == 200


def test_v2_says_a_full_window_by_its_code(start: Start) -> None:
    client = start(rate_limits=True)
    codes = [client.post("/v2/upscale", json=V2_BODY).json()["code"] for _ in range(21)]
    assert codes == [0] * 20 + [5]
    assert client.post("/v2/upscale", json=V2_BODY).headers["retry-after"] == "60"


def test_what_is_refused_takes_nothing_from_a_window(start: Start) -> None:
    client = start(rate_limits=True)
    set_balance(client, credit_balance=0)
    assert {submit(client).status_code for _ in range(25)} == {400}
    set_balance(client, usd=100)
    assert {submit(client).status_code for _ in range(20)} == {200}


def test_a_submit_that_finds_no_room_takes_nothing_from_a_window_and_no_fault(start: Start) -> None:
    client = start(speed="manual", rate_limits=True, max_pending_tasks=1)
    task_of(submit(client))
    ask(client, "task", {"kind": "fail"})
    assert {submit(client).json()["reason"] for _ in range(25)} == {"RATE_LIMIT_EXCEEDED"}
    (fault,) = client.get("/_mock/faults").json()["faults"]
    assert (fault["met"], fault["left"]) == (0, 1)
    client.post("/_mock/clock/advance", json={"seconds": 10})
    task_id = task_of(submit(client))
    client.post("/_mock/clock/advance", json={"seconds": 10})
    assert poll(client, task_id).json()["task"]["status"] == "TASK_STATUS_FAILED"


def test_there_are_no_limits_unless_they_are_asked_for(client: httpx2.Client) -> None:
    assert {submit(client).status_code for _ in range(25)} == {200}


def test_a_clock_that_starts_over_frees_the_window(start: Start) -> None:
    client = start(speed="manual", seed=1, rate_limits=True)
    client.post("/_mock/clock/advance", json={"seconds": 1000})
    assert [submit(client).status_code for _ in range(21)] == [200] * 20 + [429]
    client.post("/_mock/reset", json={"parts": ["tasks", "clock"]})
    assert submit(client).status_code == 200


def test_forgotten_tasks_hold_no_money(start: Start) -> None:
    client = start(speed="manual")
    task_of(submit(client))
    client.post("/_mock/reset", json={"parts": ["tasks"]})
    assert (own(client)["held"], balance(client)) == (0, FIRST - UPSCALE)


@pytest.mark.parametrize(
    ("effect", "lost"),
    [
        ({"kind": "error", "reason": "CREATE_TASK_FAILED"}, True),
        ({"kind": "socket", "how": "reset"}, True),
        ({"kind": "body", "how": "truncated"}, True),
        ({"kind": "body", "how": "malformed"}, True),
        ({"kind": "body", "how": "schema-breaking"}, True),
        ({"kind": "body", "how": "surprise"}, False),
        ({"kind": "socket", "how": "drip", "bytes_per_second": 10_000}, False),
        ({"kind": "latency", "seconds": 0.01}, False),
    ],
    ids=lambda value: str(value.get("how", value["kind"])) if isinstance(value, dict) else "",
)
def test_who_asks_again_after_a_lost_reply_pays_twice_and_is_told_so(
    client: httpx2.Client, effect: dict[str, object], lost: bool
) -> None:
    ask(client, "after", effect)
    with suppress(httpx2.TransportError):
        submit(client)
    second = task_of(submit(client))
    found = client.get("/_mock/double-spends").json()["double_spends"]
    assert bool(found) is lost
    if lost:
        assert [task["task_id"] for task in found[0]["tasks"]][1] == second
        assert [task["lost"] for task in found[0]["tasks"]] == [True, False]
        assert found[0]["wasted"] == 100
    assert ("lost" in noted(client)[0]["outcome"]) is lost
