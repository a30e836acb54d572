"""The line of a request in the log."""

import logging

from novita_mock.settings import Settings

log = logging.getLogger("novita_mock.requests")


def logs(settings: Settings) -> bool:
    """Whether requests are logged at all."""
    return not settings.quiet and log.isEnabledFor(logging.INFO)


def log_line(settings: Settings, method: str, path: str, status: int, took_ms: float, note: str) -> None:
    """Log a request; ``status`` is 0 where no reply left, and ``note`` holds nothing that may not be told.

    Neither query nor headers: a link's signature and a key stand there.
    """
    if not logs(settings):
        return
    plain = ascii(path)[1:-1]
    shown = plain if len(plain) <= 100 else f"{plain[:97]}..."
    line = f"{method:<4} {shown:<24} {status or '---'} {took_ms:7.1f} ms  {ascii(note)[1:-1]}"
    log.info("%s", line.rstrip())
