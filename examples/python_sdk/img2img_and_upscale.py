"""Repaints a picture and enlarges what came of it, with the official Python SDK.

pip install novita-client==0.7.1 'dataclass-wizard<1'    (with version 1 of it the SDK fails before it sends)
python img2img_and_upscale.py photo.png FOLDER
against the double:   NOVITA_IMAGE_BASE_URL=http://127.0.0.1:4077 NOVITA_API_KEY=sk_mock
against the service:  NOVITA_API_KEY=sk_...
"""

import base64
import os
import sys
from pathlib import Path
from typing import Any

from novita_client import NovitaClient, V3TaskResponseStatus


def img2img(client: NovitaClient, picture: Path) -> bytes:
    """The picture as a painting of the same kind; a PNG."""
    result = client.img2img_v3(
        model_name="sd_xl_base_1.0.safetensors",
        input_image=str(picture),
        prompt="an oil painting",
        image_num=1,
        width=512,
        height=512,
        steps=20,  # without it the SDK sends null
        strength=0.4,
        response_image_type="png",
    )
    return only_picture(result)


def upscale(client: NovitaClient, picture: bytes) -> bytes:
    """The picture, twice as large; a PNG. The SDK has no method for it, but what it is made of does it."""
    request = {
        "model_name": "4x-UltraSharp",
        "scale_factor": 2,
        "image_base64": base64.b64encode(picture).decode(),
    }
    submitted = client._post("/v3/async/upscale", {"request": request})
    result = client.wait_for_task_v3(submitted["task_id"])
    result.download_images()
    return only_picture(result)


def only_picture(result: Any) -> bytes:
    """What a task has made. The SDK itself passes over a task that failed, and a download too."""
    if result.task.status is not V3TaskResponseStatus.TASK_STATUS_SUCCEED:
        raise RuntimeError(f"task {result.task.task_id} failed: {result.task.reason}")
    if not result.images_encoded:
        raise RuntimeError(f"the picture of task {result.task.task_id} could not be downloaded")
    return base64.b64decode(result.images_encoded[0])


def main(picture: Path, folder: Path) -> None:
    """Write ``painting.png`` and ``painting-2x.png`` into the folder."""
    client = NovitaClient(os.environ["NOVITA_API_KEY"], base_url=os.environ.get("NOVITA_IMAGE_BASE_URL"))
    folder.mkdir(parents=True, exist_ok=True)
    painting = img2img(client, picture)
    (folder / "painting.png").write_bytes(painting)
    (folder / "painting-2x.png").write_bytes(upscale(client, painting))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
