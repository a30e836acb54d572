"""Projects of strangers, in which the plugin has to be at home."""

import pytest

#: What a stranger's tests begin with: a client of the API by the standard library alone.
CLIENT = """
import json, os, urllib.request as http
import pytest

PNG = ("iVBORw0KGgoAAAANSUhEUgAAAAgAAAAGCAIAAABxZ0isAAAAEUlEQVR42mP4z8CAFTEM"
       "LQkARAAv0czr4WcAAAAASUVORK5CYII=")

def call(mock, path, body=None, key=None):
    headers = {"Content-Type": "application/json"}
    key = os.environ["NOVITA_API_KEY"] if key is None else key
    headers |= {"Authorization": "Bearer " + key} if key else {}
    with http.urlopen(http.Request(mock.url + path, body and json.dumps(body).encode(), headers)) as reply:
        return json.load(reply)

def upscale(mock, factor=2, key=None, **extra):
    request = {"model_name": "4x-UltraSharp", "scale_factor": factor, "image_base64": PNG}
    return call(mock, "/v3/async/upscale", {"extra": extra, "request": request}, key)["task_id"]

def result(mock, task_id):
    return call(mock, "/v3/async/task-result?task_id=" + task_id)

def swallowed(*asked, **more):
    try:
        upscale(*asked, **more)
    except OSError as problem:
        problem.close()
"""

#: Other plugins that would load by themselves, these and pytest's own cache, and what a careful project sets.
ALONE = ("-p", "no:randomly", "-p", "no:asyncio", "-p", "no:schemathesis")
QUIET = (*ALONE, "-p", "no:cacheprovider")
CAREFUL = ("-W", "error", "--strict-markers", "--strict-config")


def outcome(pytester: pytest.Pytester, tests: str, *arguments: str, **counts: int) -> str:
    """Run a stranger's tests in this process; what was printed.

    Args:
        pytester: the stranger's project.
        tests: what the test file says after ``CLIENT``.
        *arguments: of pytest.
        **counts: how the tests must end.
    """
    if not (pytester.path / "tox.ini").exists():
        pytester.makeini("[pytest]")  # so that no file above it is taken for the project's
    pytester.makepyfile(test_theirs=CLIENT + tests)
    ran = pytester.runpytest_inprocess(*QUIET, *CAREFUL, *arguments)
    ran.assert_outcomes(**counts)
    return ran.stdout.str()


#: Two hundred tests, each of which asks the API for something and looks at what became of it.
TWO_HUNDRED = """
@pytest.mark.parametrize("factor", [1.5, 2, 3, 4])
@pytest.mark.parametrize("number", range(25))
def test_pictures(novita_mock, number, factor):
    shown = result(novita_mock, upscale(novita_mock, factor))
    with http.urlopen(shown["images"][0]["image_url"]) as reply:
        assert reply.headers["Content-Type"] == "image/png"
        assert reply.read().startswith(b"\\x89PNG")
    novita_mock.assert_called("upscale", times=1, request={"request": {"scale_factor": factor}})

@pytest.mark.parametrize("number", range(25))
def test_webhooks(novita_mock, number):
    inbox = novita_mock.inbox("app")
    inbox.answer({"status": 500, "times": number % 3}) if number % 3 else None
    upscale(novita_mock, webhook={"url": inbox.url})
    novita_mock.wait_idle()
    assert len(inbox.events) == 1 + number % 3

@pytest.mark.parametrize("number", range(25))
@pytest.mark.novita_mock(scenario="rate-limited-once")
def test_failures(novita_mock, number):
    swallowed(novita_mock)
    assert result(novita_mock, upscale(novita_mock))["task"]["status"] == "TASK_STATUS_SUCCEED"

@pytest.mark.parametrize("number", range(25))
@pytest.mark.novita_mock(speed="manual")
def test_time(novita_mock, number):
    task_id = upscale(novita_mock)
    assert result(novita_mock, task_id)["task"]["status"] == "TASK_STATUS_QUEUED"
    novita_mock.advance(60)
    assert result(novita_mock, task_id)["task"]["status"] == "TASK_STATUS_SUCCEED"

@pytest.mark.parametrize("number", range(25))
def test_money(novita_mock, number):
    novita_mock.balance = 0.015
    upscale(novita_mock)
    swallowed(novita_mock)
    novita_mock.assert_called("upscale", times=1, status=400)
    assert novita_mock.balance < 0.015
"""
