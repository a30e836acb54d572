"""Whose move a difference is: every row of the table, and that the table has an answer for everything."""

from itertools import product

import pytest

from novita_contract.triage import TABLE, Basis, Conduct, Finding, Move, Pair, basis_of, judge

KEEPS, DEVIATES, UNKNOWN = Conduct.KEEPS, Conduct.DEVIATES, Conduct.UNKNOWN
DOCUMENTED, OBSERVED, ASSUMED = Basis.DOCUMENTED, Basis.OBSERVED, Basis.ASSUMED
EVERYTHING = [Finding(*each) for each in product(Pair, Conduct, Conduct, Basis, (False, True), (False, True))]


def move(pair, first, second, basis, covered=False, same=False):
    return judge(Finding(pair, first, second, basis, covered, same))[0]


@pytest.mark.parametrize("basis", Basis)
@pytest.mark.parametrize("covered", [False, True])
def test_a_double_that_deviates_from_what_live_keeps_is_to_be_mended(basis, covered):
    assert move(Pair.MIXED, DEVIATES, KEEPS, basis, covered) is Move.DOUBLE


def test_live_that_deviates_from_a_clear_page_has_to_answer_for_it():
    assert move(Pair.MIXED, KEEPS, DEVIATES, DOCUMENTED) is Move.LIVE


@pytest.mark.parametrize("basis", [DOCUMENTED, OBSERVED])
def test_where_pages_contradict_each_other_and_live_follows_another_the_docs_have_to_change(basis):
    assert move(Pair.MIXED, KEEPS, DEVIATES, basis, covered=True) is Move.DOCS


def test_where_the_pages_are_silent_and_live_shows_another_value_of_a_quirk_our_schema_has_to_change():
    assert move(Pair.MIXED, KEEPS, DEVIATES, ASSUMED, covered=True) is Move.SCHEMA


@pytest.mark.parametrize("basis", [OBSERVED, ASSUMED])
def test_what_live_does_not_keep_and_no_page_says_is_our_readings_fault(basis):
    assert move(Pair.MIXED, KEEPS, DEVIATES, basis) is Move.SCHEMA


def test_two_that_do_alike_against_a_page_make_the_page_doubtful():
    for pair in Pair:
        assert move(pair, DEVIATES, DEVIATES, DOCUMENTED, same=True) is Move.DOCS
        assert move(pair, DEVIATES, DEVIATES, ASSUMED, same=True) is Move.SCHEMA


def test_where_all_agree_nobody_has_to_move():
    assert {move(pair, KEEPS, KEEPS, basis, same=True) for pair in Pair for basis in Basis} == {Move.NOBODY}


def test_a_side_that_was_not_checked_is_nobodys_move_and_never_agreement():
    about = [found for found in EVERYTHING if UNKNOWN in (found.first, found.second)]
    assert len(about) == 3 * 5 * 3 * 4
    assert {judge(found) for found in about} == {(Move.NOBODY, "a side was not checked")}


def test_two_that_are_both_within_the_contract_show_that_it_could_say_more():
    for pair, basis in product(Pair, Basis):
        assert move(pair, KEEPS, KEEPS, basis) is Move.SCHEMA


def test_of_two_doubles_the_one_that_deviates_is_to_be_mended():
    first = judge(Finding(Pair.DOUBLES, DEVIATES, KEEPS, DOCUMENTED, covered=True), "mock", "http://a")
    second = judge(Finding(Pair.DOUBLES, KEEPS, DEVIATES, DOCUMENTED), "mock", "http://a")
    assert first == (Move.DOUBLE, "mock deviates from what is documented, and http://a keeps it")
    assert second == (Move.DOUBLE, "http://a deviates from what is documented, and mock keeps it")


def test_no_double_is_blamed_where_the_live_service_is_compared_with_itself():
    about = [found for found in EVERYTHING if found.pair is Pair.LIVES]
    assert Move.DOUBLE not in {judge(found)[0] for found in about}
    assert move(Pair.LIVES, DEVIATES, KEEPS, DOCUMENTED) is Move.LIVE
    assert move(Pair.LIVES, DEVIATES, DEVIATES, DOCUMENTED) is Move.LIVE
    assert move(Pair.LIVES, DEVIATES, DEVIATES, OBSERVED) is Move.SCHEMA


def test_live_is_never_blamed_where_two_doubles_are_compared():
    assert Move.LIVE not in {judge(found)[0] for found in EVERYTHING if found.pair is Pair.DOUBLES}


def test_nothing_that_only_we_assume_is_held_against_the_live_service():
    blamed = [found for found in EVERYTHING if judge(found)[0] is Move.LIVE]
    assert blamed
    assert {found.basis for found in blamed} == {DOCUMENTED}


def test_the_order_of_the_sides_makes_no_difference_but_in_a_mixed_pair():
    for found in EVERYTHING:
        if found.pair is not Pair.MIXED:
            turned = Finding(found.pair, found.second, found.first, found.basis, found.covered, found.same)
            assert judge(found)[0] is judge(turned)[0]


def test_every_row_decides_something_and_everything_is_decided():
    deciding = {next(row for row in TABLE if row.fits(found)) for found in EVERYTHING}
    assert deciding == set(TABLE)


def test_every_reason_is_a_sentence_about_the_two():
    for found in EVERYTHING:
        why = judge(found, "one", "other")[1]
        assert "{" not in why
        assert len(why) > 10


def test_what_a_claim_stands_on_is_read_from_it():
    assert basis_of("upscale.scale_factor.range") is DOCUMENTED
    assert basis_of("observed: the SDKs") is OBSERVED
    assert {basis_of(claim) for claim in ("assumed: who knows", "ours: the double's", "")} == {ASSUMED}
