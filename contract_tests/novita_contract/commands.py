"""The command ``conform``: arguments and environment become one ``Options``, a run, and its reports.

Alone in this package in reading the environment.
"""

import os
import shlex
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from novita_contract.options import LIVE, MOCK, Options, OptionsError, Secret
from novita_contract.report import INTERRUPTED
from novita_contract.run_options import run_options
from novita_contract.verdicts import LAYERS
from novita_mock.types import JSON

#: Where the key of the real service is looked for, and nowhere else.
LIVE_KEY = "NOVITA_API_KEY"
#: The largest seed that is drawn.
_SEEDS = 2**31


def options_of(target: str, flags: Mapping[str, JSON], environ: Mapping[str, str]) -> Options:
    """The options of a run.

    Args:
        target: ``mock``, ``live`` or an address.
        flags: what ``run_options`` gave.
        environ: the environment, or what stands for it.

    Raises:
        OptionsError: a value that can't be used; ``hint`` says what to type instead.
    """
    from novita_contract.pricing import parse_budget, parse_prices

    layers = tuple(name.strip() for name in flags["layers"].split(",") if name.strip())
    for name in layers:
        if name not in LAYERS:
            raise OptionsError(f"there is no layer {name!r}", f"--layers {','.join(LAYERS)}")
    key = _key(environ, LIVE_KEY if target == LIVE else flags["key_env"], needed=target == LIVE)
    budget = flags["budget_usd"]
    return Options(
        target=target,
        profile=flags["profile"],
        layers=layers or LAYERS,
        select=flags["select"],
        skip=flags["skip"],
        examples=flags["examples"],
        seed=_seed(flags["seed"]),
        max_time_s=flags["max_time"],
        random_order=flags["random_order"],
        workers=flags["workers"],
        quirks=_quirks(flags["quirk"]),
        target_speed=flags["target_speed"],
        max_wait_s=flags["max_wait"],
        webhook_url=flags["webhook_url"],
        assumptions=target != LIVE,
        key=key,
        second_key=_key(environ, flags["second_key_env"]),
        poor_key=_key(environ, flags["poor_key_env"]),
        prices=parse_prices(flags["price"]),
        budget_usd=parse_budget(budget) if budget is not None else None,
        max_paid_calls=flags["max_paid_calls"],
        ledger=_ledger(flags["ledger"], key, environ) if target == LIVE else None,
        consent=flags["yes"],
        live_url=flags["live_url"],
    )


@click.command(
    "conform",
    short_help="Check a double or the real service against the documentation.",
    epilog="Example: novita-mock conform --target http://127.0.0.1:4077 --report report/",
)
@click.option("--target", metavar="TARGET", default=MOCK, show_default=True,
              help="mock (a private double), live (the real service, for money), or an address")  # fmt: skip
@run_options
@click.option(
    "--report",
    "report_dir",
    metavar="FOLDER",
    help="write index.html, conformance.json, junit.xml, requests.har, summary.md",
)
@click.option(
    "--beside", metavar="FILE", multiple=True, help="conformance.json of another run, as a column of the page"
)
@click.option("--record", metavar="FOLDER", help="keep a transcript, for novita-mock diff")
@click.option("--baseline", metavar="FILE", help="accepted deviations")
@click.option("--baseline-update", is_flag=True, help="write what deviates into the baseline")
@click.option("--list", "listed", is_flag=True, help="print the cases and end")
@click.option("--dry-run", is_flag=True, help="print the plan and what it costs at most, and end")
@click.option("--json", "as_json", is_flag=True, help="print the report as JSON")
@click.option("--quiet", "-q", is_flag=True, help="print nothing but the verdict")
def conform_command(target: str, **flags: JSON) -> int:
    """Check a target against the documentation: every limit, every law, every promise.

    Exit codes: 0 conforms, 1 deviates, 2 wrong use, 3 unreachable or key refused, 4 budget reached,
    130 interrupted (the reports are written all the same).
    """
    from novita_contract.dispatch import conform

    options = options_of(target, flags, os.environ)
    command = shlex.join(_repeating(target, flags, options))
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return conform(options, flags, command)
    except KeyboardInterrupt:
        return INTERRUPTED


def _repeating(target: str, flags: Mapping[str, JSON], options: Options) -> list[str]:
    """The command that repeats the run, with the seed that was drawn."""
    words = [
        "novita-mock",
        "conform",
        "--target",
        target,
        "--profile",
        options.profile,
        "--seed",
        str(options.seed),
    ]
    for name, value in flags.items():
        if (
            name in ("profile", "seed", "report_dir", "record", "as_json", "quiet", "yes", "ledger")
            or not value
        ):
            continue
        option = "--" + name.replace("_", "-")
        default = next((o for o in _defaults() if o.name == name), None)
        if default is not None and default.default == value:
            continue
        if value is True:
            words.append(option)
        else:
            for item in value if isinstance(value, list | tuple) else [value]:
                words += [option, str(item)]
    return words


def _defaults() -> list[click.Parameter]:
    return conform_command.params


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _key(environ: Mapping[str, str], name: str | None, needed: bool = False) -> Secret:
    if not name:
        return Secret("")
    value = environ.get(name, "").strip()
    if not value:
        if needed:
            return Secret("")  # what else is missing is told together with it
        raise OptionsError(
            f"the variable {name} is not set", f"export {name}=... first; keys are never arguments"
        )
    return Secret(value)


def _seed(given: int | None) -> int:
    return int.from_bytes(os.urandom(4), "big") % _SEEDS if given is None else given


def _quirks(pairs: tuple[str, ...]) -> dict[str, str]:
    from novita_mock.catalogue import UnknownQuirk, load, parse_quirks

    try:
        chosen = parse_quirks(pairs)
        load(chosen)
    except UnknownQuirk as problem:
        raise OptionsError(str(problem), problem.hint) from None
    return chosen


def _ledger(given: str | None, key: Secret, environ: Mapping[str, str]) -> Path:
    """One file an account, where programs keep their state."""
    from novita_contract.ledger import account_mark
    from novita_contract.targets import LIVE_URL

    if given:
        return Path(given)
    state = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "novita-mock" / f"ledger-{account_mark(LIVE_URL, key)}.jsonl"


if __name__ == "__main__":
    sys.exit(conform_command(standalone_mode=False))
