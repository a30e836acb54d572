"""Rules: how the target reads what the pages leave open, and how it answers what real clients send."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

from novita_contract.habit_answers import habit_answer
from novita_contract.habits import Habit, habits
from novita_contract.pricing import asked_for
from novita_contract.readings import FREE, known_values, observe
from novita_contract.session import Session
from novita_contract.verdicts import RULES, Case, Deviation, Finding, NotChecked, Noted
from novita_mock.catalogue import Catalogue
from novita_mock.types import JSON

#: What a quirk's requests cost at most, where it has no habits: one task each of what is looked at.
_LOOKED_AT = {"upscale": 1}


def quirk_cases(contract: Catalogue) -> Iterator[Case]:
    """A case for each quirk that can be read in more than one way, and for each habit of real clients."""
    for row in contract.quirk_rows:
        if row["alternatives"]:
            claim = row["sources"][0] if row.get("sources") else f"assumed: see quirk {row['id']}"
            yield Case(
                f"QRK-{row['id'].upper()}",
                RULES,
                _about(row),
                f"{row['title']}: {contract.quirks[row['id']]}",
                partial(_read, row["id"]),
                (claim,),
                paid=_paid(contract, row["id"]),
            )
    for operation in contract.operations:
        if operation.kind == "submit":
            for habit in habits(contract, operation):
                yield Case(
                    habit.id,
                    RULES,
                    operation.name,
                    habit.title,
                    partial(_habit, operation.name, habit),
                    (f"assumed: see quirk {habit.quirk}",),
                    habit.pointer,
                    paid={operation.name: asked_for(operation.name, habit.body).pictures},
                )


def _paid(contract: Catalogue, quirk: str) -> dict[str, int]:
    """How many tasks it takes at most to find out about a quirk."""
    if quirk in FREE:
        return {}
    counted: Counter[str] = Counter()
    for operation in contract.operations:
        for habit in habits(contract, operation) if operation.kind == "submit" else ():
            if habit.quirks == (quirk,):
                counted[operation.name] += asked_for(operation.name, habit.body).pictures
    return dict(counted) or _LOOKED_AT


#: The operation under which a quirk is told, where it is not that of asking for a result.
_ABOUT = {
    "upscale": ("submit-shape", "content-type", "data-url", "unknown-field", "numeric-string",
                "upscale-progress"),
    "img2img": ("seed-echo", "image-size-reason", "null-optional", "steps-null", "empty-object",
                "empty-string", "integral-float", "final-progress"),
    "progress": ("omni-key",),
    "model": ("boolean-text",),
}  # fmt: skip


def _about(row: JSON) -> str:
    return next((operation for operation, quirks in _ABOUT.items() if row["id"] in quirks), "task-result")


def _read(quirk: str, session: Session) -> None:
    observed = observe(session, quirk)
    expected = session.contract.quirks[quirk]
    if not observed.value:
        raise NotChecked(observed.said)
    if observed.value != expected:
        row = next(row for row in session.contract.quirk_rows if row["id"] == quirk)
        others = {other["value"]: other["means"] for other in row["alternatives"]}
        raise Deviation(
            Finding("a_quirk_is_read_as_we_read_it", "", expected, observed.value,
                    row["sources"][0] if row.get("sources") else f"assumed: {others.get(observed.value, '')}",
                    quirk=f"{quirk}={observed.value}")
        )  # fmt: skip


def _habit(operation: str, habit: Habit, session: Session) -> None:
    answer = habit_answer(session, operation, habit)
    session.habits[(habit.title, habit.pointer)] = answer or "neither"
    if not answer:
        raise Deviation(
            Finding("a_request_is_accepted_or_refused", habit.pointer, "accepted or refused", "neither",
                    f"assumed: see quirk {habit.quirk}")
        )  # fmt: skip
    values = known_values(session, habit.quirk)
    wanted = session.contract.quirks[habit.quirk]
    usual = "refused" if wanted == "refused" else "accepted"
    if answer != usual and observe(session, habit.quirk).value not in values:
        raise Noted(
            Finding(
                "habits_of_a_kind_are_answered_alike",
                habit.pointer,
                usual,
                answer,
                f"assumed: see quirk {habit.quirk}",
                quirk=f"{habit.quirk}={answer}",
            )
        )
