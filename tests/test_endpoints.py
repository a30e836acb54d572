from io import BytesIO

import httpx2
import pytest
from PIL import Image

from conftest import Start, b64, finished, img2img_body, picture, upscale_body


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
