"""Rules: both sides of every limit of every request, one case a probe."""

from collections.abc import Iterator
from functools import partial

from novita_contract.boundaries import Probe, probes, query_probes
from novita_contract.following import begun, followed, sample
from novita_contract.link_laws import laws_of_links
from novita_contract.pricing import asked_for
from novita_contract.readings import reading
from novita_contract.replies import demand, refusal, succeeded
from novita_contract.samples import plain
from novita_contract.session import Session
from novita_contract.task_laws import laws_of_task
from novita_contract.verdicts import RULES, Case
from novita_contract.words import KNOWN_TASK
from novita_mock.catalogue import Catalogue, Operation

#: Kinds of operations that make a task; the others only ask.
_SUBMIT = "submit"
#: What makes the tasks that an operation tells of.
_MAKES = {"task-result": "upscale", "progress": "upscale-v2"}
#: The quick profile has one probe for each side of an edge, and does not follow the tasks of those accepted.
_QUICK, _ALL = "quick", frozenset({"quick", "ci", "thorough"})


def limit_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each probe of each operation."""
    for operation in contract.operations:
        sides: set[tuple[str, str, bool]] = set()
        if operation.kind == _SUBMIT:
            for probe in probes(contract, operation):
                first = _first(probe, sides)
                yield _case(operation, probe, partial(_submit, operation.name, probe), first)
        elif operation.query:
            for probe in query_probes(contract, operation):
                yield _case(operation, probe, partial(_ask, operation.name, probe), _first(probe, sides))


def _first(probe: Probe, sides: set[tuple[str, str, bool]]) -> bool:
    """Whether it is the first that is no burden, on this side of this edge."""
    side = (probe.pointer, probe.keyword, probe.accepted)
    if side in sides or probe.heavy:
        return False
    sides.add(side)
    return True


def _case(operation: Operation, probe: Probe, run: partial[None], first: bool) -> Case:
    must = "is accepted" if probe.accepted else "is refused"
    paid: dict[str, int] = {}
    if probe.accepted and operation.kind == _SUBMIT:
        counts = probe.pointer.endswith("/image_num")
        paid = {operation.name: asked_for(operation.name, probe.body).pictures if counts else 1}
    elif probe.accepted and operation.kind == "result":
        paid = {_MAKES[operation.name]: 1}
    return Case(
        id=probe.id,
        layer=RULES,
        operation=operation.name,
        title=f"{probe.pointer or '/'}: {probe.value_told} {must}",
        run=run,
        claims=(probe.claim,),
        pointer=probe.pointer,
        keyword=probe.keyword,
        paid=paid,
        refusal=not probe.accepted,
        profiles=_ALL if first else _ALL - {_QUICK},
    )


def _submit(operation: str, probe: Probe, session: Session) -> None:
    """Several probes may be one and the same request; it is sent once."""
    request = f"probe {probe.same_as or probe.id}"
    if not probe.accepted:
        sent = session.once(request, lambda: session.submit(operation, probe.body, must_fail=True))
        demand(refusal(session, sent, fault_read(session, operation, probe.fault), probe.fields, probe.claim))
        return
    run = session.once(request, lambda: begun(session, operation, probe.body))
    if session.options.profile == _QUICK:
        demand(succeeded(session, run.submitted))
        return
    session.once(f"end of {request}", lambda: followed(session, run))
    demand(laws_of_task(session, run))
    demand(laws_of_links(session, run, heads=False)[0])


def fault_read(session: Session, operation: str, fault: str) -> str:
    """The row of ``errors.json`` as the target reads it: one of its reasons is a quirk."""
    if (
        fault == "image-size"
        and operation == "img2img"
        and reading(session, "image-size-reason") != "INVALID_IMAGE_SIZE"
    ):
        return "invalid-request"
    return fault


def _ask(operation: str, probe: Probe, session: Session) -> None:
    query = {name: str(value) for name, value in probe.body.items()}
    if KNOWN_TASK in query.values():
        submits = _MAKES[operation]
        task_id = sample(session, submits, plain(session, submits)).task_id
        query = {name: task_id if value == KNOWN_TASK else value for name, value in query.items()}
    asked = session.ask(operation, query)
    if probe.accepted:
        demand(succeeded(session, asked))
    else:
        demand(refusal(session, asked, probe.fault, probe.fields, probe.claim))
