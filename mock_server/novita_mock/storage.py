"""Custom storage: where a task's pictures go when its sender names a bucket, and the double's own buckets.

Source: pages upscale and img2img, ``extra.custom_storage``; facts 9, rows 22 to 24. What counts as a
bad region, bucket or path is assumed: the pages name the error, not its rules.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator
from urllib.parse import quote

from msgspec import Struct

from novita_mock.contents import Content, Contents
from novita_mock.holding import Holding
from novita_mock.problems import Fault, cut
from novita_mock.types import JSON

#: Where the double's own buckets are looked at, below its address.
OWN_PATH = "/_mock/storage"
#: Longest path, in bytes of UTF-8: of the 1,024 of a key, what a picture's own name leaves.
MAX_PATH_BYTES = 1024 - len("/00000000-0000-4000-8000-000000000000/") - 32 - len(".jpeg")
#: How much the double's own buckets hold, of all accounts together.
MAX_BYTES = 256 * 1024 * 1024
MAX_OBJECTS = 10_000

_WHERE = ("extra", "custom_storage", "aws_s3")
_REGION = re.compile(r"[a-z]{2,5}(-[a-z]{2,15}){1,3}-\d{1,2}")
# The rules of AWS for names of buckets, and the underscore of older ones: the page has ``test_bucket``.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_RESERVED = re.compile(r"(xn--|sthree-).*|.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)", re.DOTALL)
# Control characters, and those that turn the direction of writing around.
_INVISIBLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")


def check_target(aws_s3: JSON) -> list[Fault]:
    """What is wrong with ``extra.custom_storage.aws_s3``, of the kind ``output-path``.

    Args:
        aws_s3: an object that fits its schema; a field that is missing or no text is not judged.

    A path may begin and end with ``/``: the example of page configure-custom-s3-bucket is ``/``.
    """
    checks = {"region": _region_fault, "bucket": _bucket_fault, "path": _path_fault}
    found = {name: check(aws_s3[name]) for name, check in checks.items() if isinstance(aws_s3.get(name), str)}
    return [Fault("output-path", (*_WHERE, name), message) for name, message in found.items() if message]


def object_key(path: str, task_id: str, name: str, ext: str, directly: bool) -> str:
    """The key of a picture: ``path/task_id/name.ext``, or without the level of the task.

    Args:
        path: as it was asked for; slashes at its ends don't count.
        task_id: of the task; names the additional level (assumed: no page names it).
        name: of the picture.
        ext: ``png``, ``webp`` or ``jpeg``.
        directly: ``save_to_path_directly``.
    """
    levels = [path.strip("/"), "" if directly else task_id, f"{name}.{ext}"]
    return "/".join(level for level in levels if level)


def object_url(store_url: str, bucket: str, key: str) -> str:
    """The plain address of an object: nobody could sign one for a bucket that isn't theirs.

    Args:
        store_url: of the S3 service, or ``own_store_url`` of the double.
        bucket: its name, as checked.
        key: as it is; what an address can't hold is escaped.
    """
    return f"{store_url.rstrip('/')}/{quote(bucket, safe='')}/{quote(key, safe='/~')}"


def own_store_url(base_url: str) -> str:
    """Where the double's own buckets are, given its address."""
    return base_url.rstrip("/") + OWN_PATH


class Stored(Struct, frozen=True):
    """An object in one of the double's own buckets; ``at_s`` is account time."""

    account_id: str
    bucket: str
    key: str
    content: Content
    content_type: str
    at_s: float


class OwnBuckets:
    """Buckets of the double. As on S3 their names are everybody's; an object is its writer's.

    The oldest objects make room, the newest is always kept. Their bytes are among the contents it is given.
    """

    def __init__(
        self, contents: Contents, max_bytes: int = MAX_BYTES, max_objects: int = MAX_OBJECTS
    ) -> None:
        self._holding = Holding(contents)
        self._record_bytes = 0
        self._max_bytes = max_bytes
        self._max_objects = max_objects
        self._objects: OrderedDict[tuple[str, str], Stored] = OrderedDict()

    def __len__(self) -> int:
        return len(self._objects)

    @property
    def kept_bytes(self) -> int:
        """Contents and keys of all objects, in bytes; equal contents count once."""
        return self._record_bytes + self._holding.kept_bytes

    def put(
        self, account_id: str, bucket: str, key: str, content: Content, content_type: str, at_s: float
    ) -> None:
        """Write an object whole; one that is there already is replaced."""
        kept = self._holding.add(content)
        self._forget((bucket, key))
        self._objects[bucket, key] = Stored(account_id, bucket, key, kept, content_type, at_s)
        self._record_bytes += _record_bytes(key)
        while len(self) > 1 and (len(self) > self._max_objects or self.kept_bytes > self._max_bytes):
            self._forget(next(iter(self._objects)))

    def get(self, bucket: str, key: str) -> Stored | None:
        """The object, whoever wrote it."""
        return self._objects.get((bucket, key))

    def objects(self, account_id: str | None = None, bucket: str | None = None) -> Iterator[Stored]:
        """The objects that one account wrote, or all have, in one bucket or in all; the oldest first."""
        for stored in self._objects.values():
            if account_id in (None, stored.account_id) and bucket in (None, stored.bucket):
                yield stored

    def clear(self, account_id: str | None = None) -> int:
        """Delete the objects of one account, or all; how many there were."""
        gone = [(stored.bucket, stored.key) for stored in self.objects(account_id)]
        for place in gone:
            self._forget(place)
        return len(gone)

    def _forget(self, place: tuple[str, str]) -> None:
        stored = self._objects.pop(place, None)
        if stored:
            self._record_bytes -= _record_bytes(stored.key)
            self._holding.drop(stored.content)


def told(stored: Stored, base_url: str) -> JSON:
    """An object as the control API lists it, with where to fetch it; ``base_url`` is the double's."""
    return {
        "bucket": stored.bucket,
        "key": stored.key,
        "bytes": stored.content.size,
        "content_type": stored.content_type,
        "at_s": stored.at_s,
        "url": object_url(own_store_url(base_url), stored.bucket, stored.key),
    }


def _record_bytes(key: str) -> int:
    """What an object takes beside its content."""
    return 4 * len(key) + 1024


def _region_fault(region: str) -> str:
    return "" if _REGION.fullmatch(region) else f"{cut(region)} is not a region like us-east-2"


def _bucket_fault(bucket: str) -> str:
    if not 3 <= len(bucket) <= 63:
        return f"{cut(bucket)} has {len(bucket)} characters; names of buckets have 3 to 63"
    if not _BUCKET.fullmatch(bucket):
        return f"{cut(bucket)} is not of lower-case letters, digits, dots, hyphens and underscores"
    if ".." in bucket or _ADDRESS.fullmatch(bucket) or _RESERVED.fullmatch(bucket):
        return f"{cut(bucket)} is no name that a bucket can have"
    return ""


def _path_fault(path: str) -> str:
    size = len(path.encode("utf-8", "surrogatepass"))
    if size > MAX_PATH_BYTES:
        return f"has {size} bytes, at most {MAX_PATH_BYTES} are allowed"
    if _INVISIBLE.search(path):
        return f"{cut(path)} holds characters that can't be seen"
    if "\\" in path or re.match(r"[A-Za-z]:", path):
        return f"{cut(path)} is a path of Windows; levels are divided by /"
    if any(level.strip(" ") in (".", "..") for level in path.split("/")):
        return f"{cut(path)} holds a level . or .. that leads elsewhere"
    return ""
