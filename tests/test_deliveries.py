"""Deliveries by themselves, with the carrier and the wall in the test's hands."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest

from fakes import FakeWall
from novita_mock.accounts import Account, Accounts
from novita_mock.chance import Chance
from novita_mock.deliveries import BACKOFF_S, Deliveries
from novita_mock.outbox import MAX_ENDED, Delivery
from novita_mock.sender import Answer
from novita_mock.settings import Settings
from novita_mock.timeline import Timeline


class FakeCarrier:
    """Answers as the test says, once the test lets it."""

    def __init__(self) -> None:
        self.answer: Callable[[int], Answer] = lambda attempt: Answer(200, "")
        self.before: Callable[[], None] = lambda: None
        self.posted: list[tuple[bytes, int]] = []
        self.open = asyncio.Event()
        self.open.set()

    async def post(self, account: Account, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        attempt = int(headers["X-Novita-Mock-Attempt"])
        self.before()
        self.posted.append((body, attempt))
        await self.open.wait()
        return self.answer(attempt)

    async def ready(self) -> None:
        """It is."""


class Bench:
    """Deliveries of one account, on a manual clock unless told otherwise."""

    def __init__(self, speed: float | str = "manual") -> None:
        self.wall, self.carrier = FakeWall(), FakeCarrier()
        accounts = Accounts(Settings(seed=1, speed=speed), Chance(1), self.wall)
        self.account = accounts.of_key("a")
        self.deliveries = Deliveries(Chance(1), self.carrier, self.wake)
        self.timeline = Timeline(self.wall, [], [self.deliveries])
        self.woken = 0

    def wake(self, account: Account) -> None:
        self.woken += 1
        self.timeline.run_due(account)

    def begin(self, task_id: str = "t", **told: Any) -> str:
        delivery = self.deliveries.begin(self.account, task_id, "http://x/", task_id.encode(), **told)
        self.timeline.run_due(self.account)
        return delivery.delivery_id

    def get(self, delivery_id: str) -> Delivery | None:
        return self.deliveries.outbox(self.account.account_id).get(delivery_id)

    async def advance(self, seconds: float) -> list[str]:
        return [effect.effect for effect in await self.timeline.advance(self.account, seconds)]


def refuse(attempt: int) -> Answer:
    return Answer(500, "status 500")


def on_loop(story: Callable[[Bench], Coroutine[Any, Any, None]], speed: float | str = "manual") -> None:
    """Tell a story to a bench on an event loop of its own."""

    async def told() -> None:
        bench = Bench(speed)
        try:
            await story(bench)
        finally:
            bench.timeline.close()
            bench.carrier.open.set()
            await bench.deliveries.close(1.0)

    asyncio.run(told())


def test_an_attempt_is_on_record_before_it_is_sent() -> None:
    async def story(bench: Bench) -> None:
        seen: list[int] = []

        def look() -> None:
            (delivery,) = bench.deliveries.outbox(bench.account.account_id).all()
            assert (delivery.state, delivery.attempts[-1].duration_s) == ("sending", None)
            seen.append(len(delivery.attempts))

        bench.carrier.before, bench.carrier.answer = look, refuse
        bench.begin()
        await bench.advance(60)
        assert seen == [1, 2, 3, 4, 5, 6]

    on_loop(story)


def test_the_times_of_the_attempts_are_those_of_the_policy() -> None:
    async def story(bench: Bench) -> None:
        bench.carrier.answer = refuse
        delivery_id = bench.begin()
        for wait_s in BACKOFF_S:
            before = len(bench.carrier.posted)
            await bench.advance(wait_s - 0.001)
            assert len(bench.carrier.posted) == before or before == 0
            await bench.advance(0.001)
        delivery = bench.get(delivery_id)
        assert delivery is not None
        assert [attempt.at_s - delivery.created_s for attempt in delivery.attempts] == pytest.approx(
            [0, 1, 3, 7, 15, 31]
        )
        assert (delivery.state, len(bench.carrier.posted)) == ("failed", 6)

    on_loop(story)


def test_a_slow_refusal_is_tried_again_from_when_it_came_not_from_the_past() -> None:
    async def story(bench: Bench) -> None:
        bench.carrier.open.clear()
        bench.carrier.answer = refuse
        delivery_id = bench.begin()
        await asyncio.sleep(0)
        bench.account.clock.advance(4.0)  # so long the receiver takes
        bench.carrier.open.set()
        while (delivery := bench.get(delivery_id)) is None or delivery.due_s is None:
            await asyncio.sleep(0)
        assert delivery.due_s == pytest.approx(delivery.created_s + 4 + BACKOFF_S[0])

    on_loop(story)


def test_after_the_end_nothing_is_sent_and_nothing_is_put_down_as_failed() -> None:
    async def story(bench: Bench) -> None:
        bench.carrier.open.clear()
        flying = bench.begin("flying")
        await asyncio.sleep(0)
        await bench.deliveries.close(0.01)
        waiting = bench.begin("waiting")
        assert [body for body, _ in bench.carrier.posted] == [b"flying"]
        first, second = bench.get(flying), bench.get(waiting)
        assert first is not None
        assert second is not None
        assert (first.state, first.attempts[0].duration_s, first.attempts[0].reason) == ("sending", None, "")
        assert (second.state, second.attempts) == ("pending", ())
        assert await bench.advance(60) == []

    on_loop(story)


def test_only_an_attempt_that_leads_to_another_has_the_account_looked_at_again() -> None:
    async def story(bench: Bench) -> None:
        bench.begin("taken")
        await bench.advance(0)
        assert bench.woken == 0
        bench.carrier.answer = refuse
        bench.begin("refused")
        await bench.advance(0)
        assert bench.woken == 1

    on_loop(story)


def test_what_is_in_flight_at_the_end_may_still_arrive_in_the_grace_time() -> None:
    async def story(bench: Bench) -> None:
        bench.carrier.open.clear()
        delivery_id = bench.begin()
        await asyncio.sleep(0)
        closing = asyncio.create_task(bench.deliveries.close(5.0))
        await asyncio.sleep(0)
        bench.carrier.open.set()
        await closing
        delivery = bench.get(delivery_id)
        assert delivery is not None
        assert delivery.state == "delivered"

    on_loop(story)


def test_an_event_that_is_forgotten_in_flight_leaves_no_trace() -> None:
    async def story(bench: Bench) -> None:
        bench.carrier.open.clear()
        bench.carrier.answer = refuse
        bench.begin()
        await asyncio.sleep(0)
        bench.deliveries.outbox(bench.account.account_id).clear()
        bench.carrier.open.set()
        assert await bench.advance(60) == []
        assert len(bench.carrier.posted) == 1
        assert bench.deliveries.outbox(bench.account.account_id).all() == []

    on_loop(story)


def test_of_what_has_ended_the_latest_are_remembered_and_nothing_else_is_forgotten() -> None:
    async def story(bench: Bench) -> None:
        bench.carrier.answer = refuse
        stuck = bench.begin("stuck")
        await bench.advance(0)
        bench.carrier.answer = lambda attempt: Answer(200, "")
        ids = []
        for place in range(MAX_ENDED + 50):
            ids.append(bench.begin(f"t{place}"))
            await bench.advance(0)
        kept = bench.deliveries.outbox(bench.account.account_id)
        assert [delivery.delivery_id for delivery in kept.all()] == [stuck, *ids[50:]]
        assert kept.next_due_s() is not None

    on_loop(story)


def test_a_late_receiver_holds_an_advance_up_for_a_second_in_all() -> None:
    async def story(bench: Bench) -> None:
        bench.carrier.open.clear()
        bench.begin("one")
        began_s = asyncio.get_running_loop().time()
        advance = asyncio.create_task(bench.advance(100))
        await asyncio.sleep(0)
        bench.wall.pass_(1.0)
        assert await advance == []
        assert asyncio.get_running_loop().time() - began_s < 3

    on_loop(story)


def test_ids_of_events_are_stable_over_runs_and_never_given_twice() -> None:
    ids: list[list[str]] = []

    async def story(bench: Bench) -> None:
        first = bench.begin("t", event="succeed")
        copy = bench.begin("t", event="succeed", copy=1)
        other = bench.begin("u", event="fail")
        again = [bench.deliveries.resend(bench.account, first) for _ in range(2)]
        ids.append([first, copy, other, *(each.delivery_id for each in again if each)])

    on_loop(story)
    on_loop(story)
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 5


def test_the_id_of_a_task_s_event_does_not_tell_which_task_ended_first() -> None:
    ids: list[dict[str, str]] = []

    def story_of(order: str) -> Callable[[Bench], Coroutine[Any, Any, None]]:
        async def story(bench: Bench) -> None:
            ids.append({task_id: bench.begin(task_id, event="succeed") for task_id in order})

        return story

    on_loop(story_of("tu"))
    on_loop(story_of("ut"))
    assert ids[0] == ids[1]
