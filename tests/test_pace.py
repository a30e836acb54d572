"""Requests that cost money are sent no faster than the pages allow, and not for ever where refused."""

import pytest

from novita_contract.exchange import Exchange
from novita_contract.pace import LONGEST_S, MOST_REFUSALS, PAUSE_S, Pace


class Time:
    """Time that passes when somebody waits."""

    def __init__(self):
        self.now_s = 100.0
        self.waits = []

    def now(self):
        return self.now_s

    def wait(self, seconds):
        self.waits.append(round(seconds, 6))
        self.now_s += seconds


def refusal(**headers):
    return Exchange(0, "upscale", "POST", "http://h/x", {}, None, 0, 429, headers, b"{}")


def test_requests_of_an_operation_are_spread_over_the_minute():
    time = Time()
    pace = Pace(True, time.now, time.wait)
    for _ in range(4):
        pace.wait("upscale", 20)
    pace.wait("img2img", 10)
    assert time.waits == [0.0, 3.0, 3.0, 3.0, 0.0]


def test_a_double_has_no_rate_to_keep():
    time = Time()
    pace = Pace(False, time.now, time.wait)
    for _ in range(4):
        pace.wait("upscale", 20)
    assert time.waits == []


@pytest.mark.parametrize(
    ("headers", "waited"), [({"retry-after": "7"}, 7.0), ({}, PAUSE_S), ({"retry-after": "soon"}, PAUSE_S),
                            ({"retry-after": "86400"}, LONGEST_S), ({"retry-after": "-3"}, 0.0)],
)  # fmt: skip
def test_a_refusal_is_waited_for_as_it_asks(headers, waited):
    time = Time()
    assert Pace(True, time.now, time.wait).refused(refusal(**headers)) == ""
    assert time.waits == [waited]


def test_too_many_refusals_in_a_row_stop_the_run():
    time = Time()
    pace = Pace(True, time.now, time.wait)
    told = [pace.refused(refusal()) for _ in range(MOST_REFUSALS)]
    assert told[:-1] == [""] * (MOST_REFUSALS - 1)
    assert "too often" in told[-1]


def test_a_request_that_passes_begins_the_count_anew():
    time = Time()
    pace = Pace(True, time.now, time.wait)
    for _ in range(3 * MOST_REFUSALS):
        assert pace.refused(refusal()) == ""
        pace.passed()
