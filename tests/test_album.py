"""Pictures that came before are known again, and never taken for others."""

import threading
from hashlib import sha256

import httpx2
import pytest

from conftest import picture, upscale_body
from novita_mock import album
from novita_mock.album import Album
from novita_mock.app import create_app
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.work import NotAnImage

SMALL = picture(16, 9)
LARGE = SMALL + bytes(5000)


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
def test_a_picture_is_looked_at_once(content, monkeypatch):
    looked = []
    monkeypatch.setattr(album, "sha256", lambda content: looked.append(content) or sha256(content))
    known = Album()
    first, second = known.of(content), known.of(bytes(bytearray(content)))
    assert second is first
    assert len(looked) == 1
    assert (first.digest, first.picture.width, first.picture.height) == (sha256(content).hexdigest(), 16, 9)


def test_two_pictures_of_one_sample_are_two():
    known, other = Album(), LARGE[:3000] + b"x" + LARGE[3001:]
    assert album._sample(LARGE) == album._sample(other) != album._sample(LARGE[:-1] + b"x")
    assert known.of(LARGE).digest != known.of(other).digest
    assert known.of(LARGE).content == LARGE
    assert known.kept_bytes == len(LARGE)


def test_what_is_no_picture_is_not_remembered():
    known = Album()
    for _ in range(2):
        with pytest.raises(NotAnImage):
            known.of(b"no picture" * 1000)
    assert known.kept_bytes == 0


def test_it_holds_so_many_pictures_and_bytes_and_no_more():
    few = Album(max_known=3)
    for number in range(9):
        few.of(SMALL + bytes(number))
    assert few.kept_bytes == sum(len(SMALL) + number for number in (6, 7, 8))
    narrow = Album(max_bytes=3 * len(LARGE))
    for number in range(9):
        narrow.of(LARGE[:-1] + bytes((number,)))
    assert narrow.kept_bytes == 3 * len(LARGE)
    narrow.of(LARGE * 4)
    assert narrow.kept_bytes == 3 * len(LARGE)
    narrow.clear()
    assert narrow.kept_bytes == 0


def test_a_double_that_has_ended_holds_no_pictures():
    app = create_app(Settings(port=0, speed="manual"))
    with running(Settings(port=0), app) as url:
        httpx2.post(f"{url}/v3/async/upscale", json=upscale_body(), headers={"Authorization": "Bearer K"})
        assert app.state.context.album.kept_bytes > 0
    assert app.state.context.album.kept_bytes == 0


def test_many_threads_ask_at_the_same_time():
    known, pictures = Album(max_known=5), [SMALL + bytes(number) for number in range(12)]
    wrong = []

    def ask():
        for _ in range(200):
            wrong.extend(content for content in pictures if known.of(content).content != content)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert known.kept_bytes == sum(len(kept.content) for kept in known._known.values())
