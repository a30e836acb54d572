"""Money and allowances of one account: its balance, and its images per minute.

Money is counted in whole 1/10,000 USD, as the API tells it. Source: page basic-get-user-info,
``credit_balance`` (facts 1.8).
"""

import math
from collections import deque
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from novita_mock.catalogue import Operation
from novita_mock.problems import Problem
from novita_mock.types import JSON

#: Parts of a dollar that money is counted in.
UNITS_PER_USD = 10_000
#: What a new account holds: $100. Ours.
FIRST_BALANCE = 100 * UNITS_PER_USD
#: Detection costs $0.0015 a picture. Source: page upscale, Request Body, ``enable_nsfw_detection``.
NSFW_UNITS = 15
#: Images are counted over so many seconds. Source: page rate-limits, IPM; that it slides is assumed.
WINDOW_S = 60.0


class NotEnough(Problem):
    """The balance does not pay for a request; ``balance`` and ``cost`` in 1/10,000 USD."""

    kind = "balance"

    def __init__(self, balance: int, cost: int) -> None:
        super().__init__(f"this costs {dollars(cost)}, the balance is {dollars(balance)}")
        self.balance = balance
        self.cost = cost


class RateLimited(Problem):
    """More images a minute than are allowed; ``retry_after_s`` is in whole seconds of account time."""

    kind = "rate-limit"

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Wallet:
    """The balance of one account, in 1/10,000 USD, never below 0.

    Attributes:
        balance: what can be spent.
        spent: what was paid, less what was given back.
    """

    def __init__(self, balance: int = FIRST_BALANCE) -> None:
        self.balance = balance
        self.spent = 0
        self._held: dict[str, int] = {}

    def check(self, cost: int) -> None:
        """Whether something can be paid.

        Raises:
            NotEnough: the balance is lower than the cost.
        """
        if cost > self.balance:
            raise NotEnough(self.balance, cost)

    def charge(self, task_id: str, cost: int) -> None:
        """Pay for a task when it is accepted.

        Raises:
            NotEnough: the balance is lower than the cost; then nothing was paid.
            ValueError: the task was charged already, or the cost is negative.
        """
        if cost < 0 or task_id in self._held:
            raise ValueError(f"task {task_id} can't be charged {cost}")
        self.check(cost)
        self.balance -= cost
        self.spent += cost
        self._held[task_id] = cost

    def refund(self, task_id: str) -> int:
        """Give back what an unfinished task cost, which is returned; 0 where nothing is held for it."""
        cost = self._held.pop(task_id, 0)
        self.balance += cost
        self.spent -= cost
        return cost

    def settle(self, task_id: str) -> None:
        """A task succeeded: what it cost is gone for good."""
        self._held.pop(task_id, None)

    def set_balance(self, balance: int) -> None:
        """Say what can be spent from now on; what was spent stays counted.

        Raises:
            ValueError: it is negative.
        """
        if balance < 0:
            raise ValueError("a balance can't be negative")
        self.balance = balance

    def reset(self) -> None:
        """Be as in a new account: nothing is held or spent."""
        self._held.clear()
        self.balance, self.spent = FIRST_BALANCE, 0

    def told(self) -> JSON:
        """The balance, what was spent, and what of that could still be given back."""
        held = sum(self._held.values())
        return {"credit_balance": self.balance, "spent": self.spent, "held": held}


class RateWindow:
    """Images that an account had made in the last minute, by operation."""

    def __init__(self) -> None:
        self._taken: dict[str, deque[tuple[float, int]]] = {}

    def allow(self, operation: str, images: int, now_s: float, limit: int) -> None:
        """Count some images, unless they are too many.

        Args:
            operation: the row's name; each has a window of its own.
            images: how many the request asks for.
            now_s: account time.
            limit: images a minute; 0 means that there is no limit.

        Raises:
            RateLimited: over the limit; then nothing is counted.
        """
        if limit <= 0:
            return
        taken = self._taken.setdefault(operation, deque())
        while taken and taken[0][0] + WINDOW_S <= now_s:
            taken.popleft()
        used = sum(count for _, count in taken)
        if used + images <= limit:
            taken.append((now_s, images))
            return
        message = f"{used} images in the last minute and {images} now; {limit} a minute are allowed"
        raise RateLimited(message, _wait_s(taken, used + images - limit, now_s))

    def clear(self) -> None:
        """Forget what was counted."""
        self._taken.clear()


def cost_of(operation: Operation, images: int, nsfw: bool) -> int:
    """What a request costs, in 1/10,000 USD, half a unit rounded up.

    Args:
        operation: its row, with the price of one picture in USD.
        images: how many pictures it makes.
        nsfw: whether each is looked at by the detection.
    """
    return _cost(operation.price_usd, images, nsfw)


@lru_cache(maxsize=256)
def _cost(price_usd: float, images: int, nsfw: bool) -> int:
    each = Decimal(str(price_usd)) * UNITS_PER_USD + (NSFW_UNITS if nsfw else 0)
    return int((each * images).to_integral_value(ROUND_HALF_UP))


def dollars(units: int) -> str:
    """Money as people read it: ``$0.0115``, ``$100.00``."""
    whole, part = divmod(units, UNITS_PER_USD)
    text = f"{part:04}"
    return f"${whole}.{text[:-2] if text.endswith('00') else text}"


def _wait_s(taken: deque[tuple[float, int]], surplus: int, now_s: float) -> int:
    """Whole seconds until so many images have left the window; a full one where they never can."""
    for at_s, count in taken:
        surplus -= count
        if surplus <= 0:
            return max(1, math.ceil(at_s + WINDOW_S - now_s))
    return math.ceil(WINDOW_S)
