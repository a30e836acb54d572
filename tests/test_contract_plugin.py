"""The cases as tests of pytest, from the plugin that comes with the package."""

import os
import subprocess
import sys
from pathlib import Path

from conforming import KEY, SECOND, double

ROOT = Path(__file__).parents[1]
PATHS = os.pathsep.join(str(ROOT / name) for name in ("mock_server", "contract_tests"))


def pytest_of(*words, **environment):
    """``pytest --pyargs novita_contract`` in an empty folder."""
    line = [
        sys.executable,
        "-m",
        "pytest",
        "--pyargs",
        "novita_contract",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",  # it warns unless it is told more
        "-q",
        *words,
    ]
    told = {**os.environ, "PYTHONPATH": PATHS, **environment}
    return subprocess.run(line, capture_output=True, text=True, timeout=240, env=told, cwd="/")


def test_each_case_is_a_test_against_an_address():
    with double() as url:
        told = pytest_of(
            "--novita-target", url, "--novita-select", "UPS-REQUEST.SCALE_FACTOR*", "-W", "error"
        )
    assert told.returncode == 0, told.stdout + told.stderr
    assert " passed" in told.stdout


def test_it_runs_under_xdist_with_a_private_double_each():
    told = pytest_of("-n", "2", "--novita-select", "UPS-KEY*", "--novita-select", "RES-TASK*")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "2 workers" in told.stdout or " passed" in told.stdout


def test_a_deviation_fails_its_test_and_says_how_to_see_it():
    with double(key=(KEY, SECOND), max_pending_tasks=0) as url:
        words = (
            "--novita-target",
            url,
            "--novita-key-env",
            "MINE",
            "--novita-select",
            "*SCALE_FACTOR-MAXIMUM-ACC*",
        )
        told = pytest_of(*words, MINE=KEY)
    assert told.returncode == 1, told.stdout + told.stderr
    assert "test_contract[UPS-REQUEST.SCALE_FACTOR-MAXIMUM-ACCEPTED]" in told.stdout
    assert "$NOVITA_API_KEY" in told.stdout
    assert KEY not in told.stdout + told.stderr


def test_wrong_use_and_nobody_there_end_the_run_with_their_codes():
    assert pytest_of("--novita-target", "nowhere").returncode == 2
    assert pytest_of("--novita-target", "http://127.0.0.1:9", "--novita-select", "UPS-KEY*").returncode == 3
    assert pytest_of("--novita-select", "NOTHING").returncode == 2


def test_it_costs_other_projects_nothing(tmp_path):
    (tmp_path / "test_other.py").write_text(
        "import sys\n\ndef test_nothing_is_imported():\n"
        "    ours = {name for name in sys.modules if name.startswith('novita_contract.')}\n"
        "    assert ours == {'novita_contract.pytest_plugin'}\n"
        "    assert 'httpx2' not in sys.modules\n"
    )
    line = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    off = ["-p", "no:hypothesispytest", "-p", "no:schemathesis"]
    told = subprocess.run(
        [*line, *off, str(tmp_path)], capture_output=True, text=True, timeout=60, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": PATHS},
    )  # fmt: skip
    assert told.returncode == 0, told.stdout + told.stderr
