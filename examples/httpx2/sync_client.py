"""Enlarges a picture to twice its size with plain httpx2.

pip install httpx2; python sync_client.py photo.png photo-2x.png
against the double:   NOVITA_IMAGE_BASE_URL=http://127.0.0.1:4077 NOVITA_API_KEY=sk_mock
against the service:  NOVITA_API_KEY=sk_...
"""

import base64
import os
import sys
import time
from pathlib import Path

import httpx2

POLL_S = 1.0
LIMIT_S = 300.0


def submit(client: httpx2.Client, picture: bytes) -> str:
    """Have a picture enlarged; the id of its task. Not to be repeated blindly: each one is paid."""
    request = {
        "model_name": "4x-UltraSharp",
        "scale_factor": 2,
        "image_base64": base64.b64encode(picture).decode(),
    }
    reply = client.post("/v3/async/upscale", json={"request": request})
    if reply.status_code != 200:
        raise RuntimeError(f"not accepted: {reply.text}")
    return str(reply.json()["task_id"])


def link_of(client: httpx2.Client, task_id: str) -> str:
    """Where the picture is, once the task has made it."""
    give_up = time.monotonic() + LIMIT_S
    while time.monotonic() < give_up:
        reply = client.get("/v3/async/task-result", params={"task_id": task_id})
        result = reply.raise_for_status().json()
        match result["task"]["status"]:
            case "TASK_STATUS_SUCCEED":
                return str(result["images"][0]["image_url"])
            case "TASK_STATUS_FAILED":
                raise RuntimeError(f"task {task_id} failed: {result['task']['reason']}")
        time.sleep(POLL_S)
    raise TimeoutError(f"task {task_id} has not ended; ask for it later")


def download(link: str) -> bytes:
    """The picture. Without the key: the link is signed, and may lead to another host."""
    return httpx2.get(link, timeout=60).raise_for_status().content


def main(picture: Path, output: Path) -> None:
    """Enlarge one picture."""
    address = os.environ.get("NOVITA_IMAGE_BASE_URL", "https://api.novita.ai")
    headers = {"Authorization": f"Bearer {os.environ['NOVITA_API_KEY']}"}
    with httpx2.Client(base_url=address, headers=headers, timeout=60) as client:
        task_id = submit(client, picture.read_bytes())
        print(f"task {task_id}", file=sys.stderr)
        output.write_bytes(download(link_of(client, task_id)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
