"""The site on a real socket, since the double sends its webhooks there."""

import base64
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette

from app import Settings, create_app
from workshop import Pace

PHOTO = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAGCAIAAABxZ0isAAAAEUlEQVR42mP4z8CAFTEMLQkARAAv0czr4WcAAAAASUVORK5CYII="
)
#: Hours where the service takes seconds, so that nothing but an event can be what moved a job on.
NEVER = 3600.0


class Visitor:
    """Somebody who looks at the site."""

    def __init__(self, http: httpx2.Client, url: str) -> None:
        self._http = http
        self._url = url

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """What is at a path."""
        return self._http.get(self._url + path, headers=headers)

    def post(self, path: str, content: bytes | str, content_type: str) -> httpx2.Response:
        """What the site answers to a body."""
        return self._http.post(self._url + path, content=content, headers={"Content-Type": content_type})

    def upload(self, picture: bytes = PHOTO) -> dict:
        """Send a picture; its job."""
        return self.post("/jobs", picture, "image/png").raise_for_status().json()

    def settled(self, job: dict) -> dict:
        """The same job when there is nothing more to wait for."""
        told = self.get(f"/jobs/{job['id']}", Prefer="wait=10").json()
        assert told["settled"], told
        return told

    def outcome(self, picture: bytes = PHOTO) -> dict:
        """The job of a picture when there is nothing more to wait for."""
        return self.settled(self.upload(picture))


@pytest.fixture(scope="session")
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def stopping() -> Iterator[list[Thread]]:
    """Sites that are told to stop. It takes uvicorn a fifth of a second, so no test waits for it."""
    threads: list[Thread] = []
    yield threads
    for thread in threads:
        thread.join()


@pytest.fixture
def visit(
    novita_mock, tmp_path: Path, http: httpx2.Client, stopping: list[Thread]
) -> Iterator[Callable[..., Visitor]]:
    """Opens the site; ``visit(poll_s=0.02)`` says how long it waits for what."""
    with ExitStack() as stack:

        def opened(**pace: float) -> Visitor:
            listening = socket.create_server(("127.0.0.1", 0))
            url = "http://{}:{}".format(*listening.getsockname())
            told = Pace(**{"poll_s": NEVER, "retry_s": 0.01, "unsure_s": NEVER} | pace)
            app = create_app(Settings(novita_mock.api_key, url, tmp_path, novita_mock.url, told))
            stack.enter_context(served(app, listening, stopping))
            return Visitor(http, url)

        yield opened


@contextmanager
def served(app: Starlette, listening: socket.socket, stopping: list[Thread]) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="none"))
    thread = Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield
    server.should_exit = True
    stopping.append(thread)
