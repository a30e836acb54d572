"""Which cases a run has, in which order, and what they cost at most."""

from collections import Counter
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from hashlib import sha256

from novita_contract.asked import asked_cases
from novita_contract.courtesies import courtesy_cases
from novita_contract.effects import effect_cases
from novita_contract.inputs import input_cases
from novita_contract.key_rules import key_cases
from novita_contract.lapses import lapse_cases
from novita_contract.limits import limit_cases
from novita_contract.listings import listing_cases
from novita_contract.options import Options, OptionsError
from novita_contract.outcomes import outcome_cases
from novita_contract.properties import property_cases
from novita_contract.quirk_rules import quirk_cases
from novita_contract.refusals import refusal_cases
from novita_contract.stories import story_cases
from novita_contract.verdicts import Case
from novita_contract.webhook_rules import webhook_cases
from novita_contract.wishes import wish_cases
from novita_mock.catalogue import load


def planned(options: Options) -> tuple[Case, ...]:
    """The cases that were asked for, cheapest layer first, free ones before paid ones.

    Raises:
        OptionsError: nothing is left.
    """
    chosen = [case for case in every_case(options) if _wanted(options, case)]
    if not chosen:
        asked = " ".join(options.select) or "these layers"
        raise OptionsError(f"no case fits {asked}", "novita-mock conform --list shows what there is")
    chosen.sort(key=lambda case: (options.layers.index(case.layer), bool(case.paid)))
    return shuffled(chosen, options.seed) if options.random_order else tuple(chosen)


def every_case(options: Options) -> tuple[Case, ...]:
    """All cases under the readings that are expected, whatever else was asked for.

    Raises:
        ValueError: two cases have one id.
    """
    return _every_case(tuple(sorted(options.quirks.items())), options.draws, options.profile)


@lru_cache(maxsize=4)
def _every_case(quirks: tuple[tuple[str, str], ...], draws: int, profile: str) -> tuple[Case, ...]:
    contract = load(dict(quirks))
    cases = (
        *limit_cases(contract),
        *refusal_cases(contract),
        *key_cases(contract),
        *outcome_cases(contract),
        *input_cases(contract),
        *asked_cases(contract),
        *wish_cases(contract),
        *courtesy_cases(contract),
        *effect_cases(contract),
        *webhook_cases(contract),
        *lapse_cases(contract),
        *listing_cases(contract),
        *quirk_cases(contract),
        *property_cases(contract, draws),
        *story_cases(contract, profile),
    )
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise ValueError(f"two cases are called {case.id}")
        seen.add(case.id)
    return cases


def shuffled(cases: Iterable[Case], seed: int) -> tuple[Case, ...]:
    """The cases in an order that the seed decides."""
    return tuple(sorted(cases, key=lambda case: sha256(f"{seed} {case.id}".encode()).digest()))


def paid_by(cases: Iterable[Case]) -> dict[str, int]:
    """How many tasks cases make at most, by operation."""
    counted: Counter[str] = Counter()
    for case in cases:
        counted.update(case.paid)
    return dict(counted)


def worst_case_usd(cases: Iterable[Case], prices: Mapping[str, float]) -> float:
    """What cases cost at most, at prices of one task; operations without a price count nothing."""
    return sum(
        number * prices.get(operation, 0.0) for case in cases for operation, number in case.paid.items()
    )


def _wanted(options: Options, case: Case) -> bool:
    if case.layer not in options.layers or options.profile not in case.profiles:
        return False
    if options.select and not any(_fits(pattern, case) for pattern in options.select):
        return False
    return not any(_fits(pattern, case) for pattern in options.skip)


@lru_cache(maxsize=65536)
def _matches(pattern: str, name: str) -> bool:
    return fnmatchcase(name, pattern)


def _fits(pattern: str, case: Case) -> bool:
    names = (case.id.lower(), case.operation, case.layer)
    return any(_matches(pattern.lower(), name) for name in names)
