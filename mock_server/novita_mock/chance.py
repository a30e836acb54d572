"""Chance as keyed hashes: an id or a drawn number depends on what it is for, not on who else drew.

There is no shared stream of random numbers, so what other accounts do changes nothing.
"""

import secrets
from hashlib import blake2b


def draw_seed() -> int:
    """A seed that nobody can guess."""
    return secrets.randbits(62)


def draw_token() -> str:
    """A token that nobody can guess, whatever the seed is."""
    return secrets.token_urlsafe(24)


class Chance:
    """Draws for one server: with the same seed the same ones in every run."""

    __slots__ = ("_key",)

    def __init__(self, seed: int) -> None:
        self._key = blake2b(str(seed).encode(), digest_size=32, person=b"novita-mock").digest()

    def digest(self, *purpose: str | int, size: int = 16) -> bytes:
        """``size`` bytes that belong to this purpose and to no other."""
        text = "\x1f".join(map(str, purpose)).encode("utf-8", "backslashreplace")
        return blake2b(text, key=self._key, digest_size=size).digest()

    def uuid(self, *purpose: str | int) -> str:
        """A version 4 UUID in its usual spelling."""
        drawn = self.digest(*purpose)
        text = drawn.hex()
        variant = "89ab"[drawn[8] >> 4 & 3]
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"

    def number(self, limit: int, *purpose: str | int) -> int:
        """A whole number from 0 up to, not including, ``limit`` (at most 2**32)."""
        return int.from_bytes(self.digest(*purpose, size=8)) * limit >> 64
