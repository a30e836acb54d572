"""The benchmark of webhooks runs, and tells what it measured."""

import json
import subprocess
import sys

from pages import ROOT


def test_the_benchmark_of_webhooks_runs(tmp_path):
    page, figures = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text("<!-- measured: webhooks -->\nold\n<!-- end -->\n")
    line = [sys.executable, "benchmarks/webhooks", "--smoke", "--page", str(page), "--json", str(figures)]
    told = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    found = json.loads(figures.read_text())
    assert found["deliveries"] == 20
    (taken,) = found["rounds"]
    assert {side: each["connections"] for side, each in taken.items()} == {
        "novita-mock": 20,
        "aiohttp": 8,
        "aiohttp, a connection each": 20,
        "httpx2": 8,
    }
    assert all(each["per_s"] > 0 for each in taken.values())
    written = page.read_text()
    assert all(f"| {side} |" in written for side in taken)
    assert "old" not in written
