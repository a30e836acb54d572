"""Pictures that came before are known again, and never taken for others."""

import threading
from base64 import b64encode
from hashlib import sha256
from random import Random  # noqa: TID251 - seeded, and of no double

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
    text = b64encode(LARGE)
    assert known.spelled(text, 0, len(text)) is None  # the other one took its place
    assert known.of(LARGE).content == LARGE
    assert known.kept_bytes == len(LARGE)


@pytest.mark.parametrize("length", [5000, 5001, 5002, album._PIECE - 1, album._PIECE, 3 * album._PIECE + 1])
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_a_long_picture_is_known_by_its_base64(length, kind):
    known, content = Album(), SMALL + Random(length).randbytes(length - len(SMALL))
    spelled = b64encode(content)
    text, begin, end = kind(b'{"a": "' + spelled + b'"}'), 7, 7 + len(spelled)
    assert known.spelled(text, begin, end) is None
    held = known.of(content)
    assert known.spelled(text, begin, end) is held
    assert album._sample_of_text(text, begin, end) == album._sample(content)
    for place in (begin, begin + len(spelled) // 2 + 1, end - 5):
        other = kind(text[:place] + (b"A" if text[place : place + 1] != b"A" else b"B") + text[place + 1 :])
        assert known.spelled(other, begin, end) is None
    assert known.spelled(text, begin, end - 4) is known.spelled(text, begin, end - 1) is None
    assert known.spelled(text, begin + 4, end) is None


def test_only_the_usual_spelling_of_base64_is_known():
    known, content = Album(), SMALL + bytes(5000 - len(SMALL))  # a last group of two bytes
    known.of(content)
    text = b64encode(content)
    assert text.endswith(b"AAA=")
    for odd in (text[:-2] + b"B=", text.rstrip(b"="), text[:80] + b"\r\n" + text[80:]):
        assert known.spelled(odd, 0, len(odd)) is None


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
