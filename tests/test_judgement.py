"""What a run amounts to: its sentence, what counts, and how to see one case again."""

from dataclasses import replace

import pytest

from novita_contract.judgement import GRAVITY, MARKS, deviations, operations, repeat, sentence
from novita_contract.report import BUDGET, DEVIATES, INTERRUPTED, UNREACHABLE, USAGE
from novita_contract.verdicts import Outcome, Verdict
from report_samples import case, every_verdict, finding, live_over_budget, passing, report


def outcome(verdict, name="A"):
    return Outcome(case(name), verdict)


def said(*verdicts, **changes):
    return sentence(report([outcome(verdict, str(at)) for at, verdict in enumerate(verdicts)], **changes))


def test_every_verdict_has_a_place_and_a_mark_of_its_own():
    assert set(GRAVITY) == set(Verdict)
    assert set(MARKS) == {*Verdict, ""}
    assert len(set(MARKS.values())) == len(MARKS)


def test_what_holds_is_said_with_how_much_was_checked():
    assert sentence(passing()) == "mock conforms: 27 checks hold"
    assert said(Verdict.PASS) == "mock conforms: 1 check holds"
    assert said(Verdict.PASS, Verdict.SKIP) == "mock conforms: 1 check holds; 1 was not checked"


def test_nothing_checked_is_never_agreement():
    assert said(Verdict.SKIP) == "mock was not judged: nothing was checked; 1 was not checked"
    assert said() == "mock was not judged: nothing was checked"


def test_what_deviates_is_counted():
    one = said(Verdict.FAIL, Verdict.PASS, exit_code=DEVIATES)
    assert one == "mock deviates: 1 of 2 checks fails"
    two = said(Verdict.FAIL, Verdict.FAIL, Verdict.UNDOCUMENTED, exit_code=DEVIATES)
    assert two == "mock deviates: 2 of 3 checks fail; 1 check differs where no page decides"
    assert said(exit_code=DEVIATES) == "mock deviates"


def test_what_fails_against_an_assumption_only_is_told_apart():
    assumed = Outcome(case("A"), Verdict.FAIL, "", (finding(claim="assumed: so"),))
    documented = Outcome(case("B"), Verdict.FAIL, "", (finding(), finding(claim="assumed: so")))
    both = report([assumed, documented], exit_code=DEVIATES)
    assert sentence(both) == "mock deviates: 2 of 2 checks fail, 1 of them only against what is assumed"
    alone = report([assumed], exit_code=DEVIATES)
    assert sentence(alone) == "mock deviates: 1 of 1 check fails, though only against what is assumed"


def test_quirks_and_outdated_entries_are_said():
    told = sentence(every_verdict())
    assert told.endswith(
        "2 checks differ where no page decides; 1 quirk is read otherwise; 1 deviation is accepted; "
        "1 entry of the baseline can go; 2 were not checked"
    )


def test_only_what_holds_is_said_to_hold():
    accepted = said(Verdict.PASS, Verdict.ACCEPTED, Verdict.UNEXPECTED_PASS, Verdict.WARN)
    assert accepted.startswith("mock conforms: 3 checks hold; 1 deviation is accepted; 1 entry")
    assert said(Verdict.CONTRADICTION) == (
        "mock conforms: 0 checks hold; 1 check differs where no page decides"
    )


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (UNREACHABLE, "mock was not judged: it can't be reached or refuses the key; no route"),
        (USAGE, "mock was not judged: the command can't be run so; no route"),
        (BUDGET, "the budget was reached after 1 check of mock, of which none fails; no route"),
        (INTERRUPTED, "interrupted after 1 check of mock, of which none fails; no route"),
        (77, "mock ended with 77; no route"),
    ],
)
def test_a_run_that_broke_off_says_why(code, words):
    assert said(Verdict.PASS, exit_code=code, trouble="no route") == words


def test_an_interrupted_run_that_has_checked_nothing_says_so():
    assert said(exit_code=INTERRUPTED) == "interrupted before anything was checked"


def test_money_that_was_out_is_told_beside_another_end():
    assert "the budget left cases out" in sentence(live_over_budget())
    assert "interrupted before its end" in said(Verdict.PASS, interrupted=True)


def test_only_what_fails_counts_and_what_a_page_says_comes_first():
    assumed = Outcome(case("A"), Verdict.FAIL, "", (finding(claim="assumed: so"),))
    others = [outcome(verdict, str(verdict)) for verdict in Verdict if verdict is not Verdict.FAIL]
    mixed = report([assumed, outcome(Verdict.FAIL, "C"), outcome(Verdict.FAIL, "B"), *others])
    assert [each.case.id for each in deviations(mixed)] == ["B", "C", "A"]


def test_a_case_is_repeated_with_what_it_needs_of_the_run():
    line = repeat(every_verdict(), case("UPS-X"))
    assert line == (
        "novita-mock conform --target mock --select UPS-X --seed 7 --quirk nsfw-off=absent --examples=5"
    )
    live = repeat(live_over_budget(), case("UPS-X"))
    assert live == (
        "novita-mock conform --target live --select UPS-X --seed 7 --budget-usd 0.05 --price upscale=0.01"
    )


def test_a_case_of_another_profile_is_looked_for_there():
    assert "--profile thorough" in repeat(report(profile="thorough"), case("A"))


def test_a_target_with_signs_of_the_shell_is_quoted():
    assert "--target 'http://h/?a&b'" in repeat(report(target="http://h/?a&b"), case("A"))
    assert "--select A" in repeat(report(command="novita-mock 'half a quote"), case("A"))


def test_operations_stand_in_the_order_of_the_table_and_others_after_them():
    names = [name for name, _ in operations(["webhook", "img2img", "upscale", "elsewhere", "upscale"])]
    assert names == ["upscale", "img2img", "elsewhere", "webhook"]
    assert operations(["upscale"])[0][1].path == "/v3/async/upscale"


def test_a_deviation_makes_the_sentence_even_in_a_run_that_was_cut_short():
    broken = replace(every_verdict(), exit_code=INTERRUPTED)
    assert "of which 2 fail" in sentence(broken)
