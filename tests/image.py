"""The image of the Dockerfile without an engine: what it says, and a root of files to run that in."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

from novita_mock.types import JSON

ROOT = Path(__file__).parents[1]

#: What an image without a PATH of its own has.
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HOME = "/opt/novita-mock"


@dataclass(frozen=True, slots=True)
class Image:
    """What the last stage of a Dockerfile says."""

    env: Mapping[str, str]
    user: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    health: tuple[str, ...]
    stop_signal: str
    exposed: str


def read_image(path: Path = ROOT / "Dockerfile") -> Image:
    """The image that a Dockerfile describes.

    Raises:
        ValueError: a command is not in exec form.
        KeyError: something that an image must say is not said.
    """
    whole = re.sub(r"^#.*\n", "", path.read_text("utf-8"), flags=re.MULTILINE).replace("\\\n", " ")
    lines = re.split(r"^FROM .*\n", whole, flags=re.MULTILINE)[-1].splitlines()
    said = dict(line.split(None, 1) for line in lines if line.strip())
    pairs = [
        pair.split("=", 1) for line in lines if line.startswith("ENV ") for pair in shlex.split(line[4:])
    ]
    env = {name: value.replace("$PATH", PATH) for name, value in pairs}
    health = said["HEALTHCHECK"].partition("CMD")[2]
    entrypoint, command, checked = (_words(text) for text in (said["ENTRYPOINT"], said["CMD"], health))
    return Image(env, said["USER"], entrypoint, command, checked, said["STOPSIGNAL"], said["EXPOSE"])


def _words(text: str) -> tuple[str, ...]:
    words: JSON = json.loads(text)
    return tuple(words)


#: Mounts, read-only, in a namespace of our own: the root on itself, and below it what the host lends.
_MOUNT = """
root=$1 user=$2; shift 2
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
    mount --bind "$1" "$root$1"
    mount -o remount,bind,ro,nosuid,nodev "$root$1"
    shift
done
shift
mount -o remount,bind,ro,nosuid,nodev "$root"
"""
_AS_ROOT = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork"]
_AS_USER = [*_AS_ROOT, "--user", "--map-root-user"]
_ENTER_AS_ROOT = 'exec chroot --userspec="$user" --groups= "$root" "$@"'
#: A user who may not become another takes the other's number in a namespace within the first.
_ENTER_AS_USER = (
    'exec unshare --user --map-user="${user%:*}" --map-group="${user#*:}" --root="$root" --wd=/ "$@"'
)


@cache
def ways() -> tuple[list[str], str] | None:
    """How a root of our own is entered here: the namespaces and the last line; None where it can't be."""
    for namespaces, enter in ((_AS_ROOT, _ENTER_AS_ROOT), (_AS_USER, _ENTER_AS_USER)):
        told = subprocess.run([*namespaces, "true"], capture_output=True) if shutil.which("unshare") else None
        if told is not None and told.returncode == 0:
            return namespaces, enter
    return None


def lent() -> tuple[Path, ...]:
    """What an image has from its base, and we from the host: Python, and the libraries of the system."""
    places = (Path(sys.base_prefix), *map(Path, ("/lib", "/lib64", "/usr/lib", "/usr/lib64")))
    found = [place for place in places if place.is_dir() and not place.is_symlink()]
    return tuple(p for p in found if not any(other in p.parents for other in found))


def make_root(root: Path, wheel: Path) -> None:
    """Fill an empty folder as the Dockerfile fills the image: the wheel, what it needs, nothing else."""
    root.chmod(0o755)
    for place in lent():
        (root / place.relative_to("/")).mkdir(parents=True, exist_ok=True)
    for name in ("lib", "lib64"):
        if Path("/", name).is_symlink():
            (root / name).symlink_to(os.readlink(f"/{name}"))
    home = root / HOME.lstrip("/")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, timeout=60)
    pip = [sys.executable, "-m", "pip", "--python", str(home / "bin" / "python")]
    install = [*pip, "install", "-q", "--no-deps", "--no-index", "--no-compile", str(wheel)]
    subprocess.run(install, check=True, timeout=120)
    _copy_dependencies(next(home.glob("lib/python*/site-packages")))
    script = home / "bin" / "novita-mock"
    script.write_text(script.read_text("utf-8").replace(str(home), HOME), "utf-8")


def _copy_dependencies(site: Path) -> None:
    """Put beside the installed wheel what it says it needs, out of this environment, and nothing else."""
    (ours,) = distributions(name="novita-mock", path=[str(site)])
    for needed in _closure(ours):
        for file in needed.files or ():
            if ".." not in file.parts and needed.locate_file(file).is_file():  # type: ignore[attr-defined]
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(needed.locate_file(file)), site / file)


def _closure(first: Distribution) -> Iterator[Distribution]:
    seen, wanted = {first.name}, [first]
    while wanted:
        for line in wanted.pop().requires or ():
            requirement = Requirement(line)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
            if requirement.name not in seen:
                seen.add(requirement.name)
                wanted.append(distribution(requirement.name))
                yield wanted[-1]


def line(root: Path, user: str, *command: str) -> list[str]:
    """What has to be typed for a command to be run in a root, by a user, with nothing that can be written."""
    way = ways()
    assert way is not None
    namespaces, enter = way
    return [
        *namespaces,
        "sh",
        "-euc",
        _MOUNT + enter,
        "sh",
        str(root),
        user,
        *map(str, lent()),
        "--",
        *command,
    ]
