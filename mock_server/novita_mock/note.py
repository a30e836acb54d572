"""A request as it is noted while others wait: by reference, and an entry only once it is read."""

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from novita_mock.entry import Entry, weight_of
from novita_mock.types import JSON

#: What a note is reckoned at beside its texts, in bytes, and each of its headers (measured).
_NOTE_BYTES, _HEADER_BYTES = 1100, 200

Headers = list[tuple[bytes, bytes]]


class Note(Struct, frozen=True, gc=False):
    """What an ``Entry`` is made of. Nothing in it is redacted, and nothing of it is told to anybody.

    Attributes:
        query: of the address, as it came.
        headers: of the request, as they came.
        content: the body of the reply as it was sent; empty where it is a picture, or long.
        told: what else the entry says, by the names of its fields.
    """

    number: int
    method: str
    task_id: str
    query: bytes
    headers: Headers
    content: bytes
    request: JSON
    faults: tuple[str, ...]
    told: dict[str, JSON]

    def entry(self) -> Entry:
        """The entry, redacted."""
        headers = {str(name, "latin-1"): str(value, "latin-1") for name, value in self.headers}
        return Entry(
            number=self.number,
            method=self.method,
            task_id=self.task_id,
            query=str(self.query, "latin-1"),
            headers=headers,
            request=self.request,
            response=_body(self.content),
            faults=self.faults,
            **self.told,
        )

    def marked(self, faults: tuple[str, ...]) -> "Note":
        """The same, with more that was made to go wrong."""
        return replace(self, faults=(*self.faults, *faults))

    @property
    def weight(self) -> int:
        """About how much memory it takes, in bytes."""
        texts = len(self.query) + len(self.content) + sum(len(value) for _, value in self.headers)
        request = 0 if self.request is None else weight_of(self.request)
        return _NOTE_BYTES + _HEADER_BYTES * len(self.headers) + texts + request


def _body(content: bytes) -> JSON:
    """JSON, else a text; None where nothing is kept."""
    if not content:
        return None
    try:
        return msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return content.decode("utf-8", "replace")
