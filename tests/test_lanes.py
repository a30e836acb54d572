"""Places in line: one slow receiver takes its own places and nobody else's."""

import asyncio

import pytest

import receivers
from novita_mock.egress import Policy
from novita_mock.lanes import Lanes, LanesFull
from novita_mock.sender import Sender
from receivers import receiving, status


def test_a_host_has_so_many_places_and_the_first_to_come_is_the_first_served():
    async def story():
        lanes, order, inside = Lanes(2, 10, 100), [], []

        async def use(number: int) -> None:
            async with lanes.place("a"):
                order.append(number)
                inside.append(len(order) - len(done))
                await asyncio.sleep(0)
                done.append(number)

        done: list[int] = []
        await asyncio.gather(*(use(number) for number in range(20)))
        return order, max(inside), len(lanes)

    assert asyncio.run(story()) == (list(range(20)), 2, 0)


def test_all_hosts_together_have_so_many_places():
    async def story():
        lanes, free, taken = Lanes(2, 3, 100), asyncio.Event(), []

        async def use(host: str) -> None:
            async with lanes.place(host):
                taken.append(host)
                await free.wait()

        users = [asyncio.ensure_future(use(host)) for host in "aabbcc"]
        for _ in range(10):
            await asyncio.sleep(0)
        before = list(taken)
        free.set()
        await asyncio.gather(*users)
        return before, len(taken)

    assert asyncio.run(story()) == (["a", "a", "b"], 6)


def test_who_comes_when_too_many_wait_is_turned_away_and_only_there():
    async def story():
        lanes, free = Lanes(1, 10, 2), asyncio.Event()

        async def use(host: str) -> None:
            async with lanes.place(host):
                await free.wait()

        users = [asyncio.ensure_future(use("a")) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(LanesFull, match="2 deliveries wait for a already"):
            await use("a")
        users.append(asyncio.ensure_future(use("b")))
        free.set()
        await asyncio.gather(*users)
        return len(lanes)

    assert asyncio.run(story()) == 0


def test_a_place_comes_back_when_its_user_fails_or_gives_up():
    async def story():
        lanes = Lanes(1, 1, 5)
        with pytest.raises(KeyError):
            async with lanes.place("a"):
                raise KeyError
        async with lanes.place("a"):
            waiting = asyncio.ensure_future(lanes.place("a").__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
        await asyncio.wait([waiting])
        async with lanes.place("a"):
            return len(lanes)

    assert asyncio.run(story()) == 1


def test_two_thousand_waiting_for_a_slow_receiver_delay_no_other():
    async def story():
        one = Sender(Policy(), timeout_s=5.0, per_host=8)
        async with receiving(receivers.hang()) as slow, receiving(status(200)) as quick:
            waiting = [asyncio.ensure_future(one.post(slow.url, b"{}", {})) for _ in range(2000)]
            while len(slow.received) < 8:
                await asyncio.sleep(0)
            answers = [await one.post(quick.url, b"{}", {}) for _ in range(20)]
            held = slow.most
            await one.close()
            await asyncio.gather(*waiting)
        return answers, held

    answers, held = asyncio.run(story())
    assert all(answer.delivered for answer in answers)
    assert max(answer.duration_s for answer in answers) < 2
    assert held == 8
