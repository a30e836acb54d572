"""A receiver of webhooks that takes whatever comes, however it comes, and writes it down."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from novita_mock.types import JSON


class Receiver:
    """What came, in order: method, path, Content-Type and body; and how to answer, before it is 200."""

    def __init__(self) -> None:
        self.url = ""
        self._received: list[JSON] = []
        self._statuses: list[int] = []
        self._lock = threading.Lock()

    def begin(self, *statuses: int) -> None:
        """Forget what came; answer with these next."""
        with self._lock:
            self._received, self._statuses = [], list(statuses)

    @property
    def received(self) -> list[JSON]:
        """What came since then."""
        with self._lock:
            return list(self._received)

    def take(self, method: str, path: str, media_type: str | None, content: bytes) -> int:
        """Write down a request; the status to answer it with."""
        try:
            body = json.loads(content.decode())
        except ValueError:
            body = f"no JSON: {content[:200]!r}"
        with self._lock:
            self._received.append([method, path, media_type, body])
            return self._statuses.pop(0) if self._statuses else 200


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def handle_error(self, request: JSON, client_address: JSON) -> None:
        """A sender that went away is no error of ours."""


class _Any(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length") or 0))
        status = self.server.receiver.take(self.command, self.path, self.headers.get("content-type"), content)
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("location", "/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    do_GET = do_PUT = do_POST

    def log_message(self, *told: JSON) -> None:
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver while the block runs."""
    receiver = Receiver()
    with _Server(("127.0.0.1", 0), _Any) as server:
        server.receiver = receiver
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook?for=us"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
