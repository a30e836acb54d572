"""Ledgers that were torn, cut, damaged or taken away; and other files, which are left as they are."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from novita_contract.ledger import BudgetReached, Ledger
from novita_contract.ledger_book import torn_amount
from novita_contract.ledger_file import LedgerError, LedgerFile

TraceFunction = Callable[[FrameType, str, Any], Any]
TESTS = Path(__file__).parent
PRICES = {"upscale": 0.01, "img2img": 0.12}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def opened(path: Path) -> Ledger:
    return Ledger(path, 10, PRICES)


def refused(path: Path, said: str = "") -> LedgerError:
    """Why a file is not taken; it is left as it was."""
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=said) as refusal:
        opened(path)
    assert path.read_bytes() == before
    assert refusal.value.hint
    return refusal.value


def written(path: Path, how_it_ends: str) -> None:
    """A ledger of one cent that ends with a line of that kind, about a reservation of twelve."""
    ledger = opened(path)
    ledger.reserve("upscale").spend()
    if how_it_ends == "free":
        ledger.hold("img2img").spend()
        ledger.free_unless_charged(0)
        return
    reserved = ledger.hold("img2img") if how_it_ends == "hold" else ledger.reserve("img2img")
    if how_it_ends == "spend":
        reserved.spend()
    elif how_it_ends == "release":
        reserved.release("HTTP 400")


def told(torn: bytes) -> bool:
    """Whether a part of a line tells enough: what it reserves, or that it reserves nothing."""
    return (
        not torn
        or b"120000," in torn
        or any(f'"do": "{do}"'.encode() in torn for do in ("spend", "release", "free"))
    )


@pytest.mark.parametrize("last", ["reserve", "hold", "spend", "release", "free"])
def test_a_last_line_that_is_torn_anywhere_never_counts_too_little(path: Path, last: str) -> None:
    written(path, last)
    whole = path.read_bytes()
    start = whole[:-1].rfind(b"\n") + 1
    outcomes = set()
    text = len(whole[start:].rstrip())
    for cut in [*range(start, start + text + 3), *range(start + text + 3, len(whole), 20)]:
        path.write_bytes(whole[:cut])
        if not told(whole[start:cut]):
            refused(path, "breaks off")
            outcomes.add("refused")
            continue
        counted = opened(path).spent_usd
        # Without its last line the ledger counts a cent, and the twelve if they had been reserved before.
        before = 0.01 if last in ("reserve", "hold") else 0.13
        counts = b"120000," in whole[start:cut]
        assert counted == (0.13 if counts else before)
        outcomes.add("counted" if counts else "ignored")
        # Whoever goes on finds a whole file again.
        ledger = opened(path)
        ledger.reserve("upscale").spend()
        assert ledger.spent_usd == opened(path).spent_usd == round(counted + 0.01, 6)
        assert path.read_bytes().endswith(b"\n")
    assert outcomes == {"refused", "ignored"} | ({"counted"} if last in ("reserve", "hold") else set())


def test_a_first_line_that_is_torn_anywhere_holds_nothing(path: Path) -> None:
    opened(path)
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        assert opened(path).calls == 0
        assert path.read_bytes() == whole


@pytest.mark.parametrize("content", [b"hello", b"{}", b"\0\0\0\0", b'{"ledger": 2', b" x", b"\xff\xfe"])
def test_a_file_that_is_no_ledger_is_left_as_it_is(path: Path, content: bytes) -> None:
    for more in (b"", b"\n", b"\nmore\n"):
        path.write_bytes(content + more)
        refused(path, "damaged")


def test_a_ledger_of_another_kind_is_refused(path: Path) -> None:
    good = {"ledger": 1, "currency": "USD", "account": ""}
    for changed in ({"ledger": 2}, {"currency": "EUR"}, {"account": None}):
        path.write_text(json.dumps(good | changed) + "\n")
        refused(path, "version 1, in USD")
    path.write_text(json.dumps(good) + "\n")
    assert opened(path).calls == 0


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


@pytest.mark.parametrize("number", range(6))
def test_a_line_that_is_missing_doubled_or_misplaced_is_noticed(path: Path, number: int) -> None:
    ledger = opened(path)
    for _ in range(3):
        ledger.reserve("upscale").release("HTTP 400")
    lines = lines_of(path)  # the first, and three pairs
    without, twice = lines[:number] + lines[number + 1 :], lines[: number + 1] + lines[number:]
    swapped = [*lines[:number], lines[number + 1], lines[number], *lines[number + 2 :]]
    # Lines of two reservations may come in any order.
    for damaged in (twice,) if number in (2, 4) else (without, twice, swapped):
        path.write_bytes(b"".join(damaged))
        refused(path, "damaged: line")
    if number in (2, 4):  # without the word that it was released, a reservation counts
        path.write_bytes(b"".join(without))
        assert opened(path).calls == 1


@pytest.mark.parametrize(
    "line",
    [
        "", "x", "{}", "[]", "null", "1", '{"do": "reserve"}', '{"do": "reserve", "number": 2}',
        '{"do": "reserve", "number": 2, "micro_usd": 0}', '{"do": "reserve", "number": 2, "micro_usd": -5}',
        '{"do": "reserve", "number": 2, "micro_usd": 1.5}',
        '{"do": "reserve", "number": 2, "micro_usd": true}',
        '{"do": "reserve", "number": "2", "micro_usd": 5}', '{"do": "reserve", "number": 3, "micro_usd": 5}',
        '{"do": "release", "number": 0}', '{"do": "release", "number": 2}', '{"do": "release", "number": -1}',
        '{"do": "free", "number": 1}', '{"do": "refund", "number": 1}', '{"do": ["release"], "number": 1}',
    ],
)  # fmt: skip
def test_a_line_that_is_not_understood_is_not_passed_over(path: Path, line: str) -> None:
    opened(path).reserve("upscale")
    path.write_bytes(path.read_bytes() + line.encode() + b"\n")
    assert "line 3" in str(refused(path, "damaged"))


def test_a_hole_that_a_dead_machine_left_is_not_passed_over(path: Path) -> None:
    opened(path).reserve("upscale")
    path.write_bytes(path.read_bytes() + bytes(100))
    refused(path, "breaks off")


def test_an_amount_is_read_only_where_it_is_whole() -> None:
    assert torn_amount(b'{"do": "reserve", "micro_usd": 120000,', True, "") == 120_000
    for torn, opened_before in ((b'"micro_usd": 12000', True), (b'"micro_usd": 120000,', False)):
        with pytest.raises(ValueError, match="breaks off"):
            torn_amount(b'{"do": "reserve", ' + torn, opened_before, "")


def test_no_line_lies_across_two_pages(path: Path) -> None:
    ledger = opened(path)
    for number in range(40):
        reserved = ledger.reserve("upscale", case="x" * number * 5)
        reserved.release("HTTP 400 " * 9)
    start = 0
    for line in lines_of(path):
        assert start // 4096 == (start + len(line) - 1) // 4096
        start += len(line)


def test_a_ledger_that_a_person_has_tidied_up_is_still_read(path: Path) -> None:
    opened(path).reserve("upscale", case="by hand")
    path.write_bytes(b"".join(line.rstrip() + b"\n" for line in lines_of(path)))
    ledger = opened(path)
    ledger.reserve("upscale").spend()
    assert ledger.spent_usd == opened(path).spent_usd == 0.02
    assert path.stat().st_size % 256 == 0


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut_short(path: Path) -> None:
    path.write_bytes(lines_of(path)[0])


def replaced(path: Path) -> None:
    new = path.with_suffix(".new")
    new.write_bytes(lines_of(path)[0])
    new.replace(path)


def replaced_by_a_longer_one(path: Path) -> None:
    new = path.with_suffix(".new")
    for _ in range(5):
        opened(new).reserve("upscale").release("HTTP 400")
    new.replace(path)


@pytest.mark.parametrize("harm", [Path.unlink, emptied, cut_short, replaced, replaced_by_a_longer_one])
def test_a_ledger_that_is_taken_away_stops_the_run(path: Path, harm: Callable[[Path], None]) -> None:
    ledger = opened(path)
    reserved = ledger.reserve("upscale")
    harm(path)
    after = path.read_bytes() if path.exists() else None
    for ask in (lambda: ledger.reserve("upscale"), reserved.spend, ledger.summary) * 2:
        with pytest.raises(LedgerError, match="moved, cut or replaced") as problem:
            ask()
        assert problem.value.hint
    assert (path.read_bytes() if path.exists() else None) == after


def test_what_is_no_plain_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/dev/null"), Path("/dev/full"), tmp_path / "a file" / "ledger"):
        (tmp_path / "a file").touch()
        with pytest.raises(LedgerError) as problem:
            opened(path)
        assert "--ledger FILE" in problem.value.hint


FULL_DISK = """
import resource, sys
from pathlib import Path
from novita_contract.ledger import Ledger
from novita_contract.ledger_file import LedgerError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
path = Path(sys.argv[1])
try:
    ledger = Ledger(path, 10, {"upscale": 0.01})
    while True:
        ledger.reserve("upscale")
        print("sent")
