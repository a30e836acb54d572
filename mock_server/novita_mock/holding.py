"""What one owner holds of the pictures' contents, and the same as bytes for whoever works on them."""

from collections.abc import Iterable, Iterator, Mapping

from novita_mock.contents import Content, Contents


class Holding:
    """Contents that one owner holds. However often it holds one, that counts once.

    Attributes:
        kept_bytes: of all that it holds.
    """

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._times: dict[str, int] = {}
        self.kept_bytes = 0

    def add(self, content: Content) -> Content:
        """Hold a content once more: returns the one that is kept of its digest."""
        times = self._times.get(content.digest, 0)
        self._times[content.digest] = times + 1
        if times:
            return self._contents.kept(content)
        self.kept_bytes += content.size
        return self._contents.add(content)

    def drop(self, content: Content) -> None:
        """Hold it once less."""
        times = self._times.pop(content.digest) - 1
        if times:
            self._times[content.digest] = times
        else:
            self.kept_bytes -= content.size
            self._contents.drop(content)

    def has_room(self, files: Mapping[str, bytes], most: int) -> bool:
        """Whether with some files, by digest, it would hold so many bytes at most."""
        room = most - self.kept_bytes
        if sum(map(len, files.values())) <= room:
            return True
        return sum(len(content) for digest, content in files.items() if digest not in self._times) <= room


class Pictures(Mapping[str, bytes]):
    """Contents by their digests, as bytes that are read when they are asked for."""

    __slots__ = ("_contents",)

    def __init__(self, contents: Iterable[Content]) -> None:
        self._contents = {content.digest: content for content in contents}

    @property
    def contents(self) -> tuple[Content, ...]:
        """What they are read from."""
        return tuple(self._contents.values())

    def __getitem__(self, digest: str) -> bytes:
        return self._contents[digest].read()

    def __iter__(self) -> Iterator[str]:
        return iter(self._contents)

    def __len__(self) -> int:
        return len(self._contents)
