"""A receiver of webhooks in a thread of this process, as an application under test has one."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from novita_mock.types import JSON


class Hook:
    """What came, in order, and how it was answered.

    Args:
        answer: given the number of the request, from 0, and its body: the status.
    """

    def __init__(self, answer: Callable[[int, JSON], int]) -> None:
        self.answer = answer
        self.url = ""
        self.received: list[tuple[dict[str, str], JSON, int]] = []
        #: Requests that broke off, or held no JSON.
        self.broken = 0
        self._lock = threading.Lock()

    @property
    def statuses(self) -> list[int]:
        return [status for _, _, status in self.received]

    def take(self, headers: dict[str, str], content: bytes) -> int:
        try:
            body = json.loads(content)
        except ValueError:
            self.broken += 1
            raise
        with self._lock:
            place = len(self.received)
            self.received.append((headers, body, 0))
        status = self.answer(place, body)
        self.received[place] = (headers, body, status)
        return status


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    hook: Hook

    def handle_error(self, request: JSON, client_address: JSON) -> None:
        """A double that was stopped is no error of ours."""


class _Post(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.send_response(self.server.hook.take(headers, content))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *told: JSON) -> None:
        """Say nothing."""


@contextmanager
def hooked(answer: Callable[[int, JSON], int] = lambda place, body: 200) -> Iterator[Hook]:
    """A receiver while the block runs."""
    hook = Hook(answer)
    with _Server(("127.0.0.1", 0), _Post) as server:
        server.hook = hook
        hook.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield hook
        finally:
            server.shutdown()
            thread.join()
