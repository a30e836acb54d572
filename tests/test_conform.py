"""The suite against our own double: nothing deviates, in any order; quirks are told, and only they."""

from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from conforming import NEVER_CHECKED, conform, deviating, skipped, told
from novita_contract.report import CONFORMS, UNREACHABLE
from novita_contract.verdicts import LAYERS, Verdict
from novita_mock.catalogue import load

ROOT = Path(__file__).parents[1]
DEEP = hypothesis_settings.get_current_profile_name() == "deep"
#: Which runs are made with three seeds, in an order drawn from each.
PROFILES = ("quick", "ci", "thorough") if DEEP else ("quick",)
#: What of the rules a changed reading could show in; ``make check-deep`` takes all of them.
TOUCHED = () if DEEP else (
    "QRK-*", "*-NULL*", "*-STRAY*", "*KEY*", "*-RESULT-*", "WEB-*ARRIVES", "WEB-*TEST*", "*BALANCE*", "RES-*",
    "PRG-*", "MOD-*", "*SCALE_FACTOR*", "*REQUEST.WIDTH*", "*REQUEST.SEED*",
)  # fmt: skip
TOO_FAST = ("UPS-RESULT-AT-WORK", "I2I-RESULT-AT-WORK", "UP2-RESULT-AT-WORK")
#: Every quirk that can be read in more than one way, with each other reading.
ALTERNATIVES = [(row["id"], other["value"]) for row in load().quirk_rows for other in row["alternatives"]]
#: What of them is tried in every run; ``make check-deep`` tries them all.
TRIED = ALTERNATIVES if DEEP else ALTERNATIVES[::3]


def test_our_double_conforms():
    report = conform(profile="ci")
    assert told(report) == []
    unchecked = skipped(report)
    for name in TOO_FAST:  # on a busy machine a task may be over before it was asked about often enough
        assert "ends too soon" in unchecked.pop(name, "ends too soon")
    assert unchecked == NEVER_CHECKED
    assert report.exit_code == CONFORMS
    assert {outcome.case.layer for outcome in report.outcomes} == set(LAYERS)
    assert [reading.id for reading in report.readings if reading.differs or not reading.observed] == []


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("seed", [2, 3, 5])
def test_our_double_conforms_with_any_seed_in_any_order(seed, profile):
    report = conform(seed=seed, random_order=True, profile=profile)
    assert told(report) == []
    assert report.exit_code == CONFORMS


@pytest.mark.parametrize(("quirk", "value"), TRIED, ids=lambda part: str(part))
def test_another_reading_is_told_and_nothing_else(quirk, value):
    report = conform(double_quirks={quirk: value}, layers=("rules",), select=TOUCHED)
    differing = [(reading.id, reading.observed) for reading in report.readings if reading.differs]
    assert differing == [(quirk, value)]
    found = deviating(report)
    others = [
        f"{outcome.verdict} {outcome.case.id}: {outcome.said}"
        for outcome in found
        if not any(finding.quirk == f"{quirk}={value}" for finding in outcome.findings)
    ]
    assert others == []
    assert {outcome.verdict for outcome in found} <= {Verdict.UNDOCUMENTED, Verdict.CONTRADICTION}
    assert found
    assert report.exit_code == CONFORMS


@pytest.mark.parametrize(("quirk", "value"), [("image-url-ttl", "integer"), ("unknown-field", "refused")])
def test_a_reading_that_is_expected_is_no_difference(quirk, value):
    report = conform(double_quirks={quirk: value}, quirks={quirk: value}, layers=("rules",), select=TOUCHED)
    assert told(report) == []
    assert [reading.id for reading in report.readings if reading.differs] == []


def test_nobody_at_the_address_is_code_3():
    report = conform("http://127.0.0.1:9")
    assert report.exit_code == UNREACHABLE
    assert "does not answer" in report.trouble
    assert {outcome.verdict for outcome in report.outcomes} == {Verdict.SKIP}
