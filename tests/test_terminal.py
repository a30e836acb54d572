"""The terminal: progress that is quiet where nobody looks, and a verdict to be read in five seconds."""

import io
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from novita_contract.report import DEVIATES
from novita_contract.terminal import MOST, Progress, told
from novita_contract.verdicts import Outcome, Verdict
from report_samples import KEY, SAMPLES, case, every_verdict, finding, live_over_budget, passing, report

TOTALS = {"rules": 3, "properties": 2}


class Screen(io.StringIO):
    """A terminal that keeps what was written to it."""

    def isatty(self):
        return True


def ended(layer, verdict):
    return Outcome(case("A", layer=layer), verdict)


def run_through(stream, outcomes, quiet=False):
    progress = Progress(stream, quiet)
    progress.begin(TOTALS)
    for outcome in outcomes:
        progress.done(outcome)
    progress.end()
    return stream.getvalue()


EVERYTHING = [
    ended("rules", Verdict.PASS),
    ended("properties", Verdict.PASS),
    ended("rules", Verdict.FAIL),
    ended("rules", Verdict.PASS),
    ended("properties", Verdict.SKIP),
]


def test_where_nobody_looks_there_is_one_line_a_layer_without_escapes():
    assert run_through(io.StringIO(), EVERYTHING) == (
        "rules      3 checks: 2 pass, 1 fail\nproperties 2 checks: 1 pass, 1 skip\n"
    )


def test_a_line_is_written_when_its_layer_is_done_and_not_before():
    stream = io.StringIO()
    progress = Progress(stream)
    progress.begin(TOTALS)
    for outcome in EVERYTHING[:4]:
        progress.done(outcome)
    assert stream.getvalue() == "rules      3 checks: 2 pass, 1 fail\n"
    progress.end()


def test_a_run_that_is_broken_off_tells_how_far_it_came():
    text = run_through(io.StringIO(), EVERYTHING[:3])
    assert text == "rules      2 of 3 checks: 1 pass, 1 fail\nproperties 1 of 2 checks: 1 pass\n"
    assert run_through(io.StringIO(), []) == ""


def test_quiet_means_nothing_at_all():
    assert run_through(io.StringIO(), EVERYTHING, quiet=True) == ""
    assert run_through(Screen(), EVERYTHING, quiet=True) == ""


def test_a_terminal_is_shown_bars_with_what_did_not_pass(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    text = run_through(Screen(), EVERYTHING)
    assert "\x1b[" in text
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert re.search(r"rules .*3/3 .*1 fail", plain)
    assert re.search(r"properties .*2/2 .*1 skip", plain)
    assert "\x1b[?25h" in text  # the cursor is there again


def test_a_terminal_that_can_do_nothing_is_shown_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    text = run_through(Screen(), EVERYTHING)
    assert "\x1b" not in text
    assert text.count("\n") == 2


@pytest.mark.parametrize("stream", [io.StringIO, Screen])
def test_any_thread_may_tell_that_a_case_is_done(stream):
    out = stream()
    progress = Progress(out)
    progress.begin({"rules": 400})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(progress.done, [ended("rules", Verdict.PASS)] * 400))
    progress.end()
    assert "400 checks: 400 pass" in out.getvalue() or "400/400" in out.getvalue()


def test_a_layer_that_was_not_announced_does_no_harm():
    assert run_through(io.StringIO(), [ended("stories", Verdict.PASS)]).startswith("stories    1 of 0 checks")


def test_the_last_line_is_the_verdict_and_the_exit_code():
    assert told(passing()).splitlines()[-1] == "mock conforms: 27 checks hold.  exit 0"
    last = told(every_verdict()).splitlines()[-1]
    assert last.startswith("mock deviates: 2 of 33 checks fail")
    assert last.endswith("exit 1")
    assert told(live_over_budget()).splitlines()[-1].endswith("exit 130")


def test_the_first_lines_name_the_target_and_the_run():
    first, second = told(every_verdict()).splitlines()[:2]
    assert first == "target  mock  http://127.0.0.1:4077"
    assert "profile ci   seed 7   2026-11-20 12:00 UTC" in second


