"""What is shipped: a wheel that works outside the checkout, a lock file, a changelog of this version."""

import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import pytest

from novita_mock import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
HOSTILE = ("schemas.py", "fixtures.py", "mock_server.py", "types.py", "novita_mock.py")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from the checkout without an index."""
    folder = tmp_path_factory.mktemp("dist")
    line = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    told = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder into which pip has installed the wheel alone."""
    folder = tmp_path_factory.mktemp("site")
    line = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(folder)]
    told = subprocess.run([*line, str(wheel)], capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    return folder


def type_installed(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command; the checkout is not on the path."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("NOVITA_")}
    line = [sys.executable, "-W", "error", str(installed / "bin" / "novita-mock"), *arguments]
    return subprocess.run(
        line,
        cwd=cwd,
        env=environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_wheel_holds_two_packages_and_the_data_inside(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"novita_mock", "novita_contract"}
    for name in (
        "novita_mock/_schemas/operations.json",
        "novita_mock/_fixtures/models.json",
        "novita_mock/py.typed",
    ):
        assert name in names
    shipped = {
        name.removeprefix("novita_mock/_schemas/")
        for name in names
        if name.startswith("novita_mock/_schemas/")
    }
    assert shipped == {
        path.relative_to(ROOT / "schemas").as_posix() for path in (ROOT / "schemas").rglob("*.*")
    }


def test_the_wheel_holds_all_that_the_contract_tests_read(wheel):
    folder = ROOT / "contract_tests" / "novita_contract"
    files = {f"novita_contract/{path.name}" for path in folder.iterdir() if path.is_file()}
    assert {"novita_contract/py.typed", "novita_contract/report.schema.json"} <= files
    assert files <= set(zipfile.ZipFile(wheel).namelist())


def test_the_installed_command_has_those_of_the_contract_tests(installed, tmp_path):
    listed = type_installed(installed, tmp_path, "--help").stdout
    for name in PROJECT["entry-points"]["novita_mock.commands"]:
        assert f"  {name} " in listed
        told = type_installed(installed, tmp_path, name, "--help")
        assert told.returncode == 0, told.stderr
        assert f"Example: novita-mock {name} " in told.stdout


def test_the_installed_command_finds_its_data_among_hostile_names(installed, tmp_path):
    for name in HOSTILE:
        (tmp_path / name).write_text("raise ImportError('the wrong module')")
    told = type_installed(installed, tmp_path, "doctor", "--port", "0")
    assert told.returncode == 0, told.stdout + told.stderr
    assert str(installed / "novita_mock" / "_schemas") in told.stdout


def test_the_installed_demo_runs(installed, tmp_path):
    told = type_installed(installed, tmp_path, "demo")
    assert told.returncode == 0, told.stdout + told.stderr
    assert len(list((tmp_path / "demo-out").iterdir())) == 4


def test_the_installed_openapi_is_that_of_the_checkout(installed, tmp_path):
    told = type_installed(installed, tmp_path, "openapi")
    assert json.loads(told.stdout)["info"]["version"] == __version__


def test_the_changelog_begins_with_this_version():
    entries = re.findall(
        r"^## \[(.+?)\](?: - (\S+))?$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    versions = [entry for entry in entries if entry[0] != "Unreleased"]
    assert versions[0][0] == __version__
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for _, date in versions)


def test_every_dependency_is_locked_with_hashes():
    text = (ROOT / "requirements.lock").read_text("utf-8")
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))
    wanted = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["test"]
    for name in (re.match(r"[a-z0-9-]+", line)[0] for line in wanted):
        assert name in locked, f"{name} is not in requirements.lock: make lock"
    for entry in re.split(r"\n(?=[a-z0-9-]+==)", text.strip()):
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_lock_holds_no_address_and_no_path():
    text = (ROOT / "requirements.lock").read_text("utf-8")
    for line in text.splitlines():
        assert re.match(r"[a-z0-9-]+==\S+( ; .+)? \\$| {4}--hash=sha256:[0-9a-f]{64}( \\)?$", line), line


def test_every_dependency_has_a_lower_bound_and_no_upper_one():
    for line in [*PROJECT["dependencies"], *chain(*PROJECT["optional-dependencies"].values())]:
        assert re.match(r"[a-z0-9-]+(\[[a-z]+\])?>=[\d.]+($|;)", line), line


def test_the_tests_have_all_that_an_extra_brings():
    extras = PROJECT["optional-dependencies"]
    for extra in extras:
        assert set(extras[extra]) <= set(extras["test"]), extra


def set_up(python: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run what ``make setup`` runs, with a Python that will not do."""
    line = [str(ROOT / "tools/setup"), str(folder / "venv"), python]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=20)


def pretended_python(folder: Path, script: str) -> str:
    """A program that answers as some Python would."""
    program = folder / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return str(program)


def test_setup_without_python_says_what_to_type(tmp_path):
    told = set_up("no-such-python", tmp_path)
    assert told.returncode == 1
    assert "there is no no-such-python here\n  try: make setup PYTHON=" in told.stderr


def test_setup_with_an_old_python_says_what_to_type(tmp_path):
    python = pretended_python(tmp_path, 'case "$2" in *platform*) echo 3.9.2 ;; *) exit 1 ;; esac')
    told = set_up(python, tmp_path)
    assert told.returncode == 1
    assert "needs Python 3.11 or newer" in told.stderr
    assert "is 3.9.2\n  try: make setup PYTHON=python3" in told.stderr


def test_setup_without_venv_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")  # uv, where it is, would do instead
    python = pretended_python(tmp_path, 'case "$2" in *ensurepip*) exit 1 ;; esac')
    told = set_up(python, tmp_path)
    assert told.returncode == 1
    assert "its venv module is missing\n  try: sudo apt-get install python3-venv" in told.stderr
