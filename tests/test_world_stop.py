"""The end of a double whose deliveries are in flight: in time, and nothing half-written."""

import signal
import threading
import time
from contextlib import ExitStack

import httpx2
import pytest

from conftest import KEY
from hooks import hooked
from novita_mock.app import create_app
from novita_mock.server import running
from novita_mock.settings import Settings
from served import served
from world import advance, submit

#: Replies under way have half a second, deliveries 0.3; the rest is for a busy machine.
IN_TIME_S = 3.0


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_double_in_time_though_receivers_hang(signal_number: int) -> None:
    released = threading.Event()

    def hang(place: int, body: object) -> int:
        released.wait(30)
        return 200

    with hooked(hang) as hook, served("--speed", "manual") as (process, client):
        for _ in range(30):
            submit(client, hook.url)
        told = advance(client, 5)
        assert len(told["in_flight"]) == 30
        began_s = time.monotonic()
        process.send_signal(signal_number)
        code = process.wait(20)
        took_s = time.monotonic() - began_s
        released.set()
        assert code == 0
        assert took_s < IN_TIME_S
        assert hook.received
        assert hook.broken == 0
        assert all(
            event["payload"]["task"]["status"] == "TASK_STATUS_SUCCEED" for _, event, _ in hook.received
        )


def test_at_the_end_each_request_that_arrived_is_an_attempt_on_record() -> None:
    """And none that did not arrive counts as a failure: nobody knows what would have become of it."""
    released = threading.Event()

    def mixed(place: int, body: object) -> int:
        if place % 3 == 0:
            return 200
        if place % 3 == 1:
            return 500
        released.wait(30)
        return 200

    settings = Settings(port=0, speed=0.0, seed=1, quiet=True)
    app = create_app(settings)
    with ExitStack() as stack:
        hook = stack.enter_context(hooked(mixed))
        with running(settings, app) as url:
            headers = {"Authorization": f"Bearer {KEY}"}
            with httpx2.Client(base_url=url, headers=headers, trust_env=False) as client:
                for _ in range(40):
                    submit(client, hook.url)
                advance(client, 0)
        arrived = len(hook.received)
        released.set()
    context = app.state.context
    (account,) = context.accounts.all()
    deliveries = context.deliveries.outbox(account.account_id).all()
    assert len(deliveries) == 40
    attempts = [attempt for delivery in deliveries for attempt in delivery.attempts]
    assert len(attempts) >= arrived
    assert {attempt.reason for attempt in attempts} <= {"", "status 500", "timed out"}
    answered = [attempt for attempt in attempts if attempt.duration_s is not None]
    assert len(answered) <= arrived
    assert all(
        attempt.duration_s is not None for delivery in deliveries for attempt in delivery.attempts[:-1]
    )
    assert hook.broken == 0


def test_an_advance_that_waits_ends_with_its_double() -> None:
    settings = Settings(port=0, speed="manual", seed=1, quiet=True)
    outcome: list[object] = []

    with running(settings) as url:
        headers = {"Authorization": f"Bearer {KEY}"}
        client = httpx2.Client(base_url=url, headers=headers, trust_env=False, timeout=30)
        client.put("/_mock/inbox/app", json={"hang": True})
        submit(client, f"{url}/_mock/inbox/app")

        def push() -> None:
            try:
                outcome.append(advance(client, 3600 * 24))
            except httpx2.HTTPError as problem:
                outcome.append(problem)

        thread = threading.Thread(target=push)
        thread.start()
        thread.join(0.2)
        began_s = time.monotonic()
    assert time.monotonic() - began_s < IN_TIME_S
    thread.join(10)
    client.close()
    assert outcome
