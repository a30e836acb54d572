"""Someone who looks at a service, and tells what came in words that are the same in every run."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from mutants.fields import base, contract
from mutants.receiver import Receiver
from novita_mock.types import JSON

_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_HEX = re.compile(r"\b[0-9a-f]{32}\b")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_SIGNED = re.compile(r"[?&](X-Amz-[A-Za-z]+|x-id)=[^&#]*")
_PORT = re.compile(r"(127\.0\.0\.1):\d+")


@dataclass(frozen=True)
class Probe:
    """One way to look at a service.

    Attributes:
        name: the same for the same requests.
        look: sends them, and tells what came.
    """

    name: str
    look: Callable[["Witness"], JSON] = field(repr=False)


@dataclass
class Witness:
    """Someone who sends requests through the proxy.

    Attributes:
        client: with the first key.
        other_key: of another account.
        hook: a receiver of webhooks.
    """

    client: httpx2.Client
    other_key: str
    hook: Receiver
    _ids: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Forget what was seen: names of tasks begin again, so do the account and the receiver."""
        self._ids.clear()
        self.hook.begin()
        self._control("/reset", {})
        self._control("/balance", {"usd": 100})

    def send(self, method: str, target: str, **options: Any) -> tuple[httpx2.Response | None, JSON]:
        """A request: its reply, and what is to be told of it."""
        try:
            reply = self.client.request(method, target, **options)
        except httpx2.TransportError as problem:
            return None, type(problem).__name__
        return reply, self.told(reply)

    def told(self, reply: httpx2.Response) -> JSON:
        """What is worth telling of a reply."""
        length = reply.headers.get("content-length")
        same = length == str(len(reply.content)) if reply.request.method != "HEAD" else length
        return {
            "status": reply.status_code,
            "type": reply.headers.get("content-type"),
            "allow": reply.headers.get("allow"),
            "length": same,
            "body": self.plain(_body(reply)),
        }

    def plain(self, value: JSON) -> JSON:
        """JSON without what is another in every run: ids by their order, no signatures, no times."""
        if isinstance(value, dict):
            return {key: self.plain(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.plain(item) for item in value]
        if isinstance(value, int) and value > 10**11:
            return "<ms>"
        if not isinstance(value, str):
            return value
        text = _ID.sub(lambda found: self._ids.setdefault(found[0], f"<task {len(self._ids) + 1}>"), value)
        text = _TIME.sub("<time>", _HEX.sub("<hex>", _SIGNED.sub("", text)))
        return _PORT.sub(r"\1", text)

    def advance(self, seconds: float) -> None:
        """Let account time pass, and what falls due happen."""
        self._control("/clock/advance", {"seconds": seconds})

    def without_money(self) -> JSON:
        """What a submit is answered when there is nothing left to pay it with."""
        self._control("/balance", {"usd": 0})
        row = contract().operation("upscale")
        return self.send(row.method, row.path, json=base("upscale"))[1]

    def _control(self, path: str, body: JSON) -> None:
        reply = self.client.post(f"/_mock{path}", json=body)
        assert reply.status_code == 200, reply.text


def _body(reply: httpx2.Response) -> JSON:
    if reply.headers.get("content-type", "").startswith("image/") or not reply.content:
        return hashlib.sha256(reply.content).hexdigest()[:16]
    try:
        return json.loads(reply.content.decode("utf-8"))
    except ValueError:
        return reply.content[:2000].decode("utf-8", "backslashreplace")
