"""A value at an edge of what a schema allows."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from novita_contract.bases import GONE, Gone, picture
from novita_contract.exchange import named
from novita_contract.pictures import PictureText
from novita_mock.types import JSON

_MAX_TOLD = 80


@dataclass(frozen=True, slots=True)
class Edge:
    """A value to put in a place.

    Attributes:
        what: which it is, in capitals: ``BELOW``, ``PNG-RGB``; empty for the plainest one.
        make: makes it, or says that the place is left empty.
        told: the value for a person to read; a picture by its name, a long text by its size.
        heavy: whether it is megabytes, or the picture that it asks for is millions of pixels.
    """

    what: str
    make: Callable[[], JSON | Gone]
    told: str
    heavy: bool = False


def edge(what: str, value: JSON | Gone, told: str = "") -> Edge:
    """An edge that is a small value."""
    return Edge(what, lambda: value, told or tell(value))


def picture_edge(what: str, name: str, *, heavy: bool = False) -> Edge:
    """An edge that is a picture, made when it is asked for; a heavy one is not kept."""
    make = PictureText.of if heavy else picture
    return Edge(what, lambda: make(name), f"<picture {name}>", heavy)


def tell(value: JSON | Gone) -> str:
    """A value for a person to read, in one line."""
    if value is GONE:
        return "left out"
    if isinstance(value, str) and not isinstance(value, PictureText) and len(value) > _MAX_TOLD:
        return f"{len(value)} characters, {tell(value[:8])} and so on"
    text = json.dumps(named(value), ensure_ascii=False)
    return text if len(text) <= _MAX_TOLD else text[: _MAX_TOLD - 3] + "..."


def in_capitals(text: str) -> str:
    """A text as a part of an id: ``R-ESRGAN 4x+`` is ``R-ESRGAN-4XPLUS``."""
    spelled = text.upper().replace("+", "PLUS")
    return "".join(sign if sign.isalnum() or sign in "._" else "-" for sign in spelled).strip("-")
