"""Every case of the suite as a test of pytest; the plugin of this package makes and parametrises them."""

from collections.abc import Callable

from novita_contract.verdicts import Case


def test_contract(novita_case: Case, novita_check: Callable[[Case], None]) -> None:
    """What the case says holds."""
    novita_check(novita_case)
