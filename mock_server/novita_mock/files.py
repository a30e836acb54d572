"""Where the data files are: inside the installed package, or beside the packages in a checkout."""

from functools import cache
from pathlib import Path

import msgspec

from novita_mock.types import JSON


@cache
def folder(name: str) -> Path:
    """The folder ``schemas`` or ``fixtures``.

    Raises:
        FileNotFoundError: neither the installed package nor a checkout holds it.
    """
    package = Path(__file__).resolve().parent
    for place in (package / f"_{name}", package.parents[1] / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"{name}: not inside {package} and not in a checkout; install novita-mock again")


def read_json(name: str, path: str) -> JSON:
    """A JSON file of a data folder, by its path inside it."""
    return msgspec.json.decode((folder(name) / path).read_bytes())
