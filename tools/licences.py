"""Write ``docs/licences.md``: under which licence each package comes that an installation brings along.

No versions stand there, so that it changes when a licence does. With ``--check`` nothing is written, and the
exit code is 1 when the page is not what the installed packages say, or one has a licence that is not allowed.
"""

import sys
from email.message import Message
from importlib.metadata import Distribution
from pathlib import Path
from typing import cast

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from shipped import installed, shipped

PAGE = Path(__file__).resolve().parents[1] / "docs" / "licences.md"

#: What asks for no more than that its notice is kept.
PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-CMU", "PSF-2.0", "Unlicense",
}  # fmt: skip
#: What asks for more, package by package: changed files of it stay under it. We change none.
NAMED = {"hypothesis": "MPL-2.0"}
#: How older metadata words what has a name in SPDX.
_SPELLINGS = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
}
#: Read in the licence files of those whose metadata lists two and not whether one is enough. All of dateutil
#: is under the BSD licence, its newer parts under the other as well.
_READ = {"python-dateutil": "BSD-3-Clause", "uvloop": "Apache-2.0 OR MIT"}

_HEAD = """# Licences

The project is under the [MIT licence](../LICENSE), and carries no packages of others.
`pip install novita-mock` brings these along, on Linux and macOS; those with an extra come with that only.
The page is written by `make docs` from what the packages say of themselves.

| package | licence | extra |
| --- | --- | --- |
"""


class Unknown(Exception):
    """The metadata of a package does not say what its licence is."""


def licence(name: str, found: Distribution) -> str:
    """The licence of a distribution, as an SPDX expression.

    Raises:
        Unknown: nothing in its metadata is one.
    """
    if name in _READ:
        return _READ[name]
    told = cast("Message", found.metadata)
    classifiers = [line for line in told.get_all("Classifier", []) if line.startswith("License :: OSI")]
    for words in (told["License-Expression"], told["License"], *classifiers[:1]):
        try:
            return canonicalize_license_expression(_SPELLINGS.get(words, words) or "")
        except InvalidLicenseExpression:
            continue
    raise Unknown(
        f"{name}: its metadata names no licence; read its files, and name it in {Path(__file__).name}"
    )


def allowed(name: str, expression: str) -> bool:
    """Whether a package may come along: some alternative of its licence is permissive, or it is named."""
    if NAMED.get(name) == expression:
        return True
    return any(set(either.split(" AND ")) <= PERMISSIVE for either in expression.split(" OR "))


def page(written: str) -> str:
    """The page as it should be; what only another Python needs keeps the row that it has."""
    kept = {row.split(" | ")[0]: row for row in written.splitlines() if row.startswith("| ")}
    rows = []
    for name, extra in shipped().items():
        if found := installed(name):
            rows.append(f"| {name} | {licence(name, found)} | {extra} |")
        elif f"| {name}" in kept:
            rows.append(kept[f"| {name}"])
    return _HEAD + "\n".join(rows) + "\n"


def forbidden() -> list[str]:
    """One line for each package whose licence is not allowed."""
    told = {name: licence(name, found) for name in shipped() if (found := installed(name))}
    return [f"{name}: {expression}" for name, expression in told.items() if not allowed(name, expression)]


def main(arguments: list[str]) -> int:
    """Write the page, or check it."""
    written = PAGE.read_text("utf-8") if PAGE.exists() else ""
    wanted = page(written)
    for line in forbidden():
        print(f"not on the list of allowed licences: {line}")
    if "--check" in arguments:
        if written != wanted:
            print(f"{PAGE.name} is not what the installed packages say; type: make docs")
        return 1 if forbidden() or written != wanted else 0
    PAGE.write_text(wanted, "utf-8")
    return 1 if forbidden() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
