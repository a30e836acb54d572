"""What could keep the double from working on this machine, each with what to type."""

import os
import platform
import socket
import sys
import tempfile
from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module, metadata

from novita_mock import __version__
from novita_mock.banner import TINY_PNG
from novita_mock.catalogue import load, schema_paths
from novita_mock.clock import SEEDED_EPOCH_S, Wall
from novita_mock.files import folder
from novita_mock.render import inspect, render
from novita_mock.settings import Settings
from novita_mock.work import Work

PYTHON = (3, 11)
PACKAGES = (
    "starlette",
    "uvicorn",
    "jsonschema",
    "referencing",
    "msgspec",
    "pybase64",
    "pillow",
    "click",
)
INSTALL = "pip install --force-reinstall novita-mock, or make clean setup in a checkout"
PROXY = "export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is good, what it is, and what to type where it is not."""

    name: str
    good: bool
    told: str
    hint: str = ""


def checks(settings: Settings, environ: Mapping[str, str], wall: Wall) -> Iterator[Finding]:
    """Look at everything, in the order in which it would get in the way.

    Args:
        settings: for the address and the port that ``serve`` would use.
        environ: the environment, for its proxy variables.
        wall: the machine's clock.
    """
    yield python()
    yield packages()
    yield speedups()
    yield data()
    for image_type in ("png", "jpeg", "webp"):
        yield codec(image_type)
    yield port(settings.host, settings.port)
    yield proxies(environ)
    yield writing()
    yield clock(wall)


def python() -> Finding:
    """The interpreter is new enough."""
    told = f"{platform.python_implementation()} {platform.python_version()} at {sys.executable}"
    return Finding("python", sys.version_info >= PYTHON, told, "make clean setup PYTHON=python3.11")


def packages() -> Finding:
    """Every package that we need is installed."""
    found, missing = [f"novita-mock {__version__}"], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    told = f"missing: {', '.join(missing)}" if missing else ", ".join(found)
    return Finding("packages", not missing, told, INSTALL)


def speedups() -> Finding:
    """The fast HTTP parser and event loop can be loaded; the loop is not for Windows."""
    wanted = ["httptools"] if sys.platform == "win32" else ["httptools", "uvloop"]
    try:
        found = [f"{name} {import_module(name).__version__}" for name in wanted]
    except ImportError as problem:
        return Finding("fast path", False, str(problem), INSTALL)
    return Finding("fast path", True, ", ".join(found))


def data() -> Finding:
    """The contract's files are there and can be read."""
    try:
        count, places = len(load().operations), f"{folder('schemas')} and {folder('fixtures')}"
        return Finding("data", True, f"{count} operations, {len(schema_paths())} schemas; {places}")
    except (OSError, ValueError, KeyError, TypeError) as problem:
        return Finding("data", False, f"{type(problem).__name__}: {problem}", INSTALL)


def codec(image_type: str) -> Finding:
    """A picture can be made in a format, and be read again."""
    content = b64decode(TINY_PNG)
    digest = sha256(content).hexdigest()
    request = {"model_name": "4x-UltraSharp", "scale_factor": 2.0, "image_base64": digest}
    try:
        made = inspect(render(Work("upscale", request, {digest: content}, 0, image_type))[0])
    except Exception as problem:  # a broken Pillow fails in its own ways
        told = f"{type(problem).__name__}: {problem}"
        return Finding(image_type, False, told, "pip install --force-reinstall pillow")
    good = (made.format, made.width, made.height) == (image_type, 16, 16)
    return Finding(image_type, good, f"{made.width}x{made.height} {made.format} made and read", INSTALL)


def port(host: str, number: int) -> Finding:
    """The address can be listened on."""
    try:
        family = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name == "posix":
                # As the server does, so that a port that was just left counts as free.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, number))
    except OSError as problem:
        told = f"{host}, port {number}: {problem.strerror or problem}"
        return Finding("port", False, told, "novita-mock serve --port 0")
    return Finding("port", True, f"{host}, port {number} is free")


def proxies(environ: Mapping[str, str]) -> Finding:
    """No proxy variable would catch requests to this machine."""
    names = {name.lower(): name for name in environ if environ[name]}
    caught = [names[name] for name in ("http_proxy", "all_proxy") if name in names]
    exempt = [host.strip() for host in environ.get(names.get("no_proxy", ""), "").split(",")]
    hosts = [host for host in ("127.0.0.1", "localhost") if host not in exempt and "*" not in exempt]
    if caught and hosts:
        told = f"{', '.join(caught)} would catch requests to {' and '.join(hosts)}"
        return Finding("proxies", False, told, PROXY)
    return Finding("proxies", True, "none in the way")


def writing() -> Finding:
    """The current folder can be written to, where ``demo`` leaves its pictures."""
    try:
        with tempfile.TemporaryFile(dir=os.curdir):
            return Finding("folder", True, f"{os.getcwd()} can be written to")
    except OSError as problem:
        told = f"the current folder can't be written to: {problem.strerror}"
        return Finding("folder", False, told, "cd to a folder of yours, or novita-mock demo --out FOLDER")


def clock(wall: Wall) -> Finding:
    """The machine's clock is not years behind: links would look expired to clients."""
    now = wall.time()
    return Finding("clock", now >= SEEDED_EPOCH_S, f"{now:.0f} seconds since 1970", "set the machine's clock")
