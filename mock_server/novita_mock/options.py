"""The command line's options: one for each field of ``Settings``, made from the fields."""

from collections.abc import Callable
from typing import Any

import click

from novita_mock.settings import SettingsRow, settings_rows
from novita_mock.types import JSON

#: Settings whose values are never shown.
SECRET = frozenset({"key", "control_token", "s3_access_key", "s3_secret_key"})

Command = Callable[..., Any]  # Any: click wraps functions of every signature


def shown(row: SettingsRow, value: JSON) -> str:
    """A setting's value as help, ``config`` and the documentation show it; never a key."""
    if value is None or value == ():
        return "none"
    if row.name == "key":
        return f"{len(value)} given, not shown"
    if row.name in SECRET and value != row.default:
        return "given, not shown"
    if row.switch:
        return "on" if value else "off"
    return ", ".join(value) if row.many else f"{value:g}" if isinstance(value, float) else str(value)


def metavar(row: SettingsRow) -> str:
    """What stands for a setting's value in help: its unit."""
    return row.unit.upper().replace(" ", "_")


def settings_options(*names: str) -> Callable[[Command], Command]:
    """Give a command an option for each field of ``Settings``, or only for those named."""

    def decorate(function: Command) -> Command:
        for row in reversed(settings_rows()):
            if not names or row.name in names:
                function = _option(row)(function)
        return function

    return decorate


def _option(row: SettingsRow) -> Command:
    if row.switch:
        return click.option(row.flag, row.name, is_flag=True, default=None, help=row.help)
    about = f"{row.help} (default {shown(row, row.default)}{'; repeatable' if row.many else ''})"
    return click.option(row.flag, row.name, metavar=metavar(row), multiple=row.many, help=about)


def _remember_debug(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        context.obj["debug"] = True


#: Every command takes it; whoever runs the commands hands them a dictionary that remembers it.
debug_option: Command = click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_remember_debug,
    help="show where an error comes from",
)
