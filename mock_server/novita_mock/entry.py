"""One line of the journal: a request and its reply, with nothing in it that may not be kept."""

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import Struct, field
from msgspec.structs import force_setattr, replace

from novita_mock.redaction import outline, redacted_headers, redacted_query, redacted_text
from novita_mock.types import JSON

#: What can have become of a request; one request can have several.
OUTCOMES = ("accepted", "refused", "fault", "lost")

#: What a value of a body is reckoned at beside its characters, in bytes (measured), and an entry.
_VALUE_BYTES = 90
_ENTRY_BYTES = 1200


class Entry(Struct, frozen=True):
    """A request and what it was answered.

    Whoever makes one need not redact anything: bodies, query, headers and texts are redacted here, so
    that no entry exists which holds a key. A large body costs time, so ``outline`` it off the event
    loop first: what is an outline already passes quickly.

    Attributes:
        number: counts the requests of an account from 1.
        at_s: when the request came, in seconds since 1970 of its account's clock.
        operation: row of ``operations.json``, or empty where the path is none of them.
        status: of HTTP; 0 where no reply left.
        duration_ms: wall time.
        request: its body.
        response: the body of the reply as it was sent; a text where it is no JSON.
        notices: what passed although no page documents it: ``(quirk, dotted path)``.
        faults: what was made to go wrong with it, in order.
        bent: how one of them bent the body of the reply, or empty.
        problem: why it was refused, or empty.
        headers: of the request.
        lost: whether its work was done but its sender was not told so.
        arrival: orders the requests of all accounts: their clocks may differ.
    """

    number: int
    at_s: float
    operation: str
    method: str
    path: str
    query: str
    status: int
    duration_ms: float
    task_id: str = ""
    request: JSON = None
    response: JSON = None
    request_bytes: int = 0
    response_bytes: int = 0
    response_type: str = ""
    notices: tuple[tuple[str, str], ...] = ()
    faults: tuple[str, ...] = ()
    problem: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False
    bent: str = ""
    arrival: int = 0

    def __post_init__(self) -> None:
        """Redact."""
        clean = {
            "method": redacted_text(self.method),
            "path": redacted_text(self.path),
            "query": redacted_query(self.query),
            "task_id": redacted_text(self.task_id),
            "request": outline(self.request),
            "response": outline(self.response),
            "response_type": redacted_text(self.response_type),
            "notices": tuple((redacted_text(quirk), redacted_text(place)) for quirk, place in self.notices),
            "faults": tuple(map(redacted_text, self.faults)),
            "problem": redacted_text(self.problem),
            "headers": redacted_headers(self.headers),
        }
        for name, value in clean.items():
            force_setattr(self, name, value)

    def entry(self) -> "Entry":
        """Itself: it is one already."""
        return self

    def marked(self, faults: tuple[str, ...]) -> "Entry":
        """The same, with more that was made to go wrong."""
        return replace(self, faults=(*self.faults, *faults))

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What became of it, of ``OUTCOMES`` and in their order.

        A request whose reply was lost counts as accepted if it made a task.
        """
        lost = self.lost or self.status == 0
        good = 200 <= self.status < 400 and not self.problem
        accepted = bool(self.task_id) if lost else good
        held = {
            "accepted": accepted,
            "refused": not accepted and self.status != 0,
            "fault": bool(self.faults),
            "lost": lost,
        }
        return tuple(name for name in OUTCOMES if held[name])

    @property
    def weight(self) -> int:
        """About how much memory it takes, in bytes."""
        texts = (self.path, self.query, self.problem, *self.faults, *(place for _, place in self.notices))
        return _ENTRY_BYTES + sum(map(weight_of, (self.request, self.response, self.headers, texts)))


def told(entry: Entry) -> JSON:
    """An entry as the control API tells it."""
    return {
        "number": entry.number,
        "at": moment(entry.at_s),
        "at_s": entry.at_s,
        "operation": entry.operation,
        "method": entry.method,
        "path": entry.path,
        "query": entry.query,
        "status": entry.status,
        "outcome": list(entry.outcomes),
        "duration_ms": round(entry.duration_ms, 3),
        "task_id": entry.task_id,
        "problem": entry.problem,
        "faults": list(entry.faults),
        "bent": entry.bent,
        "notices": [{"quirk": quirk, "field": place} for quirk, place in entry.notices],
        "headers": dict(entry.headers),
        "request": entry.request,
        "request_bytes": entry.request_bytes,
        "response": entry.response,
        "response_bytes": entry.response_bytes,
        "response_type": entry.response_type,
    }


def moment(at_s: float) -> str:
    """An instant in the form of RFC 3339, in UTC, to the millisecond."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def weight_of(value: JSON) -> int:
    """About how much memory a body takes, in bytes. Written for speed: this runs for every request."""
    weight = _VALUE_BYTES
    if isinstance(value, str):
        weight += len(value) if value.isascii() else 4 * len(value)
    elif isinstance(value, dict):
        for name, item in value.items():
            weight += _VALUE_BYTES + len(name) + weight_of(item)
    elif isinstance(value, list | tuple):
        for item in value:
            weight += weight_of(item)
    return weight