def row(text, name):
    return next(line.split() for line in text.splitlines() if line.startswith(f"{name} "))


def test_the_table_counts_each_operation_and_all():
    text = told(every_verdict())
    head = next(line.split() for line in text.splitlines() if line.split()[:1] == ["pass"])
    assert head == ["pass", "warn", "fail", "skip", "undoc", "contra", "accepted", "xpass"]
    assert row(text, "upscale") == [
        "upscale",
        "POST",
        "/v3/async/upscale",
        "8",
        "0",
        "2",
        "0",
        "0",
        "1",
        "0",
        "0",
    ]
    assert row(text, "all") == ["all", "26", "1", "2", "2", "1", "1", "1", "1"]
    assert "accepted" not in told(passing())


def test_a_narrow_terminal_is_shown_no_paths():
    text = told(every_verdict(), width=60)
    table = [line for line in text.splitlines() if re.match(r"(upscale|img2img|all) ", line)]
    assert all(len(line) <= 60 for line in table)
    assert "/v3/async/upscale  " not in "".join(table)


def test_a_failure_tells_where_what_and_how_to_see_it_again():
    text = told(every_verdict())
    part = text[text.index("✗ FAIL  UPS-REQUEST.SCALE_FACTOR-MAXIMUM-REFUSED") :].partition("\n\n")[0]
    for words in (
        "where     /request/scale_factor",
        "expected  400 INVALID_REQUEST",
        'received  200 {"task_id"',
        "claim     page upscale, heading ",
        "reproduce python3 -m novita_contract.pictures png:RGB:40x30",
        "again     novita-mock conform --target mock --select UPS-REQUEST",
    ):
        assert words in part
    assert 'example   {"request": {"scale_factor": 1.0009' in text


def test_a_command_is_never_broken_into_lines():
    for line in told(every_verdict(), width=40).splitlines():
        if "again" in line:
            assert "--seed 7 --quirk nsfw-off=absent --examples=5" in line


def test_of_many_failures_ten_are_told_and_the_rest_is_counted():
    many = [Outcome(case(f"A-{at:03}"), Verdict.FAIL, "", (finding(at),)) for at in range(30)]
    text = told(report(many, exit_code=DEVIATES))
    assert text.count("✗ FAIL") == MOST == 10
    assert "and 20 more in the report" in text


def test_of_many_findings_three_are_told():
    one = Outcome(case("A"), Verdict.FAIL, "", tuple(finding(check=f"check_{at}") for at in range(5)))
    text = told(report([one], exit_code=DEVIATES))
    assert "check_2" in text and "check_3" not in text
    assert "and 2 more findings in the report" in text


def test_quirks_outdated_entries_notes_and_money_are_told():
    text = told(every_verdict())
    assert "image-url-ttl  expected string, shows integer (observed)" in text
    assert "final-progress" not in text
    assert "↑ UNEXPECTED-PASS  MOD-CURSOR" in text
    assert "note    The target lets a made-up key in" in text
    money = "at most $0.0500 of $0.05 in 5 paid calls; balance $10.0000 → $9.9540, $0.0460 charged"
    assert money in told(live_over_budget())


@pytest.mark.parametrize("name", SAMPLES)
def test_without_colour_there_is_no_escape_at_all(name):
    text = told(SAMPLES[name]())
    assert all(letter in "\n\t" or letter.isprintable() or ord(letter) > 0x9F for letter in text)


@pytest.mark.parametrize("name", SAMPLES)
def test_colour_adds_escapes_of_colour_only_and_changes_no_word(name, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    plain, coloured = told(SAMPLES[name]()), told(SAMPLES[name](), colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_what_a_target_says_cannot_draw_on_the_terminal_nor_style_itself():
    text = told(SAMPLES["hostile"](), colour=True)
    for sequence in ("\x1b[2J", "\x1b]0;", "\x9b", "\u202e", "\x07", "\r", "\x00"):
        assert sequence not in text
    assert "[bold red]x[/] :smile:" in text
    assert KEY not in text
