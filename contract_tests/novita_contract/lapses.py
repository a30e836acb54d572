"""Rules about time and money: links expire, work costs, failure does not."""

from collections.abc import Callable, Iterator
from functools import partial

from novita_contract.exchange import Exchange
from novita_contract.following import TaskRun, finished
from novita_contract.link_laws import links_of
from novita_contract.options import Secret
from novita_contract.readings import reading
from novita_contract.replies import broke, demand, refusal, succeeded
from novita_contract.samples import broken_picture, detected, hooked, plain
from novita_contract.session import Session
from novita_contract.task_laws import V3_TTL_S
from novita_contract.task_words import SUCCEED
from novita_contract.verdicts import RULES, Case, Finding, NotChecked
from novita_mock.catalogue import Catalogue

#: What detection costs a picture, in 1/10,000 USD. Source: page upscale, ``enable_nsfw_detection``.
DETECTION = 15
_TTL = "v2.upscale.img_expire_ttl.range"
_MONEY = "assumed: debited at acceptance, given back on failure (quirk prices)"


def lapse_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each promise about expiry and the balance."""
    for name, what, title, check, claim, paid in _PROMISES:
        yield _case(contract, name, what, title, check, claim, paid)
    for operation in contract.operations:
        if operation.kind == "submit":
            yield _case(contract, operation.name, "BALANCE-TOO-LOW", "without money a submit is refused",
                        partial(_poor, operation.name), "error.billing-balance-not-enough", {})  # fmt: skip


def _case(
    contract: Catalogue, name: str, what: str, title: str, run: Callable[[Session], None], claim: str,
    paid: dict[str, int] | None = None,
) -> Case:  # fmt: skip
    prefix = contract.operation(name).id_prefix
    return Case(
        f"{prefix}-{what}", RULES, name, title, run, (claim,), paid={name: 1} if paid is None else paid
    )


def _v2_expiry(lifetime_s: int, session: Session) -> None:
    if lifetime_s and session.scaled(lifetime_s) > session.options.max_wait_s:
        lifetime_s = max(1, int(session.options.max_wait_s * session.target.speed / 2))
    body = plain(session, "upscale-v2") | {"img_expire_ttl": lifetime_s}
    run = finished(session, "upscale-v2", body)
    for link in links_of(run):
        if lifetime_s:
            _alive(session, run, session.fetch(link, operation="image-v2"))
            session.wait(lifetime_s + 1)
        _refused(session, session.fetch(link, operation="image-v2"), _TTL)


def _v2_lives(session: Session) -> None:
    for more in ({}, {"img_expire_ttl": None}, {"img_expire_ttl": 604800}):
        run = finished(session, "upscale-v2", plain(session, "upscale-v2") | more)
        for link in links_of(run):
            _alive(session, run, session.fetch(link, operation="image-v2"))


def _v3_expiry(session: Session) -> None:
    advance = session.target.advance
    if advance is None and session.scaled(V3_TTL_S) > session.options.max_wait_s:
        wall = session.scaled(V3_TTL_S)
        raise NotChecked(f"an hour would have to pass: --max-wait {wall:.0f} allows it")
    key = session.spare_key() if advance else None
    run = finished(session, "upscale", plain(session, "upscale"), key)
    links = links_of(run)
    for link in links:
        _alive(session, run, session.fetch(link))
    if advance and key:
        advance(V3_TTL_S + 1, key.reveal())
    else:
        session.wait(V3_TTL_S + 1)
    for link in links:
        _refused(session, session.fetch(link), "upscale.example.image-url-ttl")


def _alive(session: Session, run: TaskRun, got: Exchange) -> None:
    if got.status != 200:
        broke("a_link_is_alive", "", "HTTP 200", f"HTTP {got.status} {got.problem}".strip(), _TTL, got)


def _refused(session: Session, got: Exchange, claim: str) -> None:
    if not 400 <= got.status < 500:
        broke("a_link_expires", "", "HTTP 403 or 404", f"HTTP {got.status} {got.problem}".strip(), claim, got)
    if got.media_type.startswith("image/"):
        broke(
            "an_expired_link_shows_nothing", "header Content-Type", "no picture", got.media_type, claim, got
        )


def _balance(session: Session, key: Secret) -> float:
    answer = session.ask("user", key=key)
    demand(succeeded(session, answer))
    told = answer.body["credit_balance"]
    return float(told)


def _costs(session: Session) -> None:
    with session.own_account() as key:
        before = _balance(session, key)
        run = finished(session, "upscale", plain(session, "upscale"), key)
        after = _balance(session, key)
        if after >= before:
            demand([_moved("a_task_costs_something", "less than before", before, after, run, _MONEY)])


def _detection_costs(session: Session) -> None:
    with session.own_account() as key:
        costs = []
        for body in (plain(session, "upscale"), detected(session, "upscale")):
            before = _balance(session, key)
            run = finished(session, "upscale", body, key)
            costs.append(before - _balance(session, key))
        if round(costs[1] - costs[0], 3) != DETECTION:
            expected, claim = f"{DETECTION} more than without", "extra.enable_nsfw_detection.price"
            demand([_moved("detection_costs_what_the_page_says", expected, costs[0], costs[1], run, claim)])


def _failure_is_free(session: Session) -> None:
    with session.own_account() as key:
        before = _balance(session, key)
        run = finished(session, "upscale", broken_picture(session), key)
        after = _balance(session, key)
        if run.last.body["task"]["status"] == SUCCEED:
            raise NotChecked("the target makes a picture of what breaks off, so no task fails")
        if after != before:
            demand([_moved("a_failed_task_costs_nothing", "as before", before, after, run, _MONEY)])


def _refusal_is_free(session: Session) -> None:
    with session.own_account() as key:
        before = _balance(session, key)
        answer = session.submit("upscale", {}, key=key, must_fail=True)
        after = _balance(session, key)
        if after != before:
            broke("a_refusal_costs_nothing", "/credit_balance", str(before), str(after), _MONEY, answer)


def _test_is_free(session: Session) -> None:
    with session.own_account() as key:
        hook = session.hook_receiver().hook()
        before = _balance(session, key)
        run = finished(session, "upscale", hooked(plain(session, "upscale"), hook.url, SUCCEED), key)
        after = _balance(session, key)
        if after != before:
            demand([_moved("test_mode_costs_nothing", "as before", before, after, run,
                           "assumed: no work, no charge (quirk test-mode)")])  # fmt: skip


def _moved(check: str, expected: str, before: float, after: float, run: TaskRun, claim: str) -> Finding:
    return Finding(check, "/credit_balance", expected, f"{before:g}, then {after:g}", claim, run.submitted)


def _poor(name: str, session: Session) -> None:
    if not session.target.poor:
        raise NotChecked("needs an account without money: name its variable with --poor-key-env")
    answer = session.submit(name, plain(session, name), key=session.target.poor, must_fail=True)
    found = refusal(session, answer, "balance")
    if session.operation(name).dialect == "v3" and reading(session, "balance") == str(answer.status):
        found = [finding for finding in found if finding.where != "status"]
    demand(found)


#: Whose, what, in words, how it is checked, what says so, and the tasks that it takes.
_PROMISES: tuple[tuple[str, str, str, Callable[[Session], None], str, dict[str, int]], ...] = (
    ("upscale-v2", "LINK-EXPIRED-AT-ONCE", "with a lifetime of 0 a link has expired at once",
     partial(_v2_expiry, 0), _TTL, {"upscale-v2": 1}),
    ("upscale-v2", "LINK-EXPIRES", "a link works until its lifetime is over, and then no more",
     partial(_v2_expiry, 20), _TTL, {"upscale-v2": 1}),
    ("upscale-v2", "LINK-LIVES", "without a lifetime, and with null, a link works", _v2_lives, _TTL,
     {"upscale-v2": 3}),
    ("upscale", "LINK-EXPIRES", "a link works no more when its lifetime is over", _v3_expiry,
     "upscale.example.image-url-ttl", {"upscale": 1}),
    ("user", "BALANCE-FALLS", "a task costs something", _costs, _MONEY, {"upscale": 1}),
    ("user", "BALANCE-DETECTION", "detection costs $0.0015 a picture", _detection_costs,
     "extra.enable_nsfw_detection.price", {"upscale": 2}),
    ("user", "BALANCE-FAILURE", "a task that fails costs nothing", _failure_is_free, _MONEY, {"upscale": 1}),
    ("user", "BALANCE-REFUSAL", "a request that is refused costs nothing", _refusal_is_free, _MONEY, {}),
    ("user", "BALANCE-TEST-MODE", "test mode costs nothing", _test_is_free,
     "assumed: no work, no charge (quirk test-mode)", {"upscale": 1}),
)  # fmt: skip
