"""The fixtures of ``novita-mock`` for pytest.

Loaded into every pytest run where the package is installed, so nothing but pytest is imported until a
fixture is asked for.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from novita_mock.fixture_world import World
    from novita_mock.testing import NovitaMock

#: Option and ini value to the form of the latter, and its help.
OPTIONS: dict[str, tuple[Literal["string", "linelist", "bool"], str]] = {
    "url": ("string", "use the double that runs there, in place of one of the run's own"),
    "url_env": ("linelist", "a variable of your own that is to hold the double's address"),
    "control_token": ("string", "what the control routes of that double ask for"),
    "speed": (
        "string",
        "account seconds in a real one; 0, the default, has every task done at once; or manual",
    ),
    "seed": ("string", "same ids, seeds and bytes in every run"),
    "scenario": ("string", "faults with a name, for every request that names none"),
    "quirk": ("linelist", "ID=VALUE: another reading where the pages are silent"),
    "strict": ("bool", "refuse what the pages don't document but real clients send"),
    "strict_responses": ("bool", "check every reply against its own schema before it leaves"),
    "rate_limits": ("bool", "refuse more images a minute than the pages allow"),
    "allow_webhook_host": ("linelist", "a host on the internet that webhooks may be sent to"),
    "refusals": (
        "string",
        "requests that were refused and that no test asserts: show (default), fail or ignore",
    ),
}
MARKER = "novita_mock(scenario=, speed=, balance=, refusals=, **settings): the world of this test's double"
#: Titles of what is added to reports.
SEEN, REFUSED = "novita-mock: what the double saw", "novita-mock: refused requests"
#: Tests whose refused requests the summary tells in full.
MOST_TOLD = 20

#: Each tells what a double saw of a test.
_SEEING = pytest.StashKey["list[Callable[[], str]]"]()
_REFUSED = pytest.StashKey["list[str]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and ini values of the same names."""
    group = parser.getgroup("novita-mock", "a local double of the Novita AI image API")
    for name, (form, text) in OPTIONS.items():
        flag = f"--novita-mock-{name.replace('_', '-')}"
        action = {"bool": "store_true", "linelist": "append", "string": "store"}[form]
        group.addoption(flag, dest=f"novita_mock_{name}", action=action, default=None, help=text)
        parser.addini(f"novita_mock_{name}", text, form, None)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", MARKER)


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test with the marker has a double of its own account, also where it does not name the fixture."""
    names = getattr(item, "fixturenames", None)
    if names is not None and "novita_mock" not in names and item.get_closest_marker("novita_mock"):
        names.insert(0, "novita_mock")


@pytest.fixture(scope="session")
def novita_mock_settings() -> dict[str, Any]:
    """Settings of the session's double; override it to return your own, by the names of ``Settings``.

    An option on the command line wins over it, and it over an ini value.
    """
    return {}


@pytest.fixture(scope="session")
def _novita_mock_world(pytestconfig: pytest.Config, novita_mock_settings: dict[str, Any]) -> Iterator[World]:
    from novita_mock.fixture_world import opened

    with opened(_given(pytestconfig, ini=True) | novita_mock_settings | _given(pytestconfig)) as world:
        yield world


@pytest.fixture(scope="session")
def novita_mock_server(_novita_mock_world: World) -> NovitaMock:
    """The session's double, by its handle of the account ``sk_mock``."""
    return _novita_mock_world.mock


@pytest.fixture
def make_novita_mock(
    request: pytest.FixtureRequest, _novita_mock_world: World
) -> Iterator[Callable[..., NovitaMock]]:
    """Makes doubles of their own settings: ``make_novita_mock(strict=True)``; they end with the test."""
    from novita_mock.seen import seen

    with ExitStack() as stack:

        def make(**settings: Any) -> NovitaMock:  # Any: each has the type of its field of Settings
            mock: NovitaMock = stack.enter_context(_novita_mock_world.another(settings))
            _watch(request, stack, partial(seen, mock))
            return mock

        yield make


@pytest.fixture
def novita_mock(request: pytest.FixtureRequest, _novita_mock_world: World) -> Iterator[NovitaMock]:
    """An account of the test's own on the session's double; ``NOVITA_API_KEY`` holds its key."""
    marked: dict[str, Any] = {}  # Any: values of as many types as there are settings
    for marker in reversed(list(request.node.iter_markers("novita_mock"))):
        if marker.args:
            pytest.fail(f"the marker novita_mock takes names only: {MARKER}", pytrace=False)
        marked |= marker.kwargs
    with ExitStack() as stack:
        visit = stack.enter_context(_novita_mock_world.visit(request.node.nodeid, marked))
        _watch(request, stack, visit.seen)
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("NOVITA_API_KEY", visit.mock.api_key)
        for name in _novita_mock_world.url_env:
            patch.setenv(name, visit.mock.url)
        yield visit.mock
        told = visit.refusals()
        if told and visit.how == "fail":
            pytest.fail("\n".join(["the double refused what no assertion expects:", *told]), pytrace=False)
        if visit.how == "show":
            request.node.stash[_REFUSED] = told


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say in the report of a failing test what its doubles saw, and of any what they refused."""
    report = yield
    if report.failed and call.when != "teardown":
        report.sections += [(SEEN, _told(seen)) for seen in item.stash.get(_SEEING, [])]
    told = item.stash.get(_REFUSED, [])
    if told and call.when == "teardown":
        report.sections.append((REFUSED, "\n".join(told)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the requests that were refused although no test asked for it, also where clients hid it."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    told = [
        (report.nodeid, text)
        for report in reports
        if isinstance(report, pytest.TestReport)
        for title, text in report.sections
        if title == REFUSED
    ]
    if not told:
        return
    terminalreporter.section(REFUSED)
    for nodeid, text in told[:MOST_TOLD]:
        terminalreporter.write_line(nodeid)
        for line in text.splitlines():
            terminalreporter.write_line(f"  {line}")
    if len(told) > MOST_TOLD:
        terminalreporter.write_line(f"... and {len(told) - MOST_TOLD} more tests")


def _given(config: pytest.Config, *, ini: bool = False) -> dict[str, Any]:
    """What is set on the command line, or in the ini file."""
    read = config.getini if ini else config.getoption
    found = {name: read(f"novita_mock_{name}") for name in OPTIONS}
    return {name: value for name, value in found.items() if value not in (None, "", [], False)}


def _watch(request: pytest.FixtureRequest, stack: ExitStack, seen: Callable[[], str]) -> None:
    """Have a failing test tell what a double saw, as long as that double is there: a test may run again."""
    seeing = request.node.stash.setdefault(_SEEING, [])
    seeing.append(seen)
    stack.callback(seeing.remove, seen)


def _told(seen: Callable[[], str]) -> str:
    from novita_mock.calling import CallFailed

    try:
        return seen()
    except CallFailed as problem:
        return f"{problem}"
