"""Clients that run at the same time on one server never meet: unmodified SDKs, each with its own key."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from clients.install import PYTHON_V2, PYTHON_V3
from clients.program import javascript, opened, python
from conftest import Start, b64, img2img_body, picture
from faulty import ask, balance, keyed, link, noted, poll, submit, task_of
from novita_mock.types import JSON

CHECKPOINT = "sd_xl_base_1.0.safetensors"


def test_sdks_in_parallel_each_see_their_own_world(start: Start, tmp_path: Path) -> None:
    url = str(start(speed=20.0).base_url)
    photo = tmp_path / "photo.png"
    photo.write_bytes(picture(60, 40))
    request = {"model_name": CHECKPOINT, "prompt": "a fern", "width": 128, "height": 128, "image_num": 2}
    upscale = {"model_name": "4x-UltraSharp", "image_base64": b64(photo.read_bytes()), "scale_factor": 2}

    def at(name: str) -> JSON:
        folder = tmp_path / name
        folder.mkdir()
        return {"url": url, "key": f"sk_{name}", "picture": photo, "folder": folder}

    def v3(scene: str, name: str, **told: JSON) -> JSON:
        return python(PYTHON_V3, "novita_client_v3.py", scene, **told, **at(name))

    def v2(name: str) -> JSON:
        return python(
            PYTHON_V2, "novita_client_v2.py", "upscale", request={"upscaling_resize": 3}, **at(name)
        )

    def js(name: str) -> JSON:
        told = {"request": img2img_body()["request"], "extra": {}}
        return javascript("novita_sdk_v3.cjs", "img2img", **told, **at(name))

    with keyed(url, "sk_failing") as failing, keyed(url, "sk_poor") as poor:
        ask(failing, "task", {"kind": "fail", "reason": "only mine"}, times=None)
        poor.post("/_mock/balance", json={"credit_balance": 0})
    with ThreadPoolExecutor() as pool:
        usual = pool.submit(v3, "img2img", "usual", request=request)
        fails = pool.submit(v3, "upscale", "failing", request=upscale)
        version2, script = pool.submit(v2, "version2"), pool.submit(js, "script")
        refused = pool.submit(v3, "refusals", "poor", request=request | {"steps": 20}, calls=2)
    assert usual.result()["status"] == "TASK_STATUS_SUCCEED"
    assert opened(usual.result()["files"]) == [("JPEG", (128, 128))] * 2
    assert (fails.result()["status"], fails.result()["reason"]) == ("TASK_STATUS_FAILED", "only mine")
    assert opened(version2.result()["files"]) == [("PNG", (180, 120))]
    assert opened(script.result()["files"]) == [("PNG", (128, 128))]
    assert all("BILLING_BALANCE_NOT_ENOUGH" in error for error in refused.result()["errors"])
    spent = {"usual": 200, "failing": 0, "version2": 100, "script": 100}
    for name, cost in spent.items():
        with keyed(url, f"sk_{name}") as client:
            assert 1_000_000 - balance(client) == cost
            assert len(client.get("/_mock/tasks").json()["tasks"]) == 1
            assert {entry["status"] for entry in noted(client)} == {200}


def test_the_task_of_another_account_is_not_found(url: str) -> None:
    with keyed(url, "sk_owner") as owner, keyed(url, "sk_stranger") as stranger:
        task_id = task_of(submit(owner))
        reply = poll(stranger, task_id)
        assert (reply.status_code, reply.json()["reason"]) == (404, "TASK_NOT_FOUND")
        assert stranger.get(f"/_mock/tasks/{task_id}").status_code == 404
        assert poll(owner, task_id).status_code == 200
        v2 = owner.post("/v2/upscale", json={"image": b64(picture())}).json()["data"]["task_id"]
        assert stranger.get("/v2/progress", params={"task_id": v2}).json()["code"] == 3
        assert owner.get("/v2/progress", params={"task_id": v2}).json()["code"] == 0


@pytest.mark.parametrize("part", ["tasks", "journal", "faults", "webhooks", "storage", "clock", "balance"])
def test_a_reset_of_one_account_leaves_the_other_as_it_is(start: Start, part: str) -> None:
    client = start()
    with keyed(str(client.base_url), "sk_other") as other:
        address = link(other)
        ask(other, "before", {"kind": "error", "reason": "TASK_FAILED"}, skip=100)
        other.post("/_mock/clock/advance", json={"seconds": 100})

        def world(of: httpx2.Client) -> list[JSON]:
            paths = ["tasks", "faults", "webhooks", "accounts", "storage"]
            return [of.get(f"/_mock/{path}").json() for path in paths]

        before = world(other)
        submit(client)
        assert client.post("/_mock/reset", json={"parts": [part]}).status_code == 200
        assert world(other) == before
        assert other.get(address).status_code == 200


def test_the_same_key_by_any_of_its_spellings_is_the_same_account(url: str) -> None:
    with keyed(url, "sk_spelled") as client:
        task_id = task_of(submit(client))
        for spelling in ("sk_spelled", "bearer sk_spelled", "Bearer sk_spelled@happy"):
            client.headers["authorization"] = spelling
            assert poll(client, task_id).status_code == 200


def test_without_an_account_nothing_is_queued_in_silence(start: Start) -> None:
    client = start()
    del client.headers["authorization"]
    reply = client.post(
        "/_mock/faults", json={"phase": "before", "effect": {"kind": "latency", "seconds": 1}}
    )
    assert reply.status_code == 400
    assert "say whose" in reply.text
