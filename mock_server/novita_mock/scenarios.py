"""Scenarios: faults with a name, one file each in ``fixtures/scenarios``.

A scenario is a state of the world: its faults fire always, unless its file says how often.
"""

from functools import cache

from msgspec.structs import replace

from novita_mock.catalogue import Catalogue
from novita_mock.fault_form import nearest, parse
from novita_mock.fault_rule import FaultRule
from novita_mock.files import folder
from novita_mock.problems import Problem, cut
from novita_mock.types import JSON


class UnknownScenario(Problem):
    """A scenario that there is none of; the message names the nearest.

    Args:
        name: what was asked for.
        shown: how the message speaks of it; the name itself, unless that may be nobody's business.
    """

    kind = "invalid-request"

    def __init__(self, name: str, shown: str = "") -> None:
        hint = nearest(name, names()) or "; GET /_mock/scenarios lists them"
        super().__init__(f"{shown or cut(name)} is not a scenario{hint}")


def names() -> tuple[str, ...]:
    """Every scenario, in alphabetical order."""
    return tuple(sorted(path.stem for path in (folder("fixtures") / "scenarios").glob("*.toml")))


def about(name: str) -> str:
    """What a scenario does, in one line.

    Raises:
        UnknownScenario: there is none of that name.
    """
    return str(_read(name)["about"])


def load(name: str, catalogue: Catalogue) -> tuple[FaultRule, ...]:
    """The faults of a scenario, in order.

    Raises:
        UnknownScenario: there is none of that name.
        problems.Refused: its file asks for what can't be.
    """
    asked = _read(name).get("faults", [])
    rules = (parse({"times": None} | row, f"{name}-{n}", catalogue) for n, row in enumerate(asked, 1))
    return tuple(replace(rule, scenario=name) for rule in rules)


@cache
def _read(name: str) -> JSON:
    if name not in names():
        raise UnknownScenario(name)
    import tomllib

    return tomllib.loads((folder("fixtures") / "scenarios" / f"{name}.toml").read_text("utf-8"))
