"""The allocator is told to keep memory where it can be told so, and only in the process of a server."""

import subprocess
import sys

import pytest

from novita_mock import allocator

#: Frees many large blocks, and tells how often pages had to be had anew for as many others.
PROGRAM = """
import resource, sys
from novita_mock.allocator import keep_memory
if sys.argv[1] == "keep":
    print(keep_memory(), end=" ")
def round():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        blocks = [bytearray(b"x") * 300_000 for _ in range(8)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
round()
print(round())
"""


def faults(how: str) -> list[str]:
    line = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}\n{PROGRAM}", how]
    return subprocess.run(line, capture_output=True, text=True, timeout=60, check=True).stdout.split()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no glibc here")
def test_memory_that_was_had_once_is_had_again():
    told, kept = faults("keep")
    (anew,) = faults("leave")
    assert told == "True"
    assert int(kept) * 20 < int(anew)


GIVING_BACK = """
import psutil, sys
from novita_mock.allocator import give_back, keep_memory
keep_memory()
blocks = [bytearray(b"x") * 300_000 for _ in range(200)]
del blocks
held = psutil.Process().memory_info().rss
give_back()
print(held - psutil.Process().memory_info().rss)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no glibc here")
def test_what_is_kept_unused_can_be_given_back():
    line = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}\n{GIVING_BACK}"]
    freed = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True).stdout
    assert int(freed) > 40_000_000


def test_where_there_is_no_such_allocator_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert allocator.keep_memory() is False


def test_a_c_library_that_knows_nothing_of_it_is_left_alone(monkeypatch):
    class Musl:
        pass

    monkeypatch.setattr(allocator.ctypes, "CDLL", lambda name: Musl())
    assert allocator.keep_memory() is False
