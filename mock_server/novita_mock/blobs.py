"""Where image bytes live, and the signed links that lead to them."""

import hmac
from datetime import UTC, datetime
from hashlib import sha256
from typing import Protocol
from urllib.parse import parse_qsl, quote, urlencode

from msgspec import Struct
from msgspec.structs import replace

from novita_mock.contents import Content, Contents, Lost
from novita_mock.holding import Holding
from novita_mock.problems import BadLink, Broken, UnknownLink

#: The credential in every link begins with this, so that nobody takes one for a real one.
CREDENTIAL = "NOVITAMOCK"
_ALGORITHM = "NOVITA-MOCK-HMAC-SHA256"
_STAMP = "%Y%m%dT%H%M%SZ"


class Blob(Struct, frozen=True):
    """A stored picture, and the task that made it."""

    account_id: str
    content: Content
    content_type: str
    task_id: str = ""


class BlobStore(Protocol):
    """A place for image bytes."""

    @property
    def kept_bytes(self) -> int:
        """Bytes of all pictures; equal ones count once."""

    def put(self, path: str, blob: Blob) -> None:
        """Keep a picture under a path."""

    def get(self, path: str) -> Blob | None:
        """The picture under a path."""

    def drop(self, path: str) -> None:
        """Forget a picture."""


class MemoryBlobs:
    """Pictures by their paths, in memory; their bytes are among the contents that it is given."""

    def __init__(self, contents: Contents) -> None:
        self._blobs: dict[str, Blob] = {}
        self._holding = Holding(contents)

    def __len__(self) -> int:
        return len(self._blobs)

    @property
    def kept_bytes(self) -> int:
        """Bytes of all pictures; equal ones count once."""
        return self._holding.kept_bytes

    def put(self, path: str, blob: Blob) -> None:
        """Keep a picture under a path."""
        kept = self._holding.add(blob.content)
        self.drop(path)
        self._blobs[path] = replace(blob, content=kept)

    def get(self, path: str) -> Blob | None:
        """The picture under a path."""
        return self._blobs.get(path)

    def drop(self, path: str) -> None:
        """Forget a picture."""
        blob = self._blobs.pop(path, None)
        if blob is not None:
            self._holding.drop(blob.content)


class Grant(Struct, frozen=True):
    """What a link with a good signature says: whose it is, and from when to when it is alive."""

    account_id: str
    issued_s: int
    ttl_s: int

    def alive(self, now_s: float) -> bool:
        """Whether the link is alive at a moment of its account's time."""
        return now_s < self.issued_s + self.ttl_s


class Signer:
    """Makes and checks links. The query has the shape of an S3 link (facts 2.3), the names are ours."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def url(self, base_url: str, path: str, grant: Grant) -> str:
        """The link to a path."""
        # Of all signs in the query, only the slash has to be escaped.
        query = "&".join(f"{name}={value}" for name, value in self._query(path, grant).items())
        return f"{base_url}{quote(path)}?{query.replace('/', '%2F')}"

    def check(self, path: str, query: str) -> Grant:
        """What a link says.

        Raises:
            BadLink: it lacks a part, or was altered.
        """
        parts = dict(parse_qsl(query, keep_blank_values=True))
        try:
            issued = datetime.strptime(parts["X-Amz-Date"], _STAMP).replace(tzinfo=UTC)
            owner = parts["X-Amz-Credential"].split("/")[0].removeprefix(CREDENTIAL)
            grant = Grant(owner, int(issued.timestamp()), int(parts["X-Amz-Expires"]))
            expected = self._query(path, grant)
        except (KeyError, ValueError, OverflowError):
            raise BadLink("AccessDenied: the link is not complete") from None
        same = hmac.compare_digest(urlencode(sorted(parts.items())), urlencode(sorted(expected.items())))
        if not same:
            raise BadLink("SignatureDoesNotMatch: the link was altered")
        return grant

    def _query(self, path: str, grant: Grant) -> dict[str, str]:
        issued = datetime.fromtimestamp(grant.issued_s, UTC)
        text = f"{grant.account_id}\n{path}\n{grant.issued_s}\n{grant.ttl_s}"
        return {
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{CREDENTIAL}{grant.account_id}/{issued:%Y%m%d}/local/s3/aws4_request",
            "X-Amz-Date": f"{issued:{_STAMP}}",
            "X-Amz-Expires": str(grant.ttl_s),
            "X-Amz-SignedHeaders": "host",
            "x-id": "GetObject",
            "X-Amz-Signature": hmac.new(self._secret, text.encode(), sha256).hexdigest(),
        }


def fetch(blobs: BlobStore, path: str) -> Blob:
    """The picture under a path.

    Raises:
        UnknownLink: there is none, or none any more.
    """
    blob = blobs.get(path)
    if blob is None:
        raise UnknownLink("NoSuchKey: there is no such picture, or none any more")
    return blob


async def read(blobs: BlobStore, path: str) -> bytes:
    """The bytes of the picture under a path.

    Raises:
        UnknownLink: there is none, or none any more.
        Broken: the file that it was in is lost.
    """
    blob = fetch(blobs, path)
    try:
        return await blob.content.read_aside()
    except Lost as problem:
        fetch(blobs, path)  # it may have been forgotten while it was read
        raise Broken(str(problem)) from None
