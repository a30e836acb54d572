"""What ``novita-mock serve`` says once it serves: to people, to pipes and to the ready file."""

import errno
import json
import os
import sys
from pathlib import Path

import click

from novita_mock import __version__
from novita_mock.catalogue import Catalogue
from novita_mock.settings import Settings
from novita_mock.types import JSON

#: The key that the examples use where any key is let in.
EXAMPLE_KEY = "sk_mock"

#: A complete picture, 8 x 8 pixels, so that the printed command works as it stands.
TINY_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAQ0lEQVR42mPUqFjAgA2wQKhLbnPgQnq7UhgYGJjgoo86vj3q"
    "+AbnMkFUQYSQGUwMOABUQq6CC43BCHEVpuUsyBxkAABrghgHc9Eg6QAAAABJRU5ErkJggg=="
)


def announce(
    settings: Settings, catalogue: Catalogue, drawn_seed: int | None, drawn_token: str, url: str
) -> None:
    """Tell whoever started the server that it serves at ``url``.

    The ready file appears whole or not at all; a pipe gets the address as its first line; the
    banner goes to standard error.
    """
    if settings.ready_file is not None:
        write_ready_file(Path(settings.ready_file), url)
    if not sys.stdout.isatty():
        click.echo(url)
        sys.stdout.flush()
    if not settings.quiet:
        click.echo(banner(settings, catalogue, drawn_seed, url, drawn_token), err=True)


def write_ready_file(path: Path, url: str) -> None:
    """Write ``url``, ``pid`` and ``version`` as a JSON object, so that no reader sees half of it.

    Raises:
        OSError: the folder is not there or can't be written to.
    """
    content = {"url": url, "pid": os.getpid(), "version": __version__}
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(content) + "\n", "utf-8")
    beside.replace(path)


def forget_ready_file(path: Path) -> None:
    """Remove what an earlier run left, so that nobody takes it for this one's.

    Raises:
        OSError: it can't be removed, or its folder is not there.
    """
    path.unlink(missing_ok=True)
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder")


def banner(
    settings: Settings, catalogue: Catalogue, drawn_seed: int | None, url: str, drawn_token: str = ""
) -> str:
    """The text a person reads: what runs, where, and two ways to try it; a token only if it was drawn."""
    token = (f"  token   export NOVITA_MOCK_CONTROL_TOKEN={drawn_token}",) if drawn_token else ()
    export, key = _key(settings)
    seed = f"{drawn_seed} (drawn)" if settings.seed is None else str(settings.seed)
    return "\n".join(
        (
            "",
            f"  novita-mock {__version__}   seed {seed}   speed {_speed(settings.speed)}",
            f"  API     {url}",
            f"  key     {export}",
            *token,
            "  try it  (paste)",
            f"    {curl_line(catalogue, url, key)}",
            "  Python  " + f'NovitaClient("{EXAMPLE_KEY if not settings.key else "..."}", base_url="{url}")',
            "  Ctrl-C stops.",
            "",
        )
    )


def curl_line(catalogue: Catalogue, url: str, key: str = EXAMPLE_KEY) -> str:
    """A command for a POSIX shell that asks for an upscaled picture."""
    operation = catalogue.operation("upscale")
    request: JSON = {"model_name": "4x-UltraSharp", "scale_factor": 2, "image_base64": TINY_PNG}
    body = json.dumps({"request": request}, separators=(",", ":"))
    return (
        f'curl -sS {url}{operation.path} -H "Authorization: Bearer {key}"'
        f" -H 'Content-Type: application/json' -d '{body}'"
    )


def _key(settings: Settings) -> tuple[str, str]:
    """What to say of the key, and how the shell command spells it; a given key is never shown."""
    if settings.key:
        return "one of those given: export NOVITA_API_KEY=...", "$NOVITA_API_KEY"
    return f"any, for example export NOVITA_API_KEY={EXAMPLE_KEY}", EXAMPLE_KEY


def _speed(speed: float | str) -> str:
    if isinstance(speed, str):
        return speed
    return "0 (done at once)" if speed == 0 else f"{speed:g}"
