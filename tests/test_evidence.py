"""Outcomes as plain values: which requests show them, and where their claims are written."""

from dataclasses import replace

from novita_contract.display import Display
from novita_contract.evidence import case_value, claim_value, exchange_values, exchanges
from novita_contract.verdicts import Outcome, Verdict
from report_samples import case, every_verdict, exchange, finding, polled, report


def outcome(**changes):
    usual = {"findings": (finding(5),), "evidence": (exchange(3), exchange(5), polled(7))}
    return Outcome(case("A"), Verdict.FAIL, **(usual | changes))


def value(one):
    return case_value(one, report([one]), Display())


def test_the_request_that_shows_a_finding_comes_first_and_once():
    assert [each.number for each in exchanges(outcome())] == [5, 3, 7]
    assert value(outcome())["requests"] == [5, 3, 7]


def test_the_command_sends_what_shows_the_finding():
    assert "/v3/async/upscale" in value(outcome())["reproduce"]["curl"]
    assert "task-result" in value(outcome(findings=()))["reproduce"]["curl"]


def test_a_case_without_requests_has_no_command_to_send_but_one_to_repeat():
    told = value(outcome(findings=(finding(exchange=None),), evidence=()))
    assert told["reproduce"]["curl"] is None
    assert "--select A" in told["reproduce"]["command"]
    assert told["findings"][0]["request"] is None


def test_a_claim_is_told_by_its_page_and_heading():
    told = claim_value("upscale.scale_factor.range", Display())
    assert told["told"] == f"page upscale, heading {told['heading']}"
    assert claim_value("observed: by us", Display())["page"] is None


def test_every_request_of_a_run_is_told_once_in_order():
    told = exchange_values(every_verdict())
    assert list(told) == sorted(told)
    assert len({each["number"] for each in told.values()}) == len(told)


def test_what_came_in_is_not_taken_for_a_request_of_the_same_number():
    event = replace(exchange(3), url="http://127.0.0.1:9/hook", operation="webhook")
    one = outcome(evidence=(exchange(3), event))
    assert [each.operation for each in exchanges(one)] == ["upscale", "upscale", "webhook"]
    assert len(exchange_values(report([one]))) == 3
