"""How a command ends that can't go on."""

import click

#: Exit codes: a check failed or we are broken; wrong use; stopped by Ctrl-C.
FAILED, USAGE, INTERRUPTED = 1, 2, 130


class Stop(Exception):
    """The end of a command that can't go on; ``hint`` is what to type instead."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def tell(message: str, hint: str) -> None:
    """Say on standard error what is wrong, and what to type instead."""
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"  {hint}", err=True)
