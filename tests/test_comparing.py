"""Two transcripts are held against each other: what differs is named, with the claim and whose move it is."""

import pytest

from novita_contract.clauses import ABSENT
from novita_contract.comparing import Side, compare
from novita_contract.lives import ENOUGH
from novita_contract.report import Reading
from novita_contract.splits import Split, walk
from novita_contract.traces import TAKING, Quirk, quirk_of
from novita_contract.triage import Conduct, Move, Pair
from novita_contract.verdicts import Verdict
from novita_mock import catalogue
from recorded import finding, made_up, outcome, poll, result, upscale_body, written

ONE = "11111111-2222-4333-8444-555555555555"
TYPED = {"content-type": "application/json"}
IMAGE = {
    "image_url": "https://cdn.example/x.png", "image_url_ttl": "3600", "image_type": "png",
    "nsfw_detection_result": None,
}  # fmt: skip


@pytest.fixture
def hold(tmp_path):
    """Compares two sets of cases, each an outcome and its exchanges; the left is a double, the right live."""

    def held(left, right, *, left_target="mock", right_target="live", left_about=None, right_about=None):
        sides = [
            Side(target, written(tmp_path / name, cases, target=target, **(about or {})))
            for name, target, cases, about in (
                ("left", left_target, left, left_about), ("right", right_target, right, right_about),
            )
        ]  # fmt: skip
        return compare(*sides)

    return held


def one_case(*exchanges, **more):
    return [(outcome(exchanges=exchanges, **more), exchanges)]


def images(**change):
    return poll(images=[IMAGE | change])


def submit(status=200, **body):
    told = body or {"task_id": ONE}
    return made_up("upscale", sent=upscale_body(), status=status, body=told)


def reading(name, observed):
    row = next(row for row in catalogue.load().quirk_rows if row["id"] == name)
    return Reading(name, row["title"], row["default"], observed, row["basis"])


def only(differences):
    (difference,) = differences
    return difference


def test_what_is_the_same_differs_in_nothing(hold):
    found = hold(one_case(submit(), images()), one_case(submit(), images()))
    assert (found.differences, found.alike, found.unchecked) == ((), (), ())
    assert (found.compared, found.agreed, found.pair) == (1, 1, Pair.MIXED)


def test_the_order_of_keys_is_no_difference(hold):
    turned = dict(reversed(result().items()))
    assert not hold(one_case(poll()), one_case(made_up(body=turned, url=poll().url))).differences


def test_a_field_that_the_schema_does_not_know_is_a_difference(hold):
    found = only(hold(one_case(poll()), one_case(poll(surprise=1))).differences)
    assert (found.where, found.left, found.right) == ("/surprise", ABSENT, 1)
    assert (found.claim, found.claim_says, found.move) == ("", "no such field", Move.SCHEMA)
    turned = only(hold(one_case(poll(surprise=1)), one_case(poll())).differences)
    assert (turned.move, turned.left_conduct) == (Move.DOUBLE, Conduct.DEVIATES)


def test_a_value_of_another_type_is_told_with_the_keyword_and_its_claim(hold):
    left = result()
    left["task"]["reason"] = 7
    found = only(hold(one_case(made_up(body=left, url=poll().url)), one_case(poll())).differences)
    assert (found.where, found.left, found.right) == ("/task/reason", 7, "")
    assert (found.claim, found.claim_says) == ("result.task.reason.type", "type string")
    assert found.move is Move.DOUBLE
    assert found.step == "1: GET task-result"


def test_a_required_field_that_is_missing_is_told_with_what_requires_it(hold):
    right = result()
    del right["videos"]
    found = only(hold(one_case(poll()), one_case(made_up(body=right, url=poll().url))).differences)
    assert (found.where, found.right, found.claim_says) == ("/videos", ABSENT, "required")
    assert (found.claim, found.move) == ("result.example.lists", Move.LIVE)


