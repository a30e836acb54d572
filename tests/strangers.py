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

#: Other plugins that would load by themselves, and what a careful project sets.
QUIET = ("-p", "no:randomly", "-p", "no:asyncio", "-p", "no:schemathesis", "-p", "no:cacheprovider")
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
