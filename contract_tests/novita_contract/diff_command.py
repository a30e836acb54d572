"""The command ``diff``: two targets, recorded or asked now, held against each other."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from click.core import ParameterSource

from novita_contract.commands import options_of
from novita_contract.options import LIVE, MOCK, Options
from novita_contract.report import CONFORMS, DEVIATES
from novita_contract.run_options import run_options
from novita_mock.types import JSON


@click.command(
    "diff",
    short_help="Compare two targets, case by case.",
    epilog="Example: novita-mock diff mock recorded/live",
)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@run_options
@click.option("--keep", metavar="FOLDER", help="keep what is recorded now, in FOLDER/left and FOLDER/right")
@click.option("--json", "as_json", is_flag=True, help="print JSON, as diff.schema.json describes it")
@click.option("--quiet", "-q", is_flag=True, help="print nothing but the verdict")
@click.pass_context
def diff_command(context: click.Context, /, a: str, b: str, **flags: JSON) -> int:
    """Compare what two targets do, and say whose move each difference is.

    A and B are each a folder that conform --record made, or a target that is asked now: mock, live, or
    an address. What is asked now is asked with the profile and the seed of the recorded side, where
    there is one and nothing else is said. A side that could not be checked says so: not checked.

    Exit codes: 0 no difference, 1 differences, 2 wrong use, 3 a target is unreachable or refuses the
    key, 130 interrupted.
    """
    from novita_contract.comparing import compare
    from novita_contract.diff_report import as_json, told, verdict
    from novita_contract.sides import Unanswered, sides

    try:
        with ExitStack() as stack:
            keep = flags["keep"]
            room = Path(keep or stack.enter_context(TemporaryDirectory(prefix="novita-mock-diff-")))
            asked = _asked(context, (a, b), flags)
            comparison = compare(*sides((a, b), asked, room, quiet=flags["quiet"] or flags["as_json"]))
    except Unanswered as problem:
        click.echo(f"error: {problem}", err=True)
        return problem.code
    if flags["as_json"]:
        click.echo(as_json(comparison))
    else:
        click.echo(verdict(comparison) if flags["quiet"] else told(comparison))
    return DEVIATES if comparison.differences else CONFORMS


def _asked(context: click.Context, names: tuple[str, str], flags: Mapping[str, JSON]) -> tuple[Options, ...]:
    """What is asked of each side; a recorded side says what is not said here, and is asked nothing."""
    from novita_contract.sides import is_target
    from novita_contract.transcript import load

    given = dict(flags)
    for name in names:
        if not is_target(name):
            run = load(Path(name)).run
            for option in ("seed", "profile"):
                if _unsaid(context, option) and option in run:
                    given[option] = run[option]
    environ = (context.obj or {}).get("environ", {})
    found: list[Options] = []
    for name in names:
        mine = given | {"seed": found[0].seed} if found else dict(given)
        if LIVE in names and name != LIVE:  # the keys of other accounts are the real service's
            mine |= {"second_key_env": None, "poor_key_env": None}
        found.append(options_of(name if is_target(name) else MOCK, mine, environ))
    return tuple(found)


def _unsaid(context: click.Context, option: str) -> bool:
    return context.get_parameter_source(option) in (None, ParameterSource.DEFAULT)
