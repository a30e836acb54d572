"""Sends the pictures of tasks to an S3 service, in threads that nothing else has to wait for."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from msgspec import Struct

#: Pictures on their way at the same time; the others wait, and their deadline has not begun.
MAX_UPLOADS = 16


class S3(Protocol):
    """A real S3 service."""

    endpoint_url: str

    def put(self, bucket: str, region: str, key: str, content: bytes, content_type: str) -> None:
        """Write an object; blocks. Raises ``StorageFailed``."""


class Parcel(Struct, frozen=True):
    """A picture and where it is to go."""

    bucket: str
    region: str
    key: str
    content: bytes
    content_type: str


class Uploads:
    """Pictures on their way to an S3 service. Belongs to one event loop.

    Not the loop's own threads: a service that hangs would keep requests from being read, and the end of
    the server waits for those.
    """

    def __init__(self, s3: S3, most: int = MAX_UPLOADS) -> None:
        self.endpoint_url = s3.endpoint_url
        self._s3 = s3
        self._places = asyncio.Semaphore(most)

    async def send(self, parcel: Parcel) -> None:
        """Write an object.

        Raises:
            StorageFailed: the service did not take it.
        """
        async with self._places:
            await _in_thread(lambda: self._put(parcel))

    def _put(self, parcel: Parcel) -> None:
        self._s3.put(parcel.bucket, parcel.region, parcel.key, parcel.content, parcel.content_type)


async def _in_thread(work: Callable[[], None]) -> None:
    """Do blocking work in a thread that ends with the program, whatever it waits for."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def tell(problem: Exception | None) -> None:
        if done.cancelled():
            return
        if problem is None:
            done.set_result(None)
        else:
            done.set_exception(problem)

    def run() -> None:
        problem: Exception | None = None
        try:
            work()
        except Exception as raised:  # raised again where the work is waited for
            problem = raised
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(tell, problem)

    threading.Thread(target=run, name="upload", daemon=True).start()
    await done
