"""Pays for requests from the ledger, where requests cost money."""

from contextvars import ContextVar

from novita_contract.ledger import Ledger, Reservation, account_mark
from novita_contract.options import Options, OptionsError
from novita_contract.pricing import asked_for
from novita_contract.report import Spend
from novita_contract.targets import Target
from novita_mock.types import JSON

#: The case that requests are paid for.
CASE: ContextVar[str] = ContextVar("case", default="")


class Payments:
    """The ledger of an account, asked before every request that might cost something.

    Attributes:
        ledger: what is written down.
        before, after: the balance in USD that the service told, or None.
    """

    def __init__(self, ledger: Ledger, budget_usd: float) -> None:
        self.ledger = ledger
        self.before: float | None = None
        self.after: float | None = None
        self._budget = budget_usd
        self._began = ledger.calls

    def reserve(self, operation: str, body: JSON) -> Reservation:
        """Put aside the most that a request can cost.

        Raises:
            BudgetReached: it would not fit into what may be spent.
            UnknownPrice: nobody said what the operation costs.
        """
        asked = asked_for(operation, body)
        if _tests_webhook(body):
            return self.ledger.hold(operation, asked.pictures, asked.nsfw, CASE.get())
        return self.ledger.reserve(operation, asked.pictures, asked.nsfw, CASE.get())

    def spend(self) -> Spend:
        """What there is to say about the money."""
        summary = self.ledger.summary()
        return Spend(self._budget, summary.spent_usd, summary.calls - self._began, self.before, self.after)


def payments(options: Options, target: Target) -> Payments | None:
    """What a run is paid from; None where nothing costs anything.

    Raises:
        OptionsError: the ledger can't be used.
        LedgerError: likewise.
    """
    if target.kind != "live":
        return None
    if options.ledger is None or options.budget_usd is None:
        raise OptionsError(
            "a run on the real service needs a ledger and a budget", "--budget-usd 0.50 --ledger FILE"
        )
    mark = account_mark(target.url, target.key)
    ledger = Ledger(options.ledger, options.budget_usd, options.prices, options.max_paid_calls, mark)
    return Payments(ledger, options.budget_usd)


def _tests_webhook(body: JSON) -> bool:
    """Whether the request asks for webhook test mode, which does no work and should cost nothing."""
    try:
        return body["extra"]["webhook"]["test_mode"]["enabled"] is True
    except (KeyError, TypeError):
        return False
