"""A stranger's project of two hundred tests on the fixture."""

import sys

import pytest

from strangers import CAREFUL, CLIENT, TWO_HUNDRED


@pytest.mark.parametrize(
    "how",
    [("-p", "no:randomly"), ("-n", "4", "-p", "randomly")],
    ids=["one process", "four workers in random order"],
)
def test_two_hundred_tests_are_green(pytester, how) -> None:
    pytester.makeini("[pytest]")
    pytester.makepyfile(test_theirs=CLIENT + TWO_HUNDRED)
    line = [sys.executable, "-m", "pytest", "-q", *CAREFUL, "-p", "no:asyncio", "-p", "no:schemathesis", *how]
    ran = pytester.run(*line)
    ran.assert_outcomes(passed=200)
    assert "refused requests" not in ran.stdout.str()