except LedgerError as problem:
    print(problem)
"""


@pytest.mark.parametrize("room", [0, 100, 256, 1000, 1024, 1025, 2047])
@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_disk_that_is_full_stops_the_run_and_leaves_the_ledger_whole(path: Path, room: int) -> None:
    folders = os.pathsep.join(str(TESTS.parent / name) for name in ("mock_server", "contract_tests"))
    told = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path), str(room)], env=os.environ | {"PYTHONPATH": folders},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (0, "")
    *sent, said = told.stdout.splitlines()
    assert "can't be used" in said
    assert path.stat().st_size % 256 == 0
    assert opened(path).calls == len(sent) == max(0, room // 256 - 1)


# Between opening a file and the block that closes it there is a moment: Python closes it then, and warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ctrl_c_at_any_moment_leaves_a_ledger_that_can_still_be_asked(path: Path) -> None:
    ledger = opened(path)
    counted, lines, interrupted = 0, 0, True
    while interrupted:
        opened(path).reserve("upscale")  # so that there is something to catch up with
        lines += 1
        try:
            with interrupting(lines):
                ledger.reserve("upscale").spend()
            interrupted = False
        except KeyboardInterrupt:
            pass
        now = ledger.calls
        assert now - counted in (1, 2)
        counted = now
    assert lines > 50
    assert opened(path).calls == counted


@contextmanager
def interrupting(after: int) -> Iterator[None]:
    """Ctrl-C at that line of ours."""
    left = after

    def trace(frame: FrameType, event: str, argument: object) -> TraceFunction | None:
        nonlocal left
        if "novita_contract" not in frame.f_code.co_filename:
            return None
        left -= event == "line"
        if left == 0:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def test_the_budget_itself_is_no_error_of_the_file(path: Path) -> None:
    ledger = Ledger(path, 0.01, PRICES)
    ledger.reserve("upscale")
    with pytest.raises(BudgetReached):
        ledger.reserve("upscale")
    assert ledger.calls == 1


WOULD_WAIT = "import fcntl, sys; fcntl.flock(open(sys.argv[1]), fcntl.LOCK_EX | fcntl.LOCK_NB)"


def test_two_turns_never_overlap(path: Path) -> None:
    file, other = LedgerFile(path), LedgerFile(path)
    with file.turn():
        told = subprocess.run(
            [sys.executable, "-c", WOULD_WAIT, path], capture_output=True, text=True, timeout=30
        )  # fmt: skip
        assert "BlockingIOError" in told.stderr
    with other.turn() as turn:
        assert turn.new_lines(0) == []
