"""Work waits in the order in which it is wanted, and equal work is done once."""

import pytest

from novita_mock import lines
from novita_mock.lines import Lines, Piece
from novita_mock.process import Made
from novita_mock.work import Work

FINE = Made((b"picture",))
BROKEN = Made(broken="its decoder stopped")


def work(seed: int = 0, **changes: str) -> Work:
    told = {"renderer": "img2img", "image_type": "png"} | changes
    return Work(request={"image_base64": "digest", "prompt": "p"}, images={}, seed=seed, **told)


class Asking:
    """Lines, and what whoever asked was told, by name."""

    def __init__(self) -> None:
        self.lines = Lines(known="small")
        self.told: dict[str, Made] = {}
        self._open: set[str] = set()

    def add(self, name: str, asked: Work, wanted_s: float = 0.0, line: str = "small") -> None:
        self._open.add(name)
        self.lines.add(name, asked, 10, line, wanted_s, lambda made: self.told.update({name: made}))

    def drop(self, name: str) -> None:
        self._open.discard(name)
        self.lines.drop(name)

    def take(self) -> Piece:
        """What is first; there has to be something."""
        assert self._open - self.told.keys()
        piece = self.lines.take("small")
        assert piece is not None
        return piece

    def finish(self, piece: Piece, made: Made = FINE) -> None:
        for done in self.lines.finish(piece, made):
            done(made)

    def all(self) -> list[int]:
        """The seeds of all that waits, in order; it is done by this."""
        seeds = []
        while self._open - self.told.keys():
            piece = self.take()
            seeds.append(piece.work.seed)
            self.finish(piece)
        return seeds


@pytest.fixture
def asking() -> Asking:
    return Asking()


def test_the_soonest_wanted_goes_first_and_equals_in_turn(asking: Asking) -> None:
    for seed, wanted_s in enumerate((30.0, 20.0, float("inf"), 20.0, 10.0)):
        asking.add(str(seed), work(seed), wanted_s)
    assert asking.all() == [4, 1, 3, 0, 2]


def test_what_somebody_waits_for_goes_before_all_else(asking: Asking) -> None:
    for seed in range(4):
        asking.add(str(seed), work(seed), float(seed))
    asking.lines.want("3")
    asking.lines.want("2")
    asking.lines.want("unknown")
    assert asking.all() == [3, 2, 0, 1]


def test_equal_work_is_done_once_for_all_who_ask(asking: Asking) -> None:
    asking.add("before", work())
    asking.add("waiting", work())
    piece = asking.take()
    asking.add("under way", work())
    asking.finish(piece)
    assert asking.told == {"before": FINE, "waiting": FINE, "under way": FINE}
    assert asking.all() == []
    asking.add("after", work(), line="large")
    piece = asking.take()
    assert piece.made == FINE
    asking.finish(piece, piece.made)
    assert asking.told["after"] == FINE


@pytest.mark.parametrize("other", [work(1), work(renderer="upscale"), work(image_type="jpeg")], ids=str)
def test_other_work_is_other_work(asking: Asking, other: Work) -> None:
    asking.add("one", work())
    asking.add("other", other)
    assert len(asking.all()) == 2


def test_equal_work_is_wanted_as_soon_as_whoever_wants_it_first(asking: Asking) -> None:
    asking.add("late", work(1), 30)
    asking.add("between", work(2), 20)
    asking.add("early", work(1), 10)
    assert asking.all() == [1, 2]


def test_what_nobody_wants_any_more_is_not_begun(asking: Asking) -> None:
    asking.add("one", work(1))
    asking.add("two", work(2))
    asking.add("two again", work(2))
    asking.drop("one")
    asking.drop("two")
    asking.drop("unknown")
    assert asking.all() == [2]
    assert list(asking.told) == ["two again"]
    asking.add("one again", work(1))
    assert asking.all() == [1]


def test_who_lets_go_of_work_under_way_is_told_nothing(asking: Asking) -> None:
    asking.add("one", work())
    piece = asking.take()
    asking.drop("one")
    asking.finish(piece)
    assert not asking.told


def test_a_failure_is_that_of_one_and_the_others_have_the_work_done_again(asking: Asking) -> None:
    asking.add("one", work())
    asking.add("two", work())
    asking.add("three", work(9))
    asking.finish(asking.take(), BROKEN)
    assert asking.told == {"one": BROKEN}
    assert asking.all() == [0, 9]
    assert asking.told == {"one": BROKEN, "two": FINE, "three": FINE}


def test_a_failure_is_not_kept(asking: Asking) -> None:
    asking.add("one", work())
    asking.finish(asking.take(), BROKEN)
    asking.add("two", work())
    assert asking.take().made is None


def test_what_is_kept_is_bounded_and_the_longest_unused_goes(
    asking: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "KEPT_BYTES", 2 * FINE.size)
    known = []
    for number, seed in enumerate((1, 2, 1, 3, 1, 2)):
        asking.add(str(number), work(seed))
        piece = asking.take()
        known.append(piece.made is not None)
        asking.finish(piece)
    assert known == [False, False, True, False, True, False]


def test_after_close_nobody_is_told_anything(asking: Asking) -> None:
    asking.add("one", work(1))
    piece = asking.take()
    asking.add("two", work(2))
    asking.lines.close()
    asking.finish(piece)
    assert asking.lines.take("small") is None
    assert not asking.told
