"""The page about conformance: each example of its first chapter runs, in order."""

import os
import re
import subprocess
import sys
from pathlib import Path

from conforming import double
from novita_contract.commands import conform_command
from novita_contract.report import BUDGET, CONFORMS, DEVIATES, INTERRUPTED, UNREACHABLE, USAGE
from novita_contract.verdicts import Verdict
from pages import ADDRESS, blocks, text

CHAPTER = "In short"
PAGE = text("docs/conformance.md")


def test_every_example_of_the_chapter_does_what_it_says(tmp_path):
    examples = blocks("docs/conformance.md", CHAPTER)
    assert len(examples) == 4
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {name: value for name, value in os.environ.items() if name != "NOVITA_API_KEY"} | {
        "PATH": path
    }
    with double() as url:
        for example in examples:
            command = example.replace(ADDRESS, url)
            told = subprocess.run(
                ["bash", "-ec", command],
                capture_output=True,
                text=True,
                timeout=240,
                cwd=tmp_path,
                env=environment,
            )
            assert told.returncode == 0, example + told.stdout + told.stderr


def test_the_page_names_every_verdict_and_every_exit_code():
    assert [verdict for verdict in Verdict if f"| {verdict} |" not in PAGE] == []
    codes = (CONFORMS, DEVIATES, USAGE, UNREACHABLE, BUDGET, INTERRUPTED)
    line = next(line for line in PAGE.splitlines() if line.startswith("Exit codes:"))
    assert [int(code) for code in re.findall(r"\b(\d+) ", line)] == list(codes)


def test_every_option_that_the_pages_name_is_one():
    known = {option for parameter in conform_command.params for option in parameter.opts}
    ours = {"--python", "--pyargs", "--extra"}
    chapter = "".join(blocks("docs/conformance.md", CHAPTER)) + PAGE
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", chapter)) - ours
    assert sorted(name for name in named if name not in known and not name.startswith("--novita-")) == []
