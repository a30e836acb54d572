"""The receivers built into the double: they keep what comes and answer as they are told."""

import pytest

from novita_mock import inbox
from novita_mock.inbox import Inboxes, is_inbox
from novita_mock.inbox_script import InboxAnswer
from novita_mock.problems import Refused


def post(inboxes: Inboxes, name: str = "hook", body: bytes = b'{"n": 1}', **headers: str) -> InboxAnswer:
    return inboxes.receive(name, headers, body, 100.0)


def statuses(inboxes: Inboxes, times: int, name: str = "hook") -> list[int]:
    return [post(inboxes, name).status for _ in range(times)]


def test_an_inbox_nobody_spoke_of_answers_200_and_keeps_what_came():
    inboxes = Inboxes()
    assert inboxes.receive("hook", {"Content-Type": "application/json"}, b'{"a": [1]}', 7.5) == InboxAnswer(
        200
    )
    assert inboxes.events("hook") == [
        {
            "number": 1, "at_s": 7.5, "headers": {"content-type": "application/json"}, "body": {"a": [1]},
            "body_bytes": 10, "answer": {"status": 200},
        }
    ]  # fmt: skip
    assert inboxes.events("other") == []


@pytest.mark.parametrize(("script", "given"), [
    ([{"status": 500, "times": 2}, {"status": 200}], [500, 500, 200, 200]),
    ([{"status": 500}, {"status": 503}, {"status": 204}], [500, 503, 204, 204]),
    ([{"status": 500, "times": 2}], [500, 500, 200, 200]),
    ({"status": 404}, [404, 404, 404, 404]),
    ([{"status": 500, "times": 1}, {"status": 429, "times": 1}], [500, 429, 200, 200]),
    ([], [200, 200, 200, 200]),
])  # fmt: skip
def test_an_inbox_follows_its_script_and_then_answers_200(script, given):
    inboxes = Inboxes()
    inboxes.script("hook", script)
    assert statuses(inboxes, 4) == given
    assert statuses(inboxes, 1, "other") == [200]


def test_an_inbox_can_hang_be_late_and_say_something():
    inboxes = Inboxes()
    inboxes.script("hook", [{"hang": True, "times": 1}, {"status": 202, "delay_s": 4.9, "body": "late"}])
    assert post(inboxes).delay_s is None
    assert post(inboxes) == InboxAnswer(202, 4.9, "late")
    assert [event["answer"] for event in inboxes.events("hook")] == [{"hang": True}, {"status": 202}]


def test_a_new_script_begins_at_its_beginning():
    inboxes = Inboxes()
    inboxes.script("hook", [{"status": 500}, {"status": 200}])
    assert statuses(inboxes, 2) == [500, 200]
    inboxes.script("hook", [{"status": 500}, {"status": 200}])
    assert statuses(inboxes, 2) == [500, 200]


def test_what_is_told_of_a_script_makes_the_same_script():
    steps = [
        {"status": 500, "times": 2},
        {"hang": True, "times": 1},
        {"status": 200, "delay_s": 1.5, "body": "x"},
    ]
    inboxes = Inboxes()
    inboxes.script("b", steps)
    post(inboxes, "a")
    assert inboxes.told() == [
        {"name": "a", "events": 1, "script": []},
        {"name": "b", "events": 0, "script": steps},
    ]


@pytest.mark.parametrize(("script", "pointer"), [
    ("500", ""), (5, ""), (None, ""), ([5], "/0"), ([{"status": 199}], "/0/status"),
    ([{"status": True}], "/0/status"),
    ([{"status": "500"}], "/0/status"), ([{}, {"times": 0}], "/1/times"), ([{"hang": 1}], "/0/hang"),
    ([{"delay_s": -1}], "/0/delay_s"), ([{"delay_s": 301}], "/0/delay_s"), ([{"body": {}}], "/0/body"),
    ([{"hang": True, "status": 200}], "/0/hang"), ([{}] * 51, ""),
    ([{"delay_s": float("nan")}], "/0/delay_s"),
])  # fmt: skip
def test_a_script_that_makes_no_sense_is_refused_at_its_place(script, pointer):
    with pytest.raises(Refused) as refused:
        Inboxes().script("hook", script)
    assert refused.value.faults[0].pointer == pointer


