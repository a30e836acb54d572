"""What ``conform`` does with its options: plan, ask, run, report."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import click

from novita_contract import baseline, report_json
from novita_contract.consent import check
from novita_contract.options import Options, OptionsError
from novita_contract.plan import every_case, paid_by, planned, worst_case_usd
from novita_contract.report import CONFORMS, Report
from novita_contract.report_folder import write
from novita_contract.runner import run
from novita_contract.terminal import Progress, told
from novita_contract.verdicts import Case
from novita_mock.types import JSON

#: Columns of a terminal, where none is told.
_WIDTH = 100


def conform(options: Options, flags: Mapping[str, JSON], command: str) -> int:
    """Run the suite, or tell what it would do; the exit code.

    Raises:
        OptionsError: the options make no sense together, or something is missing for money.
    """
    options = replace(
        options,
        report_dir=_path(flags["report_dir"]),
        record=_path(flags["record"]),
        baseline=_path(flags["baseline"]),
    )
    others = [report_json.read(Path(path)) for path in flags["beside"]]
    if flags["baseline_update"] and options.baseline is None:
        raise OptionsError("--baseline-update needs a file", "--baseline FILE --baseline-update")
    cases = planned(options)
    if flags["listed"]:
        click.echo("\n".join(f"{case.id}  {case.title}" for case in cases))
        return CONFORMS
    if flags["dry_run"]:
        click.echo(plan_told(options, cases))
        return CONFORMS
    check(options, paid_by(cases), _asking())
    before = _accepted(options) if flags["baseline_update"] else None
    running = replace(options, baseline=None) if flags["baseline_update"] and before is None else options
    report = run(running, None if flags["quiet"] else Progress(quiet=False), command)
    if flags["baseline_update"]:
        assert options.baseline is not None
        text = json.dumps(baseline.updated(report, before), indent=2, ensure_ascii=False)
        options.baseline.write_text(text + "\n", "utf-8")
    _tell(report, options, others, flags)
    return report.exit_code


def plan_told(options: Options, cases: tuple[Case, ...]) -> str:
    """The plan and what it costs at most, for a person."""
    layers = Counter(case.layer for case in cases)
    free = sum(not case.paid for case in cases)
    lines = [f"target  {options.target}   profile {options.profile}   seed {options.seed}"]
    lines += [f"{layer:11} {number:5} cases" for layer, number in layers.items()]
    lines.append(f"{free} are free, {len(cases) - free} make tasks:")
    for operation, number in sorted(paid_by(cases).items()):
        price = options.prices.get(operation)
        cost = "no --price given" if price is None else f"${price * number:.4f} at most"
        lines.append(f"  {operation:11} {number:5} tasks  {cost}")
    whole = worst_case_usd(cases, options.prices)
    if options.budget_usd is not None:
        fits = "fits into" if whole <= options.budget_usd else "is more than"
        lines.append(f"in all ${whole:.4f} at most, which {fits} the budget of ${options.budget_usd:g}")
        if whole > options.budget_usd:
            lines.append("what the budget does not reach is left out, and said so")
    return "\n".join(lines)


def _tell(report: Report, options: Options, others: list[JSON], flags: Mapping[str, JSON]) -> None:
    files = write(report, options.report_dir, *others) if options.report_dir else []
    if flags["as_json"]:
        click.echo(report_json.as_text(report_json.document(report)), nl=False)
        return
    width = min(_WIDTH, 160)
    text = told(report, colour=sys.stdout.isatty(), width=width)
    click.echo(text.splitlines()[-1] if flags["quiet"] else text, nl=bool(flags["quiet"]), color=True)
    if files and not flags["quiet"]:
        click.echo(f"Report: {' '.join(map(str, files))}")


def _accepted(options: Options) -> baseline.Baseline | None:
    if options.baseline is None or not options.baseline.exists():
        return None
    return baseline.load(options.baseline, [case.id for case in every_case(options)])


def _asking() -> Callable[[str], str] | None:
    """How a person is asked, where there is one."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return lambda question: str(click.prompt(question, default="n", err=True, show_default=False))


def _path(given: str | None) -> Path | None:
    return Path(given) if given else None
