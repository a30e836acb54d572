"""What must be there before a run may spend real money; where something is not, nothing is sent.

A key in the environment does nothing by itself: the target must be asked for by name, with a budget, a
price for every operation that the run pays for, a ledger, and a person's word.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite

from novita_contract.options import Options, OptionsError, Secret
from novita_contract.pricing import budget_micro_usd, price_micro_usd, usd
from novita_contract.targets import LIVE_URL

#: The only other targets that may be handled as if they cost money: doubles on this machine.
_LOOPBACK = re.compile(r"http://(127(\.[0-9]{1,3}){3}|\[::1\]|localhost)(:[0-9]{1,5})?/?", re.ASCII)
_KEY = re.compile(r"[!-~]+", re.ASCII)
_YES = frozenset({"y", "yes"})


class NotAllowed(OptionsError):
    """A run on real money lacks something.

    Attributes:
        missing: each thing by itself.
    """

    def __init__(self, missing: Sequence[OptionsError]) -> None:
        super().__init__("\n".join(map(str, missing)), "\n".join(each.hint for each in missing if each.hint))
        self.missing = tuple(missing)


def check(options: Options, paid: Mapping[str, int], ask: Callable[[str], str] | None = None) -> None:
    """Let a run on real money begin, or not; any other run may.

    Args:
        options: of the run.
        paid: how many requests the plan pays for at most, by operation.
        ask: puts a question to the person at the terminal and gives the answer; None where there is
            no terminal, and then nobody is asked.

    Raises:
        NotAllowed: with everything that is missing, all at once.
    """
    if not options.live:
        return
    lacking = missing(options, paid)
    if not lacking and not options.consent and ask is not None:
        lacking = _refusal(ask(_question(options, paid)))
    elif not options.consent and ask is None:
        lacking.append(OptionsError("--target live spends money, and nobody is here to agree", "add --yes"))
    if lacking:
        raise NotAllowed(lacking)


def missing(options: Options, paid: Mapping[str, int]) -> list[OptionsError]:
    """What a run on real money lacks, a person's word aside."""
    return [*_host(options.live_url), *_key(options.key), *_budget(options), *_prices(options, paid)]


def _host(url: str | None) -> Iterator[OptionsError]:
    if url is not None and not _LOOPBACK.fullmatch(url) and url.rstrip("/") != LIVE_URL:
        yield OptionsError(
            f"--target live goes to {LIVE_URL}, and a key must not go elsewhere",
            "name any other target by its address, with a key of its own: --target URL",
        )


def _key(key: Secret) -> Iterator[OptionsError]:
    if not key.reveal():
        yield OptionsError(
            "--target live needs a key",
            "set NOVITA_API_KEY (https://novita.ai/settings/key-management),"
            " or run --target mock, which is free",
        )
    elif not _KEY.fullmatch(key.reveal()):
        yield OptionsError(
            "the key holds a space, a line break or a letter that no header may have",
            "copy it once more into NOVITA_API_KEY, without quotes",
        )


def _budget(options: Options) -> Iterator[OptionsError]:
    budget = options.budget_usd
    if budget is None or not isfinite(budget) or budget <= 0:
        yield OptionsError(
            "--target live needs a budget above 0",
            "add --budget-usd USD, the most that may ever be spent: --budget-usd 0.50",
        )
    if options.max_paid_calls is not None and options.max_paid_calls < 0:
        yield OptionsError("the number of paid requests can't be negative", "leave the limit out, or say 0")
    if options.ledger is None:
        yield OptionsError(
            "--target live needs a ledger", "add --ledger FILE, where it counts what it spends"
        )


def _prices(options: Options, paid: Mapping[str, int]) -> Iterator[OptionsError]:
    unknown = [name for name, count in paid.items() if count and not _priced(options.prices.get(name))]
    if unknown:
        yield OptionsError(
            f"--target live needs the price of {' and '.join(unknown)}: none is published with the API",
            f"add {' '.join(f'--price {name}=USD' for name in unknown)}, for one picture",
        )


def _priced(price: float | None) -> bool:
    try:
        return price is not None and price_micro_usd(price) > 0
    except ValueError:
        return False


def _question(options: Options, paid: Mapping[str, int]) -> str:
    where, budget = options.live_url or LIVE_URL, usd(budget_micro_usd(options.budget_usd or 0))
    return f"This may send {sum(paid.values())} paid requests to {where}, for up to {budget}. Go on? [y/N] "


def _refusal(answer: str) -> list[OptionsError]:
    if answer.strip().lower() in _YES:
        return []
    return [OptionsError("not agreed, so nothing was sent", "agree with y, or beforehand with --yes")]