def test_every_wrong_field_is_named_with_the_nearest_right_one():
    with pytest.raises(Refused) as refused:
        Inboxes().script("hook", [{"status": 5}, {"statsu": 500, "times": 0}])
    assert [fault.pointer for fault in refused.value.faults] == ["/0/status", "/1/statsu", "/1/times"]
    assert "did you mean status?" in refused.value.faults[1].message


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a b", "ä", "x" * 65, "a%2Fb", "a\n"])
def test_a_name_that_no_url_can_hold_is_refused(name):
    inboxes = Inboxes()
    for act in (inboxes.events, lambda name: post(inboxes, name), lambda name: inboxes.script(name, [])):
        with pytest.raises(Refused):
            act(name)
    assert not is_inbox(inbox.PATH + name)


def test_an_inbox_is_known_by_its_path():
    assert is_inbox("/_mock/inbox/my-hook.1")
    assert not is_inbox("/_mock/inbox")
    assert not is_inbox("/_mock/reset")
    assert not is_inbox("//_mock/inbox/x")


def test_keys_and_tokens_in_headers_are_not_kept():
    inboxes = Inboxes()
    secrets = {"Authorization": "Bearer sk_canary", "X-Api-Key": "sk_canary", "Cookie": "id=sk_canary"}
    inboxes.receive("hook", secrets | {"User-Agent": "me"}, b"", 0.0)
    assert "sk_canary" not in str(inboxes.events("hook"))
    assert inboxes.events("hook")[0]["headers"]["user-agent"] == "me"


@pytest.mark.parametrize(("body", "kept"), [
    (b"plain", "plain"), (b"\xff", "\ufffd"), (b"", ""), (b'"text"', "text"), (b"[" * 5000, "[" * 5000),
])  # fmt: skip
def test_what_is_not_json_is_kept_as_text(body, kept):
    inboxes = Inboxes()
    post(inboxes, body=body)
    assert inboxes.events("hook")[0]["body"] == kept


def test_an_account_keeps_so_many_events_and_drops_the_oldest():
    inboxes = Inboxes()
    for _ in range(inbox.MAX_EVENTS + 5):
        post(inboxes)
    assert [len(inboxes.events("hook")), inboxes.dropped] == [inbox.MAX_EVENTS, 5]
    assert inboxes.events("hook")[0]["number"] == 6


def test_an_account_keeps_so_many_bytes():
    inboxes = Inboxes()
    large = b"x" * inbox.MAX_BODY_BYTES
    for _ in range(20):
        post(inboxes, body=large)
    assert sum(event["body_bytes"] for event in inboxes.events("hook")) == inbox.MAX_BYTES
    post(inboxes, "big", large + b"x")
    assert inboxes.events("big")[0]["body"] == f"<{inbox.MAX_BODY_BYTES + 1} bytes>"


def test_so_many_inboxes_have_a_script_at_most():
    inboxes = Inboxes()
    for number in range(inbox.MAX_SCRIPTS):
        inboxes.script(f"hook{number}", {"status": 500})
    inboxes.script("hook0", {"status": 404})
    with pytest.raises(Refused):
        inboxes.script("one-more", {"status": 500})


def test_clearing_one_inbox_leaves_the_others():
    inboxes = Inboxes()
    for name in ("a", "b"):
        inboxes.script(name, {"status": 500})
        post(inboxes, name)
    inboxes.clear("a")
    assert inboxes.told() == [{"name": "b", "events": 1, "script": [{"status": 500}]}]
    assert post(inboxes, "a").status == 200
    inboxes.clear()
    assert inboxes.told() == []
