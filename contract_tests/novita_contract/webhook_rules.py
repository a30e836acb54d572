"""Rules: the event of a task arrives, says what a poll says, and is sent again only when it is refused."""

from collections.abc import Callable, Iterator
from functools import partial

from novita_contract.clock import pause
from novita_contract.event_laws import ARRIVES, QUIET_S, RETRIED, awaited, finding_of, laws_of_event, quiet
from novita_contract.following import TaskRun, begun, followed, poll, state_of
from novita_contract.receiver import Hook, as_exchange
from novita_contract.replies import broke, demand
from novita_contract.samples import broken_picture, detected, hooked, plain
from novita_contract.session import Session
from novita_contract.task_laws import laws_of_task
from novita_contract.task_words import FAILED, SUCCEED, TERMINAL
from novita_contract.verdicts import RULES, Case, NotChecked
from novita_mock.catalogue import Catalogue
from novita_mock.types import JSON

#: Attempts at most. Source: page webhook: up to five retries.
MOST = 6
#: Seconds of the target's time that all retries take. Assumed: 1, 2, 4, 8 and 16 between them.
_RETRIES_S = 31.0
_TEST = "extra.webhook.test_mode.type"
_V3 = ("upscale", "img2img")


def webhook_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each promise about events."""
    for name in _V3:
        prefix = contract.operation(name).id_prefix
        yield _case(f"{prefix}-ARRIVES", "an event comes at the end, once, and says what a poll says",
                    partial(_arrives, name), ARRIVES, name)  # fmt: skip
        for wanted in (SUCCEED, FAILED):
            word = wanted.rpartition("_")[2]
            title = f"test mode sends the event of a task that ended as {wanted}"
            yield _case(f"{prefix}-TEST-{word}", title, partial(_test_mode, name, wanted), _TEST, name)
    for what, title, check, claim in _PROMISES:
        yield _case(what, title, check, claim, "upscale", _SLOW if what in _TAKE_TIME else _ALL)


def _case(
    what: str, title: str, run: Callable[[Session], None], claim: str, paid: str,
    profiles: frozenset[str] = frozenset({"quick", "ci", "thorough"}),
) -> Case:  # fmt: skip
    return Case(f"WEB-{what}", RULES, "webhook", title, run, (claim,), paid={paid: 1}, profiles=profiles)


def _told(session: Session, name: str, body: JSON, *answers: int) -> tuple[TaskRun, Hook]:
    """Submit with a hook, follow to the end, wait for the first event."""
    hook = session.hook_receiver().hook(*answers)
    run = begun(session, name, hooked(body, hook.url))
    followed(session, run)
    demand(laws_of_task(session, run))
    awaited(session, run, hook, 1)
    return run, hook


def _arrives(name: str, session: Session) -> None:
    hook = session.hook_receiver().hook()
    run = begun(session, name, hooked(plain(session, name), hook.url))
    while True:
        before = len(hook.events)
        asked = poll(session, run)
        if state_of(asked) in TERMINAL:
            break
        if before:
            came = as_exchange(hook, hook.events[0], asked.number, session.wire.keys)
            told = f"one while {state_of(asked)}"
            broke("an_event_comes_at_the_end", "", "an event after the end", told, ARRIVES, came)
        pause(session.scaled(0.1))
        _give_up(session, run)
    awaited(session, run, hook, 1)
    demand(laws_of_task(session, run) + laws_of_event(session, run, hook, hook.events[0]))
    demand(quiet(session, run, hook, 1))


def _give_up(session: Session, run: TaskRun) -> None:
    if len(run.polls) > 2000 or run.polls[-1].started_s - run.polls[0].started_s > 60:
        followed(session, run)


def _detection(session: Session) -> None:
    run, hook = _told(session, "upscale", detected(session, "upscale", 1))
    demand(laws_of_event(session, run, hook, hook.events[0]))


def _failed(session: Session) -> None:
    run, hook = _told(session, "upscale", broken_picture(session))
    if state_of(run.last) != FAILED:
        raise NotChecked("the target makes a picture of what breaks off, so no task fails")
    demand(laws_of_event(session, run, hook, hook.events[0]))


def _retried(answers: tuple[int, ...], session: Session) -> None:
    run, hook = _told(session, "upscale", plain(session, "upscale"), *answers)
    _again(session, run, hook, len(answers))


def _again(session: Session, run: TaskRun, hook: Hook, number: int) -> None:
    waited = float(2**number)
    if session.scaled(waited) > session.options.max_wait_s:
        raise NotChecked(f"the retries take {waited:g} s: --max-wait {session.scaled(waited):.0f} allows it")
    awaited(session, run, hook, number, waited)
    for event in hook.events[:number]:
        demand(laws_of_event(session, run, hook, event))
    demand(quiet(session, run, hook, number))


def _redirected(status: int, session: Session) -> None:
    run, hook = _told(session, "upscale", plain(session, "upscale"), status, 200)
    _again(session, run, hook, 2)
    for event in hook.events:
        if "/moved" in event.path:
            came = as_exchange(hook, event, run.last.number, session.wire.keys)
            broke("a_redirect_is_not_followed", "", "no request there", "one", "webhook.non-2xx", came)


def _taken(status: int, session: Session) -> None:
    run, hook = _told(session, "upscale", plain(session, "upscale"), status)
    demand(laws_of_event(session, run, hook, hook.events[0]) + quiet(session, run, hook, 1))


def _late(delay_s: float, number: int, session: Session) -> None:
    if delay_s + QUIET_S > session.options.max_wait_s:
        raise NotChecked(f"takes {delay_s:g} s: --max-wait {delay_s + QUIET_S:.0f} allows it")
    hook = session.hook_receiver().hook(delay_s=delay_s)
    run = followed(session, begun(session, "upscale", hooked(plain(session, "upscale"), hook.url)))
    awaited(session, run, hook, 1)
    pause(delay_s)
    awaited(session, run, hook, number, 2.0)
    demand(laws_of_event(session, run, hook, hook.events[0]) + quiet(session, run, hook, number))


def _most(session: Session) -> None:
    if session.scaled(_RETRIES_S + QUIET_S) > session.options.max_wait_s:
        wall = session.scaled(_RETRIES_S + QUIET_S)
        raise NotChecked(f"all retries take {_RETRIES_S:g} s: --max-wait {wall:.0f} allows it")
    run, hook = _told(session, "upscale", plain(session, "upscale"), 500)
    awaited(session, run, hook, MOST, _RETRIES_S)
    pause(session.scaled(32))
    demand(quiet(session, run, hook, MOST))


def _test_run(session: Session, name: str, status: str, *answers: int) -> tuple[TaskRun, Hook]:
    hook = session.hook_receiver().hook(*answers)
    run = begun(session, name, hooked(plain(session, name), hook.url, status))
    awaited(session, run, hook, 1)
    followed(session, run)
    return run, hook


def _test_mode(name: str, status: str, session: Session) -> None:
    run, hook = _test_run(session, name, status)
    if state_of(run.last) != status:
        demand(
            [
                finding_of(
                    "test_mode_ends_as_it_was_told_to",
                    "/task/status",
                    status,
                    state_of(run.last),
                    run.last,
                    _TEST,
                )
            ]
        )
    demand(laws_of_task(session, run) + laws_of_event(session, run, hook, hook.events[0]))
    if status == SUCCEED and not run.last.body["images"]:
        demand([finding_of("a_test_of_success_shows_an_image", "/images", "an image", "none", run.last,
                         "webhook.test-mode")])  # fmt: skip
    demand(quiet(session, run, hook, 1))


def _test_retried(answers: tuple[int, ...], session: Session) -> None:
    run, hook = _test_run(session, "upscale", SUCCEED, *answers)
    _again(session, run, hook, len(answers))


def _test_off(session: Session) -> None:
    hook = session.hook_receiver().hook()
    body = hooked(plain(session, "upscale"), hook.url, FAILED)
    body["extra"]["webhook"]["test_mode"]["enabled"] = False
    run = followed(session, begun(session, "upscale", body))
    awaited(session, run, hook, 1)
    demand(laws_of_task(session, run) + laws_of_event(session, run, hook, hook.events[0]))
    if state_of(run.last) != SUCCEED:
        demand(
            [
                finding_of(
                    "test_mode_is_off_unless_enabled",
                    "/task/status",
                    SUCCEED,
                    state_of(run.last),
                    run.last,
                    _TEST,
                )
            ]
        )


#: What, in words, how it is checked, and what says so.
_PROMISES: tuple[tuple[str, str, Callable[[Session], None], str], ...] = (
    ("DETECTION", "an event tells what detection said", _detection, ARRIVES),
    ("FAILED", "an event tells of a failure too", _failed, ARRIVES),
    ("RETRIED", "an event that is refused is sent again, the same, until it is taken",
     partial(_retried, (500, 404, 200)), RETRIED),
    ("REDIRECT", "a redirect is a refusal and is not followed", partial(_redirected, 307), "webhook.non-2xx"),
    ("TAKEN-201", "201 takes an event: it is not sent again", partial(_taken, 201), "webhook.non-2xx"),
    ("TAKEN-204", "204 takes an event: it is not sent again", partial(_taken, 204), "webhook.non-2xx"),
    ("MOST", "an event that nobody takes is sent six times at most, and not fewer", _most, RETRIED),
    ("PATIENT", "an answer after three seconds is an answer", partial(_late, 3.0, 1), "webhook.timeout"),
    ("TIMEOUT", "an answer after more than five seconds is none: the event is sent again",
     partial(_late, 6.5, 2), "webhook.timeout"),
    ("NOT-ENABLED", "test mode that is not enabled changes nothing", _test_off,
     "extra.webhook.test_mode.enabled.type"),
    ("TEST-RETRIED", "the event of test mode is sent again when it is refused",
     partial(_test_retried, (500, 200)), "assumed: retried like any (quirk test-mode)"),
)  # fmt: skip
#: Cases that take seconds, whatever the target's time does.
_TAKE_TIME = frozenset({"MOST", "PATIENT", "TIMEOUT"})
_ALL, _SLOW = frozenset({"quick", "ci", "thorough"}), frozenset({"ci", "thorough"})
