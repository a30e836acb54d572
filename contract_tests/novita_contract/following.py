"""A task from its submit to its end: what was answered on the way."""

from dataclasses import dataclass, field
from json import dumps

from novita_contract.answers import taken
from novita_contract.clock import now_s, pause
from novita_contract.exchange import Exchange, named
from novita_contract.options import Secret
from novita_contract.replies import demand, succeeded
from novita_contract.session import Session
from novita_contract.task_words import PROCESSING, QUEUED, TERMINAL, V2_STATES
from novita_contract.verdicts import Deviation, Finding, NotChecked
from novita_mock.types import JSON

#: Seconds of the target's time, and wall seconds at least, after which a task counts as lost.
PATIENCE_S, PATIENCE_WALL_S = 60.0, 20.0
#: The same of a private double: it shares the machine, which may have more to do.
PRIVATE_PATIENCE_WALL_S = 60.0
#: The same on the real service, whose queue nobody knows, in wall seconds.
LIVE_PATIENCE_S = 300.0
#: How much longer each pause is than the one before.
_SLOWER = 1.25
#: Seconds of the target's time between two polls, and wall seconds at least, at most, and on the real one.
POLL_S, SHORTEST_S, LONGEST_S, LIVE_POLL_S = 0.1, 0.003, 0.25, 1.0


@dataclass(slots=True)
class TaskRun:
    """A task and what was said of it.

    Attributes:
        operation: the name of the row it was submitted to.
        body: what was asked for.
        submitted: the submit and its reply.
        task_id: what the reply called it.
        key: whose it is, or None for the target's own key.
        polls: every poll, in order.
    """

    operation: str
    body: JSON
    submitted: Exchange
    task_id: str
    key: Secret | None = None
    polls: list[Exchange] = field(default_factory=list)

    @property
    def v2(self) -> bool:
        """Whether it speaks the dialect of V2."""
        return isinstance(self.body, dict) and "request" not in self.body

    @property
    def request(self) -> JSON:
        """The fields of the request."""
        return self.body if self.v2 else self.body["request"]

    @property
    def extra(self) -> JSON:
        """What was asked for beside them."""
        return {} if self.v2 else self.body.get("extra") or {}

    @property
    def last(self) -> Exchange:
        """The last poll."""
        return self.polls[-1]

    @property
    def ended(self) -> bool:
        """Whether the last poll showed the end."""
        return bool(self.polls) and state_of(self.last) in TERMINAL


def state_of(poll: Exchange) -> str:
    """The state that a poll tells, in the words of V3, or an empty text."""
    try:
        body = poll.body
        if not isinstance(body, dict):
            return ""
        if isinstance(body.get("data"), dict):
            status = body["data"].get("status")
            return V2_STATES.get(status, "") if isinstance(status, int) else ""
        status = body.get("task", {}).get("status", "")
        return status if isinstance(status, str) else ""
    except (ValueError, AttributeError):
        return ""


def task_id_of(submitted: Exchange) -> str:
    """The id in the reply to a submit, in whichever documented place it stands, or an empty text."""
    try:
        body = submitted.body
        data = body.get("data")
        found = body.get("task_id") or (data.get("task_id") if isinstance(data, dict) else "")
    except (ValueError, AttributeError):
        return ""
    return found if isinstance(found, str) else ""


def tests_webhook(run: TaskRun) -> bool:
    """Whether the task only tests a webhook: its picture is anybody's."""
    test_mode = (run.extra.get("webhook") or {}).get("test_mode") or {}
    return test_mode.get("enabled") is True


def begun(session: Session, operation: str, body: JSON, key: Secret | None = None) -> TaskRun:
    """Submit what must be accepted.

    Raises:
        Deviation: it was refused, or the reply names no task.
    """
    return begun_by(session, operation, body, session.submit(operation, body, key=key), key)


