"""The fixtures of pytest, in projects that nobody here wrote."""

import subprocess
import sys

import pytest

from novita_mock import pytest_plugin
from novita_mock.testing import running
from strangers import CAREFUL, CLIENT, QUIET, outcome


def test_a_test_has_an_account_of_its_own_that_is_done_at_once(pytester) -> None:
    outcome(pytester, """
def test_one(novita_mock):
    assert os.environ["NOVITA_API_KEY"] == novita_mock.api_key
    shown = result(novita_mock, upscale(novita_mock))
    assert shown["task"]["status"] == "TASK_STATUS_SUCCEED"
    assert len(http.urlopen(shown["images"][0]["image_url"]).read()) > 50
    assert novita_mock.balance < 100

def test_other(novita_mock):
    assert (novita_mock.requests, novita_mock.tasks, novita_mock.balance) == ([], [], 100)

def test_the_key_is_gone_without_the_fixture():
    assert "NOVITA_API_KEY" not in os.environ
""", passed=3)  # fmt: skip


def test_variables_of_a_projects_own_hold_the_address(pytester) -> None:
    pytester.makeini("[pytest]\nnovita_mock_url_env =\n    MY_URL\n    OTHER_URL\n")
    outcome(pytester, """
@pytest.mark.parametrize("number", range(2))
def test_it(novita_mock, number):
    assert os.environ["MY_URL"] == os.environ["OTHER_URL"] == novita_mock.url

@pytest.mark.novita_mock(strict=True)
def test_own(novita_mock, novita_mock_server):
    assert os.environ["MY_URL"] == novita_mock.url != novita_mock_server.url

def test_none():
    assert "MY_URL" not in os.environ
""", passed=4)  # fmt: skip


def test_the_marker_works_on_tests_of_unittest(pytester) -> None:
    outcome(pytester, """
import unittest

class TestOld(unittest.TestCase):
    @pytest.mark.novita_mock(scenario="no-balance")
    def test_it(self):
        assert os.environ["NOVITA_API_KEY"].startswith("sk_mock_")
""", passed=1)  # fmt: skip


def test_all_tests_share_one_server_and_leave_nothing_on_it(pytester) -> None:
    outcome(pytester, """
seen = []

@pytest.mark.parametrize("number", range(3))
def test_each(novita_mock, novita_mock_server, number):
    upscale(novita_mock)
    seen.append((novita_mock.url, novita_mock.api_key))

def test_after(novita_mock_server):
    assert {url for url, _ in seen} == {novita_mock_server.url}
    assert len({key for _, key in seen}) == 3
    for _, key in seen:
        assert novita_mock_server.account(key).requests == novita_mock_server.account(key).tasks == []
""", passed=4)  # fmt: skip


def test_the_marker_furnishes_the_account(pytester) -> None:
    outcome(pytester, """
@pytest.mark.novita_mock(speed="manual", balance=0.5)
class TestMarked:
    def test_class(self, novita_mock):
        task_id = upscale(novita_mock)
        assert result(novita_mock, task_id)["task"]["status"] == "TASK_STATUS_QUEUED"
        novita_mock.advance(60)
        assert result(novita_mock, task_id)["task"]["status"] == "TASK_STATUS_SUCCEED"
        assert novita_mock.balance < 0.5

    @pytest.mark.novita_mock(scenario="no-balance", speed=0)
    def test_nearest_wins(self, novita_mock):
        with pytest.raises(http.HTTPError) as refused:
            upscale(novita_mock)
        assert json.load(refused.value)["reason"] == "BILLING_BALANCE_NOT_ENOUGH"
        novita_mock.clear_faults()
        assert result(novita_mock, upscale(novita_mock))["task"]["status"] == "TASK_STATUS_SUCCEED"

def test_next_is_as_new(novita_mock):
    assert result(novita_mock, upscale(novita_mock))["task"]["status"] == "TASK_STATUS_SUCCEED"

@pytest.mark.novita_mock(strict=True, seed=1)
def test_other_settings_are_a_double_of_their_own(novita_mock, novita_mock_server):
    assert novita_mock.url != novita_mock_server.url
    assert os.environ["NOVITA_API_KEY"] == novita_mock.api_key

@pytest.mark.novita_mock(scenario="wrong-key")
def test_the_marker_alone_is_enough():
    assert os.environ["NOVITA_API_KEY"].startswith("sk_mock")
""", passed=5)  # fmt: skip


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("'no-balance'", "takes names only"),
        ("scenario='no-such'", "no-such"),
        ("speed='fast'", "'fast' is neither a number"),
        ("sped=1", "sped is no setting\n  try: speed"),
        ("scenaro='flaky'", "try: scenario"),
        ("refusals='maybe'", "show, fail, ignore"),
        ("quirks={}", "quirks is no setting"),
        ("quirk=['no-such=1']", "there is no quirk"),
    ],
)
def test_a_marker_that_makes_no_sense_says_so(pytester, marker, said) -> None:
    tests = f"\n@pytest.mark.novita_mock({marker})\ndef test_it(novita_mock): pass\n"
    assert said in outcome(pytester, tests, errors=1)


