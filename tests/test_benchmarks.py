"""The benchmarks run, and tell what they measured."""

import base64
import json
import re
import shutil
import subprocess
import sys
from io import BytesIO
from xml.etree import ElementTree

import pytest
from PIL import Image

from pages import ROOT, text

sys.path += [str(ROOT / "benchmarks"), str(ROOT / "benchmarks/http"), str(ROOT / "benchmarks/peers")]

import install_peers

import answers
import load
import packs
import telling
import works
from plot import plot

WORKS = [work.name for work in works.WORKS]
QUICK = ("--rounds", "1", "--seconds", "0.1")


def run(tmp_path, program, place, *flags):
    """The page and the figures that a program of the benchmarks writes."""
    page, figures = tmp_path / "page.md", tmp_path / "figures.json"
    page.write_text(f"before\n<!-- measured: {place} -->\nold\n<!-- end -->\nafter\n")
    line = [sys.executable, f"benchmarks/{program}", *flags, "--page", str(page), "--json", str(figures)]
    told = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert told.returncode == 0, told.stderr
    written = page.read_text()
    assert written.startswith(f"before\n<!-- measured: {place} -->\n\nMeasured on ")
    assert written.endswith("\n\n<!-- end -->\nafter\n")
    assert "old" not in written
    return written, json.loads(figures.read_text()), told.stderr


def test_the_benchmark_of_requests_runs(tmp_path):
    written, told, failures = run(tmp_path, "http", "http", *QUICK)
    assert "novita-mock | 200 of 200 | 200 of 200 | yes |" in written
    assert list(told["medians"]) == WORKS, failures
    for medians in told["medians"].values():
        assert sorted(medians) == ["bare socket", "bare uvicorn", "novita-mock", "plain Starlette"], failures
        assert all(each["cpu_us"] > 0 and each["per_s"] > 0 for each in medians.values())
    assert {"date", "machine", "versions", "command", "rounds", "ratios"} <= set(told)


def test_the_benchmark_of_the_largest_bodies_runs(tmp_path):
    _, told, failures = run(tmp_path, "http/largest.py", "largest", *QUICK, "--size", "300000")
    assert len(told["medians"]) == 4, failures
    assert all(each["longest_ms"] >= each["poll_p99_ms"] > 0 for each in told["medians"].values())


def test_the_benchmark_of_starts_runs(tmp_path):
    _, told, failures = run(tmp_path, "http/starting.py", "start", "--rounds", "1")
    assert sorted(told["medians"]) == ["bare uvicorn", "novita-mock"], failures
    assert all(each["idle_mib"] > 1 for each in told["medians"].values())


def test_the_benchmark_of_growth_runs_and_draws(tmp_path):
    flags = ("--rounds", "1", "--seconds", "0.1", "--most", "100", "--plots", str(tmp_path))
    _, told, failures = run(tmp_path, "http/growth.py", "growth", *flags)
    assert list(told["medians"]) == ["polls", "submits", "accounts"], failures
    assert list(told["medians"]["polls"]["poll"]) == ["10", "100"]
    drawn = ElementTree.parse(tmp_path / "growth-polls.svg")
    assert len(drawn.findall("{*}circle")) == 2


@pytest.mark.skipif(
    not (install_peers.PEERS.ready and shutil.which("java")), reason="make bench-peers has not been run"
)
def test_the_benchmark_beside_other_servers_runs(tmp_path):
    flags = ("--peers", "--works", WORKS[1], "--warm", "0.1")
    written, told, failures = run(tmp_path, "http", "peers", *QUICK, *flags)
    assert len(told["medians"][WORKS[1]]) == 5, failures
    assert written.count(" | 200 of 200 | ") == 5


def test_no_two_bodies_of_a_work_are_alike_and_each_picture_is_one():
    for requests in (
        works.small(works.UPSCALE, 20),
        works.small(works.IMG2IMG, 20),
        works.large(9000, pictures=0),
    ):
        bodies = [b"".join(pieces).partition(b"\r\n\r\n")[2] for pieces in requests]
        assert len(set(bodies)) == len(bodies)
        texts = {json.loads(body)["request"]["image_base64"] for body in bodies}
        assert len(texts) == len(bodies)
        for text_ in list(texts)[:5]:
            Image.open(BytesIO(base64.b64decode(text_, validate=True))).load()


