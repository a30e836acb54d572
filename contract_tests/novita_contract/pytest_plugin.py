"""The suite under plain pytest: ``pytest --pyargs novita_contract --novita-target URL``.

Loaded into every pytest run where the package is installed, so nothing is imported until a case is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from novita_contract.options import Options
    from novita_contract.session import Session
    from novita_contract.verdicts import Case

#: Option to the name of the flag of ``novita-mock conform`` that it stands for, and its help.
_OPTIONS: tuple[tuple[str, str, bool, str], ...] = (
    ("target", "target", False, "mock, live, or an address (default mock)"),
    ("profile", "profile", False, "quick, ci or thorough (default ci)"),
    ("layers", "layers", False, "rules, properties, stories, separated by commas"),
    ("select", "select", True, "only cases whose id, operation or layer fits"),
    ("skip", "skip", True, "no case that fits"),
    ("examples", "examples", False, "requests drawn for each property"),
    ("seed", "seed", False, "what chance starts from (default 0)"),
    ("quirk", "quirk", True, "ID=VALUE: the reading to expect"),
    ("target-speed", "target_speed", False, "seconds of the target's time in a real one"),
    ("max-wait", "max_wait", False, "seconds that are waited for at most"),
    ("key-env", "key_env", False, "variable with the target's key"),
    ("second-key-env", "second_key_env", False, "variable with the key of another account"),
    ("poor-key-env", "poor_key_env", False, "variable with the key of an account without money"),
    ("webhook-url", "webhook_url", False, "where the target reaches the receiver of webhooks"),
    ("budget-usd", "budget_usd", False, "live: the most that may ever be spent"),
    ("price", "price", True, "live: OP=USD"),
    ("max-paid-calls", "max_paid_calls", False, "live: most paid requests"),
    ("ledger", "ledger", False, "live: the file of what was spent"),
    ("live-url", "live_url", False, "in place of the real service, on this machine only"),
)
_NUMBERS = {"examples": int, "seed": int, "max_paid_calls": int, "target_speed": float, "max_wait": float}
_DEFAULTS: dict[str, Any] = {  # Any: values of as many types as there are options
    "profile": "ci", "layers": "rules,properties,stories", "seed": 0, "max_wait": 10.0, "max_time": None,
    "random_order": False, "workers": 1,
}  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("novita", "contract tests of the Novita AI image API")
    for name, flag, many, text in _OPTIONS:
        action = "append" if many else "store"
        group.addoption(
            f"--novita-{name}", dest=f"novita_{flag}", action=action, default=None, metavar="X", help=text
        )
    group.addoption("--novita-yes", action="store_true", help="live: agree to spend the budget")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a case, by its id."""
    if "novita_case" not in metafunc.fixturenames:
        return
    from novita_contract.options import OptionsError
    from novita_contract.plan import planned

    try:
        options = _options(metafunc.config)
        cases = planned(options)
    except OptionsError as problem:
        raise pytest.UsageError(f"{problem}\n  try: {problem.hint}") from None
    metafunc.parametrize("novita_case", cases, ids=[case.id for case in cases])


@pytest.fixture(scope="session")
def novita_session(pytestconfig: pytest.Config) -> Iterator[Session]:
    """The target, opened once in each process."""
    from novita_contract.aids import accept_aids
    from novita_contract.consent import check
    from novita_contract.options import OptionsError
    from novita_contract.plan import paid_by, planned
    from novita_contract.refusals import KeyRefused, look_at_the_door
    from novita_contract.runner import opened_session, prepare

    options = _options(pytestconfig)
    try:
        cases = planned(options)
        check(options, paid_by(cases), None)
        with opened_session(options) as (session, _):
            look_at_the_door(session)
            accept_aids(session)
            prepare(session, cases)
            yield session
    except OptionsError as problem:
        pytest.exit(f"{problem}\n  try: {problem.hint}", returncode=2)
    except KeyRefused as problem:
        pytest.exit(str(problem), returncode=3)


@pytest.fixture
def novita_check(
    novita_session: Session, record_property: Any
) -> Any:  # Any: a function, a pytest fixture's own
    """Tries a case and says how it ended, in pytest's terms."""
    from novita_contract.trials import tried
    from novita_contract.verdicts import Verdict

    def check(case: Case) -> None:
        if novita_session.stopped:
            pytest.skip(novita_session.stopped)
        outcome, _ = tried(novita_session, case)
        record_property("rule", case.id)
        record_property("verdict", str(outcome.verdict))
        if outcome.verdict is Verdict.FAIL:
            pytest.fail(_failure(case, outcome), pytrace=False)
        if outcome.verdict is Verdict.SKIP:
            pytest.skip(outcome.said)
        if outcome.verdict is not Verdict.PASS:
            record_property("said", outcome.said)

    return check


def _failure(case: Case, outcome: Any) -> str:  # Any: an Outcome, whose module is not imported here
    """What failed, as a person can read and repeat it."""
    from novita_contract.display import Display

    display = Display(tuple(key for exchange in outcome.evidence for key in exchange.keys))
    lines = [case.title, outcome.said, f"claim: {', '.join(case.claims)}"]
    if outcome.example is not None:
        lines.append(f"drawn: {outcome.example}")
    shown = [finding.exchange for finding in outcome.findings if finding.exchange is not None]
    return "\n".join([*map(display.text, lines), *map(display.curl, shown[:1])])


def _options(config: pytest.Config) -> Options:
    import os

    from novita_contract.commands import options_of
    from novita_contract.options import OptionsError

    flags: dict[str, Any] = {}  # Any: values of as many types as there are options
    for _, flag, many, _ in _OPTIONS:
        value = config.getoption(f"novita_{flag}")
        try:
            value = _NUMBERS[flag](value) if value is not None and flag in _NUMBERS else value
        except ValueError:
            raise OptionsError(
                f"--novita-{flag.replace('_', '-')} {value!r} is no number", "a number"
            ) from None
        flags[flag] = tuple(value or ()) if many else value
    flags = {name: _DEFAULTS.get(name) if value is None else value for name, value in flags.items()}
    target = flags.pop("target") or "mock"
    return options_of(target, _DEFAULTS | flags | {"yes": config.getoption("novita_yes")}, os.environ)
