"""The command ``novita-mock``: arguments become one ``Settings``, and errors say what to type next."""

import difflib
import json
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
from novita_mock.catalogue import Catalogue, UnknownQuirk, load, parse_quirks, schema_paths
from novita_mock.chance import draw_seed, draw_token
from novita_mock.extensions import Commands
from novita_mock.options import debug_option, settings_options, shown
from novita_mock.settings import PREFIX, Settings, SettingsError, SettingsRow, settings_rows
from novita_mock.stopping import Stop
from novita_mock.types import JSON

if TYPE_CHECKING:
    from novita_mock.server import PortInUse

#: Commands of modules that bring much of their own: an HTTP client, the pictures of the demo.
LATER = {
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
#: Exit codes: a check failed or we are broken; wrong use; stopped by Ctrl-C.
FAILED, USAGE, INTERRUPTED = 1, 2, 130


def _log_to_stderr() -> None:
    """Requests as lines that a person can read; of the server's own log only what is wrong."""
    lines = logging.StreamHandler()
    lines.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%H:%M:%S"))
    logging.basicConfig(handlers=[lines], level=logging.WARNING)
    logging.getLogger("novita_mock").setLevel(logging.INFO)


def _catalogue(settings: Settings) -> Catalogue:
    return load(parse_quirks(settings.quirk), settings.strict)


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
    from novita_mock.banner import announce, forget_ready_file
    from novita_mock.server import PortInUse, serve

    settings = Settings.from_environment(os.environ, **flags)
    catalogue = _catalogue(settings)
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


@cli.command("demo", epilog="Example: novita-mock demo --image photo.jpg --factor 3")
@click.option("--image", metavar="FILE", help="a PNG, JPEG or WebP picture (default: one of our own)")
@click.option("--out", metavar="FOLDER", default="demo-out", help="where the pictures go (default demo-out)")
@click.option("--model", metavar="NAME", default="4x-UltraSharp", help="the upscaler (default 4x-UltraSharp)")
@click.option("--factor", metavar="X", type=float, default=2.0, help="how much larger, up to 4 (default 2)")
@debug_option
def demo_command(image: str | None, out: str, model: str, factor: float) -> int:
    """Run one whole flow on a private double; leave pictures."""
    from novita_mock.demo import run_demo
    from novita_mock.tour import DemoFailed

    try:
        run_demo(Path(out), model, factor, Path(image) if image is not None else None)
    except DemoFailed as problem:
        _tell(str(problem), f"try: {problem.hint}")
        return FAILED
    return 0


@cli.command("openapi", epilog="Example: novita-mock openapi --output openapi.json")
@click.option("--output", metavar="FILE", help="write there (default: standard output)")
@settings_options("quirk", "strict")
@debug_option
def openapi_command(output: str | None, **flags: JSON) -> None:
    """Print the OpenAPI 3.1 document."""
    from novita_mock.openapi import openapi

    settings = Settings.from_environment(os.environ, **flags)
    text = json.dumps(openapi(_catalogue(settings)), indent=2, ensure_ascii=False)
    if output is None:
        click.echo(text)
        return
    try:
        Path(output).write_text(text + "\n", "utf-8")
    except OSError as problem:
        raise Stop(f"can't write {output}: {problem.strerror}", "novita-mock openapi > FILE") from None


@cli.command("schema", epilog="Example: novita-mock schema v3/upscale.request")
@click.argument("name", required=False)
@settings_options("quirk", "strict")
@debug_option
def schema_command(name: str | None, **flags: JSON) -> None:
    """List the JSON Schemas, or print one, whole."""
    paths = schema_paths()
    if name is None:
        click.echo("\n".join(paths))
        return
    path = name if name.endswith(".json") else name + ".json"
    if path not in paths:
        near = difflib.get_close_matches(path, paths, n=1, cutoff=0.4)
        raise Stop(f"there is no schema {name}", f"novita-mock schema {near[0] if near else ''}".rstrip())
    bundle = _catalogue(Settings.from_environment(os.environ, **flags)).bundle(path)
    click.echo(json.dumps(bundle, indent=2, ensure_ascii=False))


@cli.command("config", epilog="Example: NOVITA_MOCK_SPEED=0 novita-mock config --port 0")
@settings_options()
@debug_option
def config_command(**flags: JSON) -> None:
    """Show every setting in force and where it comes from."""
    rows = settings_rows()
    known = {row.env for row in rows}
    given = {name: value for name, value in os.environ.items() if name in known}
    settings = Settings.from_environment(given, **flags)
    width = max(len(shown(row, getattr(settings, row.name))) for row in rows)
    for row in rows:
        value = shown(row, getattr(settings, row.name)).ljust(width)
        click.echo(f"{row.name:22} {value}  {_origin(row, flags, given)}")
    # The table comes first even when a variable is unknown, since it is where the names are.
    Settings.from_environment({name: "" for name in os.environ if name.startswith(PREFIX)})


def _origin(row: SettingsRow, flags: dict[str, JSON], given: dict[str, str]) -> str:
    if flags[row.name] not in (None, ()):
        return f"flag {row.flag}"
    return f"environment {row.env}" if given.get(row.env) else f"default ({row.env})"


@cli.command("doctor", epilog="Example: novita-mock doctor")
@settings_options("host", "port")
@debug_option
def doctor_command(**flags: JSON) -> int:
    """Look for what would keep the double from working here."""
    from novita_mock.clock import MachineWall
    from novita_mock.doctor import checks

    settings = Settings.from_environment(os.environ, **flags)
    broken = 0
    for finding in checks(settings, os.environ, MachineWall()):
        click.echo(f"{'ok    ' if finding.good else 'BROKEN'}  {finding.name:11} {finding.told}")
        if not finding.good:
            click.echo(f"{'':21}try: {finding.hint}")
            broken += 1
    return FAILED if broken else 0


def _tell(message: str, hint: str) -> None:
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"  {hint}", err=True)


def run(arguments: Sequence[str]) -> int:
    """Run a command line, without the program's name; the exit code."""
    state: dict[str, JSON] = {"debug": False, "environ": os.environ}
    try:
        code = cli.main(args=list(arguments), prog_name="novita-mock", standalone_mode=False, obj=state)
        return code if isinstance(code, int) else 0
    except click.UsageError as problem:
        path = problem.ctx.command_path if problem.ctx is not None else "novita-mock"
        _tell(problem.format_message(), f"try: {path} --help")
    except Stop as problem:
        _tell(str(problem), f"try: {problem.hint}")
    except (SettingsError, UnknownQuirk) as problem:
        _tell(str(problem), problem.hint)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as problem:  # the one place where nobody is left to tell but the person
        if state["debug"]:
            raise
        if isinstance(hint := getattr(problem, "hint", None), str):  # of a command from another package
            _tell(str(problem), f"try: {hint}" if hint else "")
            return USAGE
        _tell(f"{type(problem).__name__}: {problem}", f"try: novita-mock {' '.join(arguments)} --debug")
        return FAILED
    return USAGE


def main() -> NoReturn:
    """The console script."""
    sys.exit(run(sys.argv[1:]))