def test_doubles_of_their_own_settings_are_made_and_ended(pytester) -> None:
    outcome(pytester, """
urls = []

def test_made(make_novita_mock):
    one, other = make_novita_mock(strict=True, speed="manual"), make_novita_mock(key=["sk_a"])
    urls.extend([one.url, other.url])
    assert one.url != other.url
    assert other.api_key == "sk_a"
    upscale(other, key="sk_a")
    with pytest.raises(http.HTTPError) as refused:
        upscale(other, key="sk_b")
    refused.value.close()

def test_after():
    for url in urls:
        with pytest.raises(OSError):
            http.urlopen(url)
""", passed=2)  # fmt: skip


def test_settings_come_from_ini_fixture_and_command_line_in_this_order(pytester) -> None:
    pytester.makeini("[pytest]\nnovita_mock_speed = manual\nnovita_mock_quirk =\n    missing-key=403\n")
    tests = """
@pytest.fixture(scope="session")
def novita_mock_settings(novita_mock_settings):
    return novita_mock_settings | {settings}

def test_it(novita_mock):
    upscale(novita_mock)
    assert (novita_mock.tasks[0]["status"], refusal(novita_mock)) == {wanted}

def refusal(mock):
    with pytest.raises(http.HTTPError) as refused:
        upscale(mock, key="")
    with refused.value:
        return refused.value.code
"""
    queued, done = "TASK_STATUS_QUEUED", "TASK_STATUS_SUCCEED"
    outcome(pytester, tests.format(settings={}, wanted=(queued, 403)), passed=1)
    outcome(pytester, tests.format(settings={"quirk": ["missing-key=401"]}, wanted=(queued, 401)), passed=1)
    flags = ("--novita-mock-quirk", "missing-key=400", "--novita-mock-speed", "0")
    tests = tests.replace("    upscale(novita_mock)\n", "    upscale(novita_mock); novita_mock.wait_idle()\n")
    found = tests.format(settings={"quirk": ["missing-key=401"], "speed": "manual"}, wanted=(done, 400))
    outcome(pytester, found, *flags, passed=1)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--novita-mock-speed", "fast"), "speed: 'fast' is not usable here"),
        (("--novita-mock-quirk", "no-such=1"), "there is no quirk 'no-such'"),
        (("--novita-mock-scenario", "no-such"), "'no-such' is not a scenario"),
        (("--novita-mock-refusals", "no-such"), "show, fail, ignore"),
        (("--novita-mock-url", "http://127.0.0.1:9", "--novita-mock-strict"), "strict: a double that runs"),
    ],
)
def test_options_that_make_no_sense_say_so(pytester, flags, said) -> None:
    assert said in outcome(pytester, "\ndef test_it(novita_mock): pass\n", *flags, errors=1)


def test_a_seed_repeats_whatever_the_order_and_the_company(pytester) -> None:
    tests = """
def test_a(novita_mock): print("id", upscale(novita_mock))
def test_b(novita_mock): print("id", upscale(novita_mock))
"""
    seeded = ("--novita-mock-seed", "7", "-rP")

    def ids(passed: int, *arguments: str) -> set[str]:
        told = outcome(pytester, tests, *seeded, *arguments, passed=passed)
        return {line for line in told.splitlines() if line.startswith("id ")}

    both = ids(2)
    assert len(both) == 2
    assert ids(1, "test_theirs.py::test_b") < both


