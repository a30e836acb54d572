"""What ended tasks leave: stored pictures, their links, and how long all of it is kept."""

from collections import deque
from collections.abc import Callable, Iterator

from novita_mock.accounts import Account
from novita_mock.blobs import Blob, BlobStore, Grant, Signer
from novita_mock.catalogue import Operation
from novita_mock.chance import Chance
from novita_mock.contents import Content, Lost
from novita_mock.files import folder
from novita_mock.s3 import StorageFailed
from novita_mock.settings import Settings
from novita_mock.storage import OwnBuckets, object_key, object_url, own_store_url
from novita_mock.store import TaskStore
from novita_mock.task import Image, Task
from novita_mock.uploads import Parcel, Uploads


class Results:
    """Keeps what tasks end with, up to the caps of the settings; a task and its links go together.

    Args:
        uploads: to where custom storage is written; the double's own buckets, where there are none.
    """

    def __init__(
        self,
        settings: Settings,
        chance: Chance,
        tasks: TaskStore,
        blobs: BlobStore,
        buckets: OwnBuckets,
        uploads: Uploads | None = None,
    ) -> None:
        self._chance = chance
        self._tasks = tasks
        self._blobs = blobs
        self._buckets = buckets
        self._uploads = uploads
        self._retention = Retention(
            settings.max_results_bytes, settings.max_result_age_s, lambda: blobs.kept_bytes
        )
        self.signer = Signer(chance.digest("links", size=32))
        #: Ended tasks that are not kept any more.
        self.forgotten_tasks = 0

    @property
    def kept_bytes(self) -> int:
        """Ended tasks and their pictures, in bytes; equal pictures count once."""
        return self._retention.kept_bytes

    def uploads(self, task: Task) -> bool:
        """Whether a task's pictures have to be sent away before it can end."""
        return task.wish.storage is not None and self._uploads is not None

    async def upload(self, task: Task, pictures: tuple[Content, ...]) -> str:
        """Send a task's pictures to the S3 service, one after the other.

        Returns:
            Why the service did not take one, or an empty text: those after it are not sent.
        """
        storage = task.wish.storage
        assert storage is not None
        assert self._uploads is not None
        try:
            for index, picture in enumerate(pictures):
                key, content = self._key(task, index), await picture.read_aside()
                await self._uploads.send(Parcel(storage.bucket, storage.region, key, content, _type(task)))
        except StorageFailed as problem:
            return problem.reason
        except Lost as problem:
            return str(problem)
        return ""

    def store(
        self, account: Account, task: Task, operation: Operation, pictures: tuple[Content, ...], at_s: float
    ) -> tuple[Image, ...]:
        """Store the pictures of a task that ends at a moment, and make their links."""
        wish = task.wish
        grant = Grant(task.account_id, int(at_s), wish.ttl_s)
        images = []
        for index, content in enumerate(pictures):
            if wish.storage is not None:
                path, url = "", self._own(account, task, index, content, at_s)
            else:
                name = self._name(task, index)
                path = operation.images_path.format(
                    task_id=task.task_id, name=name, index=index, ext=wish.image_type
                )
                self._blobs.put(path, Blob(task.account_id, content, _type(task), task.task_id))
                url = self.signer.url(wish.base_url, path, grant)
            images.append(Image(path, wish.image_type, url, wish.ttl_s, _nsfw(task, index)))
        return tuple(images)

    def canned(self, image_type: str) -> Content:
        """The picture of a webhook's test mode, in a format."""
        return Content((folder("fixtures") / "images" / f"test-mode.{image_type}").read_bytes())

    def keep(self, task: Task) -> None:
        """A task has ended: from here on it counts."""
        self._retention.add(task)

    def forget_surplus(self, now_s: Callable[[str], float]) -> None:
        """Drop what is over a cap, given the time of an account by its id."""
        for task in self._retention.take_surplus(now_s):
            self.forgotten_tasks += 1
            self._drop(task)

    def forget(self, account_id: str) -> None:
        """Drop all ended tasks of an account."""
        for task in self._retention.take_of(account_id):
            self._drop(task)

    def _drop(self, task: Task) -> None:
        self._tasks.drop(task)
        for image in task.images:
            self._blobs.drop(image.path)

    def _name(self, task: Task, index: int) -> str:
        return self._chance.digest("image", task.task_id, index).hex()

    def _key(self, task: Task, index: int) -> str:
        storage = task.wish.storage
        assert storage is not None
        name, ext = self._name(task, index), task.wish.image_type
        return object_key(storage.path, task.task_id, name, ext, storage.save_to_path_directly)

    def _own(self, account: Account, task: Task, index: int, content: Content, at_s: float) -> str:
        """The address of a picture in custom storage; in the double's own buckets it is written now."""
        storage, key = task.wish.storage, self._key(task, index)
        assert storage is not None
        if self._uploads is not None:
            return object_url(self._uploads.endpoint_url, storage.bucket, key)
        self._buckets.put(account.account_id, storage.bucket, key, content, _type(task), at_s)
        return object_url(own_store_url(task.wish.base_url), storage.bucket, key)


class Retention:
    """What has ended, in order of its end, and how much of it is kept."""

    #: What a kept task is reckoned at beside its pictures, in bytes (measured: 1,810, and its links' ends).
    RECORD_BYTES = 2048

    def __init__(self, max_bytes: int, max_age_s: float, picture_bytes: Callable[[], int]) -> None:
        self.max_bytes = max_bytes
        self.max_age_s = max_age_s
        self._picture_bytes = picture_bytes
        self._ended: deque[Task] = deque()

    @property
    def kept_bytes(self) -> int:
        """What has ended, and the pictures that are kept, in bytes."""
        return len(self._ended) * self.RECORD_BYTES + self._picture_bytes()

    def add(self, task: Task) -> None:
        """A task has ended, and its pictures are kept."""
        self._ended.append(task)

    def take_of(self, account_id: str) -> list[Task]:
        """Every task of an account; they are given up by this."""
        taken = [task for task in self._ended if task.account_id == account_id]
        self._ended = deque(task for task in self._ended if task.account_id != account_id)
        return taken

    def take_surplus(self, now_s: Callable[[str], float]) -> Iterator[Task]:
        """The tasks that are over a cap, the oldest first; each is given up by being taken.

        Args:
            now_s: the time of an account, by its id.

        The newest is never over the cap of bytes: what was just made can be fetched at least once. A picture
        that others show too goes with the last of them.
        """
        while self._ended:
            task = self._ended[0]
            too_old = (task.finished_s or 0.0) + self.max_age_s <= now_s(task.account_id)
            too_much = self.kept_bytes > self.max_bytes and len(self._ended) > 1
            if not (too_old or too_much):
                return
            self._ended.popleft()
            yield task


def _nsfw(task: Task, index: int) -> tuple[bool, float] | None:
    """What the detection says: a confidence by request, picture and level, stricter never lower.

    The figure is ours and means nothing: nothing looks at the picture.
    """
    level = task.wish.nsfw_level
    if level is None:
        return None
    if task.plan.nsfw is not None:
        return task.plan.nsfw
    parts = [int(task.digest[8 * n : 8 * n + 8], 16) + index * 2654435761 for n in range(level + 1)]
    return True, round(sum((part % 3000) / 100 for part in parts), 2)


def _type(task: Task) -> str:
    return f"image/{task.wish.image_type}"
