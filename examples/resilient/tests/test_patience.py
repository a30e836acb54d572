"""The waits between tries."""

import pytest

from patience import Again, Patience, asked_s


def patience(chance=1.0):
    return Patience(clock=lambda: 0.0, sleep=lambda seconds: None, chance=lambda: chance)


def test_the_bound_doubles_up_to_a_cap():
    assert [patience().wait_s(tries, None) for tries in (1, 2, 3, 6, 7, 10_000)] == [0.5, 1, 2, 16, 20, 20]


def test_the_whole_of_a_wait_is_a_matter_of_chance():
    assert [patience(chance).wait_s(4, None) for chance in (0.0, 0.25, 1.0)] == [0, 1, 4]


def test_what_the_service_asks_for_is_the_least():
    assert [patience(chance).wait_s(9, 3) for chance in (0.0, 1.0)] == [3, 3.5]


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("0", 0), ("120", 120), (" 7 ", 7),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("", None), ("-1", None), ("1.5", None), ("soon", None), ("٣", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(told, seconds):
    assert asked_s({"retry-after": told, "date": "Fri, 20 Nov 2026 12:00:00 GMT"}) == seconds


def test_a_date_that_nothing_can_be_held_against_asks_for_nothing():
    assert asked_s({"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT"}) is None
    assert asked_s({}) is None


def test_it_gives_up_with_the_reason_of_the_last_try():
    reasons = iter("abcdef")
    now = [0.0]

    def ask():
        raise Again(next(reasons))

    waiting = Patience(clock=lambda: now[0], sleep=lambda s: now.append(now.pop() + s), chance=lambda: 1.0)
    with pytest.raises(Again, match="d"):
        waiting.insist(ask, until=4.0)
    assert now == [3.5]
