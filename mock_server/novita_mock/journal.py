"""What was asked of an account and what it was answered, as far as memory goes; and how to ask for it."""

from collections import deque
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from novita_mock.entry import Entry
from novita_mock.note import Note
from novita_mock.problems import Fault, Refused, cut, refused
from novita_mock.redaction import outline
from novita_mock.types import JSON
from novita_mock.wanted import Wanted, wanted_of

#: How much an account's journal keeps, in entries and in bytes.
MAX_ENTRIES = 1000
MAX_BYTES = 16 * 1024 * 1024
#: Longest body that a message shows, in characters.
MAX_SHOWN = 200
#: Tasks whose marks wait for the entry of their request.
MAX_MARKS = 100

_COUNTS = ("count", "at_least", "at_most")


class Journal:
    """The newest requests of one account. The oldest make room and are counted as dropped.

    Attributes:
        dropped: entries that had to make room since the journal was last cleared.
        kept_bytes: about how much memory the kept ones take; the newest is always kept.
    """

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self.dropped = 0
        self.kept_bytes = 0
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: deque[tuple[Entry | Note, int]] = deque()
        self._marks: dict[str, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return (noted.entry() for noted, _ in self._entries)

    def add(self, entry: Entry | Note) -> None:
        """Keep an entry, in a time that doesn't grow with the journal."""
        if entry.method == "POST" and entry.task_id in self._marks:
            entry = entry.marked(self._marks.pop(entry.task_id))
        weight = entry.weight
        self._entries.append((entry, weight))
        self.kept_bytes += weight
        entries = self._entries
        while len(entries) > self._max_entries or (self.kept_bytes > self._max_bytes and len(entries) > 1):
            self.kept_bytes -= self._entries.popleft()[1]
            self.dropped += 1

    def holds(self, number: int) -> bool:
        """Whether an entry that was once added is still there."""
        return bool(self._entries) and self._entries[0][0].number <= number

    def forget_until(self, number: int) -> None:
        """Let the entries up to a number make room."""
        while self._entries and self._entries[0][0].number <= number:
            self.kept_bytes -= self._entries.popleft()[1]
            self.dropped += 1

    def mark(self, task_id: str, faults: tuple[str, ...]) -> None:
        """Note what was made to go wrong with a task after its submit: on the entry of that.

        A task may end before its submit is answered: then the mark waits for the entry.
        """
        for place, (entry, weight) in enumerate(self._entries):
            if entry.task_id == task_id and entry.method == "POST":
                self._entries[place] = entry.marked(faults), weight
                return
        self._marks[task_id] = faults
        if len(self._marks) > MAX_MARKS:
            del self._marks[next(iter(self._marks))]

    def find(self, **filters: JSON) -> list[Entry]:
        """The entries that pass every filter, the newest last.

        Args:
            **filters: fields of ``Wanted``; the values may be texts.

        Raises:
            Refused: a filter that there is not, or a value that it can't have.
        """
        return self.select(wanted_of(filters))

    def select(self, wanted: Wanted) -> list[Entry]:
        """The entries that pass every filter, the newest last."""
        found = [entry for entry in self if wanted.matches(entry)]
        if wanted.limit is None or wanted.limit >= len(found):
            return found
        # Who reads on from a number must not miss what came next; anyone else wants the newest.
        return found[: wanted.limit] if wanted.after is not None else found[len(found) - wanted.limit :]

    def count(self, **filters: JSON) -> int:
        """How many entries pass every filter.

        Raises:
            Refused: as ``find``.
        """
        return len(self.find(**filters))

    def clear(self) -> None:
        """Forget every entry, and that any was dropped."""
        self._entries.clear()
        self._marks.clear()
        self.dropped = self.kept_bytes = 0


def looked_for(journal: Journal, wanted: JSON) -> tuple[str, list[int]]:
    """Why the journal does not hold what was wanted, or an empty text; and the numbers of what it holds.

    Args:
        journal: of the account that is asked about.
        wanted: filters and at most one of ``count``, ``at_least``, ``at_most``; without, at least 1.

    Returns:
        The counts, then what was found or, where too few were, the nearest request with everything
        in which it differs; the numbers of the requests that were found.

    Raises:
        Refused: it is no object of filters and a count.
    """
    name, number, filters = _count_of(wanted)
    entries = list(journal)
    found = [entry for entry in entries if filters.matches(entry)]
    numbers = [entry.number for entry in found]
    held = {"count": len(found) == number, "at_least": len(found) >= number, "at_most": len(found) <= number}
    if held[name]:
        return "", numbers
    words = {"count": "exactly", "at_least": "at least", "at_most": "at most"}[name]
    lines = [f"wanted {words} {_requests(number)} with {_spelled(wanted)}; there {_were(len(found))}"]
    if len(found) > number:
        lines += [f"  found: {_line(entry)}" for entry in found[-10:]]
    else:
        lines += _nearest(entries, filters)
    if journal.dropped:
        lines.append(f"  {_requests(journal.dropped)} before these had to make room and can't be asked about")
    return "\n".join(lines), numbers


def _count_of(wanted: JSON) -> tuple[str, int, Wanted]:
    if not isinstance(wanted, dict):
        raise refused(f"{cut(wanted)} is not an object")
    given = [name for name in _COUNTS if name in wanted]
    faults = [Fault("invalid-request", (name,), f"stands beside {given[0]}") for name in given[1:]]
    name = given[0] if given else "at_least"
    number = wanted.get(name, 1)
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        faults.append(Fault("invalid-request", (name,), f"{cut(number)} is not a whole number from 0"))
    if faults:
        raise Refused(tuple(faults))
    filters = wanted_of({key: value for key, value in wanted.items() if key not in _COUNTS})
    return name, number, replace(filters, limit=None)


def _nearest(entries: list[Entry], wanted: Wanted) -> list[str]:
    """The request that misses the fewest filters, though at least one; of equals the newest."""
    rest = [(list(wanted.differences(entry)), entry) for entry in entries]
    rest = [(differences, entry) for differences, entry in rest if differences]
    if not rest:
        return ["  there is no other request"]
    differences, entry = min(rest, key=_distance)
    return [f"  nearest: {_line(entry)}", *(f"    {difference}" for difference in differences[:20])]


def _distance(pair: tuple[list[str], Entry]) -> tuple[int, bool, int, int]:
    """A body that differs in ten places is one filter missed; the places count where filters tie.

    A request whose body was never read, because a fault met it before, is further off than any other.
    """
    differences, entry = pair
    names = {difference.partition(":")[0].partition(".")[0] for difference in differences}
    unread = entry.request is None and "request" in names
    return len(names), unread, len(differences), -entry.number


def _line(entry: Entry) -> str:
    task = f", task {entry.task_id}" if entry.task_id else ""
    problem = f": {cut(entry.problem)}" if entry.problem else ""
    return f"#{entry.number} {entry.method} {entry.path} answered {entry.status}{task}{problem}"


def _spelled(wanted: JSON) -> str:
    named = [f"{key} {_shown(value)}" for key, value in wanted.items() if key not in (*_COUNTS, "limit")]
    return " and ".join(named) or "no condition"


def _shown(value: JSON) -> str:
    """A value of a filter; of a body what it holds, without keys and pictures."""
    if not isinstance(value, dict | list):
        return cut(value)
    text = msgspec.json.encode(outline(value)).decode()
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def _requests(number: int) -> str:
    return f"{number} request{'' if number == 1 else 's'}"


def _were(number: int) -> str:
    return f"{'was' if number == 1 else 'were'} {number or 'none'}"
