"""The soak runs, and sees what it is there to see."""

import importlib
import json
import subprocess
import sys

import pytest

from pages import ROOT


@pytest.fixture
def soak(monkeypatch):
    """Imports modules of the soak, which is no package: they stand beside each other."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks" / "soak")
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(ROOT / "benchmarks")):
            del sys.modules[name]


def test_a_short_soak_runs_and_finds_nothing(tmp_path):
    told = subprocess.run(
        [sys.executable, "benchmarks/soak", "--seconds", "4", "--out", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    figures = json.loads((tmp_path / "soak.json").read_text())
    assert figures["passed"]
    assert figures["problems"] == []
    assert figures["things"]["pictures decoded"] > 0
    assert figures["things"]["events as promised"] > 0
    assert {each["holds"] for each in figures["found"]} == {True, None}
    assert (tmp_path / "soak.svg").read_text().startswith("<svg")
    assert "| poll v3 |" in (tmp_path / "soak.md").read_text()
    assert "sk_soak" not in told.stdout + json.dumps(figures)


def test_the_soak_sees_memory_that_grows(soak):
    sample, verdict, mib = soak("double").Sample, soak("verdict"), soak("double").MIB
    flat = [sample(float(at), 200 * mib, 100 * mib, 9, 20, 10, 1, 0, 0.0) for at in range(600)]
    growing = [
        sample(float(at), int((200 + at / 10) * mib), 100 * mib, 9, 20 + at, 10, 1, 0, 0.0)
        for at in range(600)
    ]
    assert verdict.memory(flat, 600).holds is True
    assert verdict.memory(growing, 600).holds is False
    assert verdict.memory(growing, 20).holds is None
    assert [found.holds for found in verdict.leaks(flat, 600)] == [True, True, True]
    assert [found.holds for found in verdict.leaks(growing, 600)] == [False, True, True]


def test_the_soak_misses_an_event_and_tells_two_from_one(soak):
    tally, known, submits = soak("tally"), soak("known"), soak("submits")
    for came in ([], ["one"], ["one", "one"], ["another"]):
        counted = tally.Tally()
        tasks = known.Tasks(counted, 60.0, 1 << 20)
        wanted = submits.Wanted("upscale", "200 B", (), ((16, 16),), "png", 3600, True)
        task = tasks.add("steady", "task", wanted)
        tasks.ended(task, "one", failed=False)
        task.open = False
        for payload in came:
            tasks.event("task", payload)
        tasks.settle(all_of_them=True)
        assert counted.problems == (0 if came == ["one"] else 1), came


def test_the_soak_knows_what_may_be_forgotten(soak):
    tally, known, submits = soak("tally"), soak("known"), soak("submits")
    tasks = known.Tasks(tally.Tally(), 60.0, 1 << 20)
    wanted = submits.Wanted("upscale", "200 B", (), ((16, 16),), "png", 3600, False)
    young, reset = tasks.add("steady", "young", wanted), tasks.add("shared", "reset", wanted)
    tasks.ended(young, {}, failed=False)
    assert not tasks.may_be_forgotten(young)
    with tasks.reset("shared"):
        during = tasks.add("shared", "during", wanted)
    after = tasks.add("shared", "after", wanted)
    assert [tasks.may_be_forgotten(each) for each in (reset, during, after)] == [True, True, False]
    tasks.note_kept(1 << 20)
    assert not tasks.may_be_forgotten(young)
    young.ended_s -= 30
    assert tasks.may_be_forgotten(young)
