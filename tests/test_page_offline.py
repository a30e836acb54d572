"""The page about working offline: each of its examples runs, in order, on one double."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from novita_mock.catalogue import load
from novita_mock.cli import cli
from novita_mock.drawing import demo_picture
from novita_mock.fault_form import parse
from novita_mock.server import running
from novita_mock.settings import Settings
from pages import ADDRESS, PAGES, ROOT, blocks, text

PAGE, CHAPTER = "docs/offline.md", "The world it lives in"
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith("NOVITA_")}

#: A piece of each example after the first two, in order, and what it prints, in order.
EXPECTED = (
    ("clock advance 1", ['"task_id"', "task-started", "TASK_STATUS_PROCESSING", "task-succeeded"]),
    ("faults add", ["added fault-1", "RATE_LIMIT_EXCEEDED", "RATE_LIMIT_EXCEEDED", '"task_id"',
                    r"fault-1 +before", r" 2 +0 ", "no faults any more"]),
    ("lost-reply", ["added ", '"task_id"', '"double_spends":\\[{']),
    ("no-balance", ["BILLING_BALANCE_NOT_ENOUGH"]),
    ("-X PUT", ['"name":"app"', '"task_id"', "task-succeeded", *["webhook-refused"] * 5, "webhook-delivered",
                r"delivered +succeed +6 +200", *["ASYNC_TASK_RESULT"] * 6]),
    ("trigger fail", ["event .* is on its way to http"]),
    ("listen --forward-to", ["http://127.0.0.1:4078/ receives"]),
    ("requests --status", ["/v3/async/upscale", "it holds"]),
    ("_mock/balance", ['"credit_balance":150', '"task_id"', "BILLING_BALANCE_NOT_ENOUGH",
                         '{"credit_balance":50}', "as new: balance"]),
    ("custom_storage", ['"task_id"', '"bucket":"my-pictures"']),
    ("python3 -", ["{'holds': True, 'message': '', 'numbers': "]),
    ("novita-mock reset", ["as new: tasks, journal", "none"]),
)  # fmt: skip


@pytest.fixture
def type_block(tmp_path) -> Iterator[object]:
    """Types an example as a person would, in one folder, to a double as the chapter starts it."""
    serve, submit = blocks(PAGE, CHAPTER)[:2]
    assert serve == "novita-mock serve --speed manual\n"
    (tmp_path / "photo.png").write_bytes(demo_picture(width=90, height=60))
    command = f'novita-mock() {{ {sys.executable} -m novita_mock "$@"; }}\n'
    path = f"{ROOT}/mock_server{os.pathsep}{ROOT}/contract_tests"
    with running(Settings(port=0, speed="manual", quiet=True)) as url:
        environ = ENVIRON | {"PYTHONPATH": path, "NOVITA_MOCK_PORT": url.rpartition(":")[2]}

        def typed(block: str, seconds: float = 30) -> str:
            script = command + (submit + block).replace(ADDRESS, url)
            told = subprocess.run(
                ["timeout", "-s", "INT", str(seconds), "bash", "-c", script], cwd=tmp_path, env=environ,
                capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert "error" not in told.stderr, told.stderr
            return told.stdout

        yield typed


def test_every_example_prints_what_it_should(type_block):
    examples = blocks(PAGE, CHAPTER)[2:]
    assert len(examples) == len(EXPECTED)
    for block, (piece, wanted) in zip(examples, EXPECTED, strict=True):
        assert piece in block
        seconds = 2 if "listen" in block else 30
        out = type_block(block, seconds)
        assert re.search(".*".join(f"(?:{each})" for each in wanted), out, re.DOTALL), f"{block}\n{out}"


def test_every_command_that_pages_name_is_one():
    for page in PAGES:
        named = set(re.findall(r"novita-mock ([a-z]+)(?=[ `\n])", text(page)))
        assert named <= set(cli.list_commands(click.Context(cli))), page


def test_the_fault_in_the_reference_is_one():
    (example,) = blocks("docs/reference.md", language="json")
    rule = parse(json.loads(example), "f", load())
    assert (rule.phase, rule.skip, rule.times, rule.rate) == ("before", 1, 2, 0.5)


def test_the_schemas_that_the_reference_names_are_there():
    named = set(re.findall(r"`(control/[a-z.-]+\.json)`", text("docs/reference.md")))
    assert named
    assert all((ROOT / "schemas" / name).exists() for name in named)
