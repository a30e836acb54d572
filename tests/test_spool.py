"""Files of a double: in a folder of its own, and none of them left behind."""

import os
import signal
import stat
import subprocess
import sys
import tempfile

import pytest

from novita_mock.spool import PREFIX, Spool, sweep

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="folders are held by flock")

#: Writes a file, says so, and waits for the end of its input.
PROGRAM = """
from novita_mock.spool import Spool
spool = Spool()
print(spool.write(b"x"), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where files go in these tests."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def other_program():
    line = [sys.executable, "-c", f"import sys; sys.path[:] = {sys.path!r}\n{PROGRAM}"]
    process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


def ended(process):
    process.stdin.close()
    process.wait()
    process.stdout.close()


def test_the_folder_is_made_with_the_first_file_and_goes_with_the_spool(folder):
    spool = Spool()
    assert list(folder.iterdir()) == []
    file, other = spool.write(b"abc"), spool.write(b"")
    assert (file.read_bytes(), other.read_bytes()) == (b"abc", b"")
    assert list(folder.iterdir()) == [spool.folder]
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700
    spool.close()
    assert list(folder.iterdir()) == []
    spool.close()


def test_a_spool_that_nobody_closed_takes_its_folder_with_it(folder):
    process = other_program()
    assert len(list(folder.iterdir())) == 1
    ended(process)  # its input ends, and so does it
    assert list(folder.iterdir()) == []
    spool = Spool()
    spool.write(b"x")
    del spool
    assert list(folder.iterdir()) == []


def test_a_fork_of_the_program_leaves_its_folder_alone(folder):
    spool = Spool()
    file = spool.write(b"x")
    child = os.fork()
    if not child:
        try:
            spool.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert file.read_bytes() == b"x"
    spool.close()


def test_what_a_killed_program_left_is_removed_and_nothing_else(folder):
    killed, living = other_program(), other_program()
    killed.send_signal(signal.SIGKILL)
    ended(killed)
    (folder / f"{PREFIX}file").write_text("no folder")
    (folder / "another").mkdir()
    (folder / f"{PREFIX}link").symlink_to(folder / "another")
    assert len(list(folder.iterdir())) == 5
    spool = Spool()
    spool.write(b"x")  # whoever makes a folder sweeps
    assert len(list(folder.iterdir())) == 5
    assert sweep() == 0
    living.kill()
    ended(living)
    assert sweep() == 1
    assert len(list(folder.iterdir())) == 4
    spool.close()


def test_half_a_file_is_not_left_where_there_is_no_room(folder, monkeypatch):
    spool = Spool()
    spool.write(b"x")

    def full(self, content):
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(folder), "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        spool.write(b"y")
    assert len(list(spool.folder.iterdir())) == 1
    spool.close()


def test_where_there_is_no_place_for_files_that_is_an_error(folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "missing"))
    with pytest.raises(OSError):
        Spool().write(b"x")
    assert sweep() == 0
