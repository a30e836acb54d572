"""Secrets, and a picture, that must turn up nowhere: every byte that a double writes is searched for them."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from conftest import b64, upscale_body
from novita_mock.files import read_json
from novita_mock.types import JSON
from s3_services import stub_server

KEY = "sk_canary_0f1e2d3c4b5a69788796a5b4c3d2e1f0"
PLAIN_KEY = "canarykeythatlookslikenokey"
SECRETS = {
    "key": KEY,
    "key of another form": PLAIN_KEY,
    "S3 secret": "canaryS3secret/with+signs",
    "S3 access key": "AKIACANARYACCESS",
    "token of a webhook": "canaryhooktoken",
    "password of a webhook": "canaryhookpassword",
    "control token": "canary-control-token",
    "cookie": "canarycookie",
}
HOOK = f"http://127.0.0.1:9/hook?room=1&token={SECRETS['token of a webhook']}"
WITH_PASSWORD = f"http://me:{SECRETS['password of a webhook']}@127.0.0.1:9/hook"
UPSCALE, RESULT = "/v3/async/upscale", "/v3/async/task-result"
BUCKET = {"aws_s3": {"region": "us-east-2", "bucket": "pictures", "path": "/"}}
#: Where events stand as they were posted: with their links, and the webhook they went to.
EVENTS = re.compile(r"/_mock/(webhooks/|inbox/|trigger)")
SIGNATURE = re.compile(r"X-Amz-Signature=([0-9a-f]{64})")


def noise() -> bytes:
    """A picture that no other has a part of."""
    from io import BytesIO

    image = Image.frombytes("RGB", (40, 30), bytes((n * n * 31 + n * 7) % 251 for n in range(3600)))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


class Watched:
    """A client that keeps what it is answered, beside what the API naturally tells."""

    def __init__(self, url: str) -> None:
        headers = {
            "Authorization": f"Bearer {KEY}",
            "X-Novita-Mock-Token": SECRETS["control token"],
            "Cookie": f"session={SECRETS['cookie']}",
        }
        self.client = httpx2.Client(base_url=url, headers=headers, trust_env=False, timeout=20)
        #: By where they came from: what must hold no secret.
        self.seen: dict[str, bytes] = {}
        self.signatures: set[str] = set()

    def ask(self, method: str, path: str, **options: JSON) -> JSON:
        reply = self.client.request(method, path, **options)
        name = f"{len(self.seen)} {method} {path[:40]} {reply.status_code}"
        self.seen[f"{name}: headers"] = repr(reply.headers.raw).encode()
        media_type = reply.headers.get("content-type", "")
        if media_type.startswith("image/"):
            return None
        body = reply.json() if media_type == "application/json" else reply.text
        control = path.startswith("/_mock/")
        if control and EVENTS.match(path):
            self.seen[f"{name}: events"] = json.dumps(without_events(body)).encode()
        elif control or reply.status_code != 200 or (path.startswith("/v2") and body["code"] != 0):
            self.seen[name] = reply.content
        if not control:
            self.signatures |= set(SIGNATURE.findall(reply.text))
        return body


def without_events(body: JSON) -> JSON:
    """What tells of events, without their payloads."""
    if isinstance(body, dict):
        return {
            name: "..." if name == "payload" else without_events(json.loads(item) if is_event(item) else item)
            for name, item in body.items()
        }
    return [without_events(item) for item in body] if isinstance(body, list) else body


def is_event(item: JSON) -> bool:
    return isinstance(item, str) and item.startswith('{"event_type"')


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Watched, dict[str, bytes]]:
    """A double after a busy life with secrets in it: its client, and all that it wrote elsewhere."""
    folder = tmp_path_factory.mktemp("canary")
    ready, log = folder / "ready.json", folder / "log"
    with stub_server((200, ""), (403, "AccessDenied"), (200, "")) as stub, log.open("wb") as stderr:
        settings = {
            "NOVITA_MOCK_S3_ENDPOINT": stub.url,
            "NOVITA_MOCK_S3_SECRET_KEY": SECRETS["S3 secret"],
            "NOVITA_MOCK_S3_ACCESS_KEY": SECRETS["S3 access key"],
            "NOVITA_MOCK_CONTROL_TOKEN": SECRETS["control token"],
            "NOVITA_MOCK_KEY": f"{KEY},{PLAIN_KEY}",
        }
        command = [sys.executable, "-m", "novita_mock", "serve", "--port", "0", "--speed", "0", "--seed", "1"]
        process = subprocess.Popen(
            [*command, "--ready-file", str(ready)], env=os.environ | settings, stderr=stderr, stdout=stderr
        )
        watched = Watched(started(process, ready))
        try:
            live(watched)
            look(watched)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            watched.client.close()
            process.kill()
            process.wait()
    shown = subprocess.run(
        [sys.executable, "-m", "novita_mock", "config"], env=os.environ | settings, capture_output=True
    )
    assert b"NOVITA_MOCK_S3_SECRET_KEY" in shown.stdout
    elsewhere = {"log": log.read_bytes(), "ready file": ready.read_bytes(), "config": shown.stdout}
    return watched, elsewhere


def started(process: subprocess.Popen[bytes], ready: Path) -> str:
    while not ready.exists():
        assert process.poll() is None, "the double did not start"
        time.sleep(0.01)  # noqa: TID251 - another process starts
    return str(json.loads(ready.read_text())["url"])


def live(watched: Watched) -> None:
    """Everything that people do with keys, pictures, links and webhooks, well and badly."""
    good = upscale_body(image_base64=b64(noise()))
    inbox = f"{watched.client.base_url}/_mock/inbox/a"
    for extra in (
        {"webhook": {"url": HOOK}},
        {"webhook": {"url": f"{inbox}"}},
        {"webhook": {"url": HOOK}, "custom_storage": BUCKET},
        {"custom_storage": BUCKET},
        {"webhook": {"url": WITH_PASSWORD}},
        {"webhook": {"url": HOOK.replace("http:", "ftp:")}},
        {
            "custom_storage": {"aws_s3": BUCKET["aws_s3"] | {"bucket": KEY}},
            "api_key": KEY,
            "note": f"mine is {KEY}",
            "secret": PLAIN_KEY,
        },
    ):
        task = watched.ask("POST", UPSCALE, json=good | {"extra": extra})
        if "task_id" in task:
            result = watched.ask("GET", RESULT, params=task)
            for image in result["images"]:
                watched.ask("GET", image["image_url"])
                watched.ask("GET", image["image_url"].replace("X-Amz-Signature=", "X-Amz-Signature=0"))
    v2 = {"X-Omni-Key": PLAIN_KEY, "Authorization": ""}
    task = watched.ask("POST", "/v2/upscale", json={"image": b64(noise())}, headers=v2)
    watched.ask("POST", "/v2/upscale", json={"image": b64(noise()) + "!", "key": KEY})
    watched.ask("POST", "/v2/upscale", json={"image": b64(noise()), "upscaling_resize": KEY})
    watched.ask("GET", "/v3/user", headers={"Authorization": PLAIN_KEY})
    watched.ask("GET", "/v3/user", headers={"Authorization": f"Basic {PLAIN_KEY}"})
    watched.ask("GET", "/v3/user", headers={"Authorization": f"Bearer {PLAIN_KEY} {KEY}"})
    watched.ask("GET", "/v3/user", headers={"Authorization": f"Bearer {KEY}@rate-limited"})
    watched.ask("GET", f"/v3/nothing?api_key={KEY}&token={PLAIN_KEY}")
    watched.ask("DELETE", f"/v3/user?key={KEY}")
    watched.ask("GET", f"/v3/async/task-result?task_id={KEY}")
    watched.ask("POST", UPSCALE, content=b'{"request": ' + KEY.encode())
    watched.ask("POST", UPSCALE, json=upscale_body(scale_factor=9, image_base64=b64(noise())))
    watched.ask("POST", "/_mock/faults", json={"phase": "before", "effect": {"kind": "error", "code": 4}})
    watched.ask("POST", "/v2/upscale", json={"image": b64(noise())})
    watched.ask("POST", "/_mock/trigger", json={"event": "succeed", "to": HOOK})
    watched.ask("POST", "/_mock/inbox/a", json={"a": 1}, headers={"X-Api-Key": PLAIN_KEY})
    watched.ask("POST", "/_mock/clock/advance", json={"seconds": 120})


def look(watched: Watched) -> None:
    """Every control route that tells something, of this account, of the other, and of all."""
    watched.ask("POST", "/_mock/requests/assert", json={"operation": "upscale", "count": 99})
    delivery = watched.ask("GET", "/_mock/webhooks")["webhooks"][0]["id"]
    watched.ask("POST", f"/_mock/webhooks/{delivery}/resend", json={})
    task = watched.ask("GET", "/_mock/tasks")["tasks"][0]["task_id"]
    places = {"{task_id}": task, "{delivery_id}": delivery, "{name}": "a"}
    for row in read_json("schemas", "control.json")["routes"]:
        path = "/_mock" + row["path"]
        for place, value in places.items():
            path = path.replace(place, value)
        if row["method"] == "GET" and "{" not in path:
            for headers in ({}, {"Authorization": ""}, {"Authorization": f"Bearer {PLAIN_KEY}"}):
                watched.ask("GET", path, headers=headers)
    watched.ask("GET", f"/_mock/tasks?account={PLAIN_KEY}")
    watched.ask("GET", "/_mock/tasks", headers={"X-Novita-Mock-Token": "wrong"})


def found(secret: str, everything: dict[str, bytes]) -> list[str]:
    return [where for where, content in everything.items() if secret.encode() in content]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_nowhere(written: tuple[Watched, dict[str, bytes]], name: str) -> None:
    watched, elsewhere = written
    assert found(SECRETS[name], watched.seen | elsewhere) == []


def test_the_signature_of_a_link_is_where_the_api_tells_it_and_nowhere_else(
    written: tuple[Watched, dict[str, bytes]],
) -> None:
    watched, elsewhere = written
    assert len(watched.signatures) == 2  # the others' pictures went elsewhere
    assert [place for each in watched.signatures for place in found(each, watched.seen | elsewhere)] == []


def test_no_part_of_a_picture_is_anywhere(written: tuple[Watched, dict[str, bytes]]) -> None:
    watched, elsewhere = written
    text = b64(noise())
    parts = [text[start : start + 48] for start in range(0, len(text) - 48, 40)]
    assert [place for part in parts for place in found(part, watched.seen | elsewhere)] == []


def test_the_search_would_find_something(written: tuple[Watched, dict[str, bytes]]) -> None:
    watched, elsewhere = written
    everything = watched.seen | elsewhere
    assert len(everything) > 100
    assert b"/v3/async/upscale" in elsewhere["log"]
    assert elsewhere["log"].count(b"\n") > 30
    assert len(found("X-Amz-Signature=***", everything)) > 3
    assert len(found("token=***", everything)) > 5
    assert len(found("a picture of", everything)) > 2
