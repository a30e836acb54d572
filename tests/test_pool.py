import itertools
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from io import BytesIO

import pytest
from msgspec.structs import replace
from PIL import Image

from conftest import picture
from novita_mock import pool, render
from novita_mock.pool import Made, Pool
from novita_mock.process import Process
from novita_mock.work import Work
from pictures import name_of, work


def order(width: int, height: int, content: bytes | None = None, kind: str = "png") -> Work:
    content = content or picture(width, height)
    request = {"model_name": "4x-UltraSharp", "image_base64": name_of(content), "scale_factor": 2}
    return Work("upscale", request, {name_of(content): content}, 0, kind)


class Answers:
    """Collects what became of works, from whichever thread says so."""

    def __init__(self) -> None:
        self.made: list[Made] = []
        self._news = threading.Condition()

    def __call__(self, made: Made) -> None:
        with self._news:
            self.made.append(made)
            self._news.notify()

    def wait_for(self, count: int) -> list[Made]:
        with self._news:
            assert self._news.wait_for(lambda: len(self.made) >= count, timeout=60)
        return self.made


_NAMES = map(str, itertools.count())


def ask(paint: Pool, work: Work, pixels: int, answers: Answers, wanted_s: float = 0) -> str:
    """Ask for work by a new name; which."""
    name = next(_NAMES)
    paint.make(name, work, pixels, wanted_s, answers)
    return name


@pytest.fixture
def paint() -> Iterator[Pool]:
    paint = Pool(96_000_000)
    yield paint
    paint.close()


def size_of(made: Made) -> tuple[int, int]:
    return Image.open(BytesIO(made.pictures[0])).size


def test_small_and_large_works_give_the_same_bytes(paint: Pool) -> None:
    answers = Answers()
    work = order(40, 30)
    ask(paint, work, 6000, answers)
    answers.wait_for(1)
    other = Pool(96_000_000)
    ask(other, work, pool.SMALL_PIXELS + 1, answers)
    here, there = answers.wait_for(2)
    assert size_of(here) == (80, 60)
    assert here == there
    assert other.child_pid and not paint.child_pid
    other.close()


