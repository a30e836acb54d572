"""The ledger that bounds what runs on real money may spend, over all processes, threads and runs.

Each request that might cost something is reserved at the most that it can cost, on disk, before it is
sent. What became of it is told afterwards:

    reserve ──► spend                 it was accepted: the money is gone
        │ └───► release               it was refused: it cost nothing
        └─────► (nothing)             no reply, or the process died: counts as spent for ever
    hold ─────► spend ──► free        it should have been free, and the balance says that it was

So what counts as spent is never less than what was spent, and never more than the budget.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from novita_contract import ledger_book
from novita_contract.kept_book import KeptBook
from novita_contract.ledger_book import Book
from novita_contract.options import Secret
from novita_contract.pricing import MICRO_PER_USD, Asked, budget_micro_usd, cost_micro_usd, usd
from novita_mock.redaction import redacted_text

#: Longest text that is written, in characters.
_MAX_TEXT = 80


class BudgetReached(Exception):
    """The next request might cost more than may be spent; nothing was written, nothing may be sent."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What a ledger holds, of every run that used it.

    Attributes:
        budget_usd: what may be spent, ever.
        spent_usd: what counts as spent.
        calls: requests that count as spent.
        unanswered: those among them of which nobody knows what became of them.
        held: those among them that should be free, and were not shown to be.
        released: requests that were refused, and cost nothing.
        freed: requests that were shown to be free.
    """

    budget_usd: float
    spent_usd: float
    calls: int
    unanswered: int
    held: int
    released: int
    freed: int

    @property
    def left_usd(self) -> float:
        """What may still be spent."""
        return max(0.0, round(self.budget_usd - self.spent_usd, 6))


class Reservation:
    """The right to send one request; without a further word it counts as spent.

    Attributes:
        number: which line of the ledger it is, among the reservations.
        operation: what it may be sent to.
        micro_usd: what is set aside for it, in millionths of a US dollar.
    """

    def __init__(self, kept: KeptBook, number: int, operation: str, micro_usd: int) -> None:
        self._kept = kept
        self.number = number
        self.operation = operation
        self.micro_usd = micro_usd

    def spend(self) -> None:
        """It was accepted.

        Raises:
            LedgerError: it had ended before, or this can't be written; then it counts as it did.
        """
        with self._kept.desk() as desk:
            desk.settle(self.number, ledger_book.SPEND)

    def release(self, why: str) -> None:
        """It was refused, and so cost nothing; only for a reply that says so, never for a lost one.

        Args:
            why: a word or two: ``HTTP 400``; no text of the reply.

        Raises:
            LedgerError: it had ended before, or this can't be written; then it counts as it did.
        """
        with self._kept.desk() as desk:
            desk.settle(self.number, ledger_book.RELEASE, why=_short(why))


class Ledger:
    """One account's money.

    Args:
        path: the file; it is made where there is none.
        budget_usd: what may be spent, over all that the file holds.
        prices: USD for one picture, by operation.
        max_calls: most requests that may count as spent, over all that the file holds.
        account: whose money it is: what ``account_mark`` gives.

    Raises:
        LedgerError: the file can't be used, is damaged, or is about another account.
        ValueError: the budget is no amount above 0.
    """

    def __init__(
        self,
        path: Path,
        budget_usd: float,
        prices: Mapping[str, float],
        max_calls: int | None = None,
        account: str = "",
    ) -> None:
        self._budget = budget_micro_usd(budget_usd)
        self._prices = dict(prices)
        self._max_calls = max_calls
        self._kept = KeptBook(path, account)
        self._holds: list[int] = []

    @property
    def spent_usd(self) -> float:
        """What counts as spent, by whomever, now."""
        return self.summary().spent_usd

    @property
    def calls(self) -> int:
        """How many requests count as spent, by whomever, now."""
        return self.summary().calls

    def reserve(self, operation: str, pictures: int = 1, nsfw: bool = False, case: str = "") -> Reservation:
        """Set aside the most that a request can cost, before it is sent.

        Args:
            operation: what it is sent to.
            pictures: how many it can make at most.
            nsfw: whether detection may look at them.
            case: what it is sent for.

        Raises:
            BudgetReached: it might pass the budget, or the number of calls.
            UnknownPrice: nobody said what the operation costs.
            LedgerError: it can't be written down.
            ValueError: it makes no picture.
        """
        return self._reserve(ledger_book.RESERVE, operation, Asked(pictures, nsfw), case)

    def hold(self, operation: str, pictures: int = 1, nsfw: bool = False, case: str = "") -> Reservation:
        """As ``reserve``, for a request that should be free; ``free_unless_charged`` decides."""
        return self._reserve(ledger_book.HOLD, operation, Asked(pictures, nsfw), case)

    def free_unless_charged(self, balance_delta: float | None) -> bool:
        """Count the held requests of this object no longer, if the balance shows that they were free.

        Those that were not answered still count: they may arrive late, and be charged then.

        Args:
            balance_delta: by how much the balance has moved since before the first of them, in
                whatever unit; None where it is not known. Only exactly 0 shows anything: what else
                moves it may hide a charge.

        Returns:
            Whether they were shown to be free.
        """
        if balance_delta is None or balance_delta != 0:
            return False
        with self._kept.desk() as desk:
            for number in self._holds:
                if desk.book.state(number) == ledger_book.ANSWERED:
                    desk.settle(number, ledger_book.FREE)
            self._holds.clear()
        return True

    def summary(self) -> Tally:
        """What the file holds now."""
        with self._kept.desk() as desk:
            book, stand = desk.book, desk.book.tally()
            return Tally(
                budget_usd=self._budget / MICRO_PER_USD,
                spent_usd=book.counted / MICRO_PER_USD,
                calls=book.calls,
                unanswered=stand[ledger_book.OPEN] + stand[ledger_book.HELD],
                held=stand[ledger_book.HELD] + stand[ledger_book.ANSWERED],
                released=stand[ledger_book.RELEASED],
                freed=stand[ledger_book.FREED],
            )

    def _reserve(self, do: str, operation: str, asked: Asked, case: str) -> Reservation:
        if type(asked.pictures) is not int or asked.pictures < 1:
            raise ValueError(f"{asked.pictures!r} is no number of pictures")
        amount = cost_micro_usd(operation, asked, self._prices)
        about = {"operation": operation, "pictures": asked.pictures, "nsfw": asked.nsfw, "case": _short(case)}
        with self._kept.desk() as desk:
            self._check(desk.book, operation, amount)
            number = desk.reserve(do, amount, **about)
            if do == ledger_book.HOLD:
                self._holds.append(number)
        return Reservation(self._kept, number, operation, amount)

    def _check(self, book: Book, operation: str, amount: int) -> None:
        left = max(0, self._budget - book.counted)
        if amount > left:
            raise BudgetReached(
                f"{operation} may cost {usd(amount)}, and of {usd(self._budget)} there is {usd(left)} left"
            )
        if self._max_calls is not None and book.calls >= self._max_calls:
            raise BudgetReached(f"{book.calls} requests were paid, and {self._max_calls} may be")


def account_mark(base: str, key: Secret) -> str:
    """Tells ledgers of different accounts and targets apart, without telling the key."""
    return hashlib.sha256(f"novita-mock ledger\0{base}\0{key.reveal()}".encode()).hexdigest()[:12]


def _short(text: str) -> str:
    return redacted_text(text)[:_MAX_TEXT]
