"""What the head of a request says that asks for nothing special; a head that came before is known again.

A client sends the same few heads over and over. Letter by letter the same, between two requests, one says the
same as before: nobody has to parse it, nor look for its caller.
"""

from msgspec import Struct

from novita_mock.accounts import Account, key_of
from novita_mock.catalogue import Operation
from novita_mock.context import Context
from novita_mock.egress import HOP_HEADER
from novita_mock.incoming import JSON_TYPE, media_type_of
from novita_mock.note import Headers
from novita_mock.problems import Problem
from novita_mock.remembering import remember

#: Headers that change what is done. Those of them that are not looked at here are left to the long way.
_TELLING = frozenset(
    {
        b"authorization", b"host", b"content-type", b"content-encoding", b"transfer-encoding", b"expect",
        b"x-omni-key", b"x-novita-mock-scenario", HOP_HEADER.lower().encode(),
    }
)  # fmt: skip
_END = b"\r\n\r\n"
#: Callers, and heads of so many bytes at most, that are known again; beyond that, all are found anew.
MAX_KNOWN, MAX_BYTES = 1024, 4096


class Head(Struct, frozen=True, gc=False):
    """A head: what it asks for, and its headers as they came.

    Attributes:
        account: of the caller.
        base_url: what links begin with for that caller.
        is_json: whether that is what the body is said to be.
    """

    row: Operation
    url: bytes
    headers: Headers
    account: Account
    base_url: str
    is_json: bool

    @property
    def special(self) -> bool:
        """Whether something is to go wrong for its caller."""
        return bool(self.account.faults.waiting)


class _Known(Struct, frozen=True, gc=False):
    """A head that came before a body of so many bytes."""

    head: Head
    length: int


class Heads:
    """Reads the heads of requests for some operations.

    Args:
        kinds: of the operations.
    """

    def __init__(self, context: Context, kinds: frozenset[str]) -> None:
        self._context = context
        self._rows = _rows_of(context, kinds)
        self._accounts: dict[bytes, Account] = {}
        self._known: dict[bytes, _Known] = {}

    def row(self, method: bytes, url: bytes) -> Operation | None:
        """The operation that is asked for, if it is one of them."""
        return self._rows.get((method, url.partition(b"?")[0]))

    def read(self, row: Operation, url: bytes, headers: Headers) -> Head | None:
        """What a head says; None where it asks for anything special."""
        key = host = media_type = None
        for name, value in headers:
            if name not in _TELLING:
                continue
            if name == b"authorization" and key is None:
                key = value
            elif name == b"host" and host is None:
                host = value
            elif name == b"content-type" and media_type is None:
                media_type = value
            else:
                return None
        if key is None or host is None:
            return None
        account = self._accounts.get(key) or self._caller(key)
        if account is None:
            return None
        base_url = self._context.base_url(str(host, "latin-1"))
        is_json = media_type_of(str(media_type or b"", "latin-1")) == JSON_TYPE
        return Head(row, url, headers, account, base_url, is_json)

    def find(self, data: bytes) -> tuple[Head, bytes] | None:
        """The known head and the body of a request, where that is all of it and no more."""
        end = data.find(_END, 0, MAX_BYTES) + len(_END)
        known = self._known.get(data[:end])
        if known is None or len(data) - end != known.length:
            return None
        return known.head, data[end:]

    def learn(self, data: bytes, head: Head, length: int) -> None:
        """Know a head again, if data is it and a body of so many bytes, and nothing else."""
        end = data.find(_END, 0, MAX_BYTES) + len(_END)
        if len(data) - end == length and end >= len(_END):
            remember(self._known, data[:end], _Known(head, length), MAX_KNOWN)

    def _caller(self, key: bytes) -> Account | None:
        """The account of a header that holds a key and no scenario."""
        context = self._context
        if b"@" in key:
            return None
        try:
            bare = context.catalogue.quirks["bare-key"] == "accepted"
            account = context.accounts.of_key(key_of([str(key, "latin-1")], [], bare=bare))
        except Problem:
            return None
        return remember(self._accounts, key, account, MAX_KNOWN)


def _rows_of(context: Context, kinds: frozenset[str]) -> dict[tuple[bytes, bytes], Operation]:
    settings = context.settings
    # These concern every request.
    if settings.scenario or settings.strict_responses or settings.rate_limits:
        return {}
    rows = [row for row in context.catalogue.operations if row.kind in kinds]
    return {(row.method.encode(), row.path.encode()): row for row in rows}
