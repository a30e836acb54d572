"""Commands that other packages bring, found by their entry points and loaded when they are asked for."""

import sys
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "novita_mock.commands"
#: Our own distribution, and it with what its commands from other packages need.
OURS, OURS_WHOLE = "novita-mock", "'novita-mock[contract]'"


class Unavailable(Exception):
    """A command that is known but can't be run here; ``hint`` is what to type instead."""

    def __init__(self, message: str, hint: str, short: str) -> None:
        super().__init__(message)
        self.hint = hint
        self.short = short


class Commands(click.Group):
    """Our own commands, and after them those of other packages.

    Of our own, those in ``later`` (a module and a name in it, as ``module:name``) are loaded when they are
    asked for: to start a double must not wait for what it does not need.

    A command of another package is a ``click.Command`` under an entry point of the group
    ``novita_mock.commands``; what its function returns is the exit code. An error that it raises is
    told like ours where it has a ``hint``, which is what to type instead. One that can't be loaded
    stands in the help with the reason, and harms no other.
    """

    def __init__(self, *args: Any, later: Mapping[str, str], **kwargs: Any) -> None:  # Any: click's own
        super().__init__(*args, **kwargs)
        self.later = later

    @cached_property
    def foreign(self) -> "Mapping[str, EntryPoint]":
        """The entry points of other packages' commands, by name; of two with a name the first counts."""
        from importlib.metadata import distributions

        found: dict[str, EntryPoint] = {}
        for distribution in distributions():
            try:
                for entry in distribution.entry_points.select(group=GROUP):
                    found.setdefault(entry.name, entry)
            except Exception:  # a broken package of somebody else's; no command is to suffer from it
                continue
        return {name: found[name] for name in sorted(found) if name not in {*self.commands, *self.later}}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, by name."""
        return sorted({*self.commands, *self.later, *self.foreign})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name; for one that can't be loaded, a command that says why."""
        if cmd_name in self.later and cmd_name not in self.commands:
            module, _, name = self.later[cmd_name].partition(":")
            self.add_command(getattr(import_module(module), name))
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in self.foreign:
            return own
        entry = self.foreign[cmd_name]
        try:
            command = entry.load()
            if not isinstance(command, click.Command):
                raise TypeError(f"{entry.value} is no command")
        except (Exception, SystemExit) as problem:
            return _absent(entry, problem)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run what was typed; a module that is missing only then is told as one at loading is."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as problem:
            entry = self.foreign.get(ctx.invoked_subcommand or "")
            if entry is None or ctx.obj["debug"] or not _missing(problem):
                raise
            raise _unavailable(entry, problem) from problem


def _absent(entry: "EntryPoint", problem: BaseException) -> click.Command:
    """A command in the place of one that can't be loaded: takes anything, and says why."""
    why = _unavailable(entry, problem)

    @click.command(entry.name, short_help=why.short, add_help_option=False)
    @click.argument("words", nargs=-1, type=click.UNPROCESSED)
    @click.pass_context
    def say_why(context: click.Context, words: tuple[str, ...]) -> None:
        if context.obj["debug"] or "--debug" in words:
            context.obj["debug"] = True
            raise problem
        raise why

    say_why.context_settings = {"ignore_unknown_options": True}
    return say_why


def _unavailable(entry: "EntryPoint", problem: BaseException) -> Unavailable:
    package = OURS if entry.dist is None else entry.dist.name
    whole = OURS_WHOLE if package == OURS else f"--upgrade {package}"
    if isinstance(problem, ModuleNotFoundError) and _missing(problem):
        message = f"{entry.name} needs {_top(problem)}, which is not installed"
        return Unavailable(message, f"pip install {whole}", f"(needs: pip install {whole})")
    said = f"{type(problem).__name__}: {' '.join(str(problem).split())}"
    message = f"{entry.name}, of {package}, can't be loaded: {said}"
    return Unavailable(message, f"novita-mock {entry.name} --debug", "(can't be loaded)")


def _missing(problem: ModuleNotFoundError) -> bool:
    """Whether a whole package is not there, and not only a part of one that is."""
    top = _top(problem)
    return bool(top) and top not in sys.modules and find_spec(top) is None


def _top(problem: ModuleNotFoundError) -> str:
    return (problem.name or "").partition(".")[0]
