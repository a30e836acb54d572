"""Every documented error, each provoked through an official SDK that nobody changed.

V3: the 24 reasons of the page of error codes (facts 3). V2: the codes of the page upscale-v2.
"""

from pathlib import Path

import httpx2
import pytest

from clients.install import PYTHON_V2, PYTHON_V3
from clients.program import javascript, python
from conftest import img2img_body, picture, upscale_body
from faulty import ask, keyed, marks
from novita_mock.catalogue import load
from novita_mock.types import JSON

CONTRACT = load()
REASONS = CONTRACT.schema("v3/error.json")["properties"]["reason"]["enum"]
CODES = CONTRACT.schema("v2/error.json")["properties"]["code"]["enum"]
#: What the pages say of a poll rather than of a submit.
OF_POLLS = {"TASK_NOT_FOUND", "GET_RESULT_FAILED", "TASK_FAILED"}
STATUS = {row["v3"]["reason"]: row["v3"]["status"] for row in CONTRACT.errors.values() if "v3" in row} | {
    row["v3"]["reason"]: row["v3"]["status"]
    for row in CONTRACT.errors.values()
    if "v3" in row and row["source"].startswith("error.")
}
#: How novita-client 0.5.7 names the codes; it knows no 10.
PYTHON_NAMES = {
    -1: "INTERNAL_ERROR", 1: "INVALID_JSON", 2: "MODEL_NOT_EXISTS", 3: "TASK_ID_NOT_EXISTS",
    4: "INVALID_AUTH", 5: "HOST_UNAVAILABLE", 6: "PARAM_RANGE_ERROR", 7: "COST_BALANCE_ERROR",
    8: "SAMPLER_NOT_EXISTS", 9: "TIMEOUT", 10: "UNKNOWN",
}  # fmt: skip
SDK_REQUEST = {"model_name": "sd_xl_base_1.0.safetensors", "prompt": "a fern", "image_num": 1, "steps": 20}


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small picture on disk."""
    path = tmp_path / "photo.png"
    path.write_bytes(picture())
    return path


def queue(client: httpx2.Client, effects: list[JSON], kind: str = "submit") -> None:
    """Have each effect happen once, in this order, to operations of a kind."""
    for effect in effects:
        ask(client, "before", {"kind": "error"} | effect, match={"kind": kind})


def test_the_pages_know_24_reasons_and_11_codes_of_failure() -> None:
    assert len(REASONS) == 24
    assert sorted(CODES) == [-1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]


def test_each_reason_reaches_the_python_sdk(url: str, photo: Path) -> None:
    with keyed(url, "sk_python_reasons") as client:
        queue(client, [{"reason": reason} for reason in REASONS])
        told = {"url": url, "key": "sk_python_reasons", "picture": photo, "request": SDK_REQUEST}
        seen = python(PYTHON_V3, "novita_client_v3.py", "refusals", calls=len(REASONS), **told)
        assert seen["sdk"] == "0.7.1"
        assert len(seen["errors"]) == len(REASONS)
        for reason, error in zip(REASONS, seen["errors"], strict=True):
            assert f"status {STATUS[reason]}" in error
            assert f'"reason":"{reason}"' in error
        assert len(marks(client)) == len(REASONS)
        assert client.get("/_mock/tasks").json() == {"tasks": []}


def test_each_reason_reaches_the_javascript_sdk_where_the_pages_speak_of_it(url: str) -> None:
    calls = ["progress" if reason in OF_POLLS else "submit" for reason in REASONS]
    with keyed(url, "sk_javascript_reasons") as client:
        for reason, call in zip(REASONS, calls, strict=True):
            match = {"kind": "submit" if call == "submit" else "result"}
            ask(client, "before", {"kind": "error", "reason": reason, "message": reason.lower()}, match=match)
        told = {"request": img2img_body()["request"], "extra": {}, "task_id": "any", "calls": calls}
        seen = javascript("novita_sdk_v3.cjs", "endings", url=url, key="sk_javascript_reasons", **told)
        assert seen["sdk"] == "3.1.3"
        assert seen["endings"] == [
            {"code": STATUS[reason], "reason": reason, "msg": reason.lower()} for reason in REASONS
        ]
        assert len(marks(client)) == len(REASONS)


def test_each_code_of_v2_reaches_the_python_sdk(url: str, photo: Path) -> None:
    effects = [{"code": code, "message": f"number {code}"} for code in CODES]
    key = "sk_python_codes"
    with keyed(url, key) as client:
        queue(client, effects)
        queue(client, effects, kind="result")
        told = {"url": url, "key": key, "picture": photo, "request": {}, "task_id": "any"}
        seen = python(
            PYTHON_V2, "novita_client_v2.py", "refusals", calls=len(CODES), polls=len(CODES), **told
        )
        assert [name for name, _ in seen] == [PYTHON_NAMES[code] for code in CODES] * 2
        assert all(f"number {code}" in msg for code, (_, msg) in zip(CODES * 2, seen, strict=True))
        assert len(marks(client)) == 2 * len(CODES)


def test_each_code_of_v2_reaches_the_javascript_sdk(url: str, photo: Path) -> None:
    key = "sk_javascript_codes"
    effects = [{"code": code, "message": f"number {code}"} for code in CODES]
    with keyed(url, key) as client:
        queue(client, effects)
        queue(client, effects, kind="result")
        calls = ["submit"] * len(CODES) + ["progress"] * len(CODES)
        told = {"picture": photo, "request": {}, "task_id": "any", "calls": calls}
        seen = javascript("novita_sdk_v2.cjs", "endings", url=url, key=key, **told)["endings"]
        assert [ending["code"] for ending in seen] == CODES * 2
        assert all(f"number {ending['code']}" in ending["msg"] for ending in seen)
        assert len(marks(client)) == 2 * len(CODES)


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("rate-limited", "RATE_LIMIT_EXCEEDED"),
        ("no-balance", "BILLING_BALANCE_NOT_ENOUGH"),
        ("bad-image", "INVALID_IMAGE_FORMAT"),
        ("wrong-key", "INVALID_API_KEY"),
    ],
)
def test_a_key_alone_brings_a_reason_to_an_sdk(url: str, photo: Path, scenario: str, reason: str) -> None:
    told = {"url": url, "key": f"sk_by_key@{scenario}", "picture": photo, "request": SDK_REQUEST}
    (error,) = python(PYTHON_V3, "novita_client_v3.py", "refusals", calls=1, **told)["errors"]
    assert f'"reason":"{reason}"' in error


@pytest.mark.parametrize(
    ("scenario", "code"), [("rate-limited", 5), ("no-balance", 7), ("bad-image", 1), ("wrong-key", 4)]
)
def test_a_key_alone_brings_a_code_to_an_sdk(url: str, photo: Path, scenario: str, code: int) -> None:
    key = f"sk_by_key@{scenario}"
    told = {"picture": photo, "request": {}, "calls": ["submit"]}
    (ending,) = javascript("novita_sdk_v2.cjs", "endings", url=url, key=key, **told)["endings"]
    assert ending["code"] == code


def test_a_header_brings_a_reason_to_whoever_can_send_one(url: str) -> None:
    with keyed(url, "sk_by_header") as client:
        client.headers["X-Novita-Mock-Scenario"] = "no-balance"
        assert client.post("/v3/async/upscale", json=upscale_body()).json()["reason"] == (
            "BILLING_BALANCE_NOT_ENOUGH"
        )
        del client.headers["X-Novita-Mock-Scenario"]
        assert client.post("/v3/async/upscale", json=upscale_body()).status_code == 200
