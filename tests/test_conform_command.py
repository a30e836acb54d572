"""``novita-mock conform`` as a person types it: exit codes, reports, interruption, the plan, the baseline."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conforming import KEY, SECOND, double
from novita_mock.cli import run as cli

ROOT = Path(__file__).parents[1]
PATHS = os.pathsep.join(str(ROOT / name) for name in ("mock_server", "contract_tests"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": PATHS}


def conform(*words, environment=None):
    """The command in a process of its own."""
    line = [sys.executable, "-m", "novita_mock", "conform", *words]
    told = environment or ENVIRONMENT
    return subprocess.run(line, capture_output=True, text=True, timeout=240, env=told, cwd=ROOT)


def test_a_double_that_conforms_is_code_0_and_leaves_every_report(tmp_path):
    told = conform(
        "--select", "UPS-REQUEST.SCALE_FACTOR*", "--report", str(tmp_path / "report"), "--seed", "4"
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "conforms" in told.stdout
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert names == {
        "index.html", "conformance.json", "junit.xml", "requests.har", "summary.md", "badge.json",
    }  # fmt: skip
    document = json.loads((tmp_path / "report" / "conformance.json").read_text())
    assert document["exit_code"] == 0
    assert document["seed"] == 4


def test_a_double_that_deviates_is_code_1_and_its_curl_line_shows_it(tmp_path):
    words = ["--select", "UPS-REQUEST.SCALE_FACTOR*", "--quirk", "numeric-string=refused", "--json"]
    with double(max_pending_tasks=0) as url:  # accepts nothing: every submit is over a limit
        told = conform("--target", url, *words)
        assert told.returncode == 1, told.stdout + told.stderr
        document = json.loads(told.stdout)
        failed = next(case for case in document["cases"] if case["verdict"] == "fail")
        curl = failed["reproduce"]["curl"]
        assert "$NOVITA_API_KEY" in curl
        path = [str(Path(sys.executable).parent), os.environ["PATH"]]
        shell = {**ENVIRONMENT, "NOVITA_API_KEY": "sk_x", "PATH": os.pathsep.join(path)}
        again = subprocess.run(
            ["bash", "-ec", curl], capture_output=True, text=True, timeout=60, env=shell, cwd=tmp_path
        )
        assert again.returncode == 0, again.stderr
        assert json.loads(again.stdout)["reason"] == "RATE_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--target", "nowhere"), "is no target"),
        (("--target", "https://api.novita.ai"), "--target live"),
        (("--select", "NOTHING-LIKE-THIS"), "no case fits"),
        (("--layers", "rules,tales"), "there is no layer 'tales'"),
        (("--quirk", "no-such=1"), "there is no quirk"),
        (("--key-env", "NOT_SET_ANYWHERE"), "NOT_SET_ANYWHERE is not set"),
        (("--baseline-update",), "--baseline FILE"),
        (("--profile", "endless"), "endless"),
        (("--target", "live", "--budget-usd", "1"), "NOVITA_API_KEY"),
    ],
)
def test_wrong_use_is_code_2_and_says_what_to_type(words, said):
    told = conform(*words)
    assert told.returncode == 2, told.stdout + told.stderr
    assert said in told.stderr
    assert "Traceback" not in told.stderr


def test_nobody_there_is_code_3(tmp_path):
    told = conform("--target", "http://127.0.0.1:9", "--report", str(tmp_path))
    assert told.returncode == 3, told.stdout + told.stderr
    assert "does not answer" in told.stdout
    assert json.loads((tmp_path / "conformance.json").read_text())["exit_code"] == 3


def test_a_key_that_is_refused_is_code_3():
    with double(key=(KEY, SECOND)) as url:
        told = conform("--target", url)
    assert told.returncode == 3, told.stdout + told.stderr
    assert "the key is not let in" in told.stdout


def test_a_key_comes_from_the_variable_that_is_named():
    with double(key=(KEY, SECOND)) as url:
        environment = {**ENVIRONMENT, "MINE": KEY, "OTHER": SECOND}
        words = (
            "--target",
            url,
            "--key-env",
            "MINE",
            "--second-key-env",
            "OTHER",
            "--select",
            "RES-TASK*",
            "--json",
        )
        told = conform(*words, environment=environment)
    assert told.returncode == 0, told.stdout + told.stderr
    assert KEY not in told.stdout + told.stderr
    assert SECOND not in told.stdout + told.stderr
    assert {case["verdict"] for case in json.loads(told.stdout)["cases"]} == {"pass"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_code_130_and_the_report_is_written(number, tmp_path):
    line = [
        sys.executable,
        "-m",
        "novita_mock",
        "conform",
        "--profile",
        "thorough",
        "--report",
        str(tmp_path),
    ]
    process = subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        process.wait(timeout=8)
    except subprocess.TimeoutExpired:
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    document = json.loads((tmp_path / "conformance.json").read_text())
    assert document["exit_code"] == 130
    assert any(case["said"] == "the run was interrupted" for case in document["cases"])


def test_the_time_is_over_when_it_is_over():
    told = conform("--profile", "thorough", "--max-time", "1", "--json")
    document = json.loads(told.stdout)
    assert document["seconds"] < 60
    assert any("the time is over" in case["said"] for case in document["cases"])


def test_the_plan_is_told_without_a_run(capfd):
    words = ["--target", "live", "--budget-usd", "0.5", "--price", "upscale=0.01", "--price", "img2img=0.01"]
    assert cli(["conform", *words, "--dry-run", "--select", "upscale"]) == 0
    told = capfd.readouterr().out
    assert re.search(r"upscale +\d+ tasks +\$\d+\.\d+ at most", told)
    assert "the budget of $0.5" in told


def test_the_cases_are_listed(capfd):
    assert cli(["conform", "--list", "--select", "WEB-*"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) > 10
    assert all(line.startswith("WEB-") for line in lines)


def test_a_baseline_accepts_what_it_names_and_tells_what_is_gone(tmp_path):
    path = tmp_path / "baseline.json"
    select = ("--select", "UPS-REQUEST.SCALE_FACTOR-MAXIMUM*")
    with double(max_pending_tasks=0) as url:
        assert conform("--target", url, *select, "--baseline", str(path), "--baseline-update").returncode == 1
        document = json.loads(path.read_text())
        assert document["entries"]
        for entry in document["entries"]:
            entry["reason"] = "this double takes nothing"
        path.write_text(json.dumps(document))
        assert conform("--target", url, *select, "--baseline", str(path)).returncode == 0
    told = conform(*select, "--baseline", str(path), "--json")
    verdicts = {case["verdict"] for case in json.loads(told.stdout)["cases"]}
    assert "unexpected-pass" in verdicts