def test_a_value_beyond_a_bound_or_outside_a_list_is_told_with_it(hold):
    found = only(hold(one_case(images()), one_case(images(image_type="gif"))).differences)
    assert (found.claim_says, found.claim) == ("enum jpeg, png, webp", "result.images.image_type.enum")
    assert found.move is Move.LIVE
    found = only(hold(one_case(poll()), one_case(poll(progress=130))).differences)
    assert (found.claim_says, found.left, found.right) == ("maximum 100", 0, 130)


def test_two_values_that_are_both_allowed_show_that_the_contract_does_not_say(hold):
    found = only(hold(one_case(images()), one_case(images(image_type="webp"))).differences)
    assert (found.move, found.left_conduct, found.right_conduct) == (
        Move.SCHEMA,
        Conduct.KEEPS,
        Conduct.KEEPS,
    )


def test_lists_of_another_length_are_told_by_their_length(hold):
    found = only(hold(one_case(images()), one_case(poll(images=[IMAGE, IMAGE]))).differences)
    assert (found.where, found.left, found.right) == ("/images", "<1 items>", "<2 items>")


def test_true_is_not_one_and_one_is_one_point_nought():
    assert list(walk({"a": True}, {"a": 1})) == [(("a",), True, 1)]
    assert list(walk({"a": [0, {"b": None}]}, {"a": [0.0, {"b": None}]})) == []
    assert list(walk({"a/b~c": None}, {})) == [(("a/b~c",), None, ABSENT)]


def test_a_text_for_people_is_compared_by_its_being_there(hold):
    def error(message):
        body = {"code": 404, "reason": "TASK_NOT_FOUND", "message": message, "metadata": {}}
        return made_up(status=404, body=body)

    assert not hold(one_case(error("no such task")), one_case(error("task not found"))).differences
    found = only(hold(one_case(error("no such task")), one_case(error(""))).differences)
    assert found.where == "/message"


def test_a_request_that_one_takes_and_the_other_refuses_is_one_difference_and_no_more(hold):
    error = {"code": 400, "reason": "INVALID_REQUEST_BODY", "message": "no", "metadata": {"request": "no"}}
    left, right = [submit(), images(), images()], [submit(400, **error)]
    about = {"pointer": "/request/scale_factor", "keyword": "maximum", "operation": "upscale",
             "claims": ("upscale.scale_factor.range",)}  # fmt: skip
    failed = {"verdict": Verdict.FAIL, "findings": [finding(claim="upscale.scale_factor.range")]}
    found = hold(one_case(*left, **about, **failed), one_case(*right, **about))
    assert found.compared == 1
    difference = only(found.differences)
    assert (difference.where, difference.left, difference.right) == (
        "status",
        "200",
        "400 INVALID_REQUEST_BODY",
    )
    assert difference.claim == "upscale.scale_factor.range"
    assert difference.claim_says == "/request/scale_factor: maximum 4"
    assert difference.move is Move.DOUBLE


def test_v2_refuses_with_its_code_and_http_200(hold):
    def v2(**body):
        return made_up("upscale-v2", sent={"image": "x"}, body={"msg": "", "data": None} | body)

    found = only(
        hold(one_case(v2(code=0, data={"task_id": ONE, "warn": ""})), one_case(v2(code=6))).differences
    )
    assert (found.where, found.left, found.right) == ("status", "200", "200 6")
    found = only(hold(one_case(v2(code=1)), one_case(v2(code=6))).differences)
    assert (found.where, found.left, found.right) == ("/code", 1, 6)


def test_statuses_and_content_types_are_compared(hold):
    def answered(status, kind):
        return made_up("elsewhere", status=status, body={}, reply_headers={"content-type": kind})

    found = hold(
        one_case(answered(404, "text/html")), one_case(answered(405, "application/json; charset=utf-8"))
    )
    assert [(each.where, each.left, each.right) for each in found.differences] == [
        ("status", 404, 405), ("header Content-Type", "text/html", "application/json"),
    ]  # fmt: skip


