"""A run as one JSON document, which ``report.schema.json`` describes field by field."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from novita_contract.display import Display
from novita_contract.evidence import case_value
from novita_contract.judgement import deviations, operations, place, sentence
from novita_contract.options import OptionsError
from novita_contract.report import CONFORMS, Reading, Report, Spend
from novita_contract.verdicts import LAYERS, Verdict
from novita_mock.types import JSON

#: Raised when a field goes or changes its meaning, not when one is added.
FORMAT = 1


def document(report: Report) -> JSON:
    """Everything there is to say about a run, in an order that doesn't depend on the run's."""
    display = Display.of(report)
    order = {layer: number for number, layer in enumerate(LAYERS)}
    outcomes = sorted(report.outcomes, key=lambda each: (order.get(each.case.layer, 9), *place(each.case)))
    return {
        "format": FORMAT,
        "verdict": display.text(sentence(report)),
        "conforms": report.exit_code == CONFORMS,
        "exit_code": report.exit_code,
        **_run(report, display),
        "counts": _counts(report),
        "operations": [
            {"name": name, "method": row.method if row else None, "path": row.path if row else None,
             "counts": _counts(report, name), "coverage": _coverage(report, name)}
            for name, row in operations(outcome.case.operation for outcome in outcomes)
        ],
        "coverage": {name: _coverage(report, name) for name in sorted(report.coverage)},
        "deviating": [outcome.case.id for outcome in deviations(report)],
        "cases": [case_value(outcome, report, display) for outcome in outcomes],
        "readings": [_reading(each, display) for each in sorted(report.readings, key=lambda each: each.id)],
        "habits": [
            {"what": display.text(what), "where": display.text(where), "answer": display.text(answer)}
            for what, where, answer in sorted(report.habits)
        ],
        "spend": _spend(report.spend) if report.spend else None,
    }  # fmt: skip


def as_text(value: JSON) -> str:
    """A JSON object as the text of a file: a line for each field, and for each item of a long list."""
    fields = ",\n".join(f"{_json(name)}: {_field(item)}" for name, item in value.items())
    return f"{{\n{fields}\n}}\n"


def schema() -> JSON:
    """The schema of the document."""
    return json.loads(Path(__file__).with_name("report.schema.json").read_text("utf-8"))


def read(path: Path) -> JSON:
    """The document of an earlier run.

    Raises:
        OptionsError: there is none, or it is not one of these.
    """
    hint = "give the conformance.json of an earlier run"
    try:
        value = json.loads(path.read_text("utf-8"))
    except OSError as problem:
        raise OptionsError(f"{path} can't be read: {problem.strerror}", hint) from None
    except ValueError:
        raise OptionsError(f"{path} is no JSON", hint) from None
    broken = next(Draft202012Validator(schema()).iter_errors(value), None)
    if broken is not None:
        raise OptionsError(f"{path} is no report of this version: {broken.json_path}", hint)
    return value


def _field(item: JSON) -> str:
    if isinstance(item, list) and item and isinstance(item[0], dict):
        return "[\n" + ",\n".join(map(_json, item)) + "\n]"
    return _json(item)


def _json(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _run(report: Report, display: Display) -> dict[str, JSON]:
    return {
        "target": display.text(report.target),
        "url": display.text(report.url),
        "profile": report.profile,
        "seed": report.seed,
        "command": display.text(report.command),
        "started": report.started,
        "seconds": round(report.seconds, 3),
        "versions": {name: display.text(report.versions[name]) for name in sorted(report.versions)},
        "interrupted": report.interrupted,
        "over_budget": report.over_budget,
        "trouble": display.text(report.trouble),
        "notes": [display.text(note) for note in report.notes],
    }


def _counts(report: Report, operation: str = "") -> dict[str, int]:
    counts = report.counts(operation)
    return {verdict.value: counts[verdict] for verdict in Verdict}


def _coverage(report: Report, name: str) -> JSON:
    if name not in report.coverage:
        return None
    exercised, constraints = report.coverage[name]
    return {"exercised": exercised, "constraints": constraints}


def _reading(reading: Reading, display: Display) -> JSON:
    return {
        "id": reading.id,
        "title": display.text(reading.title),
        "expected": display.text(reading.expected),
        "observed": display.text(reading.observed) or None,
        "differs": reading.differs,
        "basis": reading.basis,
        "said": display.text(reading.said),
    }


def _spend(spend: Spend) -> JSON:
    known = spend.balance_before is not None and spend.balance_after is not None
    gone = round((spend.balance_before or 0) - (spend.balance_after or 0), 6) if known else None
    return {
        "budget_usd": round(spend.budget, 6),
        "reserved_usd": round(spend.reserved, 6),
        "calls": spend.calls,
        "balance_before_usd": spend.balance_before,
        "balance_after_usd": spend.balance_after,
        "charged_usd": gone,
    }
