"""The command that containers run every few seconds: does the double answer?

It imports nothing that a server needs, so that asking costs less than answering.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import click

from novita_mock.calling import CallFailed, Double, post
from novita_mock.options import debug_option
from novita_mock.settings import SettingsError
from novita_mock.types import JSON
from novita_mock.verbs import double_of

#: Wall seconds until no answer is a no: before whoever asks gives the command itself up.
TIMEOUT_S = 2.0
#: Exit codes. Docker keeps 2 for itself.
HEALTHY, UNHEALTHY, INTERRUPTED = 0, 1, 130


@click.command("healthcheck", epilog="Example: novita-mock healthcheck --url http://127.0.0.1:4077")
@click.option("--url", metavar="URL", help="where the double is (default http://127.0.0.1:4077)")
@debug_option
def healthcheck_command(url: str | None) -> int:
    """Ask a running double whether it serves; exit code 0 or 1."""
    try:
        where = double_of(url, "", None).url
        told = Double(where, post=partial(post, timeout_s=TIMEOUT_S)).get("/health")
        if not isinstance(told, dict) or told.get("status") != "ok":
            raise CallFailed(f"what is at {where} is no double", "novita-mock healthcheck --url URL")
    except (CallFailed, SettingsError) as problem:
        hint = problem.hint if isinstance(problem, SettingsError) else f"try: {problem.hint}"
        click.echo(f"error: {problem}\n  {hint}", err=True)
        return UNHEALTHY
    click.echo(f"healthy: {where}")
    return HEALTHY


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int | None:
    """The command alone, without the rest of the command line.

    Args:
        arguments: after the command's name.
        environ: the environment, or what stands for it.

    Returns:
        The exit code; None where the arguments are wrong, which the whole command line says best.
    """
    state: dict[str, JSON] = {"debug": False, "environ": environ}
    try:
        code = healthcheck_command.main(
            list(arguments), "novita-mock healthcheck", standalone_mode=False, obj=state
        )
    except click.UsageError:
        return None
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    return int(code)
