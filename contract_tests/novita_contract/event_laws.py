"""What holds for the event of a task: when it comes, how it is sent, what it says, how often."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from novita_contract.exchange import Exchange
from novita_contract.following import TaskRun
from novita_contract.receiver import Event, Hook, as_exchange
from novita_contract.replies import broke, fits, shown
from novita_contract.session import Session
from novita_contract.verdicts import Finding
from novita_mock.types import JSON

EVENT = "webhook/event.json"
#: Wall seconds that an event may take after its task has ended.
_LATE_S = 5.0
#: Seconds of the target's time in which a second sending would come, if one came. Assumed: back-off from 1 s.
QUIET_S = 3.0
_DELIVERY = "assumed: POST, application/json (quirk webhook-delivery)"
ARRIVES, RETRIED = "webhook.payload", "webhook.retries"


def awaited(session: Session, run: TaskRun, hook: Hook, number: int, target_s: float = 0.0) -> None:
    """Wait for so many events.

    Raises:
        Deviation: they do not come.
    """
    if not hook.wait(number, _LATE_S + session.scaled(target_s)):
        check = "an_event_comes_at_the_end" if number == 1 else "a_refused_event_is_sent_again"
        broke(
            check,
            "",
            f"{number} requests at the receiver",
            str(len(hook.events)),
            ARRIVES if number == 1 else RETRIED,
            run.last if run.polls else run.submitted,
        )


def laws_of_event(session: Session, run: TaskRun, hook: Hook, event: Event) -> list[Finding]:
    """Everything that an event broke, beside when it came."""
    came = as_exchange(hook, event, run.last.number, session.wire.keys)
    session.wire.note(came)
    found = list(_sending(session, hook, event, came))
    if not isinstance(came.sent, dict):
        told = shown(came.shown_sent) or "nothing"
        return [*found, finding_of("an_event_is_json", "", "a JSON object", told, came, ARRIVES)]
    found += fits(session, came, EVENT, came.sent)
    if not found and came.sent["payload"] != run.last.body:
        where = _first_difference(came.sent["payload"], run.last.body)
        check = "an_event_says_what_a_poll_says"
        found.append(finding_of(check, where, "the body of a poll", "something else", came, ARRIVES))
    return found


def _sending(session: Session, hook: Hook, event: Event, came: Exchange) -> Iterator[Finding]:
    """How it was sent: method, address, type, and nothing that is nobody's business."""
    if event.method != "POST":
        yield finding_of("an_event_is_posted", "method", "POST", event.method, came, _DELIVERY)
    asked = urlsplit(hook.url)
    if event.path not in (f"{asked.path}?{asked.query}", f"{asked.path}/moved?{asked.query}"):
        whole = f"{asked.path}?{asked.query}"
        yield finding_of("an_event_goes_to_the_whole_address", "url", whole, event.path, came, ARRIVES)
    media = event.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != "application/json":
        where, check = "header Content-Type", "an_event_says_that_it_is_json"
        yield finding_of(check, where, "application/json", media or "none", came, _DELIVERY)
    keys = session.wire.keys
    leaked = [name for name, value in event.headers.items() if any(key in value for key in keys)]
    if leaked or any(key.encode() in event.content for key in keys):
        where = f"header {leaked[0]}" if leaked else ""
        yield finding_of("an_event_tells_no_key", where, "no key", "the key", came, "auth.bearer")


def _first_difference(event: JSON, polled: JSON, pointer: str = "/payload") -> str:
    """Where two bodies differ first."""
    if isinstance(event, dict) and isinstance(polled, dict):
        for name in sorted(set(event) | set(polled)):
            if event.get(name, ...) != polled.get(name, ...):
                return _first_difference(event.get(name), polled.get(name), f"{pointer}/{name}")
    if isinstance(event, list) and isinstance(polled, list) and len(event) == len(polled):
        for place, (one, other) in enumerate(zip(event, polled, strict=True)):
            if one != other:
                return _first_difference(one, other, f"{pointer}/{place}")
    return pointer


def quiet(session: Session, run: TaskRun, hook: Hook, expected: int) -> list[Finding]:
    """No more events come than are expected."""
    if session.scaled(QUIET_S) <= session.options.max_wait_s:
        hook.wait(expected + 1, session.scaled(QUIET_S))
    if len(hook.events) <= expected:
        return []
    extra = as_exchange(hook, hook.events[expected], run.last.number, session.wire.keys)
    return [finding_of("an_event_that_was_taken_is_not_sent_again", "", f"{expected} requests",
                     f"{len(hook.events)}", extra, RETRIED)]  # fmt: skip


def finding_of(
    check: str, where: str, expected: str, received: str, exchange: Exchange, claim: str
) -> Finding:
    """What is wrong with an event, or with how it was sent."""
    return Finding(check, where, expected, received, claim, exchange)