def test_the_report_of_a_failing_test_ends_with_what_the_double_saw(pytester) -> None:
    told = outcome(pytester, """
def test_it(novita_mock):
    novita_mock.fail_next("out of luck", phase="task")
    upscale(novita_mock, webhook={"url": novita_mock.inbox("a").url})
    novita_mock.wait_idle()
    novita_mock.assert_called("upscale", times=1, request={"request": {"scale_factor": 3}})

def test_nothing_came(novita_mock):
    assert novita_mock.requests

def test_good(novita_mock):
    upscale(novita_mock)
""", failed=2, passed=1)  # fmt: skip
    assert "wanted exactly 1 request with operation 'upscale'" in told
    assert "request.request.scale_factor: wanted 3, got 2" in told
    assert told.count(pytest_plugin.SEEN) == 2
    report = told.partition(pytest_plugin.SEEN)[2]
    for line in (
        "#1 POST /v3/async/upscale -> 200 task", "upscale TASK_STATUS_FAILED: out of luck",
        "/_mock/inbox/a delivered (200)", "fired 1 times", "no request came with this test's key",
    ):  # fmt: skip
        assert line in report
    assert "iVBORw" not in report
    assert "handle.py" not in told, "the traceback ends in the test's own line"


def test_a_test_that_runs_again_tells_what_was_seen_this_time(pytester) -> None:
    pytester.makeconftest("""
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    for _ in range(2):
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        item._initrequest()
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    return True
""")
    told = outcome(pytester, """
def test_it(novita_mock):
    upscale(novita_mock)
    assert len(novita_mock.tasks) == 2
""", failed=1)  # fmt: skip
    assert told.count(pytest_plugin.SEEN) == 1
    assert told.count("POST /v3/async/upscale -> 200") == 1


def test_a_client_that_forgot_the_key_is_told_so(pytester) -> None:
    told = outcome(pytester, """
def test_before(novita_mock):
    swallowed(novita_mock, key="")

def test_it(novita_mock):
    swallowed(novita_mock, key="")
    assert novita_mock.tasks
""", passed=1, failed=1)  # fmt: skip
    report = told.partition(pytest_plugin.SEEN)[2].partition(pytest_plugin.REFUSED)[0]
    assert report.count("(no key) POST /v3/async/upscale -> 400 no API key") == 1
    assert told.partition(pytest_plugin.REFUSED)[2].count("(no key)") == 2


def test_a_fixture_that_fails_on_the_double_is_told_in_the_same_way(pytester) -> None:
    told = outcome(pytester, """
@pytest.fixture
def job(novita_mock):
    upscale(novita_mock)
    raise ValueError("no job")

def test_it(job): pass
""", errors=1)  # fmt: skip
    assert "#1 POST /v3/async/upscale -> 200" in told.partition(pytest_plugin.SEEN)[2]


REFUSED = """
def test_swallowed(novita_mock):
    swallowed(novita_mock, factor=9)
    swallowed(novita_mock, key="")
    try:
        call(novita_mock, "/v3/async/upscal")
    except OSError as problem:
        problem.close()

def test_asked_for(novita_mock):
    novita_mock.fail_next("ILLEGAL_PROMPT")
    swallowed(novita_mock)

def test_asserted(novita_mock):
    swallowed(novita_mock, factor=9)
    novita_mock.assert_called("upscale", status=400)

@pytest.mark.novita_mock(refusals="ignore")
def test_ignored(novita_mock):
    swallowed(novita_mock, factor=9)
"""


def test_requests_that_were_refused_show_at_the_end_also_where_the_client_hid_it(pytester) -> None:
    told = outcome(pytester, REFUSED, passed=4).partition(pytest_plugin.REFUSED)[2]
    assert "/request/scale_factor: 9 is greater than the maximum of 4" in told
    assert "(no key) POST /v3/async/upscale -> 400" in told
    assert "GET /v3/async/upscal -> 404" in told
    assert told.count("test_theirs.py::") == 1


def test_refused_requests_can_fail_their_test(pytester) -> None:
    told = outcome(pytester, REFUSED, "--novita-mock-refusals", "fail", passed=4, errors=1)
    assert "the double refused what no assertion expects" in told
    assert pytest_plugin.REFUSED not in told


def test_of_many_refused_requests_the_first_are_told(pytester) -> None:
    told = outcome(pytester, """
@pytest.mark.parametrize("number", range(22))
def test_it(novita_mock, number):
    for _ in range(12 if number == 0 else 1):
        swallowed(novita_mock, factor=9)
""", passed=22)  # fmt: skip
    assert "... and 2 more\n" in told
    assert "... and 2 more tests" in told


