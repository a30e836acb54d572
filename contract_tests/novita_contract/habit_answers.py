"""How the target answers what real clients send; each request is asked once a run."""

from collections.abc import Callable, Mapping

from novita_contract.answers import refused, taken
from novita_contract.exchange import Exchange
from novita_contract.following import task_id_of
from novita_contract.habits import Habit, habits
from novita_contract.session import Session
from novita_contract.verdicts import NotChecked


def habit_answers(session: Session, quirk: str) -> Mapping[str, str]:
    """How each request of a habit was answered: its id to ``accepted`` or ``refused``, or else what came."""
    answers = {}
    for operation in session.contract.operations:
        if operation.kind == "submit":
            for habit in habits(session.contract, operation):
                if habit.quirks == (quirk,):
                    answers[habit.id] = habit_answer(session, operation.name, habit)
    return answers


def habit_answer(session: Session, operation: str, habit: Habit) -> str:
    """How one request of a habit is answered; asked once a run."""
    return session.once(f"habit {habit.id}", lambda: whether(session.submit(operation, habit.body)))


def by_habits(quirk: str, accepted: str) -> Callable[[Session], str]:
    """Reads a quirk by its habits: all of them accepted, or all of them refused."""

    def read(session: Session) -> str:
        said = set(habit_answers(session, quirk).values())
        if said == {"accepted"}:
            return accepted
        if said == {"refused"}:
            return "refused"
        raise NotChecked("some are accepted and some refused: see how it answers what real clients send")

    return read


def whether(answer: Exchange) -> str:
    """``accepted``, ``refused``, or an empty text.

    Raises:
        NotChecked: the target broke down over it.
    """
    if not answer.status or answer.status >= 500:
        raise NotChecked(f"HTTP {answer.status} {answer.problem}".strip())
    return "accepted" if taken(answer) and task_id_of(answer) else "refused" if refused(answer) else ""
