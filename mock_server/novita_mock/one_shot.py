"""Commands that answer once: the demo, the documents, the settings, the doctor."""

import json
import os
from pathlib import Path

import click

from novita_mock.catalogue import Catalogue, load, parse_quirks, schema_paths
from novita_mock.openapi import openapi
from novita_mock.options import debug_option, settings_options, shown
from novita_mock.settings import PREFIX, Settings, SettingsRow, settings_rows
from novita_mock.spelling import meant
from novita_mock.stopping import FAILED, Stop, tell
from novita_mock.types import JSON


def _catalogue(settings: Settings) -> Catalogue:
    return load(parse_quirks(settings.quirk), settings.strict)


@click.command("demo", epilog="Example: novita-mock demo --image photo.jpg --factor 3")
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
        tell(str(problem), f"try: {problem.hint}")
        return FAILED
    return 0


@click.command("openapi", epilog="Example: novita-mock openapi --output openapi.json")
@click.option("--output", metavar="FILE", help="write there (default: standard output)")
@settings_options("quirk", "strict")
@debug_option
def openapi_command(output: str | None, **flags: JSON) -> None:
    """Print the OpenAPI 3.1 document."""
    settings = Settings.from_environment(os.environ, **flags)
    text = json.dumps(openapi(_catalogue(settings)), indent=2, ensure_ascii=False)
    if output is None:
        click.echo(text)
        return
    try:
        Path(output).write_text(text + "\n", "utf-8")
    except OSError as problem:
        raise Stop(f"can't write {output}: {problem.strerror}", "novita-mock openapi > FILE") from None


@click.command("schema", epilog="Example: novita-mock schema v3/upscale.request")
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
        near = meant(path, paths, cutoff=0.4)
        raise Stop(f"there is no schema {name}", f"novita-mock schema {near}".rstrip())
    bundle = _catalogue(Settings.from_environment(os.environ, **flags)).bundle(path)
    click.echo(json.dumps(bundle, indent=2, ensure_ascii=False))


@click.command("config", epilog="Example: NOVITA_MOCK_SPEED=0 novita-mock config --port 0")
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


@click.command("doctor", epilog="Example: novita-mock doctor")
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