def test_it_gets_on_with_workers_random_order_and_async_tests(pytester) -> None:
    pytester.makepyfile(test_theirs=CLIENT + """
import asyncio, anyio

@pytest.mark.parametrize("number", range(20))
def test_each(novita_mock, number):
    upscale(novita_mock, factor=9 if number == 3 else 2) if number != 3 else swallowed(novita_mock, factor=9)
    assert len(novita_mock.requests) == 1

async def hook(mock):
    mock.set_speed("manual")
    got = asyncio.Event()
    async def receive(reader, writer):
        await reader.readuntil(b"\\r\\n\\r\\n")
        writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
        await writer.drain()
        writer.close()
        got.set()
    async with await asyncio.start_server(receive, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        upscale(mock, webhook={"url": f"http://127.0.0.1:{port}/"})
        happened = await mock.advance_async(60)
        assert got.is_set()
    assert "webhook-delivered" in [effect["effect"] for effect in happened["effects"]]

@pytest.mark.asyncio
async def test_asyncio(novita_mock):
    await hook(novita_mock)

@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_anyio(novita_mock, anyio_backend):
    if anyio_backend == "asyncio":
        await hook(novita_mock)
    upscale(novita_mock)
    await anyio.sleep(0)
    assert novita_mock.requests
""")  # fmt: skip
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function")
    line = [sys.executable, "-m", "pytest", *CAREFUL, "-n", "2", "-p", "no:schemathesis", "-q"]
    ran = pytester.run(*line)
    ran.assert_outcomes(passed=23)
    assert ran.stdout.str().partition(pytest_plugin.REFUSED)[2].count("test_theirs.py::test_each[3]") == 1


def test_a_double_that_runs_elsewhere_is_used_and_shared(pytester, url) -> None:
    tests = """
def test_one(novita_mock):
    assert novita_mock.url == ADDRESS
    upscale(novita_mock)
    assert len(novita_mock.requests) == 1

@pytest.mark.novita_mock(scenario="no-balance")
def test_marked(novita_mock):
    with pytest.raises(http.HTTPError) as refused:
        upscale(novita_mock)
    refused.value.close()

@pytest.mark.novita_mock(strict=True)
def test_not_to_be_had(novita_mock): pass
"""
    told = outcome(pytester, f"\nADDRESS = {url!r}\n{tests}", "--novita-mock-url", url, passed=2, errors=1)
    assert "strict: not to be had of a double that runs elsewhere" in told


def test_accounts_of_a_double_elsewhere_are_furnished_as_those_of_ones_own(pytester) -> None:
    tests = """
def test_instant(novita_mock):
    task_id = upscale(novita_mock)
    assert result(novita_mock, task_id)["task"]["status"] == "TASK_STATUS_SUCCEED"

@pytest.mark.novita_mock(balance=2)
def test_poor(novita_mock):
    assert novita_mock.balance == 2
"""
    with running(where="thread", speed=1) as mock:
        outcome(pytester, tests, "--novita-mock-url", mock.url, passed=2)
        told = outcome(pytester, tests, f"--novita-mock-url={mock.url}", "--novita-mock-speed=manual",
                       passed=1, failed=1)  # fmt: skip
    assert "TASK_STATUS_QUEUED" in told


def test_a_balance_for_all_tests_and_a_key_for_none(pytester) -> None:
    tests = """
@pytest.fixture(scope="session")
def novita_mock_settings():
    return {settings}

def test_it(novita_mock):
    assert novita_mock.balance == 7
"""
    outcome(pytester, tests.format(settings={"balance": 7}), passed=1)
    told = outcome(pytester, tests.format(settings={"key": ["sk_a"]}), errors=1)
    assert "each test has a key of its own" in told


def test_a_double_that_is_not_there_is_an_error_that_says_so(pytester) -> None:
    tests = "\n@pytest.mark.novita_mock(speed=1)\ndef test_it(novita_mock): pass\n"
    told = outcome(pytester, tests, "--novita-mock-url", "http://127.0.0.1:9", errors=1)
    assert "no double answers at http://127.0.0.1:9" in told


def test_projects_that_do_not_use_it_pay_next_to_nothing() -> None:
    program = (
        "import sys, pytest; before = set(sys.modules); import novita_mock.pytest_plugin;"
        "print(sorted(name for name in set(sys.modules) - before))"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert told.stdout == "['novita_mock', 'novita_mock.pytest_plugin']\n", told.stderr


def test_its_options_are_documented_where_pytest_lists_them(pytester) -> None:
    told = pytester.runpytest_inprocess(*QUIET, "--help").stdout.str()
    for name in pytest_plugin.OPTIONS:
        assert f"--novita-mock-{name.replace('_', '-')}" in told
        assert f"novita_mock_{name} (" in told
    assert (
        "@pytest.mark.novita_mock(scenario=" in pytester.runpytest_inprocess(*QUIET, "--markers").stdout.str()
    )
