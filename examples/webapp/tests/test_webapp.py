"""What a visitor of the site sees when all goes well, and when the service does what services do."""

from urllib.parse import urlsplit

import pytest


def size_of(png):
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


def answers(novita_mock):
    """What the site answered to each event."""
    return [attempt["status"] for event in novita_mock.webhooks for attempt in event["attempts"]]


def test_an_event_brings_the_picture(novita_mock, visit):
    visitor = visit()
    job = visitor.outcome()
    assert job["state"] == "done"
    assert size_of(visitor.get(job["picture"]).content) == (16, 12)
    novita_mock.wait_idle()
    assert answers(novita_mock) == [204]
    novita_mock.assert_called("task-result", times=1)  # it did not poll: the event was enough


def test_the_picture_is_kept_when_its_link_is_dead(novita_mock, visit):
    visitor = visit()
    job = visitor.outcome()
    novita_mock.advance(3601)
    assert size_of(visitor.get(job["picture"]).content) == (16, 12)
    novita_mock.assert_called("image", times=1)


def test_an_event_that_comes_twice_is_taken_once(novita_mock, visit):
    novita_mock.scenario("webhook-duplicate")
    assert visit().outcome()["state"] == "done"
    novita_mock.wait_idle()
    assert answers(novita_mock) == [204, 204]
    novita_mock.assert_called("image", times=1)


def test_an_event_that_comes_late_changes_nothing(novita_mock, visit):
    novita_mock.scenario("webhook-late")
    visitor = visit(poll_s=0.02)
    job = visitor.outcome()
    assert answers(novita_mock) == []
    novita_mock.advance(7200)
    assert answers(novita_mock) == [204]
    assert visitor.settled(job) == job
    novita_mock.assert_called("image", times=1)


def test_without_an_event_it_looks_by_itself(novita_mock, visit):
    novita_mock.scenario("webhook-lost")
    assert visit(poll_s=0.02).outcome()["state"] == "done"


def test_polls_that_fail_are_tried_again(novita_mock, visit):
    novita_mock.scenario("lost-result")
    assert visit(poll_s=0.02).outcome()["state"] == "done"


def test_a_task_that_failed_says_why(novita_mock, visit):
    novita_mock.fail_next("out of luck", phase="task")
    job = visit().outcome()
    assert (job["state"], job["picture"]) == ("failed", None)
    assert job["message"] == "The service could not enlarge your picture: out of luck"


def test_a_busy_service_is_asked_again(novita_mock, visit):
    novita_mock.fail_next("RATE_LIMIT_EXCEEDED", "upscale", times=2)
    assert visit().outcome()["state"] == "done"
    novita_mock.assert_called("upscale", times=3)


def test_a_service_that_stays_busy_says_that_nothing_is_paid(novita_mock, visit):
    novita_mock.fail_next("RATE_LIMIT_EXCEEDED", "upscale", times=6)
    assert "Nothing is paid" in visit().outcome()["message"]
    assert novita_mock.balance == 100


def test_a_dead_link_says_so(novita_mock, visit):
    novita_mock.scenario("expired-links")
    job = visit(poll_s=0.02).outcome()
    assert job["message"] == "Your picture was made, but its link had expired."
    assert novita_mock.requests[-1]["operation"] == "image"


def test_an_empty_balance_says_whom_to_tell(novita_mock, visit):
    novita_mock.balance = 0
    job = visit().outcome()
    assert job["message"] == "This site has run out of credit. Please tell whoever runs it."
    novita_mock.assert_called("upscale", times=1, status=400)


@pytest.mark.parametrize("scenario", ["nsfw", "nsfw-undetected"])
def test_an_unsafe_picture_is_not_even_fetched(novita_mock, visit, scenario):
    novita_mock.scenario(scenario)
    job = visit().outcome()
    assert "does not hold this picture for safe" in job["message"]
    novita_mock.assert_called("image", times=0)