def test_two_ends_of_a_task_are_one_difference(hold):
    failed = poll(state="TASK_STATUS_FAILED", extra={"seed": "1"}, images=[])
    found = only(hold(one_case(images()), one_case(failed)).differences)
    assert (found.where, found.left, found.right) == (
        "/task/status", "TASK_STATUS_SUCCEED", "TASK_STATUS_FAILED",
    )  # fmt: skip


def test_a_task_that_had_not_ended_on_one_side_is_not_compared_and_no_agreement(hold):
    found = hold(one_case(images()), one_case(poll(state="TASK_STATUS_PROCESSING", eta=3)))
    assert not found.differences
    assert found.agreed == 0
    assert only(found.unchecked).left == "step 1: the task had not ended on one side"


def test_an_event_that_only_one_side_sent_is_a_difference(hold):
    url = "http://127.0.0.1:7/hook/1"
    submitted = made_up("upscale", sent=upscale_body(webhook={"url": url}), body={"task_id": ONE})
    event = made_up("webhook", method="POST", url=url, content=b"", headers=TYPED,
                    sent={"event_type": "ASYNC_TASK_RESULT", "payload": result()})  # fmt: skip
    found = only(hold(one_case(submitted, event), one_case(submitted)).differences)
    assert (found.where, found.left, found.right) == ("event", "POST to <hook 1>", ABSENT)
    twice = only(hold(one_case(submitted, event), one_case(submitted, event, event)).differences)
    assert (twice.left, twice.right) == (ABSENT, "POST to <hook 1>")


def test_a_wrong_event_is_told_with_the_schema_of_events(hold):
    url = "http://127.0.0.1:7/hook/1"

    def event(name):
        return made_up("webhook", method="POST", url=url, content=b"", headers=TYPED,
                       sent={"event_type": name, "payload": result()})  # fmt: skip

    found = only(hold(one_case(event("ASYNC_TASK_RESULT")), one_case(event("TASK_DONE"))).differences)
    assert (found.where, found.claim_says) == ("/event_type", "const ASYNC_TASK_RESULT")
    assert (found.claim, found.move) == ("webhook.event-type", Move.LIVE)


@pytest.mark.parametrize("skipped", ["left", "right", "both"])
def test_a_case_that_was_skipped_on_a_side_is_not_checked_and_never_agreement(hold, skipped):
    skip = one_case(verdict=Verdict.SKIP, said="no receiver")
    left = skip if skipped in ("left", "both") else one_case(poll())
    right = skip if skipped in ("right", "both") else one_case(poll())
    found = hold(left, right)
    assert (found.differences, found.compared, found.agreed) == ((), 0, 0)
    expected = {"left": ("no receiver", ""), "right": ("", "no receiver"), "both": ("no receiver",) * 2}
    assert (only(found.unchecked).left, only(found.unchecked).right) == expected[skipped]


def test_a_case_that_one_side_does_not_have_is_not_checked_there(hold):
    found = hold(one_case(poll()), [])
    assert (found.compared, found.agreed) == (0, 0)
    assert only(found.unchecked).right == "this side was not asked it"


def test_sides_that_were_asked_other_things_are_not_compared(hold):
    other = made_up("upscale", sent=upscale_body(enable_nsfw_detection=True), body={"task_id": ONE})
    found = hold(one_case(submit(), images()), one_case(other, images()))
    assert not found.differences
    assert only(found.unchecked).left == "step 1: each side was asked something else"
    found = hold(one_case(submit(), poll()), one_case(submit()))
    assert only(found.unchecked).left == "one side was asked 2 things, the other 1"


