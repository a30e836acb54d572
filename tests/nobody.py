"""Requests without a key, as whoever has a link makes them: each on a connection of its own."""

from typing import Any

import httpx2


def ask(method: str, url: str, **options: Any) -> httpx2.Response:
    """One request."""
    return httpx2.request(method, url, trust_env=False, timeout=10, **options)


def get(url: str, **options: Any) -> httpx2.Response:
    """One GET."""
    return ask("GET", url, **options)
