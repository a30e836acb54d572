"""Custom storage over HTTP, in the double's own buckets: where pictures go, who sees them, refusals."""

from io import BytesIO

import httpx2
import pytest
from PIL import Image

import nobody
from conftest import Start, finished, img2img_body, upscale_body
from faulty import balance
from laws import refused
from novita_mock.storage import MAX_PATH_BYTES
from novita_mock.types import JSON

BUCKET = {"region": "us-east-2", "bucket": "pictures", "path": "/out"}
UPSCALE, IMG2IMG = "/v3/async/upscale", "/v3/async/img2img"


def into(body: JSON, image_type: str = "png", **bucket: JSON) -> JSON:
    """A body whose pictures go into a bucket."""
    extra = {"response_image_type": image_type, "custom_storage": {"aws_s3": BUCKET | bucket}}
    return body | {"extra": extra}


def objects(client: httpx2.Client, **query: str) -> list[JSON]:
    return client.get("/_mock/storage", params=query).raise_for_status().json()["objects"]


@pytest.mark.parametrize("directly", [None, False, True])
@pytest.mark.parametrize("path", ["/", "out", "/out/deep/"])
@pytest.mark.parametrize("image_type", ["png", "webp", "jpeg"])
def test_a_picture_goes_to_the_path_with_one_more_level_unless_told_otherwise(
    start: Start, path: str, directly: bool | None, image_type: str
) -> None:
    """S6."""
    client = start()
    asked = {"path": path} | ({} if directly is None else {"save_to_path_directly": directly})
    result = finished(client, client.post(UPSCALE, json=into(upscale_body(), image_type, **asked)))
    (stored,) = objects(client)
    (image,) = result["images"]
    *levels, name = stored["key"].split("/")
    assert levels == [*filter(None, path.split("/")), *([] if directly else [result["task"]["task_id"]])]
    assert name.endswith(f".{image_type}") and stored["bucket"] == "pictures"
    assert image["image_url"] == stored["url"] == f"{client.base_url}/_mock/storage/pictures/{stored['key']}"
    assert (image["image_type"], image["image_url_ttl"]) == (image_type, "3600")
    fetched = nobody.get(image["image_url"])
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, f"image/{image_type}")
    assert len(fetched.content) == stored["bytes"]
    opened = Image.open(BytesIO(fetched.content))
    assert (opened.size, opened.format.lower()) == ((16, 12), image_type)
    head = nobody.ask("HEAD", image["image_url"])
    assert (head.status_code, head.headers["content-length"]) == (200, str(stored["bytes"]))


def test_every_picture_of_a_task_is_there_and_no_two_are_the_same(start: Start) -> None:
    client = start()
    result = finished(client, client.post(IMG2IMG, json=into(img2img_body(image_num=4))))
    assert len({image["image_url"] for image in result["images"]}) == 4
    assert [image["image_url"] for image in result["images"]] == [each["url"] for each in objects(client)]
    assert len({nobody.get(image["image_url"]).content for image in result["images"]}) == 4


@pytest.mark.parametrize("path", ["%2e%2e/x", "a//b", "ä b+c?#&=", "...", "~/x", "a" * MAX_PATH_BYTES])
def test_a_strange_path_is_only_a_name(start: Start, path: str) -> None:
    """S1: a key is opaque; no file has its name."""
    client = start()
    result = finished(client, client.post(UPSCALE, json=into(upscale_body(), path=path)))
    assert objects(client)[0]["key"].startswith(path)
    assert nobody.get(result["images"][0]["image_url"]).headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("region", "x"), ("region", "../us-east-2"), ("region", ""), ("region", "us-east-2\n"),
        ("bucket", "../x"), ("bucket", "A_B"), ("bucket", "192.168.1.1"), ("bucket", "ab"), ("bucket", ""),
        ("bucket", "a" * 64), ("bucket", "CON"), ("bucket", "a\0b"),
        ("path", "../x"), ("path", "a/../../b"), ("path", ".."), ("path", r"C:\x"), ("path", r"\\srv\x"),
        ("path", "a\0b"), ("path", "a" * 1025), ("path", "\u202egnp.exe"), ("path", ""),
    ],
)  # fmt: skip
def test_a_bad_target_is_refused_before_anything_is_paid(
    client: httpx2.Client, field: str, value: str
) -> None:
    """S1, S4."""
    before, held = balance(client), len(objects(client))
    told = client.post(UPSCALE, json=into(upscale_body(), **{field: value})).json()
    refused(told, 400, "INVALID_CUSTOM_OUTPUT_PATH")
    assert list(told["metadata"]) == [f"extra.custom_storage.aws_s3.{field}"]
    assert (balance(client), len(objects(client))) == (before, held)


