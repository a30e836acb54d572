"""Accepted deviations: known ones don't fail, gone ones are said, and a careless file is refused."""

import json
from datetime import date

import pytest

from novita_contract.baseline import Baseline, Entry, apply, load, updated
from novita_contract.options import OptionsError
from novita_contract.report_json import as_text
from novita_contract.verdicts import Outcome, Verdict
from report_samples import KEY, case, exchange, finding, report

TODAY = date(2026, 11, 20)
KNOWN = ("UPS-A", "UPS-B", "I2I-STEPS-MAX")


def outcome(verdict, *checks, name="UPS-A", said=""):
    return Outcome(case(name), verdict, said, tuple(finding(check=check) for check in checks))


def after(one, *entries):
    (changed,) = apply([one], Baseline(entries), today=TODAY)
    return changed


def known(check="", until=None, name="UPS-A", reason="ticket 12"):
    return Entry(name, reason, check, until)


def written(tmp_path, value):
    path = tmp_path / "baseline.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
    return path


def test_what_is_known_is_accepted_with_its_reason_and_keeps_its_findings():
    changed = after(outcome(Verdict.FAIL, "a", "b"), known())
    assert (changed.verdict, changed.said) == (Verdict.ACCEPTED, "accepted: ticket 12")
    assert [each.check for each in changed.findings] == ["a", "b"]
    assert after(outcome(Verdict.FAIL), known()).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.WARN])
def test_what_is_accepted_for_nothing_is_said(verdict):
    changed = after(outcome(verdict, name="UPS-A"), known())
    assert changed.verdict is Verdict.UNEXPECTED_PASS
    assert "ticket 12" in changed.said


@pytest.mark.parametrize(
    "verdict", [Verdict.SKIP, Verdict.UNDOCUMENTED, Verdict.CONTRADICTION, Verdict.ACCEPTED]
)
def test_what_neither_deviates_nor_holds_stays_silent(verdict):
    one = outcome(verdict, said="for a reason")
    assert after(one, known()) == one


def test_what_is_not_accepted_stays_as_it_was():
    one = outcome(Verdict.FAIL, "a", said="so")
    assert after(one) == one
    assert after(one, known(name="UPS-B")) == one
    assert apply([], Baseline((known(),)), today=TODAY) == ()


def test_one_check_may_be_accepted_alone():
    assert after(outcome(Verdict.FAIL, "a"), known("a")).verdict is Verdict.ACCEPTED
    both = after(outcome(Verdict.FAIL, "a", "b", said="so"), known("a"))
    assert both.verdict is Verdict.FAIL
    assert [each.check for each in both.findings] == ["b", "a"]
    assert both.said == "so; accepted: ticket 12"
    assert after(outcome(Verdict.FAIL, "a", "b"), known("a"), known("b")).verdict is Verdict.ACCEPTED


def test_an_accepted_check_that_is_gone_is_said():
    other = after(outcome(Verdict.FAIL, "b", said="so"), known("a"))
    assert other.verdict is Verdict.FAIL
    assert other.said == "so; the baseline accepts a too, which is gone: remove that entry"
    one_left = after(outcome(Verdict.FAIL, "a"), known("a"), known("b"))
    assert one_left.verdict is Verdict.ACCEPTED
    assert "accepts b too, which is gone" in one_left.said


def test_what_is_accepted_until_a_day_is_accepted_on_that_day_and_not_after_it():
    one = outcome(Verdict.FAIL, "a", said="so")
    assert after(one, known(until=TODAY)).verdict is Verdict.ACCEPTED
    over = after(one, known(until=date(2026, 11, 19)))
    assert (over.verdict, over.said) == (Verdict.FAIL, "so; accepted until 2026-11-19 only")


def test_an_entry_that_is_over_is_said_to_be_outdated_too():
    assert after(outcome(Verdict.PASS), known(until=date(2026, 1, 1))).verdict is Verdict.UNEXPECTED_PASS


def test_without_a_day_the_machine_is_asked():
    one = outcome(Verdict.FAIL, "a")
    (past,) = apply([one], Baseline((known(until=date(2000, 1, 1)),)))
    (future,) = apply([one], Baseline((known(until=date(9999, 1, 1)),)))
    assert (past.verdict, future.verdict) == (Verdict.FAIL, Verdict.ACCEPTED)


def test_a_baseline_is_read(tmp_path):
    rows = [
        {"case": "UPS-A", "reason": " ticket 12 ", "until": "2027-01-31"},
        {"case": "UPS-A", "check": "b", "reason": "too"},
    ]
    assert load(written(tmp_path, {"entries": rows}), KNOWN).entries == (
        known(until=date(2027, 1, 31)),
        known("b", reason="too"),
    )


