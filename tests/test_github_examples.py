"""The snippets for other people's workflows: what they name is there, and their commands work."""

import json
import os
import re
import subprocess
from pathlib import Path

import yaml

from image import read_image
from novita_mock.settings import Settings
from novita_mock.types import JSON

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "github-actions"
IMAGE = read_image()
ACTION = yaml.safe_load((ROOT / "action" / "action.yml").read_text("utf-8"))


def job(name: str) -> JSON:
    return yaml.safe_load((FOLDER / name).read_text("utf-8"))["jobs"]["test"]


def test_the_service_is_reached_at_its_port_and_its_variables_are_settings():
    told = job("service.yml")
    service = told["services"]["novita"]
    assert service["ports"] == [f"{IMAGE.exposed}:{IMAGE.exposed}"]
    settings = Settings.from_environment({**IMAGE.env, **service["env"]})
    assert (settings.speed, settings.control_token) == (0, service["env"]["NOVITA_MOCK_CONTROL_TOKEN"])
    assert told["env"]["NOVITA_IMAGE_BASE_URL"] == f"http://127.0.0.1:{IMAGE.exposed}"


def test_what_the_service_saw_is_kept_by_its_command(start, tmp_path):
    told = job("service.yml")
    client = start(control_token=told["services"]["novita"]["env"]["NOVITA_MOCK_CONTROL_TOKEN"])
    client.get("/v3/user")
    (step,) = (step for step in told["steps"] if "_mock/" in step.get("run", ""))
    url = str(client.base_url).rstrip("/")
    environ = os.environ | {"NOVITA_IMAGE_BASE_URL": url, "NO_PROXY": "*"}
    subprocess.run(["bash", "-ec", step["run"]], env=environ, cwd=tmp_path, check=True, timeout=20)
    (upload,) = (step for step in told["steps"] if "upload-artifact" in step.get("uses", ""))
    har = json.loads((tmp_path / upload["with"]["path"]).read_text("utf-8"))
    assert [entry["request"]["url"] for entry in har["log"]["entries"]] == [f"{url}/v3/user"]


def test_the_action_has_every_input_and_output_that_its_example_names():
    text = (FOLDER / "with-action.yml").read_text("utf-8")
    ours = [step for step in job("with-action.yml")["steps"] if "/action@" in step.get("uses", "")]
    assert len(ours) == 2
    for step in ours:
        assert set(step["with"]) <= set(ACTION["inputs"])
    named = re.findall(r"steps\.novita\.outputs\.([a-z-]+)", text)
    assert set(named) == {"url"} <= set(ACTION["outputs"])
    (upload,) = (
        step for step in job("with-action.yml")["steps"] if "upload-artifact" in step.get("uses", "")
    )
    assert upload["with"]["path"] == ours[1]["with"]["har"]
