"""What an inbox is told to answer: "500 twice, then 200", late, or never."""

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from novita_mock.problems import Fault, Refused, cut, refused
from novita_mock.spelling import meant
from novita_mock.types import JSON

#: Steps of one script at most.
MAX_STEPS = 50
#: Longest delay of an answer, in wall seconds; ``hang`` is for longer.
MAX_DELAY_S = 300.0
#: How often one step may be given, and how long its body may be, in characters.
MAX_TIMES = 1_000_000
MAX_BODY = 64 * 1024


class InboxAnswer(Struct, frozen=True):
    """How an inbox answers a delivery.

    Attributes:
        status: of the reply.
        delay_s: wall seconds before the reply; None: never, until the sender gives up.
        body: text of the reply.
    """

    status: int = 200
    delay_s: float | None = 0.0
    body: str = ""


class Step(Struct, frozen=True):
    """One line of a script: an answer and how often it is given; None is for ever."""

    answer: InboxAnswer
    times: int | None

    def told(self) -> JSON:
        """The step as it would be written."""
        answer = self.answer
        if answer.delay_s is None:
            row: dict[str, JSON] = {"hang": True}
        else:
            row = {"status": answer.status}
            row |= {"delay_s": answer.delay_s} if answer.delay_s else {}
            row |= {"body": answer.body} if answer.body else {}
        return row | ({"times": self.times} if self.times is not None else {})


class Script(Struct):
    """Steps, and how many answers were given by them."""

    steps: tuple[Step, ...]
    given: int = 0

    def next(self) -> InboxAnswer:
        """The answer whose turn it is; a plain 200 once the script has ended."""
        place = self.given
        self.given += 1
        for step in self.steps:
            if step.times is None or place < step.times:
                return step.answer
            place -= step.times
        return InboxAnswer()


def parse(steps: JSON) -> tuple[Step, ...]:
    """A script as steps.

    Raises:
        Refused: with every wrong field.
    """
    rows = [steps] if isinstance(steps, dict) else steps
    if not isinstance(rows, list) or len(rows) > MAX_STEPS:
        message = f"{cut(steps)} is not a step or a list of at most {MAX_STEPS} steps"
        raise refused(message)
    faults = tuple(fault for place, row in enumerate(rows) for fault in _faults(row, place))
    if faults:
        raise Refused(faults)
    return tuple(_step(row, last=place == len(rows) - 1) for place, row in enumerate(rows))


def _step(row: JSON, *, last: bool) -> Step:
    delay_s = None if row.get("hang") else float(row.get("delay_s", 0))
    answer = InboxAnswer(row.get("status", 200), delay_s, row.get("body", ""))
    return Step(answer, row.get("times", None if last else 1))


def _faults(row: JSON, place: int) -> Iterator[Fault]:
    if not isinstance(row, dict):
        yield Fault("invalid-request", (place,), f"{cut(row)} is not an object")
        return
    for name, value in row.items():
        if name not in _FIELDS:
            yield Fault("invalid-request", (place, name[:40]), _unknown(name))
        elif not _FIELDS[name][0](value):
            yield Fault("invalid-request", (place, name), f"{cut(value)} {_FIELDS[name][1]}")
    if row.get("hang") is True and set(row) & {"status", "delay_s", "body"}:
        yield Fault("invalid-request", (place, "hang"), "an inbox that hangs gives no answer")


def _unknown(name: str) -> str:
    near = meant(name[:40], _FIELDS)
    return f"is not a field of a step{f'; did you mean {near}?' if near else ''}"


def _whole(value: JSON, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _seconds(value: JSON) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_DELAY_S


#: What each field of a step must be: a test, and how the message goes on after the value.
_FIELDS: Mapping[str, tuple[Callable[[JSON], bool], str]] = {
    "status": (lambda value: _whole(value, 200, 599), "is not a status from 200 to 599"),
    "times": (lambda value: _whole(value, 1, MAX_TIMES), f"is not a whole number from 1 to {MAX_TIMES}"),
    "hang": (lambda value: isinstance(value, bool), "is not true or false"),
    "delay_s": (_seconds, f"is not a number of seconds from 0 to {MAX_DELAY_S:.0f}"),
    "body": (
        lambda value: isinstance(value, str) and len(value) <= MAX_BODY,
        f"is not a text of at most {MAX_BODY} characters",
    ),
}
