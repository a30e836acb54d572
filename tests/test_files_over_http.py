"""Pictures that went into files, as a client meets them; and what a double leaves behind: nothing."""

import sys
import tempfile
from collections.abc import Callable
from hashlib import shake_256
from io import BytesIO
from pathlib import Path

import httpx2
import pytest
from PIL import Image

import nobody
from conftest import Start, b64, finished, picture, upscale_body
from faulty import until
from novita_mock.spool import PREFIX
from novita_mock.types import JSON
from served import served
from test_storage_over_http import into, objects

UPSCALE = "/v3/async/upscale"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Path]]:
    """The files that doubles have now."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return lambda: sorted(tmp_path.glob(f"{PREFIX}*/*"))


def noise(number: int, **wish: JSON) -> JSON:
    """A body whose picture comes out as one that is worth a file."""
    out = BytesIO()
    Image.frombytes("RGB", (64, 64), shake_256(bytes([number])).digest(3 * 64 * 64)).save(out, "PNG")
    return upscale_body(image_base64=b64(out.getvalue())) | wish


def image_url(client: httpx2.Client, body: JSON) -> str:
    result = finished(client, client.post(UPSCALE, json=body))
    url: str = result["images"][0]["image_url"]
    return url


def test_a_picture_from_a_file_is_the_same_as_one_from_memory(start: Start, files) -> None:
    frugal, lavish = start(max_memory_bytes=1), start()
    for number in range(3):
        url = image_url(frugal, noise(number))
        until(lambda count=number + 1: len(files()) == count)
        reply, head = nobody.get(url), nobody.ask("HEAD", url)
        assert reply.content == nobody.get(image_url(lavish, noise(number))).content
        assert reply.headers["content-length"] == head.headers["content-length"] == str(len(reply.content))
        assert image_url(frugal, noise(number)) != url
    assert len(files()) == 3
    frugal.post("/_mock/reset", json={"parts": ["tasks"]})
    assert nobody.get(url).status_code == 404
    until(lambda: not files())


def test_an_object_of_custom_storage_comes_from_a_file_too(start: Start, files) -> None:
    client = start(max_memory_bytes=1)
    plain = nobody.get(image_url(client, noise(1))).content
    url = image_url(client, into(noise(1)))
    until(lambda: len(files()) == 1)  # one content, a picture and an object
    client.post("/_mock/reset", json={"parts": ["tasks"]})
    assert nobody.get(url).content == plain
    assert objects(client)[0]["bytes"] == len(plain)
    client.post("/_mock/reset", json={"parts": ["storage"]})
    until(lambda: not files())


def test_pictures_that_wait_for_work_go_into_files_and_are_worked_on(start: Start, files) -> None:
    client = start(speed="manual", max_memory_bytes=1)
    padded = picture().ljust(20_000, b"\0")
    reply = client.post(UPSCALE, json=upscale_body(image_base64=b64(padded)))
    until(lambda: len(files()) == 1)
    client.post("/_mock/clock/advance", json={"seconds": 100})
    url = finished(client, reply)["images"][0]["image_url"]
    assert nobody.get(url).status_code == 200


def test_a_file_that_somebody_removed_is_told_and_the_rest_goes_on(start: Start, files) -> None:
    client = start(max_memory_bytes=1)
    lost, kept = image_url(client, noise(1)), ""
    until(files)
    files()[0].unlink()
    kept = image_url(client, noise(2))
    until(files)
    reply = nobody.get(lost)
    assert reply.status_code == 500
    assert "file" in reply.text
    assert nobody.get(kept).status_code == 200
    # Once it is made again the old link leads to it too.
    assert nobody.get(image_url(client, noise(1))).content == nobody.get(lost).content


def test_where_there_is_no_place_for_files_pictures_are_served_from_memory(
    start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    client = start(max_memory_bytes=1)
    url = image_url(client, noise(1))
    until(lambda: "pictures stay in memory" in caplog.text)
    assert nobody.get(url).status_code == 200


@pytest.mark.skipif(sys.platform == "win32", reason="folders are held by flock")
def test_a_double_leaves_no_files_and_the_next_removes_those_of_a_killed_one(files) -> None:
    with served("--speed", "0", "--max-memory-bytes", "1") as (process, client):
        image_url(client, noise(1))
        until(files)
        process.terminate()
        assert process.wait(20) == 0
        assert not files()
    with served("--speed", "0", "--max-memory-bytes", "1") as (process, client):
        image_url(client, noise(1))
        until(files)
        process.kill()
    (left,) = files()
    with served():
        until(lambda: not left.parent.exists())