def test_a_law_that_only_the_suite_sees_is_told_from_its_finding(hold):
    broken = finding("progress_never_falls", "/task/progress_percent", "no less than 40", "30",
                     "result.task.progress_percent.support")  # fmt: skip
    found = only(
        hold(one_case(poll(), verdict=Verdict.FAIL, findings=[broken]), one_case(poll())).differences
    )
    assert (found.where, found.left, found.right) == ("/task/progress_percent", "30", "as expected")
    assert (found.move, found.claim) == (Move.DOUBLE, "result.task.progress_percent.support")
    assert found.claim_says == "progress never falls: no less than 40"


def test_a_finding_that_a_place_explains_is_not_told_twice(hold):
    broken = finding("body_fits", "/images/0/image_type", "png", "gif", "result.images.image_type.enum")
    right = one_case(images(image_type="gif"), verdict=Verdict.FAIL, findings=[broken])
    found = only(hold(one_case(images()), right).differences)
    assert (found.where, found.right_conduct, found.move) == (
        "/images/0/image_type",
        Conduct.DEVIATES,
        Move.LIVE,
    )


def test_a_finding_about_something_else_is_told_beside_a_difference(hold):
    broken = finding("progress_never_falls", "/task/progress_percent", "no less", "less", "a.page.says.so")
    right = one_case(images(image_type="webp"), verdict=Verdict.FAIL, findings=[broken])
    found = hold(one_case(images()), right).differences
    assert [each.where for each in found] == ["/images/0/image_type", "/task/progress_percent"]


def test_verdicts_that_differ_without_a_reason_are_a_difference(hold):
    found = only(hold(one_case(poll(), verdict=Verdict.FAIL, said="boom"), one_case(poll())).differences)
    assert (found.where, found.left, found.right) == ("verdict", "fail boom", "pass")
    assert found.move is Move.DOUBLE


@pytest.mark.parametrize(
    ("claim", "move"), [("upscale.status-codes", Move.DOCS), ("assumed: so", Move.SCHEMA)]
)
def test_what_both_do_alike_and_not_as_expected_is_no_difference_but_told(hold, claim, move):
    case = one_case(poll(), verdict=Verdict.FAIL, findings=[finding(claim=claim, where="status")])
    found = hold(case, case)
    assert not found.differences
    told = only(found.alike)
    assert (told.where, told.left, told.right, told.move) == ("status", "that", "that", move)


def test_what_a_baseline_makes_of_a_verdict_is_no_difference(hold):
    accepted = one_case(poll(), verdict=Verdict.ACCEPTED, findings=[finding(claim="a.b")])
    failed = one_case(poll(), verdict=Verdict.FAIL, findings=[finding(claim="a.b")])
    assert not hold(accepted, failed).differences
    found = hold(one_case(poll()), one_case(poll(), verdict=Verdict.UNEXPECTED_PASS))
    assert (found.differences, found.agreed) == ((), 1)


def test_what_is_only_worth_knowing_on_one_side_is_told_and_nobody_is_blamed(hold):
    noted = one_case(poll(), verdict=Verdict.WARN, findings=[finding("habits_differ", "/request/seed")])
    found = only(hold(one_case(poll()), noted).differences)
    assert (found.where, found.left, found.right, found.move) == (
        "/request/seed", "as expected", "that", Move.SCHEMA,
    )  # fmt: skip
    bare = only(hold(one_case(poll()), one_case(poll(), verdict=Verdict.WARN)).differences)
    assert (bare.where, bare.right) == ("verdict", "warn")


def test_what_was_asked_for_several_cases_is_compared_and_is_no_case(hold):
    def cases(*images):
        sample = made_up(body=result(images=list(images)), url=poll().url, shared="sample upscale")
        return [(outcome("A"), [sample]), (outcome("B"), [sample, poll()])]

    found = hold(cases(IMAGE), cases(IMAGE | {"image_type": "gif"}))
    assert only(found.differences).case == "shared sample upscale"
    assert (found.compared, found.agreed) == (2, 0), "both looked at what differs"
    alone = hold(cases(IMAGE), [(outcome("A"), []), (outcome("B"), [poll()])])
    assert (alone.differences, alone.unchecked, alone.agreed) == ((), (), 2)


