"""A client without manners: it writes the bytes it is told to, and reads what comes back as it is."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class RawReply:
    """One HTTP response: its status, its headers in lower case, its body, and all of it as it came."""

    status: int
    headers: dict[str, str]
    body: bytes
    content: bytes


class Raw:
    """One connection to a server."""

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self.host = f"{parts.hostname}:{parts.port}"
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._socket.close()

    def send(self, content: bytes) -> None:
        self._socket.sendall(content)

    def send_on(self, parts: Iterable[bytes], pause_s: float = 0.0) -> None:
        """Send part after part, as long as the server lets it."""
        pause = threading.Event()
        for part in parts:
            self.send(part)
            pause.wait(pause_s)

    def ask(self, content: bytes, *, head: bool = False) -> RawReply:
        """Send, and read one response."""
        self.send(content)
        return self.reply(head=head)

    def reply(self, *, head: bool = False) -> RawReply:
        """Read one response; ``head`` says that no body follows its headers."""
        top = self._until(b"\r\n\r\n")
        lines = top[:-4].decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        status = int(lines[0].split()[1])
        body = b"" if head or status == 100 else self._exactly(int(headers.get("content-length", "0")))
        return RawReply(status, headers, body, top + body)

    def ended(self, within_s: float) -> bool:
        """Whether the server closes the connection by then, having said nothing more."""
        self._socket.settimeout(within_s)
        try:
            return self._rest == b"" and self._socket.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def remainder(self) -> bytes:
        """All that comes until the server closes."""
        found = [self._rest]
        try:
            while part := self._socket.recv(65536):
                found.append(part)
        except ConnectionError:
            pass
        return b"".join(found)

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._rest:
            self._more()
        found, _, self._rest = self._rest.partition(mark)
        return found + mark

    def _exactly(self, count: int) -> bytes:
        while len(self._rest) < count:
            self._more()
        found, self._rest = self._rest[:count], self._rest[count:]
        return found

    def _more(self) -> None:
        part = self._socket.recv(65536)
        if not part:
            raise EOFError(f"the server closed after {self._rest[:200]!r}")
        self._rest += part


def request(
    target: str, *headers: str, method: str = "GET", body: bytes = b"", host: str = "localhost"
) -> bytes:
    """The bytes of a request; a body brings its length and its type."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Authorization: Bearer sk_test", *headers]
    if body:
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@contextmanager
def timed(clock: Callable[[], float] = time.perf_counter) -> Iterator[list[float]]:
    """How many seconds the block took: the one item of the list, once it has ended.

    ``time.process_time`` as the clock tells the work of this process, a server in it included.
    """
    took: list[float] = []
    began = clock()
    yield took
    took.append(clock() - began)
