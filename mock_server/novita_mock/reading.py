"""Texts of the command line and the environment as values; each raises ValueError where it can't."""

from urllib.parse import urlsplit

#: The speed of a clock that stands still until it is told to advance.
MANUAL = "manual"


def number(text: str) -> float:
    """A number that is not negative."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(text)
    return value


def positive(text: str) -> float:
    """A number above 0."""
    value = number(text)
    if value <= 0:
        raise ValueError(text)
    return value


def count(text: str) -> int:
    """A whole number from 1."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def port(text: str) -> int:
    """A port, or 0."""
    value = int(text)
    if not 0 <= value <= 65535:
        raise ValueError(text)
    return value


def seed(text: str) -> int:
    """A seed: a whole number from 0."""
    value = int(text)
    if not 0 <= value < 2**63:
        raise ValueError(text)
    return value


def speed(text: str) -> float | str:
    """A speed: a number, or ``manual``."""
    return MANUAL if text == MANUAL else number(text)


def flag(text: str) -> bool:
    """A switch."""
    known = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if text.lower() not in known:
        raise ValueError(text)
    return known[text.lower()]


def public_url(text: str) -> str:
    """An http or https address, without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(text)
    _ = parts.port
    return text.rstrip("/")
