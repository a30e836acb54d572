"""Files of one double, in a private folder: made when the first is written, gone with the double."""

import os
import shutil
import sys
import tempfile
import weakref
from contextlib import suppress
from itertools import count
from pathlib import Path

#: What the folders' names begin with; they lie where TMPDIR says.
PREFIX = "novita-mock-pictures-"


class Spool:
    """A folder that only its owner can read, mode 0700; whoever uses it may be in any one thread at a time.

    It is removed by ``close``, else when the program ends. A program that is killed leaves it behind: whoever
    has a folder made next removes those that no living program holds.
    """

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._names = count()
        self._remove: weakref.finalize[[Path, int, int], Spool] | None = None

    @property
    def folder(self) -> Path | None:
        """Where the files are, once there was one."""
        return self._folder

    def write(self, content: bytes) -> Path:
        """Write a file.

        Raises:
            OSError: there is no room, or no place for files.
        """
        if self._folder is None:
            sweep()
            self._folder, held = _made()
            self._remove = weakref.finalize(self, _removed, self._folder, held, os.getpid())
        path = self._folder / str(next(self._names))
        try:
            path.write_bytes(content)
        except OSError:
            with suppress(OSError):  # half of it would only take room
                path.unlink()
            raise
        return path

    def close(self) -> None:
        """Remove the folder and all files."""
        if self._remove is not None:
            self._remove()
        self._folder = None


def sweep() -> int:
    """Remove the folders of programs that were killed; how many there were."""
    gone = 0
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX) and entry.is_dir(follow_symlinks=False):
                gone += _swept(Path(entry.path))
    return gone


def _swept(folder: Path) -> bool:
    held = _hold(folder)
    if held is None:
        return False
    # Held by nobody else, so its owner is gone. Another user's could not even be opened.
    shutil.rmtree(folder, ignore_errors=True)
    os.close(held)
    return True


def _made() -> tuple[Path, int]:
    """A new folder, and what holds it (-1 where the system has nothing that could)."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        if sys.platform == "win32":
            return folder, -1
        held = _hold(folder)
        if held is None or folder.exists():  # else another double swept it away before it was held
            return folder, -1 if held is None else held
        os.close(held)


def _hold(folder: Path) -> int | None:
    """Hold a folder for as long as this program lives, or what comes back is closed; None where another does.

    systemd-tmpfiles leaves a folder alone that is held like this, however old it is.
    """
    if sys.platform == "win32":
        return None
    import fcntl

    held = -1
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        if held >= 0:
            os.close(held)
        return None
    return held


def _removed(folder: Path, held: int, owner: int) -> None:
    if os.getpid() != owner:
        return  # a fork of the program that goes on
    shutil.rmtree(folder, ignore_errors=True)
    if held >= 0:
        os.close(held)
