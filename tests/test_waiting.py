"""The painter is told by when pictures are wanted, who waits for them, and when nobody does any more."""

import asyncio
from math import inf
from typing import Any

import pytest

from novita_mock.plan import Plan
from test_engine import Bench


def test_pictures_are_wanted_when_their_task_is_due_by_the_wall() -> None:
    bench = Bench(speed=60.0)
    task = bench.submit(bench.account(), Plan(0, 120))
    assert bench.painter.wanted_s == {task.task_id: pytest.approx(bench.wall.monotonic() + 2)}
    bench.close()


def test_on_a_clock_that_stands_nothing_is_wanted_before_somebody_advances_it() -> None:
    bench = Bench(speed="manual")
    first, second = (bench.submit(bench.account(), Plan(0, due_s)) for due_s in (5, 9))
    assert bench.painter.wanted_s == {first.task_id: inf, second.task_id: inf}

    async def advancing() -> Any:
        advance = asyncio.create_task(bench.timeline.advance(bench.account(), 6))
        await asyncio.sleep(0)
        assert bench.painter.wanted_s == {first.task_id: -inf, second.task_id: inf}
        bench.painter.finish()
        return await advance

    assert [effect.effect for effect in bench.run(advancing())] == ["task-succeeded"]
    bench.close()


def test_a_poll_that_waits_wants_its_pictures_first() -> None:
    bench = Bench(speed=0.0)
    _first, second = (bench.submit(bench.account(), Plan(0, 0)) for _ in range(2))

    async def polling() -> None:
        poll = asyncio.create_task(bench.engine.settled(bench.account(), second))
        await asyncio.sleep(0)
        poll.cancel()

    bench.run(polling())
    assert [name for name, wanted_s in bench.painter.wanted_s.items() if wanted_s == -inf] == [second.task_id]
    bench.close()


def test_nobody_wants_the_pictures_of_a_task_that_is_forgotten() -> None:
    bench = Bench()
    task = bench.submit(bench.account(), Plan(0, 5))
    assert bench.painter.dropped == []
    bench.engine.forget(bench.account())
    assert bench.painter.dropped == [task.task_id]
    bench.close()
