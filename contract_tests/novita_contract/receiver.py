"""The suite's own receiver of webhooks: answers as it is told, and keeps what came."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from urllib.parse import urlsplit

from novita_contract.clock import now_s, pause
from novita_contract.exchange import Exchange

#: Is part of every address, so that it is seen to be used whole.
_QUERY = "from=conform&n=1"
#: Longest event that is read, in bytes.
_MAX_EVENT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Event:
    """One request that came: when, how, and with what."""

    at_s: float
    method: str
    path: str
    headers: dict[str, str]
    content: bytes
    answered: int


@dataclass(slots=True)
class Hook:
    """One address for webhooks: what came to it, and how it answers, one status an event; the last stays.

    Attributes:
        url: as it is given to the target.
        delay_s: wall seconds before the first answer.
        answers: statuses, in order; a redirect points back here.
        events: what came, in order.
    """

    url: str
    answers: tuple[int, ...]
    delay_s: float = 0.0
    events: list[Event] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, method: str, path: str, headers: dict[str, str], content: bytes) -> int:
        """Keep an event; the status that it is answered with."""
        with self._changed:
            status = self.answers[min(len(self.events), len(self.answers) - 1)]
            self.events.append(Event(now_s(), method, path, headers, content, status))
            self._changed.notify_all()
        return status

    def wait(self, number: int, seconds: float) -> bool:
        """Wait until so many events have come, or so long; whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.events) >= number, timeout=seconds)


class Receiver:
    """A server that hooks are made at."""

    def __init__(self, public_url: str | None, listen: str) -> None:
        self._hooks: dict[str, Hook] = {}
        self._lock = threading.Lock()
        receiver = self

        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                receiver._answer(self)

            do_POST = do_GET = do_PUT = do_HEAD = do_DELETE = do_PATCH = _any

            def log_message(self, format: str, *arguments: object) -> None:
                return None

        self._server = ThreadingHTTPServer((listen, 0), Answering)
        self._server.daemon_threads = True
        port = self._server.server_address[1]
        self._base = (public_url or f"http://{listen}:{port}").rstrip("/")
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def hook(self, *answers: int, delay_s: float = 0.0) -> Hook:
        """A new address, which answers so, the first time late; 200 if nothing is said."""
        with self._lock:
            path = f"/hook/{len(self._hooks) + 1}"
            hook = Hook(f"{self._base}{path}?{_QUERY}", answers or (200,), delay_s)
            self._hooks[urlsplit(hook.url).path] = hook
        return hook

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("content-length") or 0)
        content = request.rfile.read(min(length, _MAX_EVENT))
        headers = {name.lower(): value for name, value in request.headers.items()}
        hook = self._hooks.get(urlsplit(request.path).path.removesuffix("/moved"))
        if hook is None:
            status = 404
        else:
            status = hook.take(request.command, request.path, headers, content)
            if len(hook.events) == 1:
                pause(hook.delay_s)
        with suppress(ConnectionError):  # whoever waits no longer has gone
            self._say(request, status, hook)

    @staticmethod
    def _say(request: BaseHTTPRequestHandler, status: int, hook: Hook | None) -> None:
        request.send_response(status)
        if status in (301, 302, 303, 307, 308) and hook is not None:
            request.send_header("Location", hook.url.replace("?", "/moved?"))
        request.send_header("Content-Length", "0")
        request.end_headers()


@contextmanager
def receiving(target: str, public_url: str | None) -> Iterator[Receiver | None]:
    """A receiver that the target can reach, while the block runs; None where it can reach none of ours.

    Args:
        target: the target's address.
        public_url: where the world reaches the receiver, if somebody passes it on.
    """
    listen = "127.0.0.1" if public_url else _address_for(target)
    if listen is None:
        yield None
        return
    receiver = Receiver(public_url, listen)
    try:
        yield receiver
    finally:
        receiver.close()


def as_exchange(hook: Hook, event: Event, number: int, keys: Sequence[str]) -> Exchange:
    """An event as evidence: what was received stands where otherwise stands what was sent."""
    try:
        sent = json.loads(event.content)
    except ValueError:
        sent = event.content.decode("utf-8", "backslashreplace")[:2000]
    return Exchange(
        number=number,
        operation="webhook",
        method=event.method,
        url=hook.url,
        headers=event.headers,
        sent=sent,
        sent_bytes=len(event.content),
        status=event.answered,
        reply_headers={},
        content=b"",
        keys=tuple(keys),
    )


def _address_for(target: str) -> str | None:
    """The address of this machine that the target can send to, as far as can be told without trying."""
    host = urlsplit(target).hostname or ""
    try:
        where = socket.getaddrinfo(host, urlsplit(target).port or 80, type=socket.SOCK_DGRAM)[0]
        address = ip_address(where[4][0])
    except (OSError, ValueError):
        return None
    if address.is_loopback:
        return "127.0.0.1" if address.version == 4 else None
    if not address.is_private:
        return None
    with socket.socket(where[0], where[1]) as probe:
        try:
            probe.connect(where[4])  # sends nothing: it only chooses the way
        except OSError:
            return None
        name: str = probe.getsockname()[0]
    return name if ":" not in name else None
