"""JUnit XML as the tools that read it expect: suites, counts, failures, what was skipped and why."""

from xml.etree import ElementTree

import pytest

from novita_contract.report import BUDGET, INTERRUPTED, UNREACHABLE
from novita_contract.report_json import document
from novita_contract.report_junit import written
from report_samples import SAMPLES, every_verdict, live_over_budget, passing, report

#: Children of a test case, in the order in which readers want them.
CHILDREN = ["properties", "skipped", "error", "failure", "system-out"]
#: What readers of JUnit know of each element; anything else is ignored by some, and refused by others.
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "testcase": {"classname", "name", "time"},
    "properties": set(),
    "property": {"name", "value"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"message"},
    "system-out": set(),
}


def parsed(run):
    return ElementTree.fromstring(written(document(run)).encode())


def case_of(root, name):
    return root.find(f".//testcase[@name='{name}']")


@pytest.mark.parametrize("name", SAMPLES)
def test_every_report_is_xml_with_nothing_that_readers_do_not_know(name):
    root = parsed(SAMPLES[name]())
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag], element.tag
    for case in root.iter("testcase"):
        places = [CHILDREN.index(child.tag) for child in case]
        assert places == sorted(set(places))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_counts_are_those_of_what_is_inside(name):
    root = parsed(SAMPLES[name]())
    for suite in (root, *root):
        for kind, tag in (
            ("tests", "testcase"),
            ("failures", "failure"),
            ("errors", "error"),
            ("skipped", "skipped"),
        ):
            assert int(suite.attrib[kind]) == len(list(suite.iter(tag)))


def test_there_is_a_suite_for_each_layer():
    assert [suite.attrib["name"] for suite in parsed(every_verdict())] == ["rules", "properties", "stories"]
    assert {suite.attrib["timestamp"] for suite in parsed(passing())} == {"2026-11-20T12:00:00"}


def test_a_case_tells_its_rule_operation_and_claim():
    case = case_of(parsed(every_verdict()), "UPS-REQUEST.SCALE_FACTOR-MAXIMUM-REFUSED")
    told = {each.attrib["name"]: each.attrib["value"] for each in case.iter("property")}
    assert told["rule"] == "UPS-REQUEST.SCALE_FACTOR-MAXIMUM-REFUSED"
    assert told["operation"] == "upscale" == case.attrib["classname"]
    assert told["claim"].startswith("page upscale, heading")
    assert (told["pointer"], told["keyword"]) == ("/request/scale_factor", "maximum")


def test_a_failure_holds_what_is_needed_to_see_it_again():
    failure = case_of(parsed(every_verdict()), "UPS-REQUEST.SCALE_FACTOR-MAXIMUM-REFUSED").find("failure")
    assert failure.attrib == {"type": "status_is_documented", "message": "a factor of 4.01 was accepted"}
    for words in (
        "/request/scale_factor",
        "400 INVALID_REQUEST",
        "page upscale",
        "curl -sS",
        "--select UPS-REQ",
    ):
        assert words in failure.text


def test_only_what_deviates_fails():
    failed = {
        case.attrib["name"]
        for case in parsed(every_verdict()).iter("testcase")
        if case.find("failure") is not None
    }
    assert failed == set(document(every_verdict())["deviating"])


def test_what_is_worth_knowing_stands_beside_a_test_that_passes():
    root = parsed(every_verdict())
    for name, word in (
        ("I2I-SLOW", "warn"),
        ("I2I-EMPTY-VAE", "undocumented"),
        ("UPS-TTL", "contradiction"),
        ("UP2-CODE", "accepted"),
        ("MOD-CURSOR", "unexpected-pass"),
    ):
        assert [child.tag for child in case_of(root, name)] == ["properties", "system-out"]
        assert word in case_of(root, name).find("system-out").text


def test_a_skipped_case_says_why():
    skipped = case_of(parsed(every_verdict()), "WEB-RETRY").find("skipped")
    assert "--webhook-url" in skipped.attrib["message"]


@pytest.mark.parametrize("code", [UNREACHABLE, BUDGET, INTERRUPTED])
def test_a_run_that_broke_off_is_an_error_even_where_nothing_failed(code):
    root = parsed(report(exit_code=code, trouble="no route to host"))
    assert (root.attrib["tests"], root.attrib["errors"]) == ("1", "1")
    assert "no route to host" in root.find(".//error").attrib["message"]


def test_a_run_that_came_to_its_end_has_no_such_error():
    assert parsed(passing()).attrib["errors"] == "0"
    assert parsed(live_over_budget()).attrib["errors"] == "1"


def test_hostile_texts_come_back_as_they_were_told():
    root = parsed(SAMPLES["hostile"]())
    text = root.find(".//failure").text
    for words in ("<script>alert(1)</script>", "]]>", "&lt;b&gt;", "--> <!--", r"\x1b[2J", "漢字"):
        assert words in text
