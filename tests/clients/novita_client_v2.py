"""Scenes with novita-client 0.5.7: ``novita_client_v2.py SCENE JSON`` prints what it saw as JSON."""

import base64
import importlib.metadata
import json
import sys
from pathlib import Path

from novita_client import NovitaClient, UpscaleRequest, UpscaleResizeMode


def client_of(told):
    """The SDK's client, pointed at the double."""
    return NovitaClient(told["key"], told["url"])


def request_of(told):
    """The SDK's own request: it sends every field, those that are not set as null."""
    wanted = dict(told["request"])
    if "resize_mode" in wanted:
        wanted["resize_mode"] = UpscaleResizeMode[wanted["resize_mode"]]
    return UpscaleRequest(image=base64.b64encode(Path(told["picture"]).read_bytes()).decode(), **wanted)


def upscale(told):
    """``upscale``, ``wait_for_task`` and the SDK's download; a refusal as the SDK shows it."""
    client, polls = NovitaClient(told["key"], told["url"]), []
    response = client.upscale(request_of(told))
    if response.data is None:
        return {"code": response.code.name, "msg": response.msg}

    def watch(progress):
        polls.append([progress.data.status.name, progress.data.progress, progress.data.eta_relative])

    progress = client.wait_for_task(response.data.task_id, callback=watch)
    progress.download_images()
    files = []
    for number, content in enumerate(progress.data.imgs_bytes or []):
        files.append(str(Path(told["folder"]) / f"{number}.png"))
        Path(files[-1]).write_bytes(content)
    return {
        "sdk": importlib.metadata.version("novita-client"),
        "code": response.code.name,
        "warn": response.data.warn,
        "status": progress.data.status.name,
        "failed_reason": progress.data.failed_reason,
        "polls": polls,
        "files": files,
    }


def refusals(told):
    """How the SDK shows the answers to so many calls of ``upscale`` and then of ``progress``."""
    client = client_of(told)
    answers = [client.upscale(request_of(told)) for _ in range(told["calls"])]
    answers += [client.progress(told.get("task_id", "")) for _ in range(told["polls"])]
    return [[answer.code.name, answer.msg] for answer in answers]


def unknown_task(told):
    """What the SDK reads for a task that there is not."""
    response = client_of(told).progress("no-such-task")
    return {"code": response.code.name, "msg": response.msg, "data": response.data}


if __name__ == "__main__":
    scenes = {"upscale": upscale, "unknown_task": unknown_task, "refusals": refusals}
    print(json.dumps(scenes[sys.argv[1]](json.loads(sys.argv[2]))))
