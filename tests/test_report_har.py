"""The archive of a run: valid HAR 1.2, each request once, and free of secrets."""

import json

import pytest
from jsonschema import Draft202012Validator

from novita_contract.evidence import exchange_values
from novita_contract.report_har import archive, written
from novita_contract.report_json import document
from novita_contract.verdicts import Outcome, Verdict
from report_samples import BASE, SAMPLES, case, every_verdict, exchange, polled, report
from test_har import HAR


def archived(run):
    return archive(document(run), exchange_values(run).values())


def entry(**changes):
    (one,) = archived(report([Outcome(case("A"), Verdict.PASS, evidence=(exchange(**changes),))]))["log"][
        "entries"
    ]
    return one


@pytest.mark.parametrize("name", SAMPLES)
def test_every_archive_is_valid(name):
    run = SAMPLES[name]()
    Draft202012Validator(HAR).validate(archived(run))
    assert json.loads(written(document(run), exchange_values(run).values())) == archived(run)


@pytest.mark.parametrize("name", SAMPLES)
def test_addresses_are_ascii(name):
    for one in archived(SAMPLES[name]())["log"]["entries"]:
        assert one["request"]["url"].isascii()
        assert not any(sign in one["request"]["url"] for sign in ' "<>\\^`{|}\n')


def test_each_request_is_there_once_in_the_order_in_which_they_were_sent():
    numbers = [one["_number"] for one in archived(every_verdict())["log"]["entries"]]
    assert numbers == sorted(set(numbers))
    told = document(every_verdict())
    assert {number for one in told["cases"] for number in one["requests"]} == set(numbers)


def test_an_entry_tells_what_was_sent_and_what_came_back():
    one = entry(number=3)
    assert one["startedDateTime"] == "2026-11-20T12:00:00.120+00:00"
    assert one["time"] == 12
    assert (one["request"]["method"], one["request"]["url"]) == ("POST", f"{BASE}/v3/async/upscale")
    assert {"name": "authorization", "value": "Bearer ***"} in one["request"]["headers"]
    assert (
        json.loads(one["request"]["postData"]["text"])["request"]["image_base64"] == "<picture png:RGB:40x30>"
    )
    assert (one["response"]["status"], one["response"]["statusText"]) == (200, "OK")
    assert "task_id" in json.loads(one["response"]["content"]["text"])
    assert one["response"]["content"]["size"] == one["response"]["bodySize"] == 51


def test_an_address_with_strange_signs_is_quoted_and_one_that_is_quoted_is_left_alone():
    assert entry(url=f"{BASE}/v3/ä b")["request"]["url"] == f"{BASE}/v3/%C3%A4%20b"
    assert entry(url=f"{BASE}/v3/%C3%A4%20b")["request"]["url"] == f"{BASE}/v3/%C3%A4%20b"


def test_a_query_is_told_part_by_part():
    (one,) = archived(report([Outcome(case("A"), Verdict.PASS, evidence=(polled(1),))]))["log"]["entries"]
    assert one["request"]["queryString"] == [{"name": "task_id", "value": "5f0c2a1e"}]
    assert "postData" not in one["request"]


def test_a_lost_reply_and_a_picture_are_told_too():
    lost = entry(status=0, reply_headers={}, content=b"", problem="connection reset")
    assert (lost["response"]["status"], lost["_problem"]) == (0, "connection reset")
    assert "text" not in lost["response"]["content"]
    picture = entry(reply_headers={"content-type": "image/png"}, content=b"\x89PNG" + bytes(300))
    assert picture["response"]["content"]["text"].startswith('"<304 bytes')
    Draft202012Validator(HAR).validate({"log": archived(report())["log"] | {"entries": [lost, picture]}})