def test_the_compared_bodies_are_two_hundred_of_each_kind_and_the_same_every_time():
    good, bad = answers.good_and_bad()
    assert (good, bad) == answers.good_and_bad()
    assert (len(set(good)), len(set(bad))) == (200, 200)
    assert {path for path, _ in good} == {path for path, _ in bad} == {works.UPSCALE, works.IMG2IMG}


def test_a_reply_is_whole_with_its_length_or_its_last_chunk():
    sized = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert [load.whole(sized + b"abc"[:length]) for length in range(4)] == [False, False, False, True]
    assert not load.whole(chunked + b"3\r\nabc\r\n")
    assert load.whole(chunked + b"3\r\nabc\r\n0\r\n\r\n")


def test_a_line_that_is_linear_is_drawn_so():
    drawn = ElementTree.fromstring(plot("of a < b", "x", "y", {"line": [(10, 2), (100, 20), (1000, 200)]}))
    first, second, third = (
        (float(dot.get("cx")), float(dot.get("cy"))) for dot in drawn.findall("{*}circle")
    )
    assert second[0] - first[0] == pytest.approx(third[0] - second[0], abs=0.2)
    assert first[1] - second[1] == pytest.approx(second[1] - third[1], abs=0.2)
    assert first[1] > second[1]


def test_large_bodies_share_their_pictures(tmp_path):
    requests = works.large(9000, pictures=2, bodies=6)
    packs.write(tmp_path / "requests", requests)
    read = packs.read(tmp_path / "requests")
    assert [tuple(pieces) for pieces in read] == requests
    assert len({id(pieces[-1]) for pieces in read}) == 2


def test_a_page_without_the_place_is_told_of(tmp_path):
    (tmp_path / "page.md").write_text("nothing")
    with pytest.raises(ValueError, match="measured: speed"):
        telling.put(tmp_path / "page.md", "speed", "shown")


def test_the_benchmark_of_memory_runs(tmp_path):
    _, told, _ = run(tmp_path, "memory.py", "memory", "--tasks", "50")
    (rows,) = told["rounds"]
    assert all(0 < row["idle"] < row["after"][0] for row in rows)
    assert all(row["most"] >= max(row["after"]) for row in rows)


def test_the_benchmark_of_cases_runs(tmp_path):
    written, told, _ = run(tmp_path, "cases", "cases", "--rounds", "1", "--cases", "5")
    rows = told["medians"]
    for operation in ("upscale", "img2img", "upscale-v2"):
        for kind in ("drawn, valid", "drawn, broken"):
            row = rows[f"{operation}: {kind}"]
            assert row["ours: cases"] == row["schemathesis: cases"] == 5
            assert row["ratio"] > 0
        assert rows[f"{operation}: deterministic"]["ours: cases"] > 100
    assert rows["all that is drawn"]["ours: cases"] == 30
    assert "| all that is drawn | 30 |" in written


def test_the_page_has_a_place_for_every_table():
    places = re.findall(r"^<!-- measured: (\S+) -->$", text("docs/performance.md"), re.MULTILINE)
    assert {"http", "largest", "peers", "start", "start-peers", "growth"} <= set(places)
    assert len(places) == len(set(places)) == text("docs/performance.md").count("<!-- end -->")


def test_every_result_has_its_place_and_says_where_it_was_measured():
    for file in sorted(
        {*(ROOT / "benchmarks/results").glob("*.json")} - {ROOT / "benchmarks/results/soak.json"}
    ):
        told = json.loads(file.read_text("utf-8"))
        assert {"date", "machine", "versions", "command", "rounds", "medians", "ratios"} <= set(told), file
        assert f"<!-- measured: {told['name']} -->" in text("docs/performance.md")
