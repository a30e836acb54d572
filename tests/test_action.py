"""The GitHub action: its steps, run as a runner runs them, with files in place of GITHUB_ENV and its kin."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import yaml

from nobody import ask, get
from novita_mock import __version__
from novita_mock.settings import Settings
from novita_mock.types import JSON

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action" / "action.yml").read_text("utf-8"))
START, HAR = ACTION["runs"]["steps"]
#: What pip has in place of an index: the packages of this environment.
NO_INDEX = {
    "PIP_NO_INDEX": "1",
    "PIP_NO_DEPS": "1",
    "PIP_NO_COMPILE": "1",
    "PYTHONPATH": sysconfig.get_path("purelib"),
}


@dataclass(frozen=True, slots=True)
class Runner:
    """A job: the folder of its files, in which every step runs."""

    folder: Path

    def step(self, step: JSON, environ: dict[str, str], **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run a step of the action with these inputs, and the others at their defaults."""
        values = {name: str(row["default"]) for name, row in ACTION["inputs"].items()} | inputs
        assert set(values) == set(ACTION["inputs"])
        given = {name: filled(text, values) for name, text in step["env"].items()}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NOVITA_")}
        files = {name: str(self.folder / name) for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH")}
        told = {"RUNNER_TEMP": str(self.folder), "GITHUB_ACTION_PATH": str(ROOT / "action")} | files
        line = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        whole = clean | NO_INDEX | given | told | environ
        return subprocess.run(line, env=whole, cwd=self.folder, capture_output=True, text=True, timeout=120)

    def file(self, name: str) -> dict[str, str]:
        """What the steps have written into a file of the runner."""
        path = self.folder / name
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return dict(text.split("=", 1) for text in lines)

    def end(self) -> None:
        """The end of the job: the runner ends what its steps have left behind."""
        ready = self.folder / "novita-mock" / "ready.json"
        if not ready.exists():
            return
        with suppress(psutil.NoSuchProcess):
            psutil.Process(json.loads(ready.read_text("utf-8"))["pid"]).kill()


def filled(text: str, inputs: dict[str, str]) -> str:
    """An expression of the action with the values of its inputs."""
    name = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", text)
    assert name, text
    return inputs[name[1]]


@contextmanager
def job() -> Iterator[Runner]:
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(Path(folder))
        try:
            yield runner
        finally:
            runner.end()


@pytest.fixture(scope="module")
def started(wheel: Path) -> Iterator[tuple[Runner, subprocess.CompletedProcess[str]]]:
    """A job in which the double was started, beyond loopback, so that there is a token."""
    inputs = {"python": sys.executable, "port": "0", "host": "0.0.0.0", "wheel": str(wheel)}  # noqa: S104
    with job() as runner:
        told = runner.step(START, {}, **inputs, arguments="--speed 0\n--seed 7 --scenario fails-twice\n")
        assert told.returncode == 0, told.stdout + told.stderr
        yield runner, told


def test_the_double_runs_when_the_step_has_ended(started):
    runner, told = started
    url = runner.file("GITHUB_OUTPUT")["url"]
    assert told.stdout.endswith(f"healthy: {url}\n")
    assert get(f"{url}/_mock/health").json()["version"] == __version__


def test_the_arguments_are_those_of_serve(started):
    log = (started[0].folder / "novita-mock" / "log.txt").read_text("utf-8")
    assert "seed 7   speed 0 " in log


def test_later_steps_are_told_address_key_and_command(started):
    runner, _ = started
    assert runner.file("GITHUB_ENV") == {"NOVITA_API_KEY": "sk_mock"}
    assert set(runner.file("GITHUB_OUTPUT")) == set(ACTION["outputs"])
    path = (runner.folder / "GITHUB_PATH").read_text("utf-8").strip()
    assert os.listdir(path) == ["novita-mock"]  # and no python that would come before that of the job
    said = subprocess.run([f"{path}/novita-mock", "--version"], capture_output=True, text=True, env=NO_INDEX)
    assert __version__ in said.stdout


def test_the_token_opens_the_control_routes_and_is_masked(started):
    runner, told = started
    outputs = runner.file("GITHUB_OUTPUT")
    token = outputs["control-token"]
    assert f"::add-mask::{token}\n" in told.stdout
    assert get(f"{outputs['url']}/_mock/tasks").status_code == 403
    assert get(f"{outputs['url']}/_mock/tasks", headers={"X-Novita-Mock-Token": token}).status_code == 200


def test_what_it_saw_can_be_kept(started):
    runner, _ = started
    url = runner.file("GITHUB_OUTPUT")["url"]
    ask("GET", f"{url}/v3/user", headers={"Authorization": "Bearer sk_of_the_test"})
    told = runner.step(HAR, {}, har="novita.har")
    assert told.returncode == 0, told.stdout + told.stderr
    text = (runner.folder / "novita.har").read_text("utf-8")
    assert [entry["request"]["url"] for entry in json.loads(text)["log"]["entries"]] == [f"{url}/v3/user"]
    assert "sk_of_the_test" not in text


def test_only_one_of_the_steps_runs():
    assert (START["if"], HAR["if"]) == ("inputs.har == ''", "inputs.har != ''")


def test_without_a_double_there_is_nothing_to_keep():
    with job() as runner:
        told = runner.step(HAR, {}, har="novita.har")
    assert told.returncode == 1
    assert "::error title=novita-mock::no step of this job has started a double" in told.stdout


@pytest.fixture
def again(started) -> Iterator[tuple[Runner, str]]:
    """A job in which the double is installed, and a Python whose pip has nothing left to do."""
    with job() as runner:
        (runner.folder / "novita-mock").mkdir()
        (runner.folder / "novita-mock" / "venv").symlink_to(started[0].folder / "novita-mock" / "venv")
        python = runner.folder / "python"
        python.write_text(f'#!/bin/sh\n[ "$2" = pip ] || exec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        yield runner, str(python)


def test_a_key_that_the_job_has_stays_and_loopback_asks_for_no_token(again):
    runner, python = again
    told = runner.step(START, {"NOVITA_API_KEY": "sk_own"}, python=python, port="0")
    assert told.returncode == 0, told.stdout + told.stderr
    outputs = runner.file("GITHUB_OUTPUT")
    assert runner.file("GITHUB_ENV") == {}
    assert outputs["control-token"] == ""
    assert "add-mask" not in told.stdout
    assert get(f"{outputs['url']}/_mock/tasks").status_code == 200


def test_a_double_that_does_not_start_says_why_and_fails_the_step(again):
    runner, python = again
    told = runner.step(START, {}, python=python, arguments="--sped 0")
    assert told.returncode == 1
    assert "No such option '--sped'" in told.stdout
    assert "::error title=novita-mock::the double did not start" in told.stdout


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"wheel": "no/such.whl"}, "there is no no/such.whl here"),
        ({"python": "/bin/false"}, "novita-mock needs Python 3.11 or newer"),
    ],
)
def test_what_can_not_be_is_an_error_of_the_workflow(inputs, message):
    with job() as runner:
        told = runner.step(START, {}, **inputs)
        assert told.returncode == 1
        assert f"::error title=novita-mock::{message}" in told.stdout
        assert runner.file("GITHUB_OUTPUT") == {}


def test_the_port_is_the_usual_one_and_the_inputs_are_all_used():
    assert ACTION["inputs"]["port"]["default"] == str(Settings().port)
    used = set(re.findall(r"inputs\.([a-z-]+)", json.dumps(ACTION["runs"])))
    assert used == set(ACTION["inputs"])
