"""A reply that nobody thought of is a finding that says what is wrong with it, never a crash or a skip."""

import pytest

from conforming import conform, double
from novita_contract.report import DEVIATES
from novita_contract.verdicts import Verdict


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_replies_that_break_their_schemas_are_named_by_it(seed):
    with double(scenario="schema-breaking", seed=seed) as url:
        report = conform(url, select=("UPS-RESULT*", "UP2-RESULT*", "USR-*", "MOD-LIST", "MOD-PAGES"))
    assert report.exit_code == DEVIATES
    failed = [outcome for outcome in report.outcomes if outcome.verdict is Verdict.FAIL]
    assert len(failed) > 10
    checks = [finding.check for outcome in failed for finding in outcome.findings]
    named = checks.count("body_matches_its_schema")
    assert named > 0.7 * len(checks), checks
    assert not any("Error:" in outcome.said for outcome in failed)


@pytest.mark.parametrize(
    "scenario", ["truncated", "malformed", "server-error", "reset", "no-balance", "task-fails"]
)
def test_a_target_that_is_broken_altogether_deviates(scenario):
    with double(scenario=scenario) as url:
        report = conform(url, select=("UPS-RESULT-PLAIN", "I2I-RESULT-PLAIN", "UP2-RESULT-PLAIN"))
    assert report.exit_code in (DEVIATES, 3), report.counts()
    assert Verdict.PASS not in {outcome.verdict for outcome in report.outcomes}
