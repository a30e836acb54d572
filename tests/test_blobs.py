from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from novita_mock.blobs import CREDENTIAL, Blob, Grant, MemoryBlobs, Signer, fetch
from novita_mock.contents import Content, Contents
from novita_mock.problems import BadLink, UnknownLink

PATH = "/prod/5f0c/aa.png"
GRANT = Grant("a1b2", 1_800_000_000, 3600)


def query_of(url: str) -> str:
    return urlsplit(url).query


def test_a_link_tells_its_grant() -> None:
    signer = Signer(b"secret")
    url = signer.url("http://h:1", PATH, GRANT)
    assert url.startswith("http://h:1" + PATH + "?")
    assert CREDENTIAL in url
    assert signer.check(PATH, query_of(url)) == GRANT
    assert urlencode(parse_qsl(query_of(url))) == query_of(url)


@pytest.mark.parametrize(("age_s", "alive"), [(0, True), (3599.999, True), (3600, False), (1e9, False)])
def test_a_link_lives_exactly_its_time(age_s: float, alive: bool) -> None:
    assert GRANT.alive(GRANT.issued_s + age_s) is alive


def test_no_time_is_expired_at_once() -> None:
    assert not Grant("a", 100, 0).alive(100)


def test_a_link_with_any_byte_changed_is_refused() -> None:
    signer = Signer(b"secret")
    query = query_of(signer.url("", PATH, GRANT))
    for place, old in enumerate(query):
        changed = query[:place] + ("0" if old != "0" else "1") + query[place + 1 :]
        with pytest.raises(BadLink):
            signer.check(PATH, changed)
        with pytest.raises(BadLink):
            signer.check(PATH, query[:place])


def test_a_link_does_not_open_another_path_nor_another_server() -> None:
    query = query_of(Signer(b"secret").url("", PATH, GRANT))
    with pytest.raises(BadLink):
        Signer(b"secret").check("/prod/5f0c/bb.png", query)
    with pytest.raises(BadLink):
        Signer(b"other").check(PATH, query)


@pytest.mark.parametrize("query", ["", "X-Amz-Date=x", "X-Amz-Expires=9" * 1000, "%ff=%ff&\x00"])
def test_nonsense_is_refused(query: str) -> None:
    with pytest.raises(BadLink):
        Signer(b"secret").check(PATH, query)


def test_a_picture_that_was_dropped_is_not_there() -> None:
    blobs = MemoryBlobs(Contents())
    blobs.put(PATH, Blob("a", Content(b"x"), "image/png"))
    assert fetch(blobs, PATH).content.read() == b"x"
    blobs.drop(PATH)
    with pytest.raises(UnknownLink):
        fetch(blobs, PATH)
