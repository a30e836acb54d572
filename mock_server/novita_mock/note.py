"""A request as it is noted while others wait: by reference, and an entry only once it is read."""

import msgspec
from msgspec import Struct
from msgspec.structs import asdict, replace

from novita_mock.entry import Entry, weight_of
from novita_mock.types import JSON

#: What a note is reckoned at beside its texts, in bytes, and each of its headers (measured).
_NOTE_BYTES, _HEADER_BYTES = 1100, 200
#: What a body that is read later is reckoned at beside its text, and each of its pictures, in bytes.
_UNREAD_BYTES = 150

Headers = list[tuple[bytes, bytes]]


class Unread(Struct, frozen=True, gc=False):
    """A good body as it came, for whoever reads it later.

    Attributes:
        content: JSON, with a word in place of each picture.
        pictures: the words, and what is told of the picture that each stands for.
    """

    content: bytes
    pictures: tuple[tuple[str, str], ...]

    def read(self) -> JSON:
        """The body, its pictures told by their digests."""
        content = self.content
        for word, text in self.pictures:
            content = content.replace(word.encode(), text.encode())
        return msgspec.json.decode(content)

    @property
    def weight(self) -> int:
        """About how much memory it takes, in bytes."""
        return _UNREAD_BYTES + len(self.content) + _UNREAD_BYTES * len(self.pictures)


class Note(Struct, frozen=True, gc=False):
    """What an ``Entry`` is made of. Nothing in it is redacted, and nothing of it is told to anybody.

    Attributes:
        headers: of the request, as they came.
        query: of the address, as it came.
        request: the body as it came, its pictures told by their digests.
        content: the body of the reply as it was sent; empty where it is a picture, or long.

    The others are those of the entry.
    """

    number: int
    at_s: float
    arrival: int
    operation: str
    method: str
    path: str
    query: bytes
    headers: Headers
    status: int
    duration_ms: float
    task_id: str
    request: "Unread | JSON"
    request_bytes: int
    content: bytes
    response_bytes: int
    response_type: str
    faults: tuple[str, ...] = ()
    notices: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    lost: bool = False
    bent: str = ""

    def entry(self) -> Entry:
        """The entry, redacted."""
        said = asdict(self)
        content, request = said.pop("content"), said["request"]
        said["query"] = str(self.query, "latin-1")
        said["headers"] = {str(name, "latin-1"): str(value, "latin-1") for name, value in self.headers}
        said["request"] = request.read() if isinstance(request, Unread) else request
        return Entry(**said, response=_body(content))

    def marked(self, faults: tuple[str, ...]) -> "Note":
        """The same, with more that was made to go wrong."""
        return replace(self, faults=(*self.faults, *faults))

    @property
    def weight(self) -> int:
        """About how much memory it takes, in bytes."""
        weight = _NOTE_BYTES + len(self.query) + len(self.content)
        for _, value in self.headers:
            weight += _HEADER_BYTES + len(value)
        if self.request is None:
            return weight
        return weight + (self.request.weight if type(self.request) is Unread else weight_of(self.request))


def _body(content: bytes) -> JSON:
    """JSON, else a text; None where nothing is kept."""
    if not content:
        return None
    try:
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return content.decode("utf-8", "replace")
