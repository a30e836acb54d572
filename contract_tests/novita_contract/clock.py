"""Wall time; alone in this package in reading it."""

import time
from datetime import UTC, datetime


def now_s() -> float:
    """Seconds that only go forward, from some beginning."""
    return time.monotonic()


def pause(seconds: float) -> None:
    """Let wall time pass."""
    time.sleep(max(0.0, seconds))


def today() -> datetime:
    """The date and time, in UTC."""
    return datetime.now(UTC)