def test_a_reading_that_differs_names_the_quirk_and_its_value(hold):
    left = one_case(images())
    right = one_case(images(image_url_ttl=3600))
    about = {"left_about": {"readings": [reading("image-url-ttl", "string")]},
             "right_about": {"readings": [reading("image-url-ttl", "integer")]}}  # fmt: skip
    found = hold(left, right, **about)
    assert {each.quirk for each in found.differences} == {"image-url-ttl=integer"}
    assert [each.where for each in found.differences] == ["quirk image-url-ttl", "/images/0/image_url_ttl"]
    assert {each.move for each in found.differences} == {Move.DOCS}
    assert found.differences[1].claim_says == "type string"
    doubles = hold(left, right, right_target="http://127.0.0.1:9", **about)
    assert {each.move for each in doubles.differences} == {Move.DOUBLE}
    assert "http://127.0.0.1:9 deviates" in doubles.differences[0].why


def test_a_reading_that_only_we_assume_moves_the_schema(hold):
    about = {"left_about": {"readings": [reading("result-webhook", "echoed")]},
             "right_about": {"readings": [reading("result-webhook", "absent")]}}  # fmt: skip
    left, right = poll(extra={"webhook": {"url": "http://127.0.0.1:1/h"}}), poll()
    found = hold(one_case(left), one_case(right), **about)
    assert {(each.move, each.quirk) for each in found.differences} == {(Move.SCHEMA, "result-webhook=absent")}


def test_a_reading_that_one_side_does_not_show_is_no_difference(hold):
    about = {"left_about": {"readings": [reading("final-progress", "0")]},
             "right_about": {"readings": [reading("final-progress", "")]}}  # fmt: skip
    assert not hold(one_case(poll()), one_case(poll()), **about).differences


def test_which_side_is_left_makes_no_difference_to_whose_move_it_is(hold):
    one, other = one_case(images()), one_case(images(image_type="gif"))
    straight = hold(one, other, left_target="mock", right_target="live")
    turned = hold(other, one, left_target="live", right_target="mock")
    assert (
        [each.move for each in straight.differences]
        == [each.move for each in turned.differences]
        == [Move.LIVE]
    )
    assert "live deviates" in straight.differences[0].why
    assert straight.differences[0].why == turned.differences[0].why


def test_a_recorded_live_run_stands_for_the_live_service(hold):
    found = hold(one_case(images()), one_case(images(image_type="gif")), left_target="live")
    assert found.pair is Pair.LIVES
    assert only(found.differences).move is Move.LIVE


def test_what_only_a_whole_run_shows_is_compared_by_law(hold):
    def life(**more):
        polls = [poll(state="TASK_STATUS_PROCESSING", eta=1, **more) for _ in range(ENOUGH)]
        return one_case(submit(), *polls, images())

    found = only(hold(life(progress=40), life(progress=0)).differences)
    assert (found.case, found.where, found.left, found.right) == (
        "life of upscale", "under way: progress", "moves", "stays at 0",
    )  # fmt: skip
    assert (found.quirk, found.move) == ("upscale-progress", Move.SCHEMA)
    assert not hold(life(progress=40), one_case(submit(), images())).differences
    shaped = only(hold(life(progress=40), life(progress=40, images=None)).differences)
    assert (shaped.where, shaped.right) == ("under way: /images", "null")


def test_what_a_reader_should_know_of_the_two_is_noted(hold):
    found = hold(one_case(poll()), one_case(poll()), left_about={"seed": 1, "interrupted": True},
                 right_about={"seed": 2, "versions": {"schemas": "other"}})  # fmt: skip
    assert found.notes == (
        "mock is a run that did not come to its end: what is missing in it was not checked",
        "the two were recorded with different schemas: abc and other",
        "the two were recorded with different seeds: 1 and 2",
    )


