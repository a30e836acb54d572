"""Print the lower bounds of what users install, as pins.

``pip install -c`` then installs the oldest that we promise, and ``make check-lowest`` runs tests on it.
"""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
#: The extras that are for users; ``test`` and ``bench`` are for us.
EXTRAS = ("contract", "s3")
_BOUND = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[a-z,]+\])?>=(?P<version>[0-9.]+)(?P<marker> *;.*)?")


def pins(project: dict[str, Any], extras: Sequence[str] = EXTRAS) -> list[str]:
    """One pin for each requirement of a ``[project]`` table. Any: the table is TOML's own.

    Raises:
        ValueError: a requirement has no lower bound.
    """
    wanted = [*project["dependencies"]]
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    return [_pin(line) for line in wanted]


def _pin(line: str) -> str:
    found = _BOUND.fullmatch(line)
    if found is None:
        raise ValueError(f"{line!r} is not NAME>=VERSION")
    return f"{found['name']}=={found['version']}{found['marker'] or ''}"


def main() -> None:
    """Print them."""
    print(*pins(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]), sep="\n")


if __name__ == "__main__":
    main()
