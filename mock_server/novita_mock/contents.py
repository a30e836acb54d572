"""The bytes of pictures, each kept once however many have use for them; too many of them go into files."""

import asyncio
import logging
import threading
from hashlib import sha256
from pathlib import Path

from novita_mock.spool import Spool
from novita_mock.work import BrokenImage

log = logging.getLogger("novita_mock.contents")

#: Smaller contents stay in memory, in bytes: a file would cost more than it saves.
WORTH_A_FILE = 16 * 1024
#: How much memory contents take before they go into files, in bytes, where nobody says otherwise.
MAX_BYTES = 64 * 1024 * 1024


class Lost(BrokenImage):
    """A picture's file that is gone, or is not what was written; the message may be shown."""


class Content:
    """Bytes, and the digest that says which they are.

    Attributes:
        digest: hex SHA-256.
        size: in bytes.
        holders: how many have it; ``Contents`` counts.
        lost: whether its file was found to be gone, or not what was written.
    """

    __slots__ = ("_file", "_held", "digest", "holders", "lost", "size")

    def __init__(self, content: bytes, digest: str = "") -> None:
        """Take bytes; ``digest`` is theirs, where it is known."""
        self.digest = digest or sha256(content).hexdigest()
        self.size = len(content)
        self.holders = 0
        self.lost = False
        self._held: bytes | None = content
        self._file: Path | None = None

    @property
    def in_memory(self) -> bytes | None:
        """The bytes, unless they are in a file."""
        return self._held

    @property
    def file(self) -> Path | None:
        """Where the bytes are, unless in memory."""
        return self._file

    def move(self, file: Path) -> None:
        """The bytes are in a file from now on."""
        self._file = file
        self._held = None  # last: a reader in another thread finds them in one place or the other

    def return_to_memory(self, held: bytes) -> None:
        """The bytes are in memory again."""
        self._held = held
        self._file, self.lost = None, False

    def read(self) -> bytes:
        """The bytes; blocks where they are in a file.

        Raises:
            Lost: the file was removed, or its size has changed.
        """
        held = self._held
        if held is not None:
            return held
        assert self._file is not None
        try:
            content = self._file.read_bytes()
        except OSError as problem:
            self.lost = True
            raise Lost(f"the picture's file can't be read any more: {problem.strerror}") from None
        if len(content) != self.size:
            self.lost = True
            raise Lost(f"the picture's file has {len(content)} bytes, {self.size} were written")
        return content

    async def read_aside(self) -> bytes:
        """The bytes; an event loop does other things where they are in a file. Raises ``Lost``."""
        held = self._held
        return await asyncio.to_thread(self.read) if held is None else held


class Contents:
    """Every content that somebody holds, by its digest. One thread adds and drops, another sees to files.

    Whoever adds one never waits for a disk: where contents take more than ``max_bytes`` of memory, the oldest
    are written to files meanwhile. Where that can't be done they stay in memory.
    """

    def __init__(self, max_bytes: int = MAX_BYTES, spool: Spool | None = None) -> None:
        self._max_bytes = max_bytes
        self._spool = spool or Spool()
        self._all: dict[str, Content] = {}
        #: Those in memory by the identity of their bytes; of these, what is worth a file, the oldest first.
        self._known: dict[int, Content] = {}
        self._movable: dict[str, Content] = {}
        self._memory_bytes = 0
        #: Where a file could not be written: from how many bytes on it is tried again.
        self._patience = 0
        self._needless: list[Path] = []
        self._state = threading.Lock()
        self._mover: threading.Thread | None = None
        self._closed = False

    def __len__(self) -> int:
        return len(self._all)

    @property
    def memory_bytes(self) -> int:
        """How much memory they take, in bytes."""
        return self._memory_bytes

    def of(self, content: bytes) -> Content:
        """Bytes as a content, from any thread; a digest is made only of bytes that are not kept already."""
        known = self._known.get(id(content))
        return known if known is not None and known.in_memory is content else Content(content)

    def kept(self, content: Content) -> Content:
        """The content of the same digest that is held; one whose file was lost is healed by its bytes."""
        kept, held = self._all[content.digest], content.in_memory
        if kept.lost and held is not None:
            with self._state:
                kept.return_to_memory(held)
                self._enter_memory(kept, held)
                self._tidy()
        return kept

    def add(self, content: Content) -> Content:
        """One more holds a content: returns the one that is kept, which may be another of the same digest.

        A content that was held and is not any more can't be added again: its file may be gone.
        """
        if self._all.setdefault(content.digest, content) is content and not content.holders:
            held = content.in_memory
            assert held is not None
            with self._state:
                self._enter_memory(content, held)
                self._tidy()
            content.holders = 1
            return content
        kept = self.kept(content)
        kept.holders += 1
        return kept

    def drop(self, content: Content) -> None:
        """One fewer holds a content; when nobody does it is gone."""
        content.holders -= 1
        if content.holders:
            return
        with self._state:
            del self._all[content.digest]
            if content.file is not None:
                self._needless.append(content.file)
            else:
                self._leave_memory(content)
            self._tidy()

    def settle(self) -> None:
        """Wait until no file is being written or removed."""
        while (mover := self._mover) is not None:
            mover.join()

    def close(self) -> None:
        """Write no more files, and remove those there are."""
        self._closed = True
        self.settle()
        self._spool.close()

    @property
    def _crowded(self) -> bool:
        return bool(self._movable) and self._memory_bytes > max(self._max_bytes, self._patience)

    def _enter_memory(self, content: Content, held: bytes) -> None:
        self._known[id(held)] = content
        self._memory_bytes += content.size
        if content.size >= WORTH_A_FILE:
            self._movable[content.digest] = content

    def _leave_memory(self, content: Content) -> None:
        self._known.pop(id(content.in_memory), None)
        self._movable.pop(content.digest, None)
        self._memory_bytes -= content.size
        if self._memory_bytes <= self._max_bytes:
            self._patience = 0

    def _tidy(self) -> None:
        """Have a thread do what there is to do about files; it ends when that is done."""
        if self._mover is None and not self._closed and (self._needless or self._crowded):
            self._mover = threading.Thread(target=self._run, name="novita-mock-files", daemon=True)
            self._mover.start()

    def _run(self) -> None:
        while True:
            with self._state:
                needless, self._needless = self._needless, []
                content = next(iter(self._movable.values())) if self._crowded else None
                if self._closed or not (needless or content):
                    self._mover = None
                    return
            for file in needless:
                _unlink(file)
            if content is not None:
                self._move(content)

    def _move(self, content: Content) -> None:
        held = content.in_memory
        assert held is not None
        try:
            file = self._spool.write(held)
        except OSError as problem:
            with self._state:
                self._patience = self._memory_bytes + self._max_bytes // 4
            log.warning("pictures stay in memory: no file can be written (%s)", problem.strerror)
            return
        with self._state:
            if self._all.get(content.digest) is content:
                self._leave_memory(content)
                content.move(file)
            else:  # whoever held it has let it go meanwhile
                self._needless.append(file)


def _unlink(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as problem:
        log.warning("a picture's file could not be removed: %s (%s)", file, problem.strerror)
