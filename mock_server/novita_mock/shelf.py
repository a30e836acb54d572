"""The journals of all accounts together: each is bounded, and so is their sum, however many keys come."""

from collections import deque

from novita_mock.entry import Entry
from novita_mock.journal import Journal
from novita_mock.note import Note

#: How much memory all journals may take together, in bytes.
MAX_BYTES = 128 * 1024 * 1024
#: Entries whose order is remembered before it is asked which of them are still there.
_FEW = 4096


class Shelf:
    """Adds to journals; where they have become too much, the oldest entries of all make room."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._order: deque[tuple[Journal, int]] = deque()
        self._reckoned = 0
        self._many = _FEW

    @property
    def remembered(self) -> int:
        """Entries whose order is known here."""
        return len(self._order)

    def add(self, journal: Journal, entry: Entry | Note) -> None:
        """Keep an entry in its journal."""
        before = journal.kept_bytes
        journal.add(entry)
        self._order.append((journal, entry.number))
        if len(self._order) > self._many:
            # Of these, some made room in their own journals, or those were cleared.
            self._order = deque(row for row in self._order if row[0].holds(row[1]))
            self._many = max(_FEW, 2 * len(self._order))
        # Too high where a journal was cleared meanwhile; hence it is counted before anything goes.
        self._reckoned += journal.kept_bytes - before
        if self._reckoned > self._max_bytes:
            self._make_room()

    def _make_room(self) -> None:
        kept = {id(journal): journal for journal, _ in self._order}
        self._reckoned = sum(journal.kept_bytes for journal in kept.values())
        # A tenth more than needed: what was counted once need not be counted for each entry.
        while self._reckoned > self._max_bytes * 0.9 and len(self._order) > 1:
            journal, number = self._order.popleft()
            before = journal.kept_bytes
            journal.forget_until(number)
            self._reckoned -= before - journal.kept_bytes
