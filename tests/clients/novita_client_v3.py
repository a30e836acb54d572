"""Scenes with novita-client 0.7.1: ``novita_client_v3.py SCENE JSON`` prints what it saw as JSON."""

import base64
import importlib.metadata
import json
import sys
from pathlib import Path

from novita_client import (
    Img2ImgV3ControlNetUnit,
    Img2ImgV3Embedding,
    Img2V3ImgLoRA,
    NovitaClient,
    NovitaResponseError,
)


class Watch:
    """Notes how a task stood at each poll."""

    def __init__(self):
        self.polls = []

    def __call__(self, result):
        task = result.task
        self.polls.append([task.status.name, task.progress_percent, task.eta])


def client_of(told):
    """The SDK's client, pointed at the double."""
    return NovitaClient(told["key"], told["url"])


def told_of(result, watch, folder):
    """A finished task as the SDK shows it; its pictures, where it downloaded them, as files."""
    files = []
    for number, encoded in enumerate(getattr(result, "images_encoded", [])):
        file = Path(folder) / f"{number}.{result.images[number].image_type}"
        file.write_bytes(base64.b64decode(encoded))
        files.append(str(file))
    return {
        "sdk": importlib.metadata.version("novita-client"),
        "status": result.task.status.name,
        "reason": result.task.reason,
        "task_type": result.task.task_type,
        "seed": result.extra.seed,
        "images": [[image.image_type, image.image_url_ttl] for image in result.images],
        "confidences": [
            image.nsfw_detection_result.confidence for image in result.images if image.nsfw_detection_result
        ],
        "polls": watch.polls,
        "files": files,
    }


def img2img(told):
    """``img2img_v3`` with its download; ``told["units"]`` and the like become the SDK's own objects."""
    request = dict(told["request"])
    if "lora" in told:
        request["loras"] = [Img2V3ImgLoRA(model_name=told["lora"], strength=0.7)]
    if "embedding" in told:
        request["embeddings"] = [Img2ImgV3Embedding(model_name=told["embedding"])]
    if "controlnet" in told:
        unit = Img2ImgV3ControlNetUnit(
            model_name=told["controlnet"], image_base64=told["picture"], strength=0.9, preprocessor="canny"
        )
        request["controlnet_units"] = [unit]
    watch = Watch()
    result = client_of(told).img2img_v3(input_image=told["picture"], callback=watch, **request)
    return told_of(result, watch, told["folder"])


def upscale(told):
    """This release has no method for it, so through its own ``_post``, and ``wait_for_task_v3``."""
    client, watch = client_of(told), Watch()
    body = {"extra": told.get("extra", {}), "request": told["request"]}
    submitted = client._post("/v3/async/upscale", body)
    result = client.wait_for_task_v3(submitted["task_id"], callback=watch)
    result.download_images()
    return told_of(result, watch, told["folder"])


def refused(told):
    """The error that the SDK raises for an upscale."""
    try:
        client_of(told)._post("/v3/async/upscale", {"request": told["request"]})
    except NovitaResponseError as error:
        return {"error": str(error)}
    return {}


def refusals(told):
    """The errors that the SDK raises for so many calls of ``img2img_v3``, one after the other."""
    errors = []
    for _ in range(told["calls"]):
        try:
            client_of(told).img2img_v3(input_image=told["picture"], **told["request"])
        except NovitaResponseError as error:
            errors.append(str(error))
        else:
            errors.append("")
    return {"sdk": importlib.metadata.version("novita-client"), "errors": errors}


def unknown_task(told):
    """The error that the SDK raises for a task that there is not."""
    try:
        client_of(told).async_task_result("no-such-task")
    except NovitaResponseError as error:
        return {"error": str(error)}
    return {}


def models(told):
    """The models, as each of the SDK's two methods lists them."""
    client = client_of(told)
    return {
        "all": [model.sd_name for model in client.models_v3()],
        "queried": [model.sd_name for model in client.query_model_v3(**told["query"]).models],
    }


if __name__ == "__main__":
    scenes = {"img2img": img2img, "upscale": upscale, "refused": refused, "unknown_task": unknown_task}
    print(
        json.dumps((scenes | {"models": models, "refusals": refusals})[sys.argv[1]](json.loads(sys.argv[2])))
    )
