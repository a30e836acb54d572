"""The command ``novita-mock``: arguments become one ``Settings``, and errors say what to type next."""

import gc
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from novita_mock import __version__
from novita_mock.catalogue import UnknownQuirk, load, parse_quirks
from novita_mock.chance import draw_seed, draw_token
from novita_mock.extensions import Commands
from novita_mock.options import debug_option, settings_options
from novita_mock.settings import Settings, SettingsError
from novita_mock.stopping import FAILED, INTERRUPTED, USAGE, Stop, tell
from novita_mock.types import JSON

if TYPE_CHECKING:
    from novita_mock.server import PortInUse

#: Commands of modules that bring much of their own: an HTTP client, the pictures of the demo.
LATER = {
    "demo": "novita_mock.one_shot:demo_command",
    "openapi": "novita_mock.one_shot:openapi_command",
    "schema": "novita_mock.one_shot:schema_command",
    "config": "novita_mock.one_shot:config_command",
    "doctor": "novita_mock.one_shot:doctor_command",
    "tasks": "novita_mock.verbs:tasks_command",
    "requests": "novita_mock.verbs:requests_command",
    "webhooks": "novita_mock.verbs:webhooks_command",
    "scenarios": "novita_mock.verbs:scenarios_command",
    "trigger": "novita_mock.listening:trigger_command",
    "listen": "novita_mock.listening:listen_command",
    "faults": "novita_mock.steering:faults_command",
    "clock": "novita_mock.steering:clock_command",
    "reset": "novita_mock.steering:reset_command",
    "healthcheck": "novita_mock.healthcheck:healthcheck_command",
}


def _log_to_stderr() -> None:
    """Requests as lines that a person can read; of the server's own log only what is wrong."""
    lines = logging.StreamHandler()
    lines.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
    logging.basicConfig(handlers=[lines], level=logging.WARNING)
    logging.getLogger("novita_mock").setLevel(logging.INFO)


@click.group(
    cls=Commands,
    later=LATER,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Every option of serve is also a variable: --port is NOVITA_MOCK_PORT.",
)
@click.version_option(__version__, prog_name="novita-mock")
@debug_option
@click.pass_context
def cli(context: click.Context) -> None:
    """A local double of the Novita AI asynchronous image API."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@cli.command("serve", epilog="Example: novita-mock serve --port 0 --speed 0 --seed 1")
@settings_options()
@debug_option
def serve_command(**flags: JSON) -> int:
    """Start the double; Ctrl-C stops it."""
    gc.disable()  # until it serves: nothing of what is loaded now becomes garbage
    from novita_mock.banner import announce, forget_ready_file
    from novita_mock.server import PortInUse, serve

    settings = Settings.from_environment(os.environ, **flags)
    catalogue = load(parse_quirks(settings.quirk), settings.strict)
    _log_to_stderr()
    try:
        if settings.ready_file is not None:
            forget_ready_file(Path(settings.ready_file))
        drawn_seed = draw_seed() if settings.seed is None else None
        drawn_token = "" if settings.loopback or settings.control_token else draw_token()
        settings = replace(settings, control_token=settings.control_token or drawn_token or None)
        ready = partial(announce, settings, catalogue, drawn_seed, drawn_token)
        return serve(settings, ready, drawn_seed)
    except PortInUse as problem:
        raise _not_listening(problem) from None
    except OSError as problem:
        message = f"{settings.ready_file}: {problem.strerror}"
        raise Stop(message, "novita-mock serve --ready-file FILE, in a folder of yours") from None


def _not_listening(problem: "PortInUse") -> Stop:
    if "in use" in str(problem):
        return Stop(f"port {problem.port} is in use", "novita-mock serve --port 0")
    message = f"can't listen on {problem.host}, port {problem.port}: {problem}"
    return Stop(message, "novita-mock serve --host 127.0.0.1 --port 0")


def run(arguments: Sequence[str]) -> int:
    """Run a command line, without the program's name; the exit code."""
    state: dict[str, JSON] = {"debug": False, "environ": os.environ}
    try:
        code = cli.main(args=list(arguments), prog_name="novita-mock", standalone_mode=False, obj=state)
        return code if isinstance(code, int) else 0
    except click.UsageError as problem:
        path = problem.ctx.command_path if problem.ctx is not None else "novita-mock"
        tell(problem.format_message(), f"try: {path} --help")
    except Stop as problem:
        tell(str(problem), f"try: {problem.hint}")
    except (SettingsError, UnknownQuirk) as problem:
        tell(str(problem), problem.hint)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as problem:  # the one place where nobody is left to tell but the person
        if state["debug"]:
            raise
        if isinstance(hint := getattr(problem, "hint", None), str):  # of a command from another package
            tell(str(problem), f"try: {hint}" if hint else "")
            return USAGE
        tell(f"{type(problem).__name__}: {problem}", f"try: novita-mock {' '.join(arguments)} --debug")
        return FAILED
    return USAGE


def main() -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:]))
