import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from novita_mock.geometry import Output
from novita_mock.plan import Plan, plan_for
from novita_mock.task import (
    TRANSITIONS,
    IllegalTransition,
    Status,
    Task,
    Wish,
    apply,
    eta_s,
    progress_percent,
)


def task(queue_s: float = 1.0, processing_s: float = 10.0) -> Task:
    wish = Wish("png", 3600, "http://here")
    return Task("id", "account", "upscale", "v3", "UPSCALE", 100.0, Plan(queue_s, processing_s), wish, "d")


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("event", ["start", "succeed", "fail", "nonsense"])
def test_what_is_not_in_the_table_can_not_happen(status: Status, event: str) -> None:
    before = replace(task(), status=status)
    if (status, event) in TRANSITIONS:
        assert apply(before, event).status is TRANSITIONS[status, event]
    else:
        with pytest.raises(IllegalTransition):
            apply(before, event)


def test_a_state_that_has_ended_has_no_way_out() -> None:
    assert not [state for state, _ in TRANSITIONS if state in (Status.SUCCEED, Status.FAILED)]


def test_a_failed_task_keeps_its_reason() -> None:
    failed = apply(apply(task(), "start"), "fail", reason="why")
    assert (failed.status, failed.reason, failed.terminal) == (Status.FAILED, "why", True)


def test_a_task_is_a_value() -> None:
    with pytest.raises(AttributeError):
        task().status = Status.FAILED  # type: ignore[misc]
    assert not hasattr(task(), "__dict__")


@given(st.floats(0, 5), st.floats(0.01, 500), st.lists(st.floats(0, 600), min_size=2))
def test_eta_never_rises_and_progress_never_falls(
    queue_s: float, processing_s: float, ages: list[float]
) -> None:
    queued = task(queue_s, processing_s)
    started = apply(queued, "start", started_s=queued.start_due_s)
    moments = sorted(100.0 + age for age in ages)
    history = [started if now >= queued.start_due_s else queued for now in moments]
    etas = [eta_s(each, now) for each, now in zip(history, moments, strict=True)]
    shown = [progress_percent(each, now, 0) for each, now in zip(history, moments, strict=True)]
    assert etas == sorted(etas, reverse=True)
    assert shown == sorted(shown)
    assert min(etas) >= 1
    assert min(shown) >= 0
    assert max(shown) <= 99


def test_ten_polls_of_a_task_that_lasts_ten_polls_show_at_least_four_values() -> None:
    started = apply(task(0.0, 5.0), "start")
    assert len({progress_percent(started, 100 + 0.5 * poll, 0) for poll in range(10)}) >= 4


@pytest.mark.parametrize("final", [0, 100])
def test_at_the_end_eta_is_0_and_progress_what_the_quirk_says(final: int) -> None:
    done = apply(apply(task(), "start"), "succeed")
    assert (eta_s(done, 1e9), progress_percent(done, 1e9, final)) == (0, final)


def test_planned_time_grows_with_pixels_steps_and_pictures() -> None:
    def processing(steps: int, width: int, count: int) -> float:
        return plan_for({"steps": steps}, Output(width, 512, count), instant=False).processing_s

    small = processing(20, 512, 1)
    assert processing(40, 512, 1) > small
    assert processing(20, 1024, 1) > small
    assert processing(20, 512, 2) > small


def test_instant_plans_take_no_time() -> None:
    assert plan_for({}, Output(8192, 8192), instant=True) == Plan(0.0, 0.0)
