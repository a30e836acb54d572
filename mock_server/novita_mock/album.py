"""Pictures that came before: what is known of one is found once, and it is held once.

The same few pictures are sent over and over; their digest alone costs more than all else about a large
body. A long one is known by the base64 that it came in, which nobody has to decode then.
"""

import threading
from hashlib import sha256

import pybase64
from msgspec import Struct

from novita_mock.lifting import Content
from novita_mock.work import Picture

#: What is remembered: so many pictures, and so many bytes of them. Two of the longest have room.
MAX_KNOWN, MAX_BYTES = 4096, 64 * 1024 * 1024
#: Shorter pictures are known by themselves, in bytes. Of longer ones some of the base64 is compared first: so
#: many groups of four letters at either end, and the first letter of about so many in between.
_SHORT, _ENDS, _BETWEEN = 2048, 20, 256
#: What is compared at once of all of it, in bytes of the picture: what a processor's cache holds.
_PIECE = 3 * 16 * 1024
#: The first letter of a group, by the first of its three bytes.
_LETTER = bytes(pybase64.b64encode(bytes([first, 0, 0]))[0] for first in range(256))

_Sample = tuple[int, bytes, bytes, bytes]


class Known(Struct, frozen=True, gc=False):
    """A picture: its bytes, their SHA-256 as hex digits, and what its header says.

    Attributes:
        told: what is told of it instead of it.
    """

    content: bytes
    digest: str
    picture: Picture
    told: str


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

        digest = sha256(content).hexdigest()
        told = f"<a picture of {len(content)} bytes, sha256 {digest[:12]}>"
        known = Known(content, digest, inspect(content), told)
        if len(content) <= self._max_bytes:
            with self._lock:
                self._keep(key, known)
        return known

    def spelled(self, text: Content, begin: int, end: int) -> Known | None:
        """The long picture that a part of a text is the base64 of, where that came before."""
        if end - begin < 2 * _SHORT or (end - begin) % 4:
            return None
        with self._lock:
            known = self._known.get(_sample_of_text(text, begin, end))
        return known if known is not None and _spells(text, begin, end, known.content) else None

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
    """Of a picture's base64 what two seldom have in common: no checksum costs so little."""
    groups = (len(content) + 2) // 3
    first, last = content[: 3 * _ENDS], content[3 * (groups - _ENDS) :]
    letters = content[:: 3 * (groups // _BETWEEN)].translate(_LETTER)
    return 4 * groups, pybase64.b64encode(first), pybase64.b64encode(last), letters


def _sample_of_text(text: Content, begin: int, end: int) -> _Sample:
    """The same of the base64 itself."""
    first, last = text[begin : begin + 4 * _ENDS], text[end - 4 * _ENDS : end]
    letters = text[begin : end : 4 * ((end - begin) // 4 // _BETWEEN)]
    return end - begin, bytes(first), bytes(last), bytes(letters)


def _spells(text: Content, begin: int, end: int, content: bytes) -> bool:
    """Whether a part of a text is the base64 of a picture. To decode it would take as much memory again."""
    view, place = memoryview(content), begin
    for start in range(0, len(content), _PIECE):
        piece = pybase64.b64encode(view[start : start + _PIECE])
        if not text.startswith(piece, place):
            return False
        place += len(piece)
    return place == end
