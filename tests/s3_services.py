"""S3 services for tests: moto's own server, and one that answers as it is told."""

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: An answer: status and S3 error code, or a function that misuses the connection.
Answer = tuple[int, str] | Callable[["Told"], None]


@contextmanager
def moto_server() -> Iterator[str]:
    """The URL of a fresh moto server in a process of its own."""
    line = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield next(
                found[0] for text in process.stderr if (found := re.search(r"http://127.0.0.1:\d+", text))
            )
        finally:
            process.kill()


@dataclass(frozen=True)
class Asked:
    """A request as it came; the handler of its connection may go on to the next one."""

    path: str
    headers: Mapping[str, str]
    content: bytes


@dataclass
class Stub:
    """A service that gives its answers in turn, the last one for ever, and keeps what it was asked.

    ``released`` lets go whatever hangs.
    """

    answers: list[Answer]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


class Told(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"
    stub: Stub

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        answers = self.stub.answers
        answer = answers[min(len(self.stub.asked), len(answers) - 1)]
        self.stub.asked.append(Asked(self.path, self.headers, content))
        if callable(answer):
            self.close_connection = True
            answer(self)
            return
        status, code = answer
        body = f"<Error><Code>{code}</Code><Message>AKIACANARY</Message></Error>".encode() if code else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status // 100 == 3:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.send_header("x-amz-bucket-region", "eu-west-1")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET = do_POST = do_PUT

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def hang(told: Told) -> None:
    """Never answer."""
    told.stub.released.wait(30)


def drip(told: Told) -> None:
    """Answer so slowly that no single wait is long."""
    told.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not told.stub.released.wait(0.05):
        try:
            told.wfile.write(b"x")
        except OSError:
            return


def reset(told: Told) -> None:
    """Break off without an answer."""
    told.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    told.connection.close()


def garbage(told: Told) -> None:
    """Answer something that is not HTTP."""
    told.wfile.write(b"\0\1\2 nonsense\r\n\r\n")


@contextmanager
def stub_server(*answers: Answer) -> Iterator[Stub]:
    """A service that answers as told."""
    stub = Stub(list(answers))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Told", (Told,), {"stub": stub}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield stub
    finally:
        stub.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
