"""Enlarge a picture: send it, wait, fetch it. Of the double it knows nothing but an address.

The environment says where the service is (`NOVITA_IMAGE_BASE_URL`), with which key (`NOVITA_API_KEY`), where
the event goes (`WEBHOOK_URL`), which picture is sent (`PHOTO`) and where the larger one is put (`RESULT`).
"""

import base64
import json
import os
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

BASE = os.environ.get("NOVITA_IMAGE_BASE_URL", "https://api.novita.ai")
PATIENCE_S, PAUSE_S = 120.0, 0.5


def call(path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One request to the service, and its answer."""
    headers = {"Authorization": f"Bearer {os.environ['NOVITA_API_KEY']}", "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(BASE + path, content, headers), timeout=30) as reply:
        answer: dict[str, Any] = json.load(reply)
        return answer


def enlarged(photo: bytes) -> bytes:
    """A picture, twice as large."""
    request = {
        "model_name": "4x-UltraSharp",
        "scale_factor": 2,
        "image_base64": base64.b64encode(photo).decode(),
    }
    extra = {"webhook": {"url": os.environ["WEBHOOK_URL"]}}
    task_id = call("/v3/async/upscale", {"request": request, "extra": extra})["task_id"]
    print(f"{task_id}  sent", flush=True)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        told = call(f"/v3/async/task-result?task_id={task_id}")
        task = told["task"]
        print(f"{task_id}  {task['status']} {task['progress_percent']} %", flush=True)
        if task["status"] == "TASK_STATUS_SUCCEED":
            with urllib.request.urlopen(told["images"][0]["image_url"], timeout=30) as reply:
                content: bytes = reply.read()
                return content
        if task["status"] == "TASK_STATUS_FAILED":
            sys.exit(f"{task_id}  {task['reason']}")
        time.sleep(PAUSE_S)
    sys.exit(f"{task_id}  not done after {PATIENCE_S:g} seconds")


if __name__ == "__main__":
    result = Path(os.environ["RESULT"])
    result.write_bytes(enlarged(Path(os.environ["PHOTO"]).read_bytes()))
    print(f"{result} is the larger picture")
