"""The server that one would write: Starlette, json, jsonschema compiled once, base64, Pillow for the header.

    python benchmarks/http/plain.py OPENAPI_FILE REPLY_FILE

Prints its port. It checks the key, the body against our schemas, the picture's text and its sides, keeps a
task, and answers with its id; a poll is answered from the task. Nothing is rendered.
"""

import base64
import json
import socket
import sys
import uuid
from io import BytesIO
from pathlib import Path
from typing import Any

import uvicorn
from jsonschema import Draft202012Validator
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

DOCUMENT = json.loads(Path(sys.argv[1]).read_text())
REPLY = json.loads(Path(sys.argv[2]).read_text())
LONGEST_SIDE = {"/v3/async/upscale": 2048, "/v3/async/img2img": 2048}
TASKS: dict[str, Any] = {}


def checks() -> dict[str, Draft202012Validator]:
    """What judges the bodies of each path."""
    return {
        path: Draft202012Validator(DOCUMENT["components"]["schemas"][f"v3.{path[10:]}.request"])
        for path in LONGEST_SIDE
    }


CHECKS = checks()


def refusal(status: int, reason: str) -> JSONResponse:
    """An error as the API words it."""
    return JSONResponse({"code": status, "reason": reason, "message": reason, "metadata": {}}, status)


async def submit(request: Request) -> JSONResponse:
    """Take a task in."""
    if not request.headers.get("authorization", "").startswith("Bearer "):
        return refusal(400, "MISSING_API_KEY")
    path = request.url.path
    try:
        body = json.loads(await request.body())
        CHECKS[path].validate(body)
        picture = base64.b64decode(body["request"]["image_base64"], validate=True)
        if max(Image.open(BytesIO(picture)).size) > LONGEST_SIDE[path]:
            return refusal(400, "INVALID_REQUEST_BODY")
    except Exception:
        return refusal(400, "INVALID_REQUEST_BODY")
    task_id = str(uuid.uuid4())
    TASKS[task_id] = body["request"]["model_name"]
    return JSONResponse({"task_id": task_id})


async def poll(request: Request) -> JSONResponse:
    """Tell of a task."""
    task_id = request.query_params.get("task_id")
    if not request.headers.get("authorization", "").startswith("Bearer ") or not task_id:
        return refusal(400, "INVALID_REQUEST_BODY")
    return JSONResponse(REPLY | {"task": REPLY["task"] | {"task_id": task_id}})


app = Starlette(
    routes=[Route(path, submit, methods=["POST"]) for path in LONGEST_SIDE]
    + [Route("/v3/async/task-result", poll)]
)

if __name__ == "__main__":
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    print(listening.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning")).run(sockets=[listening])