def begun_by(
    session: Session, operation: str, body: JSON, submitted: Exchange, key: Secret | None = None
) -> TaskRun:
    """The task of a submit that must have been accepted.

    Raises:
        Deviation: it was refused, or the reply names no task.
    """
    task_id = task_id_of(submitted)
    if taken(submitted) and not task_id:
        demand(succeeded(session, submitted))
    if not taken(submitted) or not task_id:
        received = (
            f"HTTP {submitted.status} {submitted.shown_reply}" if submitted.status else submitted.problem
        )
        claim = session.operation(operation).source["path"]
        raise Deviation(
            Finding(
                "a_valid_request_is_accepted", "", "HTTP 200 and a task_id", received[:300], claim, submitted
            )
        )
    return TaskRun(operation, body, submitted, task_id, key)


def poll(session: Session, run: TaskRun) -> Exchange:
    """Ask once where the task stands."""
    asked = session.ask("progress" if run.v2 else "task-result", {"task_id": run.task_id}, key=run.key)
    run.polls.append(asked)
    return asked


def followed(session: Session, run: TaskRun, closely: bool = False) -> TaskRun:
    """Poll until the end, or until the task counts as lost.

    Args:
        session: the run.
        run: the task.
        closely: whether to poll as often as can be, rather than ever more seldom.

    Raises:
        Deviation: a poll says nothing that can be followed, or the end never comes.
    """
    live = session.target.kind == "live"
    at_least = PRIVATE_PATIENCE_WALL_S if session.target.kind == "mock" else PATIENCE_WALL_S
    patience = LIVE_PATIENCE_S if live else max(session.scaled(PATIENCE_S), at_least)
    between = LIVE_POLL_S if live else min(max(session.scaled(POLL_S) / 2, SHORTEST_S), LONGEST_S)
    until = now_s() + patience
    while True:
        asked = poll(session, run)
        state = state_of(asked)
        if state in TERMINAL:
            return run
        if state not in (QUEUED, PROCESSING):
            demand(succeeded(session, asked))
            raise Deviation(_untold(asked, session, run))
        if now_s() > until:
            raise Deviation(
                Finding("a_task_ends", "/task/status", f"an end within {patience:.0f} s", state,
                        "result.task.status.enum", asked)
            )  # fmt: skip
        pause(between)
        between = between if live or closely else min(between * _SLOWER, LONGEST_S)


def progress_at_work(run: TaskRun) -> list[JSON]:
    """What a V3 task told of its progress, poll by poll, while it was at work."""
    return [poll.body["task"].get("progress_percent") for poll in run.polls if state_of(poll) == PROCESSING]


def finished(session: Session, operation: str, body: JSON, key: Secret | None = None) -> TaskRun:
    """Submit what must be accepted, and poll until it has ended."""
    return followed(session, begun(session, operation, body, key))


def shared(session: Session, operation: str, body: JSON) -> TaskRun:
    """A finished task that every case shares which asks for the very same.

    Raises:
        Deviation: it was refused, or never ended.
    """
    name = f"sample {operation} {dumps(named(body), sort_keys=True)}"
    return session.once(name, lambda: finished(session, operation, body))


def sample(session: Session, operation: str, body: JSON) -> TaskRun:
    """The same, for cases that only need one to look at.

    Raises:
        NotChecked: the target has none to show; the cases about submitting say why.
    """
    try:
        return shared(session, operation, body)
    except Deviation as problem:
        first = problem.findings[0]
        raise NotChecked(
            f"no finished {operation} to look at: {first.check}, {first.received}"[:300]
        ) from None


def _untold(asked: Exchange, session: Session, run: TaskRun) -> Finding:
    received = f"HTTP {asked.status} {asked.shown_reply}" if asked.status else asked.problem
    where = "/data/status" if run.v2 else "/task/status"
    claim = "v2.progress.status.type" if run.v2 else "result.task.status.enum"
    return Finding(
        "a_poll_tells_a_documented_state", where, "one of the documented states", received, claim, asked
    )