@pytest.mark.parametrize(
    ("value", "words", "hint"),
    [
        ("{", "is no JSON", "entries"),
        ("[]", "no list of entries", "entries"),
        ({"entries": {}}, "no list of entries", "entries"),
        ({"entries": ["UPS-A"]}, "entry 1 is no object of texts", "entries"),
        ({"entries": [{"case": "UPS-A", "reason": 1}]}, "entry 1 is no object of texts", "entries"),
        ({"entries": [{"case": "UPS-A"}]}, "UPS-A has no reason", "reason"),
        ({"entries": [{"case": "UPS-A", "reason": " "}]}, "UPS-A has no reason", "reason"),
        ({"entries": [{"reason": "so"}]}, "there is no case ''", "--list"),
        (
            {"entries": [{"case": "I2I-STEP-MAX", "reason": "so"}]},
            "no case 'I2I-STEP-MAX'",
            "mean I2I-STEPS-MAX",
        ),
        ({"entries": [{"case": "UPS-A", "reason": "so", "untill": "x"}]}, "a field 'untill'", "until"),
        (
            {"entries": [{"case": "UPS-A", "reason": "so", "until": "soon"}]},
            "'soon' is no date",
            "2027-01-31",
        ),
        (
            {"entries": [{"case": "UPS-A", "reason": "so"}] * 2},
            "entry 2 says UPS-A a second time",
            "one of the two",
        ),
    ],
)
def test_a_careless_file_is_refused_with_a_hint(tmp_path, value, words, hint):
    with pytest.raises(OptionsError) as caught:
        load(written(tmp_path, value), KNOWN)
    assert words in str(caught.value)
    assert hint in caught.value.hint


def test_a_file_that_is_not_there_is_refused_with_a_hint(tmp_path):
    with pytest.raises(OptionsError, match="can't be read") as caught:
        load(tmp_path / "none.json", KNOWN)
    assert "--baseline-update" in caught.value.hint


def test_an_update_accepts_just_what_deviates_and_can_be_read_again(tmp_path):
    run = report(
        [
            outcome(Verdict.FAIL, "a", name="UPS-B", said="a factor of 5 was accepted"),
            outcome(Verdict.FAIL, "b", name="I2I-STEPS-MAX"),
            outcome(Verdict.PASS, name="UPS-A"),
        ]
    )
    path = written(tmp_path, as_text(updated(run)))
    baseline = load(path, KNOWN)
    assert [entry.case for entry in baseline.entries] == ["I2I-STEPS-MAX", "UPS-B"]
    assert baseline.entries[1].reason == "not explained yet; 2026-11-20: a factor of 5 was accepted"
    verdicts = [each.verdict for each in apply(run.outcomes, baseline, today=TODAY)]
    assert verdicts == [Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.PASS]


def test_an_update_keeps_reasons_and_what_was_not_run_and_drops_what_is_gone():
    before = Baseline((known(), known(name="UPS-B"), known(name="I2I-STEPS-MAX"), known(name="ELSEWHERE")))
    run = report(
        apply(
            [
                outcome(Verdict.FAIL, "a"),
                outcome(Verdict.PASS, name="UPS-B"),
                outcome(Verdict.SKIP, name="I2I-STEPS-MAX"),
            ],
            before,
            today=TODAY,
        )
    )
    rows = updated(run, before)["entries"]
    assert [(row["case"], row["reason"]) for row in rows] == [
        ("ELSEWHERE", "ticket 12"),
        ("I2I-STEPS-MAX", "ticket 12"),
        ("UPS-A", "ticket 12"),
    ]


def test_an_update_of_single_checks_keeps_those_that_still_deviate():
    before = Baseline((known("a"), known("gone")))
    run = report(apply([outcome(Verdict.FAIL, "a", "b", said="so")], before, today=TODAY))
    rows = updated(run, before)["entries"]
    assert [(row["case"], row.get("check")) for row in rows] == [("UPS-A", None), ("UPS-A", "a")]
    (again,) = apply(run.outcomes, Baseline((known(), known("a"))), today=TODAY)
    assert again.verdict is Verdict.ACCEPTED


def test_an_update_lets_a_day_that_is_over_go():
    before = Baseline((known(until=date(2026, 11, 1)),))
    run = report(apply([outcome(Verdict.FAIL, "a")], before, today=TODAY))
    assert updated(run, before) == {"entries": [{"case": "UPS-A", "reason": "ticket 12"}]}
    later = Baseline((known(until=date(2027, 1, 1)),))
    kept = report(apply([outcome(Verdict.FAIL, "a")], later, today=TODAY))
    assert updated(kept, later)["entries"][0]["until"] == "2027-01-01"


def test_no_secret_gets_into_a_reason():
    shown = Outcome(case("UPS-A"), Verdict.FAIL, f"said {KEY}", (finding(exchange=exchange(keys=(KEY,))),))
    assert KEY not in as_text(updated(report([shown])))
