import threading
from functools import cache
from io import BytesIO

import httpx2
import pytest
from PIL import Image

from conftest import Start, b64, finished, img2img_body, picture, upscale_body
from novita_mock import validation
from novita_mock.intake import Intake, Taken
from novita_mock.server import running
from novita_mock.settings import Settings


@pytest.mark.parametrize("image_type", ["png", "webp", "jpeg"])
def test_300_by_200_times_2_5_is_750_by_500(client: httpx2.Client, image_type: str) -> None:
    body = upscale_body(image_base64=b64(picture(300, 200)), scale_factor=2.5)
    body["extra"] = {"response_image_type": image_type}
    result = finished(client, client.post("/v3/async/upscale", json=body))
    (image,) = result["images"]
    assert image["image_type"] == image_type
    reply = client.get(image["image_url"], headers={"Authorization": ""})
    opened = Image.open(BytesIO(reply.content))
    assert opened.size == (750, 500)
    assert opened.format == image_type.upper()
    assert reply.headers["content-type"] == f"image/{image_type}"


def test_head_of_a_picture_is_its_get_without_the_bytes(client: httpx2.Client) -> None:
    result = finished(client, client.post("/v3/async/upscale", json=upscale_body()))
    link = result["images"][0]["image_url"]
    got, headed = client.get(link), client.head(link)
    assert headed.status_code == got.status_code == 200
    assert headed.content == b""
    assert {**headed.headers, "date": ""} == {**got.headers, "date": ""}


def test_img2img_gives_image_num_different_pictures_of_the_asked_size(client: httpx2.Client) -> None:
    body = img2img_body(image_num=3, width=192, height=160, strength=0.6)
    result = finished(client, client.post("/v3/async/img2img", json=body))
    contents = [client.get(image["image_url"]).content for image in result["images"]]
    assert [Image.open(BytesIO(content)).size for content in contents] == [(192, 160)] * 3
    assert len(set(contents)) == 3


def test_a_v2_task_is_followed_by_progress(client: httpx2.Client) -> None:
    submitted = client.post("/v2/upscale", json={"image": b64(picture(30, 20))}).json()
    assert submitted["code"] == 0
    progress = client.get("/v2/progress", params={"task_id": submitted["data"]["task_id"]}).json()
    assert progress["data"]["status"] == 2
    (link,) = progress["data"]["imgs"]
    assert Image.open(BytesIO(client.get(link).content)).size == (60, 40)


def test_true_and_false_in_a_query_may_be_spelled_as_python_does_unless_strict(start: Start) -> None:
    for strict, status in ((False, 200), (True, 400)):
        reply = start(strict=strict).get("/v3/model", params={"filter.is_inpainting": "False"})
        assert reply.status_code == status


def test_only_the_first_wrong_body_is_judged_off_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, long_way = [], Intake.long_way

    def noting(self: Intake, content: bytes, base_url: str) -> Taken:
        threads.append(threading.current_thread().name)
        return long_way(self, content, base_url)

    monkeypatch.setattr(Intake, "long_way", noting)
    monkeypatch.setattr(validation, "_judges", cache(validation._judges.__wrapped__))  # as if never asked
    before = set(threading.enumerate())
    bodies = [upscale_body(), *[upscale_body(scale_factor=9)] * 2]
    with running(Settings(port=0, quiet=True)) as url:
        (loop,) = set(threading.enumerate()) - before
        headers = {"Authorization": "Bearer sk_test"}
        told = [httpx2.post(f"{url}/v3/async/upscale", json=body, headers=headers) for body in bodies]
    assert [reply.status_code for reply in told] == [200, 400, 400]
    assert told[1].json() == told[2].json()
    first, second = threads
    assert first != second == loop.name
