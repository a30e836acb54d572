"""What the command line shows of a double: tables and lines that are safe for any terminal."""

import json
from collections.abc import Iterable, Mapping, Sequence

from novita_mock.types import JSON

#: Longest cell of a table, in characters.
MAX_CELL = 60


def safe(text: str) -> str:
    """A text with everything that a terminal might obey, or that hides, written out."""
    return "".join(
        each if each.isprintable() else ascii(each)[1:-1]  # a newline, an escape, a change of direction
        for each in text
    )


def cell(value: JSON) -> str:
    """A value as one cell: nothing where there is none, and cut where it is long."""
    if value is None or value == "" or value == [] or value == {}:
        return "-"
    text = safe(
        value if isinstance(value, str) else ", ".join(map(str, value)) if _flat(value) else raw(value)
    )
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 3]}..."


def table(head: Sequence[str], rows: Iterable[Sequence[JSON]]) -> str:
    """Columns, each as wide as its widest cell; a word where there is no row."""
    cells = [[cell(value) for value in row] for row in rows]
    if not cells:
        return "none"
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    lines = ([name.upper() for name in head], *cells)
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def record(told: Mapping[str, JSON]) -> str:
    """An object, one line a field; what stands deeper is JSON."""
    width = max(map(len, told), default=0)
    return "\n".join(f"{safe(name).ljust(width)}  {_line(value)}" for name, value in told.items())


def raw(told: JSON, indent: int | None = None) -> str:
    """JSON as it came, in ASCII, so that no terminal obeys it."""
    return json.dumps(told, indent=indent).replace("\x7f", "\\u007f")


def _line(value: JSON) -> str:
    return safe(value) if isinstance(value, str) else raw(value)


def _flat(value: JSON) -> bool:
    return isinstance(value, list) and all(isinstance(item, str | int) for item in value)
