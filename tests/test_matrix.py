"""The matrix: which cases make a row, and what a cell says of several."""

from dataclasses import replace

import pytest

from novita_contract.matrix import rows
from novita_contract.report_json import document
from novita_contract.verdicts import RULES, Outcome, Verdict
from report_samples import BOUNDS, bound, case, passing, report

BOUND = BOUNDS[0]


def told(*outcomes):
    return document(report(outcomes))


def sides(accepted, refused):
    return [Outcome(bound(*BOUND, True), accepted), Outcome(bound(*BOUND, False), refused)]


def test_both_sides_of_a_constraint_make_a_row_and_a_law_makes_one_alone():
    found = rows([document(passing())], "upscale")
    assert [len(row.cases) for row in found] == [2, 2, 2, 2, 1]
    assert found[0].layer == RULES


@pytest.mark.parametrize(
    ("accepted", "refused", "verdict", "count"),
    [
        (Verdict.PASS, Verdict.PASS, Verdict.PASS, 2),
        (Verdict.PASS, Verdict.FAIL, Verdict.FAIL, 1),
        (Verdict.PASS, Verdict.SKIP, Verdict.SKIP, 1),
        (Verdict.SKIP, Verdict.UNDOCUMENTED, Verdict.UNDOCUMENTED, 1),
        (Verdict.ACCEPTED, Verdict.UNEXPECTED_PASS, Verdict.UNEXPECTED_PASS, 1),
        (Verdict.WARN, Verdict.WARN, Verdict.WARN, 2),
    ],
)
def test_a_cell_shows_the_gravest_and_how_many(accepted, refused, verdict, count):
    ((row,),) = [rows([told(*sides(accepted, refused))], "upscale")]
    assert (row.cells[0].verdict, row.cells[0].count, row.cells[0].cases) == (verdict, count, 2)


def test_what_another_run_did_not_have_is_not_checked():
    here, there = told(*sides(Verdict.PASS, Verdict.PASS)), told(Outcome(case("UPS-X"), Verdict.PASS))
    first, second = rows([here, there], "upscale")
    assert [cell.verdict for cell in first.cells] == [Verdict.PASS, None]
    assert [cell.verdict for cell in second.cells] == [None, Verdict.PASS]
    assert not first.differs
    assert second.cases[0]["id"] == "UPS-X"


def test_runs_differ_only_where_both_have_checked():
    def differs(one, other):
        pair = [told(Outcome(case("UPS-X"), verdict)) for verdict in (one, other)]
        return rows(pair, "upscale")[0].differs

    assert differs(Verdict.PASS, Verdict.FAIL)
    assert not differs(Verdict.FAIL, Verdict.FAIL)
    assert not differs(Verdict.FAIL, Verdict.SKIP)


def test_other_operations_are_left_out():
    outcomes = [replace(outcome) for outcome in passing().outcomes]
    assert {each["operation"] for row in rows([told(*outcomes)], "img2img") for each in row.cases} == {
        "img2img"
    }
    assert rows([told(*outcomes)], "nothing") == []
