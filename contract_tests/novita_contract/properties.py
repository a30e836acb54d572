"""Properties: laws that hold for whole requests, whatever was drawn; a case is one law of one operation."""

from collections.abc import Callable, Iterator
from functools import partial

from novita_contract.answers import taken
from novita_contract.breaking import Broken, broken_maker
from novita_contract.draws import for_all
from novita_contract.event_laws import laws_of_event
from novita_contract.following import begun, begun_by, followed, poll
from novita_contract.limits import fault_read
from novita_contract.link_laws import laws_of_links
from novita_contract.outcomes import success
from novita_contract.readings import needs_seeds
from novita_contract.replies import answered, broke, demand, refusal, succeeded
from novita_contract.session import Session
from novita_contract.strategies import like_clients_maker, valid_maker
from novita_contract.task_laws import laws_of_task
from novita_contract.verdicts import PROPERTIES, Case
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.types import JSON

#: Broken requests that are drawn for each valid one, in the quick profile and else: they make no task.
_BROKEN_EACH_QUICK, _BROKEN_EACH = 6, 20


def property_cases(contract: Catalogue, draws: int) -> Iterator[Case]:
    """A case for each law of each operation that makes tasks."""
    for operation in contract.operations:
        if operation.kind != "submit":
            continue
        yield _case(operation, "VALID", "whatever is valid is accepted, and ends as promised", _valid, draws,
                    "result.task.status.enum")  # fmt: skip
        yield _case(operation, "BROKEN", "whatever is broken in one way is refused, and named", _broken, 0,
                    "error.invalid-request-body")  # fmt: skip
        yield _case(
            operation,
            "CLIENTS",
            "what real clients send is accepted whole or refused whole",
            _clients,
            draws,
            "assumed: see the quirks of requests",
        )
        yield _case(
            operation,
            "REPEATED",
            "equal requests give equal pictures",
            _repeated,
            2 * max(1, draws // 2),
            "img2img.seed.range",
        )
        if operation.dialect == "v3":
            yield _case(
                operation,
                "WEBHOOK",
                "the event is the body of a poll, whatever was asked for",
                _webhook,
                draws,
                "webhook.payload",
            )


def _case(
    operation: Operation,
    what: str,
    title: str,
    check: Callable[[str, str, Session], None],
    paid: int,
    claim: str,
) -> Case:
    name = f"{operation.id_prefix}-PROPERTY-{what}"
    return Case(name, PROPERTIES, operation.name, title, partial(check, name, operation.name), (claim,),
                paid={operation.name: paid} if paid else {}, refusal=not paid)  # fmt: skip


def _valid(name: str, operation: str, session: Session) -> None:
    def law(body: JSON) -> None:
        run = followed(session, begun(session, operation, body))
        poll(session, run)
        demand(laws_of_task(session, run))
        demand(success(run))
        demand(laws_of_links(session, run)[0])

    maker = valid_maker(session.contract, session.operation(operation))
    for_all(session, name, maker, law, session.options.draws)


def _broken(name: str, operation: str, session: Session) -> None:
    def law(case: Broken) -> None:
        answer = session.submit(operation, case.body, must_fail=True)
        fault = fault_read(session, operation, case.fault)
        demand(refusal(session, answer, fault, case.fields, case.claim))

    maker = broken_maker(session.contract, session.operation(operation))
    each = _BROKEN_EACH_QUICK if session.options.profile == "quick" else _BROKEN_EACH
    for_all(session, name, maker, law, session.options.draws * each)


def _clients(name: str, operation: str, session: Session) -> None:
    def law(drawn: tuple[JSON, tuple[str, ...]]) -> None:
        body, _ = drawn
        answer = session.submit(operation, body)
        demand(answered(answer))
        if not taken(answer):
            return  # reported with the habits; here only that it is no accident
        demand(succeeded(session, answer))
        run = followed(session, begun_by(session, operation, body, answer))
        demand(laws_of_task(session, run))
        demand(laws_of_links(session, run, heads=False)[0])

    maker = like_clients_maker(session.contract, session.operation(operation))
    for_all(session, name, maker, law, max(1, session.options.draws // 2))


def _repeated(name: str, operation: str, session: Session) -> None:
    needs_seeds(session, operation)

    def law(body: JSON) -> None:
        seeded = body | {"request": body["request"] | {"seed": 7}} if operation == "img2img" else body
        pictures = []
        for _ in range(2):
            run = followed(session, begun(session, operation, seeded))
            found, seen = laws_of_links(session, run, heads=False)
            demand(found)
            pictures.append([picture.pixels for picture in seen])
        if pictures[0] != pictures[1]:
            broke(
                "equal_requests_give_equal_pictures",
                "/request",
                "the same pictures",
                "others",
                "img2img.seed.range",
                run.last,
            )

    maker = valid_maker(session.contract, session.operation(operation))
    for_all(session, name, maker, law, max(1, session.options.draws // 2))


def _webhook(name: str, operation: str, session: Session) -> None:
    receiver = session.hook_receiver()

    def law(body: JSON) -> None:
        hook = receiver.hook()
        hooked = body | {"extra": (body.get("extra") or {}) | {"webhook": {"url": hook.url}}}
        run = followed(session, begun(session, operation, hooked))
        demand(laws_of_task(session, run))
        if not hook.wait(1, 5.0):
            broke("an_event_comes_at_the_end", "", "an event", "none", "webhook.payload", run.last)
        demand(laws_of_event(session, run, hook, hook.events[0]))

    maker = valid_maker(session.contract, session.operation(operation))
    for_all(session, name, maker, law, session.options.draws)
