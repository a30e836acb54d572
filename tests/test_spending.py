"""What was paid twice: the same request again after a reply that was lost."""

from novita_mock.spending import Spending


def noted(*payments, **limits):
    """Notes ``(task, digest, lost)`` at 100 each, a second apart."""
    spending = Spending(**limits)
    for at_s, (task_id, digest, lost) in enumerate(payments):
        spending.note(task_id, digest, float(at_s), 100, lost)
    return spending


def chains(spending):
    return [[task["task_id"] for task in found["tasks"]] for found in spending.double()]


def test_the_same_request_after_a_lost_reply_was_paid_twice():
    assert noted(("a", "x", True), ("b", "y", False), ("c", "x", False)).double() == [
        {
            "digest": "x",
            "tasks": [
                {"task_id": "a", "at_s": 0.0, "cost": 100, "lost": True},
                {"task_id": "c", "at_s": 2.0, "cost": 100, "lost": False},
            ],
            "wasted": 100,
        }
    ]


def test_the_same_request_twice_is_no_waste_where_every_reply_came():
    assert noted(("a", "x", False), ("b", "x", False)).double() == []


def test_a_lost_reply_alone_is_no_waste():
    assert noted(("a", "x", True), ("b", "y", False)).double() == []


def test_the_first_reply_that_came_ends_a_chain():
    spending = noted(*((name, "x", name in "abd") for name in "abcde"))
    assert chains(spending) == [["a", "b", "c"], ["d", "e"]]
    assert [found["wasted"] for found in spending.double()] == [200, 100]


def test_a_chain_still_open_is_told():
    assert chains(noted(("a", "x", True), ("b", "x", True))) == [["a", "b"]]


def test_a_reply_can_turn_out_to_be_lost_and_a_payment_to_be_given_back():
    spending = noted(("a", "x", False), ("b", "x", False), ("c", "x", False))
    spending.lose("a")
    spending.lose("unknown")
    assert chains(spending) == [["a", "b"]]
    spending.give_back("a")
    spending.give_back("unknown")
    assert chains(spending) == []


def test_the_notes_are_bounded_and_can_be_forgotten():
    spending = noted(*((str(n), "x", True) for n in range(50)), max_noted=10)
    assert chains(spending) == [[str(n) for n in range(40, 50)]]
    spending.clear()
    assert (len(spending), spending.double()) == (0, [])
