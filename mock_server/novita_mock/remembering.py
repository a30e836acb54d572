"""What was found once and is known again, in a dictionary that does not grow without end."""

from typing import TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


def remember(known: dict[Key, Value], key: Key, value: Value, most: int) -> Value:
    """Know a value by its key, and return it; where so many are known already, all are found anew."""
    if len(known) >= most:
        known.clear()
    known[key] = value
    return value
