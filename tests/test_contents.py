"""Bytes that are kept once: how long, where, and what happens when files fail."""

import asyncio
import tempfile

import pytest

from novita_mock.blobs import Blob, MemoryBlobs, read
from novita_mock.contents import WORTH_A_FILE, Content, Contents, Lost
from novita_mock.holding import Holding, Pictures
from novita_mock.problems import Broken, UnknownLink
from novita_mock.spool import Spool

LARGE = 2 * WORTH_A_FILE


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where files go in these tests."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def picture(name, size=LARGE):
    return f"{name}".encode().ljust(size, b".")


def files(folder):
    return [file for file in folder.rglob("*") if file.is_file()]


class Full(Spool):
    """A disk that is full as long as it is told to be."""

    full = True
    tries = 0

    def write(self, content):
        self.tries += 1
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(content)


def test_equal_bytes_are_kept_once_and_as_long_as_anybody_holds_them():
    contents = Contents()
    first, second = Holding(contents), Holding(contents)
    kept = first.add(Content(picture("a")))
    assert second.add(Content(bytearray(picture("a")))) is kept
    assert first.add(Content(picture("a"))) is kept
    assert (len(contents), contents.memory_bytes) == (1, LARGE)
    assert (first.kept_bytes, second.kept_bytes) == (LARGE, LARGE)
    first.drop(kept)
    assert first.kept_bytes == LARGE
    first.drop(kept)
    assert (first.kept_bytes, len(contents)) == (0, 1)
    second.drop(kept)
    assert (second.kept_bytes, len(contents), contents.memory_bytes) == (0, 0, 0)


@pytest.mark.parametrize(("most", "has"), [(6, False), (7, True), (9, True), (10, True)])
def test_there_is_room_for_pictures_of_which_some_are_held(most, has):
    holding = Holding(Contents())
    kept = holding.add(Content(b"abc"))
    assert holding.has_room({kept.digest: b"abc", "another": b"abcd"}, most) is has


def test_bytes_that_are_kept_are_known_again_without_a_digest():
    contents = Contents()
    held = picture("a")
    kept = contents.add(contents.of(held))
    assert contents.of(held) is kept
    assert contents.of(bytes(bytearray(held))) is not kept
    contents.drop(kept)
    assert contents.of(held) is not kept


def test_more_than_fits_goes_into_files_the_oldest_first_and_is_read_back(folder):
    contents = Contents(3 * LARGE)
    kept = [contents.add(Content(picture(number))) for number in range(3)]
    contents.settle()
    assert files(folder) == []
    kept += [contents.add(Content(picture(number))) for number in range(3, 6)]
    contents.settle()
    assert [content.in_memory is None for content in kept] == [True, True, True, False, False, False]
    assert contents.memory_bytes == 3 * LARGE
    assert len(files(folder)) == 3
    assert [content.read() for content in kept] == [picture(number) for number in range(6)]
    assert Pictures(kept)[kept[0].digest] == picture(0)
    # What is in a file is known by its digest.
    assert contents.add(Content(picture(0))) is kept[0]
    contents.drop(kept[0])
    for content in kept[:2]:
        contents.drop(content)
    contents.settle()
    assert len(files(folder)) == 1
    contents.close()
    assert list(folder.iterdir()) == []


def test_small_contents_are_not_worth_a_file(folder):
    contents = Contents(1)
    for number in range(10):
        contents.add(Content(picture(number, WORTH_A_FILE - 1)))
    contents.settle()
    assert files(folder) == []


def test_what_is_dropped_while_it_is_written_leaves_no_file(folder):
    dropped = []

    class Slow(Spool):
        def write(self, content):
            file = super().write(content)
            contents.drop(dropped.pop())
            return file

    contents = Contents(1, Slow())
    content = Content(picture("a"))
    dropped.append(content)
    contents.add(content)
    contents.settle()
    contents.settle()
    assert (dropped, len(contents), contents.memory_bytes, files(folder)) == ([], 0, 0, [])


def test_where_the_disk_is_full_pictures_stay_in_memory_and_it_is_tried_again(folder, caplog):
    disk = Full()
    contents = Contents(4 * LARGE, disk)
    kept = []

    def more(number):
        for _ in range(number):
            kept.append(contents.add(Content(picture(len(kept)))))
            contents.settle()

    more(5)
    assert (disk.tries, contents.memory_bytes) == (1, 5 * LARGE)
    assert "No space left on device" in caplog.text
    more(1)
    assert disk.tries == 1  # not at once: a full disk stays full for a while
    disk.full = False
    more(1)
    assert contents.memory_bytes <= 6 * LARGE
    more(2)
    contents.settle()
    assert [content.read() for content in kept] == [picture(number) for number in range(len(kept))]
    assert files(folder)
    contents.close()


def test_a_file_that_was_removed_or_cut_is_told_and_costs_only_its_own_picture(folder, caplog):
    contents = Contents(1)
    blobs = MemoryBlobs(contents)
    for number in range(3):
        blobs.put(f"/{number}", Blob("a", contents.of(picture(number)), "image/png"))
    contents.settle()
    first, second = (blobs.get(f"/{number}").content for number in range(2))
    first.file.unlink()
    second.file.write_bytes(b"short")
    with pytest.raises(Lost, match="can't be read any more: No such file"):
        first.read()
    with pytest.raises(Lost, match=f"has 5 bytes, {LARGE} were written"):
        second.read()
    assert asyncio.run(read(blobs, "/2")) == picture(2)
    with pytest.raises(Broken, match="No such file"):
        asyncio.run(read(blobs, "/0"))
    # Whoever brings the same bytes again heals it.
    blobs.put("/again", Blob("b", contents.of(picture(0)), "image/png"))
    assert asyncio.run(read(blobs, "/0")) == picture(0)
    contents.settle()
    assert first.in_memory is None
    assert asyncio.run(read(blobs, "/0")) == picture(0)
    blobs.drop("/again")
    first.file.unlink()
    first.file.mkdir()  # nothing that could be removed as a file is
    blobs.drop("/0")
    contents.settle()
    assert "a picture's file could not be removed" in caplog.text
    with pytest.raises(UnknownLink):
        asyncio.run(read(blobs, "/0"))
    blobs.drop("/1")
    blobs.drop("/2")
    assert (len(contents), blobs.kept_bytes) == (0, 0)
    contents.close()


def test_a_picture_that_is_forgotten_while_it_is_read_is_no_fault_of_the_double(folder):
    contents = Contents(1)
    blobs = MemoryBlobs(contents)
    blobs.put("/a", Blob("a", contents.of(picture("a")), "image/png"))
    contents.settle()
    blobs.get("/a").content.file.unlink()

    async def reading():
        asked = asyncio.create_task(read(blobs, "/a"))
        await asyncio.sleep(0)
        blobs.drop("/a")
        await asked

    with pytest.raises(UnknownLink):
        asyncio.run(reading())


def test_a_path_can_be_given_another_picture_or_the_same_again():
    contents = Contents()
    blobs = MemoryBlobs(contents)
    for name in ("a", "a", "b"):
        blobs.put("/x", Blob("a", contents.of(picture(name)), "image/png"))
        assert (len(contents), blobs.kept_bytes) == (1, LARGE)
        assert blobs.get("/x").content.read() == picture(name)


def test_nothing_is_written_once_it_is_closed(folder):
    contents = Contents(1)
    contents.close()
    content = contents.add(Content(picture("a")))
    contents.settle()
    assert content.in_memory
    contents.drop(content)
    assert list(folder.iterdir()) == []
