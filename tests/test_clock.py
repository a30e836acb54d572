import pytest

from fakes import FakeWall
from novita_mock.clock import SEEDED_EPOCH_S, Clock, clock_for


def test_a_scaled_clock_goes_faster_than_the_wall() -> None:
    wall = FakeWall()
    clock = clock_for(60.0, False, wall)
    start = clock.now()
    wall.pass_(2)
    assert clock.now() == pytest.approx(start + 120)
    assert clock.wall_delay(clock.now() + 60) == pytest.approx(1)


def test_account_time_starts_at_the_wall_s_time() -> None:
    wall = FakeWall(1_800_000_000.0)
    assert clock_for(1.0, True, wall).now() == pytest.approx(1_800_000_000.0)


def test_a_step_of_the_machine_s_clock_does_not_move_account_time() -> None:
    class Stepped(FakeWall):
        def time(self) -> float:
            return super().time() - 7200

    wall = Stepped()
    clock = clock_for(1.0, False, wall)
    before = clock.now()
    wall.time = lambda: 0.0  # type: ignore[method-assign]
    assert clock.now() == before


def test_a_manual_clock_moves_only_when_advanced() -> None:
    wall = FakeWall()
    clock = clock_for("manual", False, wall)
    before = clock.now()
    wall.pass_(1000)
    assert clock.now() == before
    assert clock.wall_delay(before + 1) is None
    clock.advance(5)
    assert clock.now() == before + 5
    assert clock.wall_delay(before + 5) == 0


def test_time_can_not_go_back() -> None:
    with pytest.raises(ValueError, match="back"):
        Clock(FakeWall()).advance(-1)


def test_an_instant_clock_goes_with_the_wall_unless_the_run_must_repeat() -> None:
    wall = FakeWall()
    free, seeded = clock_for(0.0, False, wall), clock_for(0.0, True, wall)
    wall.pass_(3)
    assert free.now() == pytest.approx(wall.time())
    assert seeded.now() == SEEDED_EPOCH_S
    assert free.instant
    assert seeded.instant
