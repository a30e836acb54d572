"""The options of every command that runs the suite."""

from collections.abc import Callable
from typing import TypeVar

import click

from novita_contract.options import PROFILES
from novita_contract.verdicts import LAYERS

F = TypeVar("F", bound=Callable[..., object])


def run_options(command: F) -> F:
    """The options of every command that runs the suite."""
    for option in reversed(_RUN_OPTIONS):
        command = option(command)
    return command


_RUN_OPTIONS = (
    click.option(
        "--profile",
        type=click.Choice(list(PROFILES)),
        default="ci",
        show_default=True,
        help="how much is tried: under 10 s, under 3 min, or all of it",
    ),
    click.option(
        "--layers",
        metavar="NAMES",
        default=",".join(LAYERS),
        show_default=True,
        help="which layers, separated by commas",
    ),
    click.option(
        "--select",
        metavar="PATTERN",
        multiple=True,
        help="only cases whose id, operation or layer fits: 'UPS-*', upscale",
    ),
    click.option("--skip", metavar="PATTERN", multiple=True, help="no case that fits"),
    click.option("--examples", metavar="N", type=click.IntRange(1), help="requests drawn for each property"),
    click.option(
        "--seed",
        metavar="N",
        type=click.IntRange(0),
        help="what chance starts from; drawn and told if not given",
    ),
    click.option("--random-order", is_flag=True, help="try the cases in an order that the seed decides"),
    click.option(
        "--workers",
        metavar="N",
        type=click.IntRange(1, 64),
        default=8,
        show_default=True,
        help="cases under way at the same time; on live always 1",
    ),
    click.option(
        "--max-time",
        metavar="S",
        type=click.FloatRange(0, min_open=True),
        help="begin no case after so many seconds",
    ),
    click.option(
        "--max-wait",
        metavar="S",
        type=click.FloatRange(0),
        default=10.0,
        show_default=True,
        help="wait no longer than this for something to expire or to be sent again",
    ),
    click.option(
        "--quirk", metavar="ID=VALUE", multiple=True, help="the reading to expect where the pages are silent"
    ),
    click.option(
        "--target-speed",
        metavar="X",
        type=click.FloatRange(0),
        help="seconds of the target's time in a real one, as told to novita-mock serve --speed (default 1)",
    ),
    click.option("--key-env", metavar="NAME", help="variable with the key of a target that is an address"),
    click.option("--second-key-env", metavar="NAME", help="variable with the key of another account"),
    click.option("--poor-key-env", metavar="NAME", help="variable with the key of an account without money"),
    click.option(
        "--webhook-url", metavar="URL", help="where the target reaches this machine's receiver of webhooks"
    ),
    click.option("--budget-usd", metavar="USD", help="live: the most that may ever be spent, by the ledger"),
    click.option(
        "--price", metavar="OP=USD", multiple=True, help="live: the price of one picture of an operation"
    ),
    click.option(
        "--max-paid-calls",
        metavar="N",
        type=click.IntRange(1),
        help="live: most paid requests, whatever they cost",
    ),
    click.option(
        "--ledger",
        metavar="FILE",
        help="live: where what was spent is written down (default: by key, in your state folder)",
    ),
    click.option("--yes", is_flag=True, help="live: agree to spend the budget"),
    click.option(
        "--live-url", metavar="URL", hidden=True, help="in place of the real service, on this machine only"
    ),
)
