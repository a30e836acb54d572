"""Cases of schemathesis against the same double in process: generated, sent by its own transport, checked.

    python benchmarks/cases/theirs.py CASES SEED

Prints a line of JSON: for each operation and kind of case, how many were sent and checked, and what that
took. It is told what a picture is, as in our tests; the check that sends every request twice more, without a
key and with a wrong one, is left out.
"""

import json
import sys
import time
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import ignored_auth

import second_opinion  # noqa: F401 - registers what schemathesis is told beyond the document
from novita_mock.app import create_app
from novita_mock.catalogue import load
from sides import KEY, OPERATIONS
from sides import settings as settings_of_the_double

KINDS = {"drawn, valid": GenerationMode.POSITIVE, "drawn, broken": GenerationMode.NEGATIVE}


def measured(operation: Any, mode: GenerationMode, many: int, chance: int) -> dict[str, float]:
    """Generate so many cases of an operation; what was sent and checked, and the seconds that it took."""
    sent = failed = 0

    def law(case: Any) -> None:
        nonlocal sent, failed
        response = case.call(base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {KEY}"})
        try:
            case.validate_response(response, excluded_checks=[ignored_auth])
        except (Failure, FailureGroup):
            failed += 1
        sent += 1

    configured = settings(
        max_examples=many, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    seed(chance)(configured(given(operation.as_strategy(generation_mode=mode))(law)))()
    return {
        "cases": sent,
        "seconds": time.perf_counter() - wall_s,
        "cpu_s": time.process_time() - cpu_s,
        "failed": failed,
    }


def main() -> None:
    """Measure, and print."""
    many, chance = int(sys.argv[1]), int(sys.argv[2])
    document = schemathesis.openapi.from_asgi("/_mock/openapi.json", create_app(settings_of_the_double()))
    rows = {
        f"{name}: {kind}": measured(document[load().operation(name).path]["POST"], mode, many, chance)
        for name in OPERATIONS
        for kind, mode in KINDS.items()
    }
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
