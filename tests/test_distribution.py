"""The sdist and the wheel: what is in them, what they say of themselves, and the same bytes everywhere."""

import os
import re
import shutil
import stat
import subprocess
import tarfile
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from built import build
from novita_mock import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
TOP = f"novita_mock-{__version__}"

#: What lies about in somebody's checkout, and is nobody else's business.
RUBBISH = (
    ".env", "notes.txt", ".venv/pyvenv.cfg", ".clients/package.json", ".hypothesis/examples/x", ".git/config",
    ".mypy_cache/x.json", "build/lib/x.py", "dist/old.whl", "demo-out/after.png", "schemas/__pycache__/x.pyc",
    "mock_server/novita_mock/__pycache__/app.cpython-311.pyc", "tests/clients/node_modules/x/index.js",
    "examples/node_modules/x.js", "tests/.env", "fixtures/.DS_Store", ".ci/run",
)  # fmt: skip
#: What names a workplace, or opens a door.
SECRETS = re.compile(
    rb"/(work|root|home/\w+)/[a-z]|BEGIN [A-Z ]*PRIVATE KEY"
    rb"|\bsk_[A-Za-z0-9]{32,}|\b(ghp|pypi)[-_][A-Za-z0-9]{20,}"
)
#: A clock of another year, for the build that must not look at it.
LATER = """
import time
now, gmtime, localtime = time.time, time.gmtime, time.localtime
time.time = lambda: now() + 4e7
time.gmtime = lambda s=None: gmtime(time.time() if s is None else s)
time.localtime = lambda s=None: localtime(time.time() if s is None else s)
"""


def members(sdist: Path) -> dict[str, tarfile.TarInfo]:
    """The files of an sdist, by their path in the project."""
    with tarfile.open(sdist) as tar:
        return {each.name.removeprefix(f"{TOP}/"): each for each in tar.getmembers()}


def in_wheel(wheel: Path, name: str) -> bytes:
    with zipfile.ZipFile(wheel) as held:
        return held.read(name)


