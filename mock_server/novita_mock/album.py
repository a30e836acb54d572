"""Pictures that came before: what is known of one is found once, and it is held once.

The same few pictures are sent over and over; their digest alone costs more than all else about a large
body.
"""

import threading
from hashlib import sha256

from msgspec import Struct

from novita_mock.work import Picture

#: What is remembered: so many pictures, and so many bytes of them. Two of the longest have room.
MAX_KNOWN, MAX_BYTES = 4096, 64 * 1024 * 1024
#: Shorter pictures are known by themselves, in bytes; of longer ones some are compared first: those at either
#: end, and about so many in between.
_SHORT, _ENDS, _BETWEEN = 2048, 64, 256


_Sample = tuple[int, bytes, bytes, bytes]


class Known(Struct, frozen=True, gc=False):
    """A picture: its bytes, their SHA-256 as hex digits, and what its header says."""

    content: bytes
    digest: str
    picture: Picture


class Album:
    """The pictures that came last. May be asked from any thread."""

    def __init__(self, max_known: int = MAX_KNOWN, max_bytes: int = MAX_BYTES) -> None:
        self._max_known = max_known
        self._max_bytes = max_bytes
        self._known: dict[bytes | _Sample, Known] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def kept_bytes(self) -> int:
        """Bytes of all pictures that are remembered."""
        return self._bytes

    def of(self, content: bytes) -> Known:
        """What is known of a picture.

        Raises:
            NotAnImage: it is none, or its header is broken.
        """
        key = content if len(content) < _SHORT else _sample(content)
        with self._lock:
            known = self._known.get(key)
        if known is not None and known.content == content:  # two pictures may have one sample
            return known
        from novita_mock.render import inspect  # brings Pillow: not before there is a picture to look at

        known = Known(content, sha256(content).hexdigest(), inspect(content))
        if len(content) <= self._max_bytes:
            with self._lock:
                self._keep(key, known)
        return known

    def clear(self) -> None:
        """Remember nothing."""
        with self._lock:
            self._known.clear()
            self._bytes = 0

    def _keep(self, key: bytes | _Sample, known: Known) -> None:
        before = self._known.pop(key, None)
        self._bytes += len(known.content) - (len(before.content) if before else 0)
        self._known[key] = known
        while self._bytes > self._max_bytes or len(self._known) > self._max_known:
            self._bytes -= len(self._known.pop(next(iter(self._known))).content)


def _sample(content: bytes) -> _Sample:
    """What two pictures that are not the same seldom have in common: even a checksum reads all of them."""
    return len(content), content[:_ENDS], content[-_ENDS:], content[:: len(content) // _BETWEEN]
