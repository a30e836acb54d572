"""The oldest packages that we promise are those of the lower bounds."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lowest import EXTRAS, pins
from shipped import locked, shipped

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_a_lower_bound_becomes_a_pin():
    project = {
        "dependencies": ["one>=1.2", "two[extra]>=3 ; sys_platform != 'win32'"],
        "optional-dependencies": {"contract": ["three>=0.1.0"], "s3": [], "test": ["four>=4"]},
    }
    assert pins(project) == ["one==1.2", "two==3 ; sys_platform != 'win32'", "three==0.1.0"]


@pytest.mark.parametrize("line", ["one", "one==1", "one>1", "one>=1,<2", "one~=1.2"])
def test_what_has_no_plain_lower_bound_is_refused(line):
    with pytest.raises(ValueError, match="is not NAME>=VERSION"):
        pins({"dependencies": [line], "optional-dependencies": {}}, ())


def test_all_that_users_install_is_pinned():
    line = [sys.executable, str(ROOT / "tools/lowest.py")]
    told = subprocess.run(line, capture_output=True, text=True, timeout=20)
    assert told.returncode == 0, told.stderr
    pinned = {line.partition("==")[0] for line in told.stdout.splitlines()}
    assert {"starlette", "pytest", "boto3"} <= pinned <= set(shipped())
    assert "ruff" not in pinned


def test_every_extra_is_for_users_or_for_us():
    assert {*EXTRAS, "test", "bench"} == set(PROJECT["optional-dependencies"])


def test_the_locked_versions_of_what_comes_along_are_told_with_their_hashes():
    told = locked((ROOT / "requirements.lock").read_text("utf-8"))
    assert [line.partition("==")[0] for line in told.splitlines() if "==" in line] == list(shipped())
    assert told.count("--hash=sha256:") > len(shipped())


def test_a_lock_that_lacks_something_is_refused():
    with pytest.raises(LookupError, match="starlette"):
        locked("anyio==1.0 \\\n    --hash=sha256:00\n")
