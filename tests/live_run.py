"""A run of the suite where requests cost money, in a process of its own that may be killed; run by tests.

Takes options as JSON, prints how it ended as JSON.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from novita_contract.options import LIVE, Options, Secret
from novita_contract.report import Report
from novita_contract.runner import run

PRICES = {"upscale": 0.01, "img2img": 0.01, "upscale-v2": 0.01}


def live_options(url: str, ledger: Path, budget: float, key: str, **more: Any) -> Options:
    """Options of a run that takes a double on this machine for the real service."""
    options = Options(
        target=LIVE, live_url=url, ledger=ledger, budget_usd=budget, key=Secret(key), prices=PRICES,
        consent=True, profile="quick", assumptions=False,
    )  # fmt: skip
    return replace(
        options, **{name: Secret(value) if "key" in name else value for name, value in more.items()}
    )


def ended(report: Report) -> dict[str, Any]:
    """What a test wants to know of a run."""
    spend = report.spend
    assert spend is not None
    return {
        "exit_code": report.exit_code, "reserved": spend.reserved, "calls": spend.calls,
        "before": spend.balance_before, "after": spend.balance_after, "over_budget": report.over_budget,
        "verdicts": {str(verdict): count for verdict, count in report.counts().items()},
        "trouble": report.trouble, "interrupted": report.interrupted,
    }  # fmt: skip


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    for name in ("select", "skip", "layers"):
        if name in told:
            told[name] = tuple(told[name])
    print(json.dumps(ended(run(live_options(told.pop("url"), Path(told.pop("ledger")), **told)))))
