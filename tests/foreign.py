"""A double under a server that is not ours: plain uvicorn, as ``uvicorn --factory`` would run it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from novita_mock.app import create_app
from novita_mock.settings import Settings
from novita_mock.types import JSON


class _Announced(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@contextmanager
def foreign(**settings: JSON) -> Iterator[str]:
    """The URL of a double that uvicorn serves while the block runs."""
    app = create_app(Settings(**({"speed": 0.0, "seed": 1, "quiet": True} | settings)))
    listening = socket.create_server(("127.0.0.1", 0))
    server = _Announced(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        assert server.up.wait(10)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
