"""What is looked for in the journal: filters, and how far a request is from them."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import fields

from novita_mock.entry import OUTCOMES, Entry
from novita_mock.problems import Fault, Refused, cut
from novita_mock.redaction import outline
from novita_mock.spelling import meant
from novita_mock.types import JSON


class Wanted(Struct, frozen=True):
    """Filters that must all hold; None, the default, lets everything pass.

    Attributes:
        path: may hold ``*``, ``?`` and ``[...]``.
        status: of HTTP, or a class of them: ``4xx``.
        outcome: of ``OUTCOMES``.
        since_s: the earliest instant, itself included, of the account's clock.
        until_s: the first instant that is too late.
        after: only entries with a higher number.
        limit: at most so many entries: the newest, or the first ones after ``after``.
        request: what the request's body holds at least; arrays must be equal.
    """

    operation: str | None = None
    path: str | None = None
    task_id: str | None = None
    status: int | str | None = None
    outcome: str | None = None
    since_s: float | None = None
    until_s: float | None = None
    after: int | None = None
    limit: int | None = None
    request: JSON = None

    def matches(self, entry: Entry) -> bool:
        """Whether every filter holds; ``limit`` is none of an entry's."""
        return next(self.differences(entry), None) is None

    def differences(self, entry: Entry) -> Iterator[str]:
        """Each filter that an entry misses, as ``name: wanted ..., got ...``."""
        for name, got in (("operation", entry.operation), ("task_id", entry.task_id)):
            wanted = getattr(self, name)
            if wanted is not None and wanted != got:
                yield _difference(name, wanted, got)
        if self.path is not None and not fnmatchcase(entry.path, self.path):
            yield _difference("path", self.path, entry.path)
        if self.status is not None and not _has_status(entry.status, self.status):
            yield _difference("status", self.status, entry.status)
        if self.outcome is not None and self.outcome not in entry.outcomes:
            yield f"outcome: wanted {self.outcome}, got {' and '.join(entry.outcomes)}"
        if self.since_s is not None and entry.at_s < self.since_s:
            yield f"since_s: wanted from {self.since_s}, got {entry.at_s}"
        if self.until_s is not None and entry.at_s >= self.until_s:
            yield f"until_s: wanted before {self.until_s}, got {entry.at_s}"
        if self.after is not None and entry.number <= self.after:
            yield f"after: wanted a number over {self.after}, got {entry.number}"
        if self.request is not None:
            yield from _body_differences(self.request, entry.request, "request")


def wanted_of(filters: Mapping[str, JSON]) -> Wanted:
    """Filters from names and values; a value may be a text, as in a query string.

    Raises:
        Refused: a name that is no filter, or a value that can't be one; each is told.
    """
    known = {field.name for field in fields(Wanted)}
    values: dict[str, JSON] = {}
    faults: list[Fault] = []
    for name, value in filters.items():
        if name not in known:
            near = meant(name, known)
            hint = f"did you mean {near!r}?" if near else f"there are {', '.join(sorted(known))}"
            faults.append(Fault("invalid-request", (name[:40],), f"is no filter; {hint}"))
        elif value is not None:
            try:
                values[name] = _READ[name](value)
            except (ValueError, TypeError, OverflowError):
                faults.append(Fault("invalid-request", (name,), f"{cut(value)} is not {_MEANT[name]}"))
    if faults:
        raise Refused(tuple(faults))
    return Wanted(**values)


def _text(value: JSON) -> str:
    if not isinstance(value, str):
        raise ValueError(value)
    return value


def _outcome(value: JSON) -> str:
    if value not in OUTCOMES:
        raise ValueError(value)
    return str(value)


def _status(value: JSON) -> int | str:
    text = str(value).lower()
    if len(text) == 3 and text[0] in "12345" and text[1:] == "xx":
        return text
    return _count(value)


def _count(value: JSON) -> int:
    if isinstance(value, bool | float) or not 0 <= int(value) < 2**63:
        raise ValueError(value)
    return int(value)


def _instant(value: JSON) -> float:
    if isinstance(value, bool) or not -1e12 < float(value) < 1e12:
        raise ValueError(value)
    return float(value)


_READ: Mapping[str, JSON] = {
    "operation": _text, "path": _text, "task_id": _text, "status": _status, "outcome": _outcome,
    "since_s": _instant, "until_s": _instant, "after": _count, "limit": _count, "request": outline,
}  # fmt: skip
_MEANT: Mapping[str, str] = {
    "operation": "a text", "path": "a text", "task_id": "a text", "status": "a status like 429 or 4xx",
    "outcome": f"one of {', '.join(OUTCOMES)}", "since_s": "an instant in seconds",
    "until_s": "an instant in seconds", "after": "a whole number", "limit": "a whole number",
}  # fmt: skip


def _has_status(got: int, wanted: int | str) -> bool:
    return got // 100 == int(wanted[0]) if isinstance(wanted, str) else got == wanted


def _difference(name: str, wanted: JSON, got: JSON) -> str:
    return f"{name}: wanted {_shown(wanted)}, got {_shown(got)}"


def _shown(value: JSON) -> str:
    return "nothing" if value in (None, "") else cut(value)


def _body_differences(wanted: JSON, got: JSON, place: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(got, dict):
        for name, value in wanted.items():
            if name in got:
                yield from _body_differences(value, got[name], f"{place}.{name}")
            else:
                yield f"{place}.{name}: wanted {cut(value)}, got nothing"
    elif wanted != got or isinstance(wanted, bool) != isinstance(got, bool):
        yield _difference(place, wanted, got)
