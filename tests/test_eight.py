"""The benchmark of eight pictures runs, and tells what it measured."""

import json
import subprocess
import sys

from pages import ROOT


def test_the_benchmark_of_eight_pictures_runs(tmp_path):
    figures = tmp_path / "figures.json"
    line = [sys.executable, "benchmarks/eight.py", "--quick", "--json", str(figures)]
    told = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    assert "| wall s |" in told.stdout
    found = json.loads(figures.read_text())
    assert found["ratios"]["cpu_s"] > 0
    assert found["medians"]["polls p99_ms"] > 0