def test_equal_work_is_rendered_once(paint: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[Work] = []

    def counted(work: Work) -> list[bytes]:
        rendered.append(work)
        return [b"picture"]

    monkeypatch.setattr(render, "render", counted)
    answers = Answers()
    for _ in range(20):
        ask(paint, order(8, 8), 320, answers)
    answers.wait_for(20)
    ask(paint, order(8, 8), 320, answers)
    assert answers.wait_for(21) == [Made((b"picture",))] * 21
    assert rendered == [order(8, 8)]


def test_what_is_wanted_sooner_is_made_sooner_and_what_is_dropped_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go, begun = threading.Semaphore(0), threading.Semaphore(0)
    rendered: list[int] = []

    def slow(work: Work) -> list[bytes]:
        begun.release()
        assert go.acquire(timeout=60)
        rendered.append(work.seed)
        return [b"picture"]

    monkeypatch.setattr(render, "render", slow)
    monkeypatch.setattr(pool, "THREADS", 1)
    answers, one = Answers(), Pool(96_000_000)
    works = [replace(order(8, 8), seed=seed) for seed in range(6)]
    ask(one, works[0], 320, answers)
    assert begun.acquire(timeout=60)
    names = [ask(one, work, 320, answers, 100.0 - work.seed) for work in works[1:]]
    one.drop(names[-1])
    one.want(names[0])
    for _ in range(5):
        go.release()
    answers.wait_for(5)
    assert rendered == [0, 1, 4, 3, 2]
    one.close()


def test_a_large_work_does_not_hold_up_small_ones(paint: Pool) -> None:
    first, second = Answers(), Answers()
    ask(paint, order(1400, 1400), 1400 * 1400 * 5, first)
    ask(paint, order(8, 8), 320, second)
    second.wait_for(1)
    assert not first.made
    assert size_of(first.wait_for(1)[0]) == (2800, 2800)


@pytest.mark.parametrize("pixels", [100, pool.SMALL_PIXELS + 1])
def test_a_picture_that_breaks_off_fails_its_work_only(paint: Pool, pixels: int) -> None:
    answers = Answers()
    whole = picture(200, 200)
    ask(paint, order(0, 0, whole[: len(whole) // 2]), pixels, answers)
    ask(paint, order(10, 10), pixels, answers)
    made = answers.wait_for(2)
    assert sorted(bool(each.broken) for each in made) == [False, True]


@pytest.mark.parametrize("pixels", [100, pool.SMALL_PIXELS + 1])
def test_a_fault_of_ours_fails_its_work_only(
    paint: Pool, pixels: int, capfd: pytest.CaptureFixture[str]
) -> None:
    answers = Answers()
    ask(paint, Work("no such renderer", {}, {}, 0, "png"), pixels, answers)
    answers.wait_for(1)
    ask(paint, order(10, 10), pixels, answers)
    broken, fine = answers.wait_for(2)
    assert broken.broken == "the image could not be processed"
    assert size_of(fine) == (20, 20)
    capfd.readouterr()


def test_a_process_that_is_killed_at_work_fails_this_work_and_the_next_is_done() -> None:
    process = Process()
    answers = Answers()
    thread = threading.Thread(target=lambda: answers(process.make(order(2048, 2048))))
    thread.start()
    while not (process.child_pid and thread.is_alive()):
        time.sleep(0.01)  # noqa: TID251 - another process starts
    os.kill(process.child_pid, signal.SIGKILL)
    thread.join()
    assert answers.made == [Made(broken="the image could not be processed: its decoder stopped")]
    assert size_of(process.make(order(10, 10))) == (20, 20)
    process.close()


def test_a_work_over_its_deadline_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("novita_mock.process.DEADLINE_S", 0.01)
    process = Process()
    assert process.make(order(2048, 2048)).broken
    process.close()


def test_after_close_nothing_is_left_running() -> None:
    paint = Pool(96_000_000)
    answers = Answers()
    for seed in range(3):
        ask(paint, replace(order(1400, 1400), seed=seed), 20_000_000, answers)
    while not paint.child_pid:
        time.sleep(0.01)  # noqa: TID251 - another process starts
    pid = paint.child_pid
    paint.close()
    with pytest.raises(ProcessLookupError):
        for _ in range(500):
            os.kill(pid, 0)
            time.sleep(0.01)  # noqa: TID251 - another process ends
    assert not answers.made


def test_pixels_in_flight_are_bounded() -> None:
    running, most, lock = 0, 0, threading.Lock()
    budget = pool.Budget(100)

    def work(pixels: int) -> None:
        nonlocal running, most
        with budget.taking(pixels):
            with lock:
                running += pixels
                most = max(most, running)
            time.sleep(0.002)  # noqa: TID251 - holds the budget for a moment
            with lock:
                running -= pixels

    threads = [threading.Thread(target=work, args=(pixels,)) for pixels in [30, 60, 20, 90, 100, 40] * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 60 <= most <= 100


def test_a_work_larger_than_the_budget_runs_alone() -> None:
    budget = pool.Budget(10)
    with budget.taking(1000):
        pass


def test_the_worker_ends_when_its_input_ends() -> None:
    process = Process()
    assert process.make(order(4, 4)).pictures
    child = process.child
    assert child is not None and child.stdin is not None
    child.stdin.close()
    assert child.wait(timeout=20) == 0
    assert isinstance(child, subprocess.Popen)
    process.close()


def test_the_worker_goes_on_after_it_gave_its_memory_back() -> None:
    program = "from novita_mock import worker; worker.IDLE_S = 0.01; worker.main()"
    process = Process(("-c", program))
    assert process.make(order(4, 4)).pictures
    pid = process.child_pid
    time.sleep(0.2)  # noqa: TID251 - the other process is idle
    assert process.make(order(5, 5)).pictures
    assert process.child_pid == pid
    process.close()


def test_several_pictures_of_a_work_are_the_same_in_the_process(paint: Pool) -> None:
    content = picture(30, 20)
    answers, several = Answers(), work("img2img", content, image_num=5, image_type="jpeg")
    ask(paint, several, pool.SMALL_PIXELS + 1, answers)
    assert answers.wait_for(1)[0].pictures == tuple(render.render(several))
