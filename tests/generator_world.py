"""What the tests of the generator share: contracts with a change, and what the double makes of a request."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from novita_mock.album import Album
from novita_mock.catalogue import Catalogue, Operation, load
from novita_mock.intake import Intake
from novita_mock.problems import Refused
from novita_mock.types import JSON
from novita_mock.validation import Validator

#: Operations that take a body, and those that take a query.
SUBMITS = ("upscale", "img2img", "upscale-v2")
QUERIES = ("task-result", "progress", "model")
UPSCALE = "v3/upscale.request.json"
DEEP = settings.get_current_profile_name() == "deep"
#: Requests drawn from one seed; one run of Hypothesis keeps to the neighbourhood of what it drew before.
_AT_ONCE = 250


@cache
def contract(strict: bool = False) -> Catalogue:
    return load(strict=strict)


def patched(*steps: tuple[str, str, JSON], of: Catalogue | None = None) -> Catalogue:
    """The contract with other values at pointers of its schemas: ``(schema, pointer, value)``."""
    whole = of or load()
    patch = [{"schema": schema, "pointer": pointer, "value": value} for schema, pointer, value in steps]
    row = {"id": "patched", "alternatives": [{"value": "on", "patch": patch}]}
    quirks = {**whole.quirks, "patched": "on"}
    return replace(whole, quirk_rows=(*whole.quirk_rows, row), quirks=quirks, _schemas={})


class Double:
    """What the double's own checks say of a request, without a server."""

    def __init__(self, catalogue: Catalogue, operation: Operation) -> None:
        self._catalogue, self._operation = catalogue, operation
        self._validator = Validator(catalogue, operation.request or operation.query)
        self._intake = Intake(operation, self._validator, catalogue.quirks, Album())
        #: What passed of the last request although no page has it.
        self.quirks: set[str] = set()

    def refusal(self, request: JSON) -> Refused | None:
        """Why a body or a query is refused, or None where it is taken."""
        if self._operation.request:
            content = json.dumps(request).encode()
            taken = self._intake.take(content, "http://double")
            self.quirks = {quirk for quirk, _ in taken.notices}
            assert (taken.problem is None) == (taken.submission is not None)
            return taken.problem
        checked = self._validator.check_query(request)
        self.quirks = {quirk for quirk, _ in checked.notices}
        return Refused(tuple(checked.faults)) if checked.faults else None


def named_fields(problem: Refused) -> tuple[str, ...]:
    """The fields that a refusal names, each once; the whole body has no name."""
    return tuple(dict.fromkeys(fault.dotted for fault in problem.faults if fault.path))


def draw(strategy: SearchStrategy[JSON], count: int, law: Callable[[JSON], None]) -> int:
    """Try a law with so many drawn values, the same in every run; how many there were."""
    seen = 0

    def counted(value: JSON) -> None:
        nonlocal seen
        seen += 1
        law(value)

    turn = 0
    while seen < count:
        told = settings(
            max_examples=min(_AT_ONCE, count - seen),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(turn)(told(given(strategy)(counted)))()
        turn += 1
    return seen
