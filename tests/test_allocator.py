"""The allocator is told to keep memory where it can be told so, and only in the process of a server."""

import ctypes
import subprocess
import sys

import pytest

from conftest import b64, picture, upscale_body
from faulty import until
from novita_mock import allocator
from served import MIB, client_of, memory, served

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
from novita_mock import allocator
allocator.keep_memory()
blocks = [bytearray(b"x") * 300_000 for _ in range(int(sys.argv[2]))]
blocks = blocks[-1:]  # lies above all that is free
held = psutil.Process().memory_info().rss
getattr(allocator, sys.argv[1])()
print(held - psutil.Process().memory_info().rss)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no glibc here")
@pytest.mark.parametrize(
    ("how", "blocks", "goes"),
    [("give_back", 200, True), ("give_back_surplus", 50, False), ("give_back_surplus", 400, True)],
)
def test_what_is_kept_unused_can_be_given_back(how, blocks, goes):
    line = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}\n{GIVING_BACK}", how, str(blocks)]
    freed = subprocess.run(line, capture_output=True, text=True, timeout=60, check=True).stdout
    assert (int(freed) > 40_000_000) is goes


def test_where_there_is_no_such_allocator_nothing_happens(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert allocator.keep_memory() is False


def test_a_c_library_that_knows_nothing_of_it_is_left_alone(monkeypatch):
    class Musl:
        pass

    monkeypatch.setattr(ctypes, "CDLL", lambda name: Musl())
    assert allocator.keep_memory() is False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no glibc here")
def test_a_server_gives_back_what_it_kept_once_nobody_asks_for_anything():
    large = upscale_body(image_base64=b64(picture().ljust(20 * MIB, b"\0")))
    with served("--speed", "manual") as (process, client):
        for _ in range(3):
            assert client.post("/v3/async/upscale", json=large).status_code == 200
        most = memory(process)
        assert most > 80 * MIB
        until(lambda: memory(process) < most - 20 * MIB)


def test_a_connection_holds_no_body_once_it_is_answered():
    large = upscale_body(image_base64=b64(picture().ljust(15 * MIB, b"\0")))
    with served("--speed", "manual") as (process, client):
        seen = []
        for _ in range(7):
            with client_of(str(client.base_url)) as another:
                assert another.post("/v3/async/upscale", json=large).status_code == 200
            seen.append(memory(process) // MIB)
    assert seen[-1] - seen[1] < 40, seen  # two bodies; five came