class TestALostReply:
    """Its submit may have been accepted, and paid. It is never sent again."""

    @pytest.fixture(autouse=True)
    def lost_reply(self, novita_mock):
        novita_mock.scenario("lost-reply")
        yield
        novita_mock.assert_called("upscale", times=1)
        assert novita_mock.double_spends == []

    def test_is_found_again_by_its_event(self, visit):
        assert visit().outcome()["state"] == "done"

    def test_says_so_where_no_event_comes(self, novita_mock, visit):
        novita_mock.scenario("webhook-lost")
        job = visit(unsure_s=0.05).outcome()
        assert job["state"] == "lost"
        assert "it may be paid for twice" in job["message"]

    def test_is_found_again_by_an_event_that_comes_when_nobody_waits_any_more(self, novita_mock, visit):
        novita_mock.add_fault({"phase": "webhook", "effect": {"kind": "late", "seconds": 600}})
        visitor = visit(unsure_s=0.05)
        job = visitor.outcome()
        assert job["state"] == "lost"
        novita_mock.advance(600)
        assert visitor.settled(job)["state"] == "done"

    def test_does_not_let_the_same_picture_be_paid_twice(self, novita_mock, visit):
        novita_mock.scenario("webhook-lost")
        visitor = visit(unsure_s=1)
        first, second = visitor.upload(), visitor.upload()
        assert first["id"] == second["id"]
        assert visitor.settled(first)["state"] == "lost"


def test_the_same_picture_is_the_same_job(novita_mock, visit):
    visitor = visit()
    assert visitor.outcome() == visitor.outcome()
    novita_mock.assert_called("upscale", times=1)


def test_what_failed_may_be_tried_again(novita_mock, visit):
    novita_mock.fail_next("out of luck", phase="task")
    visitor = visit()
    assert visitor.outcome()["state"] == "failed"
    assert visitor.outcome()["state"] == "done"


def test_an_event_about_another_task_is_nobodys(novita_mock, visit):
    visitor = visit()
    job = visitor.outcome()
    novita_mock.wait_idle()
    (event,) = novita_mock.webhooks
    forged = '{"event_type": "ASYNC_TASK_RESULT", "payload": {"task": {"task_id": "another"}}}'
    for path in (urlsplit(event["url"]).path, "/hooks/guessed"):
        assert visitor.post(path, forged, "application/json").status_code == 404
    assert visitor.settled(job) == job


def test_what_is_no_event_is_refused(visit):
    visitor = visit()
    for body in ("", "no JSON", "[]", "[" * 100_000, '{"event_type": "ASYNC_TASK_RESULT"}'):
        assert visitor.post("/hooks/guessed", body, "application/json").status_code in (400, 404)


def test_an_event_of_a_kind_that_nobody_knows_is_ignored(visit):
    reply = visit().post("/hooks/guessed", '{"event_type": "NEWS"}', "application/json")
    assert reply.status_code == 204


def test_what_is_no_picture_is_refused(novita_mock, visit):
    visitor = visit()
    reply = visitor.post("/jobs", "text", "text/plain")
    assert (reply.status_code, reply.text) == (415, "This is not a PNG, JPEG or WebP picture.")
    assert visitor.outcome(b"no picture")["message"] == "This is not a PNG, JPEG or WebP picture."
    novita_mock.assert_called("upscale", times=1, status=400)


def test_too_large_a_picture_is_refused_before_it_is_sent_on(novita_mock, visit):
    reply = visit().post("/jobs", bytes(30 * 2**20 + 1), "image/png")
    assert reply.status_code == 413
    novita_mock.assert_called("upscale", times=0)


def test_the_page_and_what_it_needs_are_there_and_guarded(visit):
    visitor = visit()
    for path in ("/", "/static/page.js", "/static/page.css", "/static/icon.svg"):
        reply = visitor.get(path)
        assert reply.status_code == 200
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["content-security-policy"].startswith("default-src 'self'")


def test_a_job_that_there_is_not_is_not_found(visit):
    visitor = visit()
    assert {visitor.get(path).status_code for path in ("/jobs/none", "/pictures/none")} == {404}
