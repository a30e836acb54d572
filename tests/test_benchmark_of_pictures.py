"""The benchmark of pictures runs, and tells what it measured, whatever is installed beside us."""

import json
import os
import subprocess
import sys

import pytest

from pages import ROOT, text


@pytest.mark.parametrize("others", [True, False], ids=["others", "no others"])
def test_the_benchmark_of_pictures_runs(tmp_path, others):
    page, figures = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text("before\n<!-- measured: pictures -->\nold\n<!-- end -->\nafter\n")
    if not others:
        for name in ("cv2", "pyvips"):
            (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError({name!r})")
    line = [sys.executable, "benchmarks/pictures.py", "--quick", "--page", str(page), "--json", str(figures)]
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    told = subprocess.run(
        line, cwd=ROOT, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, timeout=120
    )
    assert told.returncode == 0, told.stderr
    taken = json.loads(figures.read_text())
    assert list(taken["medians"]) == ["JPEG 64 to PNG 128", "PNG 64 to PNG 256"]
    for sides in taken["medians"].values():
        assert {"novita-mock", "Pillow, level 6"} <= set(sides)
        assert all(each["cpu_ms"] > 0 and each["output_kb"] > 5 for each in sides.values())
    written = page.read_text()
    assert "old" not in written
    assert written.count("\n| ") == 10
    if not others:
        assert written.count("not installed") == 4


def test_the_page_has_a_place_for_them():
    assert "<!-- measured: pictures -->" in text("docs/performance.md")
