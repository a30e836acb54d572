"""Rules: what comes out of a task: its answers from submit to end, its links, its pictures."""

from collections.abc import Callable, Iterator
from functools import partial

from novita_contract.following import TaskRun, begun, finished, followed, poll, sample, shared, state_of
from novita_contract.link_laws import laws_of_links, links_of
from novita_contract.pictures import Seen
from novita_contract.readings import reading
from novita_contract.replies import answered, broke, demand, shown
from novita_contract.samples import AT_WORK, plain
from novita_contract.session import Session
from novita_contract.task_laws import laws_of_task
from novita_contract.task_words import PROCESSING, SUCCEED
from novita_contract.verdicts import RULES, Case, Finding, NotChecked
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.types import JSON

#: Polls after the end that have to say what the first did.
_AGAIN = 3
#: Polls of a task on its way that are enough to see progress move, and tasks that are tried for it.
_POLLS, _ATTEMPTS = 5, 3
#: Different values of progress that ten polls have to show. Assumed: it is told to be shown.
_VALUES = 4
#: Progress from which a task only waits for its pictures, in V3 and in V2.
_NEARLY = {False: 99, True: 0.99}
#: Profiles: all of them, and those that have time.
ALL, SLOW = frozenset({"quick", "ci", "thorough"}), frozenset({"ci", "thorough"})
_LIFE = "assumed: an end is an end (quirk task-life)"


def outcome_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each promise about what a task makes."""
    for operation in contract.operations:
        if operation.kind == "submit":
            for what, title, check, claim, paid in _PROMISES:
                profiles = SLOW if (operation.name, what) in _HEAVY else ALL
                yield case_of(operation, what, title, check, claim, paid, profiles=profiles)


def case_of(
    operation: Operation,
    what: str,
    title: str,
    check: Callable[[str, Session], None],
    claim: str,
    paid: int = 1,
    cost: int = 1,
    profiles: frozenset[str] = ALL,
) -> Case:
    """A case about what a task of an operation makes."""
    run = partial(check, operation.name)
    return Case(f"{operation.id_prefix}-{what}", RULES, operation.name, title, run, (claim,),
                paid={operation.name: paid * cost}, profiles=profiles)  # fmt: skip


def whole(session: Session, run: TaskRun) -> list[Seen]:
    """Check a finished task and all that its links lead to; the pictures.

    Raises:
        Deviation: something about it is not as promised.
    """
    demand(laws_of_task(session, run))
    found, pictures = laws_of_links(session, run)
    demand(found)
    return pictures


def succeeded_run(session: Session, operation: str, body: JSON) -> tuple[TaskRun, list[Seen]]:
    """Run what must succeed; the task and its pictures.

    Raises:
        Deviation: it did not, or something about it is not as promised.
    """
    run = finished(session, operation, body)
    pictures = whole(session, run)
    demand(success(run))
    return run, pictures


def success(run: TaskRun) -> list[Finding]:
    """A task that had to succeed did."""
    if state_of(run.last) == SUCCEED:
        return []
    where = "/data/status" if run.v2 else "/task/status"
    return [Finding("a_valid_request_succeeds", where, SUCCEED, shown(run.last.shown_reply),
                    "result.task.status.enum", run.last)]  # fmt: skip


def _plain(operation: str, session: Session) -> None:
    run = shared(session, operation, plain(session, operation))
    demand(laws_of_task(session, run) + success(run))
    demand(laws_of_links(session, run)[0])


def _stable(operation: str, session: Session) -> None:
    run = finished(session, operation, plain(session, operation))
    for turn in range(_AGAIN):
        if turn == _AGAIN - 1:
            session.wait(1)
        poll(session, run)
    demand(laws_of_task(session, run))


def _at_work(operation: str, session: Session) -> None:
    for _ in range(_ATTEMPTS):
        run = followed(session, begun(session, operation, AT_WORK[operation](session)), closely=True)
        demand(laws_of_task(session, run))
        under_way = [
            poll
            for poll in run.polls
            if state_of(poll) == PROCESSING and _progress(run, poll.body) < _NEARLY[run.v2]
        ]
        if len(under_way) >= _POLLS or session.purse:
            break
    if len(under_way) < _POLLS:
        raise NotChecked(f"a task was seen on its way {len(under_way)} times only: it ends too soon")
    if run.v2 or operation == "img2img" or reading(session, "upscale-progress") == "simulated":
        told = {_progress(run, poll.body) for poll in under_way}
        enough = min(_VALUES, len(under_way) // 2)
        if len(told) < enough:
            broke(
                "progress_moves",
                "/data/progress" if run.v2 else "/task/progress_percent",
                f"{enough} values or more",
                f"only {sorted(told)} in {len(under_way)} polls",
                "result.task.progress_percent.support",
                under_way[-1],
            )


def _progress(run: TaskRun, body: JSON) -> float:
    return float(body["data"]["progress"] if run.v2 else body["task"]["progress_percent"])


def _own_ids(operation: str, session: Session) -> None:
    body = plain(session, operation)
    runs = [finished(session, operation, body), sample(session, operation, body)]
    if runs[0].task_id == runs[1].task_id:
        broke(
            "every_task_has_an_id_of_its_own",
            "/task_id",
            "another id",
            "the same id twice",
            "upscale.response.task_id.type",
            runs[0].submitted,
        )
    links = [links_of(run) for run in runs]
    if set(links[0]) & set(links[1]):
        broke(
            "every_image_has_a_link_of_its_own",
            "/images",
            "another link",
            "that of another task",
            "result.images.image_url.type",
            runs[0].last,
        )


def _link_twice(operation: str, session: Session) -> None:
    run = sample(session, operation, plain(session, operation))
    for link in links_of(run):
        first, second = session.fetch(link), session.fetch(link)
        demand(answered(first) + answered(second))
        if (first.status, first.content) != (second.status, second.content):
            broke(
                "a_link_leads_to_the_same_picture_each_time",
                "/images/0/image_url",
                f"HTTP {first.status}, {len(first.content)} bytes",
                f"HTTP {second.status}, {len(second.content)} bytes",
                "result.images.image_url.type",
                second,
            )


#: What, in words, how it is checked, what says so, and how many tasks that takes.
_PROMISES: tuple[tuple[str, str, Callable[[str, Session], None], str, int], ...] = (
    ("RESULT-PLAIN", "the smallest request ends with pictures as promised", _plain,
     "result.task.status.enum", 1),
    ("RESULT-STABLE", "what is said at the end stays, however often one asks", _stable, _LIFE, 1),
    ("RESULT-AT-WORK", "states, eta and progress move as they should", _at_work,
     "result.task.progress_percent.type", 1),
    ("RESULT-OWN-ID", "two tasks have two ids and their own links", _own_ids,
     "upscale.response.task_id.type", 2),
    ("RESULT-LINK-STAYS", "a link works more than once", _link_twice, "result.images.image_url.type", 1),
)  # fmt: skip
#: What takes too long for the quick profile.
_HEAVY = frozenset(
    {("upscale-v2", "RESULT-AT-WORK"), ("upscale", "RESULT-STABLE"), ("img2img", "RESULT-STABLE")}
)
