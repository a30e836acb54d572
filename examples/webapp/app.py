"""A site that makes pictures twice as large: upload, submit with a webhook, receive it, show the picture.

pip install httpx2 starlette uvicorn; uvicorn --factory app:from_environment    (its tests: pytest)
against the double:   NOVITA_IMAGE_BASE_URL=http://127.0.0.1:4077 NOVITA_API_KEY=sk_mock
against the service:  NOVITA_API_KEY=sk_... PUBLIC_URL=https://where.the.service.reaches.this.site
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from novita import Novita
from workshop import DEFAULT_PACE, Job, Pace, State, Workshop

STATIC = Path(__file__).parent / "static"
PICTURE_TYPES = ("image/png", "image/jpeg", "image/webp")
MAX_PICTURE, MAX_EVENT = 30 * 2**20, 2**20
SERVICE = "https://api.novita.ai"
#: Seconds that a request may wait for the end of a job.
MAX_WAIT_S = 25
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the site is told.

    Attributes:
        api_key: of the service.
        public_url: where the service reaches this site, without a slash at its end.
        folder: where the pictures are kept.
        novita_url: where the service is.
        pace: how long to wait for what.
    """

    api_key: str
    public_url: str
    folder: Path
    novita_url: str = SERVICE
    pace: Pace = DEFAULT_PACE


def from_environment() -> Starlette:
    """The site as the environment tells."""
    told = Settings(
        os.environ["NOVITA_API_KEY"],
        os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000"),
        Path(os.environ.get("PICTURES", "pictures")),
        os.environ.get("NOVITA_IMAGE_BASE_URL", SERVICE),
    )
    return create_app(told)


def create_app(settings: Settings) -> Starlette:
    """The site."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Workshop]]:
        settings.folder.mkdir(parents=True, exist_ok=True)
        async with httpx2.AsyncClient(timeout=60) as http:
            novita = Novita(http, settings.novita_url, settings.api_key)
            workshop = Workshop(novita, settings.folder, f"{settings.public_url}/hooks", settings.pace)
            yield {"workshop": workshop}
            await workshop.close()

    routes = [
        Route("/", index),
        Route("/jobs", upload, methods=["POST"]),
        Route("/jobs/{job_id}", show),
        Route("/pictures/{job_id}", picture),
        Route("/hooks/{token}", hook, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guarded)], lifespan=lifespan)


async def index(request: Request) -> Response:
    """The page."""
    return FileResponse(STATIC / "index.html")


async def upload(request: Request) -> Response:
    """Take a picture, as it is, without a form around it."""
    if request.headers.get("content-type", "") not in PICTURE_TYPES:
        raise HTTPException(415, "This is not a PNG, JPEG or WebP picture.")
    job = workshop_of(request).take(await body_of(request, MAX_PICTURE))
    return JSONResponse(shown(job), 202)


async def show(request: Request) -> Response:
    """How a job stands. ``Prefer: wait=20`` waits so many seconds for its end (RFC 7240)."""
    job = job_of(request)
    wished = re.search(r"\bwait=(\d{1,3})\b", request.headers.get("prefer", ""))
    try:
        async with asyncio.timeout(min(MAX_WAIT_S, int(wished[1]) if wished else 0)):
            await job.settled.wait()
    except TimeoutError:
        pass
    return JSONResponse(shown(job), headers={"Cache-Control": "no-store"})


async def picture(request: Request) -> Response:
    """The picture of a job that is done."""
    job = job_of(request)
    if job.state is not State.DONE:
        raise HTTPException(404, "There is no such picture.")
    return FileResponse(workshop_of(request).picture_of(job), media_type="image/png")


async def hook(request: Request) -> Response:
    """Receive an event: at once, since the service waits for no more than five seconds."""
    try:
        event = json.loads(await body_of(request, MAX_EVENT))
    except (ValueError, RecursionError):
        raise HTTPException(400, "This is no JSON.") from None
    if isinstance(event, dict) and event.get("event_type") != "ASYNC_TASK_RESULT":
        return Response(status_code=204)  # the documentation asks to ignore kinds that nobody knows
    if not workshop_of(request).ring(request.path_params["token"], event):
        raise HTTPException(404, "This is about no job of ours.")
    return Response(status_code=204)


def shown(job: Job) -> dict[str, object]:
    """A job as JSON."""
    done = job.state is State.DONE
    return {
        "id": job.job_id,
        "state": job.state,
        "message": job.message,
        "settled": job.settled.is_set(),
        "picture": f"/pictures/{job.job_id}" if done else None,
    }


def workshop_of(request: Request) -> Workshop:
    """The workshop of the site that a request came to."""
    workshop: Workshop = request.state.workshop
    return workshop


def job_of(request: Request) -> Job:
    """The job that a path names."""
    job = workshop_of(request).job(request.path_params["job_id"])
    if job is None:
        raise HTTPException(404, "There is no such picture.")
    return job


async def body_of(request: Request, most: int) -> bytes:
    """The body of a request, never more of it than is allowed."""
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            raise HTTPException(413, f"This is too much: at most {most // 2**20} MB.")
    return bytes(content)


class Guarded:
    """Adds ``HEADERS`` to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, guarded)
