"""What the client does between the first try and the end, as the double sees it."""

import socket
from dataclasses import replace

import pytest

from client import DEFAULT
from endings import LinkExpired, Unavailable, Unfinished, Unknown


class InboxHook:
    """A webhook address of one request, in an inbox of the double."""

    def __init__(self, novita_mock):
        self._mock, self._inbox = novita_mock, novita_mock.inbox("only-this-request")
        self.url = self._inbox.url

    def task_id(self):
        self._mock.advance(60)  # as long as the service goes on sending an event
        return next((body["payload"]["task"]["task_id"] for body in self._inbox.bodies), None)


def times(novita_mock, operation):
    return sum(row["operation"] == operation for row in novita_mock.requests)


def test_a_lost_reply_is_found_again_by_the_webhook_that_only_its_request_knows(novita_mock, client, photo):
    novita_mock.scenario("lost-reply")
    assert client().upscale(photo, hook=InboxHook(novita_mock))
    novita_mock.assert_called("upscale", times=1)
    assert novita_mock.double_spends == []


def test_a_lost_reply_without_an_event_is_unknown_and_not_sent_again(novita_mock, client, photo):
    novita_mock.scenario("lost-reply")
    novita_mock.scenario("webhook-lost")
    with pytest.raises(Unknown) as unknown:
        client().upscale(photo, hook=InboxHook(novita_mock))
    assert unknown.value.charged is True
    novita_mock.assert_called("upscale", times=1)


def test_a_submit_that_broke_off_is_not_sent_again_although_nothing_was_charged(novita_mock, client, photo):
    novita_mock.add_fault({"phase": "before", "match": {"operation": "upscale"}, "times": 1,
                           "effect": {"kind": "socket", "how": "reset"}})  # fmt: skip
    with pytest.raises(Unknown, match="the balance has not changed") as unknown:
        client().upscale(photo)
    assert unknown.value.charged is False
    novita_mock.assert_called("upscale", times=1)


def test_a_server_error_of_which_nobody_knows_what_came_before_is_not_sent_again(novita_mock, client, photo):
    novita_mock.fail_next("BILLING_FAILED", "upscale")
    with pytest.raises(Unknown, match="BILLING_FAILED"):
        client().upscale(photo)
    novita_mock.assert_called("upscale", times=1)


def test_it_waits_as_long_as_the_service_asks_and_a_little_longer(novita_mock, client, hours, photo):
    novita_mock.fail_next("RATE_LIMIT_EXCEEDED", "upscale", times=2, retry_after_s=7)
    assert client(chance=0.5).upscale(photo)
    assert hours.sleeps[:2] == [7.25, 7.25]


def test_it_does_not_begin_a_wait_that_it_could_not_finish(novita_mock, client, hours, photo):
    novita_mock.fail_next("RATE_LIMIT_EXCEEDED", "upscale", retry_after_s=61)
    with pytest.raises(Unavailable, match="RATE_LIMIT_EXCEEDED"):
        client().upscale(photo)
    assert hours.sleeps == []


def test_a_service_that_can_not_be_reached_is_tried_until_the_time_is_over(novita_mock, client, hours, photo):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "http://{}:{}".format(*taken.getsockname())
    with pytest.raises(Unavailable):
        client(address=address, chance=1.0).upscale(photo)
    before_the_cap = [0.5, 1, 2, 4, 8, 16]
    assert hours.sleeps == [*before_the_cap, 20]
    assert sum(hours.sleeps) < DEFAULT.submit_s


def test_polls_follow_what_the_task_expects_of_itself(novita_mock, client, hours, photo):
    novita_mock.add_fault({"phase": "task", "effect": {"kind": "slow", "seconds": 100}})
    assert client(chance=0.0).upscale(photo)
    assert 4 <= times(novita_mock, "task-result") <= 7
    assert max(hours.sleeps) == 30


def test_a_task_that_was_given_up_is_finished_later_and_paid_once(novita_mock, client, photo):
    novita_mock.scenario("stuck")
    asking = client()
    with pytest.raises(Unfinished) as unfinished:
        asking.upscale(photo)
    novita_mock.advance(3600)
    assert asking.finish(unfinished.value.task_id)
    novita_mock.assert_called("upscale", times=1)


def test_a_dead_link_is_asked_for_anew_once(novita_mock, client, photo):
    novita_mock.scenario("expired-links")
    with pytest.raises(LinkExpired):
        client().upscale(photo)
    assert times(novita_mock, "image") == 2


def test_polls_and_downloads_survive_what_a_submit_must_not_repeat(novita_mock, client, photo):
    for phase, how in (("before", "reset"), ("after", "reset"), ("before", "hang")):
        novita_mock.add_fault({"phase": phase, "match": {"operation": "task-result"}, "times": 1,
                               "effect": {"kind": "socket", "how": how}})  # fmt: skip
    novita_mock.add_fault({"phase": "download", "times": 1, "effect": {"kind": "body", "how": "truncated"}})
    assert client(replace(DEFAULT, reply_s=1)).upscale(photo)
    novita_mock.assert_called("upscale", times=1)
