"""A file of JSON lines that any number of processes and threads add to, in turn and whole.

What holds, whoever dies when:

- One at a time has the file: it is opened anew and locked for each turn, so that threads of a process,
  and the child of a fork, wait for each other as strangers do.
- Lines are never changed, and a line that is kept is on the disk before ``append`` returns.
- A line is padded so that it ends where a block of 256 bytes ends, and so lies within one page of
  memory, which the kernel copies whole or not at all, even for a process that is being killed. Only
  a machine that dies, or a full disk, can leave a line torn; whoever has the next turn sees ``torn``.
"""

import errno
import json
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from novita_contract.options import OptionsError
from novita_mock.types import JSON

#: What lines are padded to, in bytes; a part of every size of page.
_BLOCK = 256

if sys.platform == "win32":
    import msvcrt

    #: A byte that no ledger reaches; Windows lets nobody read what is locked.
    _BEYOND = 0x7FFF0000

    def _lock(file: FileIO) -> None:
        while True:
            file.seek(_BEYOND)
            try:
                return msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
            except OSError as problem:
                if problem.errno != errno.EDEADLK:  # which only means that ten seconds went by
                    raise

    def _unlock(file: FileIO) -> None:
        file.seek(_BEYOND)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: FileIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)

    def _unlock(file: FileIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)


class LedgerError(OptionsError):
    """The ledger can't be used, or can't be trusted; nothing may be sent that it would have to count."""


class Turn:
    """The file, for as long as nobody else has it.

    Attributes:
        torn: what stands after the last whole line; a crash left it there.
    """

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._end = 0
        self.torn = b""

    def new_lines(self, read: int) -> list[bytes]:
        """The whole lines that come after so many bytes that were read before."""
        self._file.seek(read)
        whole, newline, self.torn = self._file.readall().rpartition(b"\n")
        self._end = read + len(whole) + len(newline)
        return whole.split(b"\n") if newline else []

    def drop_torn(self) -> None:
        """Take away what stands after the last whole line."""
        self._file.truncate(self._end)
        self.torn = b""

    def append(self, line: JSON, keep: bool) -> None:
        """Add a line, in the place of what is torn.

        Args:
            line: to be written as JSON.
            keep: whether it must be on the disk when this returns; if not, it is there no later than
                the next line that is kept.

        Raises:
            OSError: it is not written, or not kept.
        """
        text = json.dumps(line).encode()
        least = max(len(text) + 1, len(self.torn))
        length = -(-(self._end + least) // _BLOCK) * _BLOCK - self._end
        try:
            self._file.seek(self._end)
            if self._file.write(text.ljust(length - 1) + b"\n") != length:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            self._file.truncate(self._end + len(self.torn))
            raise
        if keep:
            os.fsync(self._file.fileno())


class LedgerFile:
    """A file that is shared.

    Args:
        path: where it is, or shall be.

    Raises:
        LedgerError: there can be no such file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._identity: int | None = None
        self._size = 0
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """Have the file to oneself; not to be asked for by who has it already.

        Raises:
            LedgerError: the file can't be opened, locked, read or written, or is not the one it was.
        """
        with self._told(), self._opened() as file:
            _lock(file)
            try:
                self._check(os.fstat(file.fileno()))
                yield Turn(file)
                self._size = os.fstat(file.fileno()).st_size
            finally:
                _unlock(file)

    def keep_name(self) -> None:
        """Make sure that the file's name outlives a crash of the machine, too."""
        if sys.platform == "win32":
            return  # a folder can't be opened there
        with self._told():
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _opened(self) -> FileIO:
        # Only the first time may make it: who takes it away later must not get an empty one for it.
        create = os.O_CREAT if self._identity is None else 0
        binary = getattr(os, "O_BINARY", 0)
        return FileIO(os.open(self.path, os.O_RDWR | create | binary, 0o600), "r+")

    def _check(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise LedgerError(f"{self.path} is no plain file", "name another with --ledger FILE")
        if self._identity not in (None, status.st_ino) or status.st_size < self._size:
            raise FileNotFoundError
        self._identity = status.st_ino

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise LedgerError(
                f"the ledger {self.path} was moved, cut or replaced while it was in use",
                "put it back: without it nobody knows what was spent",
            ) from None
        except OSError as problem:
            raise LedgerError(
                f"the ledger {self.path} can't be used: {problem.strerror or problem}",
                "nothing is sent that it can't count; name another with --ledger FILE",
            ) from None