@pytest.fixture(scope="module")
def unpacked(sdist, tmp_path_factory):
    """What whoever downloads the sdist gets."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as tar:
        tar.extractall(folder, filter="data")
    return folder / TOP


@pytest.fixture(scope="module")
def elsewhere(sdist, tmp_path_factory):
    """The same project in another folder: other times, fewer permissions, and a lot lying about."""
    folder = tmp_path_factory.mktemp("elsewhere")
    for name in (name for name in members(sdist) if name != "PKG-INFO"):
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy)
        copy.chmod(0o700 if os.access(ROOT / name, os.X_OK) else 0o600)
        os.utime(copy, (1_000_000_000, 1_000_000_000))
    for name in RUBBISH:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("nobody's business")
    return folder


def test_the_sdist_holds_all_that_is_committed_but_our_own_ci(sdist):
    told = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if told.returncode != 0:
        pytest.skip("not a checkout of git")
    committed = {name for name in told.stdout.split("\0") if name and (ROOT / name).is_file()}
    assert {name for name in committed if not name.startswith(".ci/")} - set(members(sdist)) == set()


def test_the_sdist_holds_what_building_and_testing_takes(sdist):
    names = members(sdist)
    assert {"pyproject.toml", "Makefile", "requirements.lock", "LICENSE", "README.md", "PKG-INFO"} <= set(
        names
    )
    tops = {name.partition("/")[0] for name in names if "/" in name}
    assert {"schemas", "fixtures", "mock_server", "contract_tests", "tests", "docs", "tools"} <= tops


def test_the_sdist_holds_no_secret_and_no_word_of_where_it_was_made(unpacked):
    files = [path for path in unpacked.rglob("*") if path.is_file() and path.name != Path(__file__).name]
    found = {str(path): SECRETS.findall(path.read_bytes()) for path in files}
    assert {name: words for name, words in found.items() if words} == {}


def test_the_same_bytes_are_built_in_another_folder_at_another_time_by_another_hand(
    sdist, wheel, elsewhere, tmp_path
):
    (tmp_path / "sitecustomize.py").write_text(LATER)
    environ = {"PYTHONPATH": str(tmp_path), "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "LC_ALL": "C"}
    again = build(elsewhere, tmp_path / "dist", umask=0o077, **environ)
    assert sorted(path.name for path in again.iterdir()) == sorted([sdist.name, wheel.name])
    new = set(members(again / sdist.name)) ^ set(members(sdist))
    assert new == set()
    assert (again / sdist.name).read_bytes() == sdist.read_bytes()
    assert (again / wheel.name).read_bytes() == wheel.read_bytes()


def test_the_unpacked_sdist_builds_the_same_wheel_and_itself(sdist, wheel, unpacked, tmp_path):
    again = build(unpacked, tmp_path)
    assert (again / wheel.name).read_bytes() == wheel.read_bytes()
    assert (again / sdist.name).read_bytes() == sdist.read_bytes()


def test_files_can_be_read_by_all_and_written_by_nobody_else(sdist, wheel):
    with zipfile.ZipFile(wheel) as held:
        modes = {each.filename: stat.S_IMODE(each.external_attr >> 16) for each in held.infolist()}
    assert {mode for name, mode in modes.items() if ".dist-info/" not in name} == {0o644}
    assert set(modes.values()) == {0o644}
    for name, each in members(sdist).items():
        assert each.isfile(), name  # no link leads out of it
        runs = os.access(ROOT / name, os.X_OK) and name != "PKG-INFO"
        assert (each.mode, each.uid, each.gid) == (0o755 if runs else 0o644, 0, 0), name
    assert members(sdist)["tools/setup"].mode == 0o755


def test_the_wheel_holds_two_packages_and_the_data_inside(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"novita_mock", "novita_contract"}
    assert {f"{top}/py.typed" for top in tops} <= set(names)
    for name in ("schemas", "fixtures"):
        inside = f"novita_mock/_{name}/"
        shipped = {held.removeprefix(inside) for held in names if held.startswith(inside)}
        assert shipped == {path.relative_to(ROOT / name).as_posix() for path in (ROOT / name).rglob("*.*")}


def test_the_wheel_holds_all_that_the_contract_tests_read(wheel):
    folder = ROOT / "contract_tests" / "novita_contract"
    files = {f"novita_contract/{path.name}" for path in folder.iterdir() if path.is_file()}
    assert {"novita_contract/py.typed", "novita_contract/report.schema.json"} <= files
    assert files <= set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_says_what_it_is(wheel, sdist):
    raw = in_wheel(wheel, f"{TOP}.dist-info/METADATA")
    told = Metadata.from_email(raw, validate=True)
    assert (told.name, str(told.version), told.license_expression) == ("novita-mock", __version__, "MIT")
    assert told.requires_python == SpecifierSet(PROJECT["requires-python"]) == SpecifierSet(">=3.11")
    assert {f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13)} <= set(told.classifiers)
    assert told.description_content_type == "text/markdown"
    assert told.description == (ROOT / "README.md").read_text("utf-8")
    assert set(told.provides_extra) == set(PROJECT["optional-dependencies"])
    with tarfile.open(sdist) as tar:
        assert tar.extractfile(f"{TOP}/PKG-INFO").read() == raw


def test_the_wheel_asks_for_what_the_project_asks_for(wheel):
    raw = in_wheel(wheel, f"{TOP}.dist-info/METADATA")
    asked = [line for line in Metadata.from_email(raw).requires_dist if "extra ==" not in str(line.marker)]
    assert set(asked) == {Requirement(line) for line in PROJECT["dependencies"]}


def test_the_wheel_carries_its_licence(wheel):
    assert in_wheel(wheel, f"{TOP}.dist-info/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert b"License-File: LICENSE" in in_wheel(wheel, f"{TOP}.dist-info/METADATA")


def test_every_entry_point_of_the_wheel_leads_to_a_file_in_it(wheel):
    text = in_wheel(wheel, f"{TOP}.dist-info/entry_points.txt").decode()
    written = dict(line.split(" = ") for line in text.splitlines() if " = " in line)
    declared = dict(
        chain(*(group.items() for group in (PROJECT["scripts"], *PROJECT["entry-points"].values())))
    )
    assert written == declared
    names = zipfile.ZipFile(wheel).namelist()
    for target in written.values():
        assert target.partition(":")[0].replace(".", "/") + ".py" in names, target


def test_the_wheel_runs_everywhere_that_python_does(wheel):
    assert wheel.name == f"{TOP}-py3-none-any.whl"
    assert b"Root-Is-Purelib: true" in in_wheel(wheel, f"{TOP}.dist-info/WHEEL")
