import pytest

from novita_mock.entry import Entry
from novita_mock.journal import Journal
from novita_mock.shelf import Shelf


def entry(number: int) -> Entry:
    return Entry(number, 0.0, "upscale", "POST", "/v3/async/upscale", "", 200, 1.0)


def test_the_journals_of_many_accounts_are_bounded_together() -> None:
    weight = entry(1).weight
    shelf, journals = Shelf(max_bytes=100 * weight), [Journal() for _ in range(500)]
    for number in range(1, 6):
        for journal in journals:
            shelf.add(journal, entry(number))
            assert sum(each.kept_bytes for each in journals) <= 100 * weight
    assert sum(map(len, journals)) >= 80
    assert [len(journal) for journal in journals[-80:]] == [1] * 80  # the newest are kept


@pytest.mark.parametrize("rounds", [1, 3])
def test_a_cleared_journal_leaves_room_for_others(rounds: int) -> None:
    weight = entry(1).weight
    shelf, cleared, other = Shelf(max_bytes=10 * weight), Journal(), Journal()
    for turn in range(rounds):
        for number in range(9):
            shelf.add(cleared, entry(turn * 9 + number + 1))
        cleared.clear()
    for number in range(9):
        shelf.add(other, entry(number + 1))
    assert len(other) == 9
    assert other.dropped == 0


def test_what_made_room_in_its_own_journal_is_not_remembered_for_ever() -> None:
    shelf, idle, busy = Shelf(), Journal(), Journal(max_entries=3)
    shelf.add(idle, entry(1))
    for number in range(1, 10_000):
        shelf.add(busy, entry(number))
    assert [each.number for each in busy] == [9997, 9998, 9999]
    assert len(idle) == 1
    assert shelf.remembered <= 4100
