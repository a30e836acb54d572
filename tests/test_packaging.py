"""What the project asks of others: bounds, locked versions, and a Python that will do."""

import re
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


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
    for extra in extras.keys() - {"bench"}:  # what others' libraries take is not tested
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
