"""What ended tasks leave: stored pictures, their links, and how long all of it is kept."""

from collections import deque
from collections.abc import Callable, Iterator

from novita_mock.blobs import Blob, BlobStore, Grant, Signer
from novita_mock.catalogue import Operation
from novita_mock.chance import Chance
from novita_mock.settings import Settings
from novita_mock.store import TaskStore
from novita_mock.task import Image, Task


class Results:
    """Keeps what tasks end with, up to the caps of the settings; a task and its links go together."""

    def __init__(self, settings: Settings, chance: Chance, tasks: TaskStore, blobs: BlobStore) -> None:
        self._chance = chance
        self._tasks = tasks
        self._blobs = blobs
        self._retention = Retention(settings.max_results_bytes, settings.max_result_age_s)
        self.signer = Signer(chance.digest("links", size=32))
        #: Ended tasks that are not kept any more.
        self.forgotten_tasks = 0

    @property
    def kept_bytes(self) -> int:
        """Ended tasks and their pictures, in bytes."""
        return self._retention.kept_bytes

    def store(
        self, task: Task, operation: Operation, pictures: tuple[bytes, ...], finished_s: float
    ) -> tuple[Image, ...]:
        """Store the pictures of a task that ends at a moment, and make their links."""
        wish = task.wish
        grant = Grant(task.account_id, int(finished_s), wish.ttl_s)
        images = []
        for index, content in enumerate(pictures):
            name = self._chance.digest("image", task.task_id, index).hex()
            path = operation.images_path.format(
                task_id=task.task_id, name=name, index=index, ext=wish.image_type
            )
            self._blobs.put(path, Blob(task.account_id, content, f"image/{wish.image_type}"))
            url = self.signer.url(wish.base_url, path, grant)
            images.append(Image(path, wish.image_type, url, wish.ttl_s, _nsfw(task, index)))
        return tuple(images)

    def keep(self, task: Task) -> None:
        """A task has ended: from here on it counts."""
        blobs = (self._blobs.get(image.path) for image in task.images)
        self._retention.add(task, sum(len(blob.content) for blob in blobs if blob))

    def forget_surplus(self, now_s: Callable[[str], float]) -> None:
        """Drop what is over a cap, given the time of an account by its id."""
        for task in self._retention.take_surplus(now_s):
            self.forgotten_tasks += 1
            self._tasks.drop(task)
            for image in task.images:
                self._blobs.drop(image.path)


class Retention:
    """What has ended, in order of its end, and how much of it is kept."""

    #: What a kept task is reckoned at beside its pictures, in bytes (measured: about 2 KiB).
    RECORD_BYTES = 2048

    def __init__(self, max_bytes: int, max_age_s: float) -> None:
        self.max_bytes = max_bytes
        self.max_age_s = max_age_s
        self.kept_bytes = 0
        self._ended: deque[tuple[Task, int]] = deque()

    def add(self, task: Task, picture_bytes: int) -> None:
        """A task has ended and its pictures take so many bytes."""
        size = picture_bytes + self.RECORD_BYTES
        self._ended.append((task, size))
        self.kept_bytes += size

    def take_surplus(self, now_s: Callable[[str], float]) -> Iterator[Task]:
        """The tasks that are over a cap, the oldest first; each is given up by being taken.

        Args:
            now_s: the time of an account, by its id.

        The newest is never over the cap of bytes: what was just made can be fetched at least once.
        """
        while self._ended:
            task, size = self._ended[0]
            too_old = (task.finished_s or 0.0) + self.max_age_s <= now_s(task.account_id)
            too_much = self.kept_bytes > self.max_bytes and len(self._ended) > 1
            if not (too_old or too_much):
                return
            self._ended.popleft()
            self.kept_bytes -= size
            yield task


def _nsfw(task: Task, index: int) -> tuple[bool, float] | None:
    """What the detection says: a confidence by request, picture and level, stricter never lower.

    The figure is ours and means nothing: nothing looks at the picture.
    """
    level = task.wish.nsfw_level
    if level is None:
        return None
    parts = [int(task.digest[8 * n : 8 * n + 8], 16) + index * 2654435761 for n in range(level + 1)]
    return True, round(sum((part % 3000) / 100 for part in parts), 2)
