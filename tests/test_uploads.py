"""Pictures on their way to an S3 service: how many at once, what is raised, and that nobody has to wait."""

import asyncio
import threading

import pytest

from novita_mock.s3 import StorageFailed
from novita_mock.uploads import Parcel, Uploads


class FakeS3:
    """Takes what is put once it is let to; ``refused`` is a reason."""

    endpoint_url = "http://s3.local"

    def __init__(self, refused: str = "") -> None:
        self.refused = refused
        self.put_keys: list[str] = []
        self.at_once = self.most = 0
        self.let = threading.Event()
        self._lock = threading.Lock()

    def put(self, bucket: str, region: str, key: str, content: bytes, content_type: str) -> None:
        with self._lock:
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        self.let.wait(10)
        with self._lock:
            self.at_once -= 1
            self.put_keys.append(f"{bucket}/{key} {region} {content_type} {len(content)}")
        if self.refused:
            raise StorageFailed(self.refused)


def parcel(key: str = "k") -> Parcel:
    return Parcel("pictures", "us-east-2", key, b"abc", "image/png")


def test_a_parcel_is_put_as_it_is():
    s3 = FakeS3()
    s3.let.set()
    asyncio.run(Uploads(s3).send(parcel()))
    assert s3.put_keys == ["pictures/k us-east-2 image/png 3"]


def test_what_the_service_refuses_is_raised_where_it_was_sent():
    s3 = FakeS3("there is no such bucket")
    s3.let.set()
    with pytest.raises(StorageFailed, match="no such bucket"):
        asyncio.run(Uploads(s3).send(parcel()))


def test_only_so_many_are_under_way_at_once_and_all_arrive():
    s3 = FakeS3()

    async def send() -> None:
        uploads = Uploads(s3, most=3)
        sent = [asyncio.create_task(uploads.send(parcel(str(n)))) for n in range(10)]
        while s3.at_once < 3:
            await asyncio.sleep(0)
        s3.let.set()
        await asyncio.gather(*sent)

    asyncio.run(send())
    assert s3.most == 3
    assert len(s3.put_keys) == 10


def test_one_that_is_given_up_holds_neither_its_place_nor_the_end_of_the_loop():
    s3 = FakeS3()

    async def send() -> None:
        uploads = Uploads(s3, most=1)
        first = asyncio.create_task(uploads.send(parcel("first")))
        while not s3.at_once:
            await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        second = asyncio.create_task(uploads.send(parcel("second")))
        while s3.at_once < 2:
            await asyncio.sleep(0)
        second.cancel()

    asyncio.run(send())  # would not end before the threads, were they the loop's own
    assert s3.put_keys == []
    s3.let.set()