def quirks(**readings):
    rows = {row["id"]: row for row in catalogue.load().quirk_rows if row["alternatives"]}
    given = {name.replace("_", "-"): values for name, values in readings.items()}
    return {
        name: Quirk(name, row["default"], *given.get(name, ("", "")), row["basis"])
        for name, row in rows.items()
    }


def split(where, asked=None, words=("200", "400"), operation="task-result"):
    answers = tuple(
        {
            "status": int(status),
            "body": {"reason": reason} if reason.isupper() else {"code": int(reason or 0)},
        }
        for status, _, reason in (word.partition(" ") for word in words)
    )
    return Split(1, {"operation": operation} | (asked or {}), (), where, *words, answers)


CASE = {"case": "UPS-X", "claims": []}


def test_two_that_read_a_quirk_alike_do_not_differ_in_it():
    here = split("/images/0/nsfw_detection_result")
    assert quirk_of(quirks(nsfw_off=("null", "null")), CASE, [], here) is None
    assert quirk_of(quirks(nsfw_off=("null", "absent")), CASE, [], here).named == "nsfw-off=absent"
    assert quirk_of(quirks(nsfw_off=("", "")), CASE, [], here).named == "nsfw-off"


PLACES = {
    "submit-shape": split("/data/task_id", operation="upscale"),
    "final-progress": split("/payload/task/progress_percent", operation="webhook"),
    "image-url-ttl": split("/images/3/image_url_ttl"),
    "nsfw-off": split("/images/0/nsfw_detection_result"),
    "seed-echo": split("/extra/seed"),
    "debug-info": split("/extra/debug_info/request_info"),
    "result-webhook": split("/payload/extra/webhook", operation="webhook"),
    "missing-key": split("status", {"key": "none"}, ("400", "403")),
    "bare-key": split("status", {"key": "<key 1>"}, ("404 TASK_NOT_FOUND", "403 INVALID_API_KEY")),
    "omni-key": split("/code", {"key": "X-Omni-Key <key 1>"}, ("200 3", "200 4")),
    "content-type": split("status", {"type": "text/plain"}),
    "boolean-text": split("status", {"query": {"filter.is_inpainting": "False"}}),
    "balance": split("/reason", words=("400 BILLING_BALANCE_NOT_ENOUGH", "403 X")),
    "image-size-reason": split("/reason", words=("400 INVALID_REQUEST_BODY", "400 INVALID_IMAGE_SIZE")),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_quirk_is_traced_to_where_it_shows(name):
    assert quirk_of(quirks(), CASE, [], PLACES[name]).id == name


def test_every_quirk_can_be_traced():
    """By a place, by a request, by the progress of a life, or by what is taken or not."""
    assert {*PLACES, *TAKING, "upscale-progress"} == set(quirks())


def test_a_refusal_is_traced_by_its_case_or_by_the_one_reading_that_differs():
    named = {"case": "X", "claims": ["assumed: see quirk null-optional"]}
    assert quirk_of(quirks(), named, [], split("status")).id == "null-optional"
    assert quirk_of(quirks(), CASE, [], split("status")) is None
    one = quirks(integral_float=("accepted", "refused"), bare_key=("accepted", "accepted"))
    assert quirk_of(one, CASE, [], split("status")).named == "integral-float=refused"
    two = quirks(integral_float=("accepted", "refused"), numeric_string=("accepted", "refused"))
    assert quirk_of(two, CASE, [], split("status")) is None
    about = [{"quirk": "numeric-string=refused"}]
    assert quirk_of(two, CASE, about, split("status")).named == "numeric-string=refused"


def test_a_wrong_key_is_not_mistaken_for_one_that_is_spelled_otherwise():
    both = split("status", {"key": "<key 1>"}, ("400 MISSING_API_KEY", "403 INVALID_API_KEY"))
    assert quirk_of(quirks(), CASE, [], both).id == "missing-key"
