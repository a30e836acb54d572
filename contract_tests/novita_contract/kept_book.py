"""The book of a ledger in its file: read before each look, written while nobody else has it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from novita_contract import ledger_book
from novita_contract.clock import today
from novita_contract.ledger_book import Book, NotUnderstood
from novita_contract.ledger_file import LedgerError, LedgerFile, Turn
from novita_mock.types import JSON


class Desk:
    """The book, open, for as long as nobody else has it.

    Attributes:
        book: everything that stands in the file.
    """

    def __init__(self, kept: "KeptBook", turn: Turn) -> None:
        self._kept = kept
        self._turn = turn

    @property
    def book(self) -> Book:
        """What was read; another one after each line that is written."""
        return self._kept.book

    def reserve(self, do: str, amount: int, **more: JSON) -> int:
        """Write a reservation, on the disk; its number.

        Args:
            do: ``reserve`` or ``hold``.
            amount: micro-dollars. It comes first in the line, so that a torn one tells it.
            more: what else is said of it.
        """
        number = len(self.book.states) + 1
        at = today().isoformat(timespec="seconds")
        self._write({"do": do, "micro_usd": amount, "number": number, "at": at} | more, keep=True)
        return number

    def settle(self, number: int, do: str, **more: JSON) -> None:
        """Write how a reservation ended.

        It need not be on the disk: without this line more counts, never less.

        Raises:
            LedgerError: it can't end so.
        """
        try:
            self.book.step(number, do)
        except NotUnderstood as problem:
            raise LedgerError(str(problem)) from None
        self._write({"do": do, "number": number} | more, keep=False)

    def begin(self, account: str) -> None:
        """Write the first line."""
        self._write(ledger_book.first_line(account), keep=True)

    def _write(self, line: JSON, keep: bool) -> None:
        # What was written is read again, so that the book never holds more or less than the file.
        self._turn.append(line, keep)
        self._kept.catch_up(self._turn)


class KeptBook:
    """The book of one account, in a file that others use too.

    Args:
        path: where it is, or shall be.
        account: whose money it is about, as its first line tells it.

    Attributes:
        book: what was read last.

    Raises:
        LedgerError: the file can't be used, is damaged, or is about another account.
    """

    def __init__(self, path: Path, account: str) -> None:
        self.book = Book()
        self._account = account
        self._file = LedgerFile(path)
        with self.desk():
            pass
        self._file.keep_name()

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """Have the book to oneself, with everything in it read and understood.

        Raises:
            LedgerError: it can't be had, or can't be trusted.
        """
        with self._file.turn() as turn:
            self.catch_up(turn)
            desk = Desk(self, turn)
            if turn.torn:
                self._mend(desk, turn)
            if not self.book.opened:
                desk.begin(self._account)
            if self.book.account != self._account:
                raise LedgerError(
                    f"the ledger {self._file.path} is about another account or another target",
                    "give each its own, with --ledger FILE",
                )
            yield desk

    def catch_up(self, turn: Turn) -> None:
        """Read what others, or we ourselves, have written since.

        Whatever breaks this off leaves an empty book, which is read anew from its first line.
        """
        book, self.book = self.book, Book()
        with self._trusted():
            for text in turn.new_lines(book.read):
                book.enter(text)
        self.book = book

    def _mend(self, desk: Desk, turn: Turn) -> None:
        """Count what a torn line reserved; one that told the end of a reservation leaves it counted."""
        with self._trusted():
            amount = ledger_book.torn_amount(turn.torn, self.book.opened, self._account)
        if amount:
            desk.reserve(ledger_book.RESERVE, amount, case="a torn line")
        else:
            turn.drop_torn()

    @contextmanager
    def _trusted(self) -> Iterator[None]:
        try:
            yield
        except NotUnderstood as problem:
            raise LedgerError(
                f"the ledger {self._file.path} is damaged: {problem}",
                "compare the account's balance with what you meant to spend; then begin another with"
                " --ledger FILE and the budget that is left",
            ) from None
