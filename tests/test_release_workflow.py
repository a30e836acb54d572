"""The workflow of a release: what holds a secret runs no code of ours, and what runs our code holds none."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / ".github/workflows/release.yml").read_text("utf-8")
WORKFLOW = yaml.safe_load(TEXT)
JOBS = WORKFLOW["jobs"]
STEPS = [(name, step) for name, job in JOBS.items() for step in job["steps"]]


def test_only_a_tag_of_a_version_starts_it():
    assert WORKFLOW[True] == {"push": {"tags": ["v*"]}}  # YAML reads the word `on` as true
    assert WORKFLOW["permissions"] == {}


def test_each_job_may_do_one_thing():
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "build": {"contents": "read"},
        "check": {"contents": "read"},
        "publish": {"id-token": "write"},
        "announce": {"contents": "write"},
    }
    assert [name for name, job in JOBS.items() if "environment" in job] == ["publish"]


def test_what_is_published_was_built_once_and_checked():
    assert [(name, job.get("needs")) for name, job in JOBS.items()] == [
        ("build", None), ("check", "build"), ("publish", "check"), ("announce", "publish"),
    ]  # fmt: skip
    uploads = [
        (name, step["with"]["name"]) for name, step in STEPS if "upload-artifact" in step.get("uses", "")
    ]
    assert uploads == [("build", "dist"), ("build", "notes")]


@pytest.mark.parametrize("name", ["publish", "announce"])
def test_a_job_that_may_write_has_no_checkout_and_runs_nothing_of_it(name):
    told = str(JOBS[name])
    assert not re.search(r"checkout|setup-python|make |pip |python ", told)


def test_no_secret_is_read_and_no_cache_is_taken():
    assert not re.search(r"secrets\.|cache|password", TEXT)
    assert all(step["with"]["persist-credentials"] is False for _, step in STEPS if "checkout" in str(step))


def test_every_action_is_pinned_to_a_commit_with_its_version_beside_it():
    used = re.findall(r"uses: (.*)$", TEXT, re.MULTILINE)
    assert len(used) == sum("uses" in step for _, step in STEPS)
    for line in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line


def test_no_word_of_the_tag_becomes_a_command():
    scripts = [step["run"] for _, step in STEPS if "run" in step]
    assert scripts
    assert not [script for script in scripts if "${{" in script]


def test_every_command_of_it_is_there():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = re.findall(r"\bmake ([a-z-]+)", "\n".join(step.get("run", "") for _, step in STEPS))
    assert set(targets) == {"dist", "check-release", "audit"}
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert (ROOT / "tools/release_notes.py").is_file()


def test_the_page_on_releasing_fits_a_screen():
    assert len((ROOT / "docs/releasing.md").read_text("utf-8").splitlines()) <= 30