def test_a_missing_field_of_the_target_is_an_invalid_body(client: httpx2.Client) -> None:
    body = into(upscale_body())
    del body["extra"]["custom_storage"]["aws_s3"]["bucket"]
    refused(client.post(UPSCALE, json=body).json(), 400, "INVALID_REQUEST_BODY")


@pytest.mark.parametrize("absent", [{}, None, {"aws_s3": {}}, {"aws_s3": None}])
def test_an_empty_target_is_none(start: Start, absent: JSON) -> None:
    client = start()
    body = upscale_body() | {"extra": {"custom_storage": absent}}
    result = finished(client, client.post(UPSCALE, json=body))
    assert "/_mock/" not in result["images"][0]["image_url"]
    assert objects(client) == []


def test_accounts_see_their_own_objects_and_reset_no_others(start: Start) -> None:
    client = start()
    other = {"Authorization": "Bearer sk_other"}
    finished(client, client.post(UPSCALE, json=into(upscale_body())))
    accepted = client.post(UPSCALE, json=into(upscale_body()), headers=other).json()
    # Nothing takes account time: a poll is answered once the task has ended.
    client.get("/v3/async/task-result", params={"task_id": accepted["task_id"]}, headers=other)
    mine = objects(client)
    theirs = client.get("/_mock/storage", headers=other).json()["objects"]
    everybody = nobody.get(f"{client.base_url}/_mock/storage").json()["objects"]
    assert len(mine) == len(theirs) == 1
    assert everybody == [*mine, *theirs]
    assert client.post("/_mock/reset", json={"parts": ["storage"]}).status_code == 200
    assert objects(client) == []
    assert nobody.get(mine[0]["url"]).status_code == 404
    assert nobody.get(theirs[0]["url"]).status_code == 200


def test_to_forget_tasks_leaves_what_was_stored(start: Start) -> None:
    client = start()
    result = finished(client, client.post(UPSCALE, json=into(upscale_body())))
    client.post("/_mock/reset", json={"parts": ["tasks", "journal", "faults", "webhooks", "balance"]})
    assert nobody.get(result["images"][0]["image_url"]).status_code == 200


def test_a_failed_task_stores_nothing(start: Start) -> None:
    client = start()
    fault = {"phase": "task", "effect": {"kind": "fail", "reason": "out of memory"}}
    assert client.post("/_mock/faults", json=fault).status_code == 200
    result = finished(client, client.post(IMG2IMG, json=into(img2img_body(image_num=3))))
    assert (result["task"]["status"], result["images"]) == ("TASK_STATUS_FAILED", [])
    assert objects(client) == []


def test_test_mode_writes_to_no_bucket_and_its_link_still_works(start: Start) -> None:
    client = start()
    body = into(upscale_body())
    body["extra"]["webhook"] = {
        "url": f"{client.base_url}/_mock/inbox/a",
        "test_mode": {"enabled": True, "return_task_status": "TASK_STATUS_SUCCEED"},
    }
    result = finished(client, client.post(UPSCALE, json=body))
    assert objects(client) == []
    assert nobody.get(result["images"][0]["image_url"]).headers["content-type"] == "image/png"


def test_a_stored_picture_needs_no_token_where_control_routes_do(start: Start) -> None:
    client = start(host="0.0.0.0", control_token="t0ken-of-the-test")  # noqa: S104 - as in a container
    result = finished(client, client.post(UPSCALE, json=into(upscale_body())))
    assert client.get("/_mock/storage").status_code == 403
    assert len(objects_with_token(client)) == 1
    assert nobody.get(result["images"][0]["image_url"]).status_code == 200


def objects_with_token(client: httpx2.Client) -> list[JSON]:
    told = client.get("/_mock/storage", headers={"X-Novita-Mock-Token": "t0ken-of-the-test"})
    return told.raise_for_status().json()["objects"]


def test_a_key_that_is_not_there_is_not_found(client: httpx2.Client) -> None:
    assert client.get("/_mock/storage/pictures/nothing.png").status_code == 404
