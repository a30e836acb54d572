"""What comes along with ``pip install novita-mock``, as the metadata of what is installed says.

``python tools/shipped.py`` prints the part of ``requirements.lock`` that does; ``make audit`` looks it up.
"""

import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lowest import EXTRAS

NAME = "novita-mock"
#: What is needed under any of these is listed, whatever Python makes the list.
_PYTHONS = ("3.11", "3.12", "3.13")


@cache
def shipped() -> dict[str, str]:
    """Every distribution that is needed, ours not among them, by name: ``-``, or the extras that bring it."""
    plain = _closure(())
    brought = {extra: _closure((extra,)) - plain for extra in EXTRAS}
    names = plain.union(*brought.values()) - {NAME}
    return {
        name: "-" if name in plain else ", ".join(extra for extra in EXTRAS if name in brought[extra])
        for name in sorted(names)
    }


def installed(name: str) -> Distribution | None:
    """A distribution, where this Python has need of it."""
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _closure(extras: Iterable[str]) -> set[str]:
    seen: set[tuple[str, str]] = set()
    waiting = [(NAME, extra) for extra in ("", *extras)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        found = installed(name)
        for line in (found.requires or ()) if found else ():
            needed = Requirement(line)
            if _applies(needed, extra):
                waiting += [(canonicalize_name(needed.name), more) for more in ("", *needed.extras)]
    return {name for name, _ in seen}


def _applies(needed: Requirement, extra: str) -> bool:
    if needed.marker is None:
        return extra == ""
    told = (
        {"extra": extra, "python_version": python, "python_full_version": f"{python}.0"}
        for python in _PYTHONS
    )
    return any(needed.marker.evaluate(dict(each)) for each in told)


def locked(text: str) -> str:
    """The part of ``requirements.lock`` that comes along.

    Raises:
        LookupError: something that does is not in it.
    """
    entries = {entry.partition("==")[0]: entry for entry in re.split(r"\n(?=[a-z0-9])", text.strip())}
    missing = [name for name in shipped() if name not in entries]
    if missing:
        raise LookupError(f"not in requirements.lock: {', '.join(missing)}; make lock")
    return "\n".join(entries[name] for name in shipped()) + "\n"


if __name__ == "__main__":
    print(locked((Path(__file__).resolve().parents[1] / "requirements.lock").read_text("utf-8")), end="")
