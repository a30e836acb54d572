"""The benchmark of requests runs, and tells what it measured."""

import json
import subprocess
import sys

from pages import ROOT, text


def test_the_benchmark_of_requests_runs(tmp_path):
    page, figures = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text("before\n<!-- measured: http -->\nold\n<!-- end -->\nafter\n")
    line = [sys.executable, "benchmarks/http", "--rounds", "1", "--seconds", "0.1"]
    told = subprocess.run(
        [*line, "--page", str(page), "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert told.returncode == 0, told.stderr
    rows = json.loads(figures.read_text())
    assert [row["work"] for row in rows] == ["poll", "submit, a 200 B picture", "submit, 300 KB"]
    assert all(row["novita-mock cpu_us"] > row["bare uvicorn cpu_us"] > 0 for row in rows)
    written = page.read_text()
    assert written.startswith("before\n<!-- measured: http -->\n\nMeasured on ")
    assert written.endswith("|\n\n<!-- end -->\nafter\n")
    assert "old" not in written


def test_the_page_holds_a_table_of_every_work():
    assert text("docs/performance.md").count("\n| ") >= 4


def test_the_benchmark_of_memory_runs(tmp_path):
    page, figures = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text("before\n<!-- measured: memory -->\nold\n<!-- end -->\nafter\n")
    line = [sys.executable, "benchmarks/memory.py", "--tasks", "50"]
    told = subprocess.run(
        [*line, "--page", str(page), "--json", str(figures)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert told.returncode == 0, told.stderr
    record = json.loads(figures.read_text())
    assert {"date", "machine", "versions", "command"} <= set(record)
    (rows,) = record["rounds"]
    assert all(0 < row["idle"] < row["after"][0] for row in rows)
    assert all(row["most"] >= max(row["after"]) for row in rows)
    assert "old" not in page.read_text()
