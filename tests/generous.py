"""Services in front of a double that cost more than they should, or send everybody elsewhere.

A generous one takes what must be refused: it asks the double again for something good, so that a task is
made and paid. A dear one charges for webhook tests: it asks the double for real work in their place.
"""

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from conftest import b64, img2img_body, picture, upscale_body
from novita_mock.catalogue import load
from novita_mock.types import JSON

GOOD: dict[str, JSON] = {
    "upscale": upscale_body(),
    "img2img": img2img_body(),
    "upscale-v2": {"image": b64(picture())},
}
SUBMITS = {row.path: row.name for row in load().operations if row.kind == "submit"}
_PASSED = ("authorization", "content-type", "x-omni-key")


class _Handler(BaseHTTPRequestHandler):
    """Passes everything on, as the server that it belongs to was told."""

    protocol_version = "HTTP/1.1"
    server: "_Service"

    def do_GET(self) -> None:
        self._answer(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    do_POST = do_HEAD = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        service = self.server
        if service.elsewhere:
            self._reply(307, b"", {"Location": service.elsewhere + self.path})
            return
        status, content, kind = self._asked(self.command, body, self.headers)
        operation = SUBMITS.get(self.path.partition("?")[0], "")
        if operation and service.generous_key and _refused(status, content):
            headers = {"Authorization": f"Bearer {service.generous_key}", "Content-Type": "application/json"}
            status, content, kind = self._asked("POST", json.dumps(GOOD[operation]).encode(), headers)
            if not _refused(status, content):
                service.taken.append(operation)
        self._reply(status, content, {"Content-Type": kind})

    def _asked(self, method: str, body: bytes, sent: Mapping[str, str]) -> tuple[int, bytes, str]:
        if self.server.dear:
            body = _for_money(body)
        connection = http.client.HTTPConnection(self.server.behind, timeout=30)
        try:
            headers = {name: value for name, value in sent.items() if name.lower() in _PASSED}
            connection.request(method, self.path, body or None, headers)
            reply = connection.getresponse()
            return reply.status, reply.read(), reply.getheader("Content-Type") or ""
        finally:
            connection.close()

    def _reply(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


class _Service(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behind: str, generous_key: str, dear: bool, elsewhere: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = urlsplit(behind).netloc
        self.generous_key = generous_key
        self.dear = dear
        self.elsewhere = elsewhere
        self.taken: list[str] = []


def _refused(status: int, content: bytes) -> bool:
    """Whether the double refused something; V2 says so by its code."""
    return 400 <= status < 500 or (
        status == 200 and bool(content) and json.loads(content).get("code", 0) != 0
    )


def _for_money(body: bytes) -> bytes:
    """A body that asks for a test, asking for work."""
    try:
        told = json.loads(body)
        if told["extra"]["webhook"].pop("test_mode")["enabled"] is not True:
            return body
    except (ValueError, LookupError, TypeError, AttributeError):
        return body
    return json.dumps(told).encode()


@contextmanager
def service(
    behind: str, generous_key: str = "", dear: bool = False, elsewhere: str = ""
) -> Iterator[tuple[str, list[str]]]:
    """A service in front of a double; its address, and what it took although it had to refuse it.

    Args:
        behind: the double.
        generous_key: whose account pays for what must be refused, and is taken all the same: a wrong
            body, key or method. Empty where it is refused.
        dear: whether it charges for webhook tests.
        elsewhere: where it sends everybody, in place of an answer.
    """
    with _Service(behind, generous_key, dear, elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", server.taken
        finally:
            server.shutdown()
            thread.join()
