"""A second opinion: schemathesis, with every check that it has, on our OpenAPI document and our double.

What it is told beyond the document, and what it takes for a refusal, stands in ``second_opinion.py``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx2

from novita_mock.catalogue import load
from novita_mock.testing import running

KEY = "sk_second_opinion"
PROGRAM = "import sys; from schemathesis.cli import schemathesis; schemathesis()"
STRICT = {"speed": 0, "seed": 1, "strict": True, "strict_responses": True}
#: Wall seconds for one run; the longest takes a third of a minute on a machine with nothing else to do.
PATIENCE_S = 600


def second_opinion(document: str, folder: Path, *options: str) -> dict:
    """The report of schemathesis, run in a folder of its own."""
    line = [sys.executable, "-P", "-c", PROGRAM, "run", document, *options, "--checks", "all"]
    line += ["-H", f"Authorization: Bearer {KEY}", "--seed", "1", "--generation-database", "none"]
    line += ["--request-timeout", "60", "--report", "json", "--report-json-path", "report.json", "--no-color"]
    environ = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environ |= {"SCHEMATHESIS_HOOKS": "second_opinion", "PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run(
        line, cwd=folder, env=environ, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    print(told.stdout, told.stderr)  # pytest shows it where a test fails
    report = json.loads((folder / "report.json").read_text("utf-8"))
    assert (report["complete"], report["errors"]) == (True, [])
    assert told.returncode == (1 if report["failures"] else 0)
    return report


def found(report: dict) -> set[tuple[str, str]]:
    """The kind of each failure, and the operation."""
    return {(each["type"], operation) for each in report["failures"] for operation in each["operations"]}


def only(*operations: str) -> list[str]:
    """Options for these operations and no others."""
    return [word for name in operations for word in ("--include-operation-id", name)]


def test_schemathesis_finds_nothing(tmp_path):
    with running(keys=(KEY,), **STRICT) as double:
        report = second_opinion(f"{double.url}/_mock/openapi.json", tmp_path, "--max-examples", "30")
    assert report["failures"] == []
    assert report["operations"]["tested"] == len(load().operations)
    phases = {name: phase["status"] for name, phase in report["phases"].items()}
    assert phases == {"examples": "skip", "coverage": "success", "fuzzing": "success", "stateful": "success"}
    assert report["test_cases"]["generated"] > 1000
    for rates in (rates for name, rates in report["valid_rates"].items() if name.startswith("POST ")):
        assert rates["fuzzing"]["accepted"] > 3  # the pictures are such; how many is chance


def test_with_missing_keys_told_as_http_has_it_no_reply_of_v3_is_looked_at_twice(tmp_path):
    told = STRICT | {"quirks": {"missing-key": "401"}, "keys": (KEY,)}
    with running(**told) as double:
        options = [*only("upscale", "task-result", "model", "user"), "--max-examples", "5"]
        report = second_opinion(f"{double.url}/_mock/openapi.json", tmp_path, *options)
    assert report["failures"] == []
    assert report["filtered"] == 0


def test_schemathesis_finds_a_double_that_takes_more_than_its_document_says(tmp_path):
    with running(**STRICT, where="thread") as strict:
        document = httpx2.get(f"{strict.url}/_mock/openapi.json", trust_env=False).json()
    (tmp_path / "document.json").write_text(json.dumps(document))
    with running(keys=(KEY,), speed="manual", seed=1) as lenient:
        options = ["--url", lenient.url, "--phases", "coverage", *only("upscale", "upscale-v2")]
        report = second_opinion("document.json", tmp_path, *options)
    rows = [load().operation(name) for name in ("upscale", "upscale-v2")]
    assert {("AcceptedNegativeData", f"POST {row.path}") for row in rows} <= found(report)


def test_schemathesis_finds_an_open_door(tmp_path):
    with running(**STRICT) as double:
        options = [*only("user", "upscale-v2"), "--phases", "fuzzing", "--max-examples", "3"]
        report = second_opinion(f"{double.url}/_mock/openapi.json", tmp_path, *options)
    rows = [load().operation(name) for name in ("user", "upscale-v2")]
    assert found(report) == {("IgnoredAuth", f"{row.method} {row.path}") for row in rows}
