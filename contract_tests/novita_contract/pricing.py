"""What a request may cost at most, in whole micro-dollars; no page of the API states a price, so one is told.

A micro-dollar is a millionth of a US dollar. Prices are rounded up to it and budgets down, and sums of
whole numbers don't drift.
"""

import difflib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache

from novita_contract.options import OptionsError
from novita_mock import catalogue
from novita_mock.catalogue import Operation
from novita_mock.types import JSON

MICRO_PER_USD = 1_000_000
#: Detection costs $0.0015 a picture. Source: page upscale, Request Body, ``enable_nsfw_detection``.
NSFW_MICRO_USD = 1_500
#: More pictures than any budget pays for; a count above it is as good as this one.
_COUNTLESS = 10**9
#: An amount as people type it. No sign, no exponent, no ``inf``, no ``nan``.
_TYPED = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?", re.ASCII)


class UnknownPrice(OptionsError):
    """Nobody said what the operation costs, so nothing may be sent to it."""

    def __init__(self, operation: str) -> None:
        super().__init__(
            f"there is no price for {operation}, so its requests can't be held to a budget",
            f"add --price {operation}=USD, the price of one picture; the vendor's pricing page has it",
        )
        self.operation = operation


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request body costs money: how many pictures at most, and whether detection looks at each."""

    pictures: int
    nsfw: bool


def parse_prices(pairs: Iterable[str]) -> dict[str, float]:
    """``OP=USD`` texts as prices of one picture, by operation.

    A price of 0 is refused: it would let any number of requests through every budget. Who holds an
    operation to be free has its requests bounded by a price as small as they like.

    Raises:
        OptionsError: a text that is not ``OP=USD``, an operation that takes no pictures, one that is
            named twice, or an amount that is not above 0.
    """
    prices: dict[str, float] = {}
    for pair in pairs:
        name, equals, amount = pair.partition("=")
        if not equals:
            raise OptionsError(f"--price {pair!r} is not OP=USD", "for example --price upscale=0.01")
        if name not in _submits():
            raise OptionsError(f"--price {pair!r}: there is no operation {name!r} that is paid", _near(name))
        if name in prices:
            raise OptionsError(f"--price {name} is given twice", "give each operation one price")
        prices[name] = _amount(f"--price {name}", amount)
    return prices


def parse_budget(text: str) -> float:
    """The text of ``--budget-usd``, in USD.

    Raises:
        OptionsError: it is no amount above 0.
    """
    return _amount("--budget-usd", text)


def price_micro_usd(usd: float | str) -> int:
    """A price in micro-dollars, rounded up.

    Raises:
        ValueError: it is not finite, or not above 0.
    """
    return _micro(usd, ROUND_CEILING)


def budget_micro_usd(usd: float | str) -> int:
    """A budget in micro-dollars, rounded down.

    Raises:
        ValueError: it is not finite, or not above 0.
    """
    return _micro(usd, ROUND_FLOOR)


def cost_micro_usd(operation: str, asked: Asked, prices: Mapping[str, float]) -> int:
    """What so many pictures of an operation cost.

    Raises:
        UnknownPrice: there is no usable price for the operation.
    """
    try:
        each = price_micro_usd(prices[operation])
    except (KeyError, ValueError):
        raise UnknownPrice(operation) from None
    return (each + (NSFW_MICRO_USD if asked.nsfw else 0)) * asked.pictures


def worst_case(operation: str, body: JSON, prices: Mapping[str, float]) -> int:
    """What a request can cost at most, in micro-dollars, should it be accepted, right or wrong.

    Args:
        operation: name of the row it is sent to.
        body: as it is sent: decoded JSON, or the text or bytes of what is none.
        prices: USD for one picture, by operation.

    Raises:
        UnknownPrice: there is no usable price for the operation.
    """
    return cost_micro_usd(operation, asked_for(operation, body), prices)


def asked_for(operation: str, body: JSON) -> Asked:
    """What a body asks for at most.

    A body that is no JSON object is refused by any service that we know of; should it be accepted,
    nobody can say what was read in it, so it counts as the most that is documented.
    """
    most, detects = _documented(operation)
    if not isinstance(body, dict):
        return Asked(most, detects)
    request = body.get("request")
    wanted = request.get("image_num") if isinstance(request, dict) else None
    pictures = _pictures(wanted, most) if most > 1 else most
    return Asked(pictures, detects and _detection(body.get("extra")))


def usd(micro: int) -> str:
    """Money as people read it: ``$0.0115``, ``$0.50``."""
    whole, part = divmod(micro, MICRO_PER_USD)
    return f"${whole}.{f'{part:06}'[:2]}{f'{part:06}'[2:].rstrip('0')}"


def _pictures(value: JSON, most: int) -> int:
    """A whole number in the documented range is taken at its word; all else may be read as anything.

    Beyond the range the number itself may be obeyed, which is more than the documented most.
    """
    if type(value) is int and value <= most:
        return value if value >= 1 else most
    return max(most, min(value, _COUNTLESS) if type(value) is int else _whole(value))


def _whole(value: JSON) -> int:
    """What a lenient service may read as a number, rounded up; 0 where there is no finite one."""
    try:
        number = Decimal(str(value).strip())
    except ArithmeticError:
        return 0
    if not number.is_finite() or number <= 0:
        return 0
    return _COUNTLESS if number > _COUNTLESS else math.ceil(number)


def _detection(extra: JSON) -> bool:
    """Whether pictures may be looked at: unless the field is absent, null or plainly false."""
    if extra is None:
        return False
    if not isinstance(extra, dict):
        return True
    wanted = extra.get("enable_nsfw_detection")
    return wanted is not None and wanted is not False  # 0 equals False, and may be read otherwise


def _amount(option: str, text: str) -> float:
    if not _TYPED.fullmatch(text):
        raise OptionsError(f"{option} {text!r} is no amount in USD", f"write it like {_example(option)}")
    if float(text) <= 0:
        raise OptionsError(
            f"{option} 0 bounds nothing: it must be above 0",
            f"a run without costs: --target mock; an amount looks like {_example(option)}",
        )
    return float(text)


def _example(option: str) -> str:
    return "--budget-usd 0.50" if option == "--budget-usd" else f"{option}=0.01"


def _micro(amount: float | str, rounding: str) -> int:
    try:
        exact = Decimal(str(amount))
    except ArithmeticError:
        exact = Decimal(0)
    if not exact.is_finite() or exact <= 0:
        raise ValueError(f"{amount!r} is no amount of money above 0")
    return int((exact * MICRO_PER_USD).to_integral_value(rounding))


def _near(name: str) -> str:
    near = difflib.get_close_matches(name, _submits(), n=1)
    those = "those that are paid: " + ", ".join(_submits())
    return f"did you mean {near[0]}? {those}" if near else those


@cache
def _submits() -> dict[str, Operation]:
    return {row.name: row for row in catalogue.load().operations if row.kind == "submit"}


@cache
def _documented(operation: str) -> tuple[int, bool]:
    """How many pictures a request can ask for by its schema, and whether it can ask for detection."""
    if operation not in _submits():
        raise UnknownPrice(operation)
    schema = catalogue.load().bundle(_submits()[operation].request)
    request = schema["properties"].get("request", {})
    most = request.get("properties", {}).get("image_num", {}).get("maximum", 1)
    return int(most), "enable_nsfw_detection" in json.dumps(schema)
