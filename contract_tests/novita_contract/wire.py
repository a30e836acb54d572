"""HTTP, as the suite speaks it; alone in this package in importing an HTTP client.

A request that makes a task is sent once, whatever becomes of it; one that only asks may be sent again.
No redirect is followed, so that no key goes where nobody pointed it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from threading import Lock

import httpx2

from novita_contract.clock import now_s, pause
from novita_contract.exchange import Exchange
from novita_contract.options import Secret
from novita_mock.types import JSON

#: Wall seconds until a reply is given up.
TIMEOUT_S = 15.0
#: Times that a request which only asks is sent again when no reply came, and the pause before, in seconds.
RETRIES, RETRY_PAUSE_S = 2, 0.2
#: Times that a request which was told to come later is sent again, and the longest pause that is obeyed.
PATIENCE, LONGEST_PAUSE_S = 3, 30.0
#: Longest reply that is read, in bytes.
_MAX_REPLY = 256 * 1024 * 1024
_TOO_MANY = 429
_JSON_TYPE = "application/json"


class Wire:
    """The connections to one target.

    Attributes:
        base: the target's address, without a slash at its end.
        keys: every key that may be sent, so that none is ever shown.
        polite: whether a 429 is obeyed: waited for, and tried again where that does no harm.
    """

    def __init__(
        self, base: str, keys: tuple[Secret, ...], polite: bool = False, timeout_s: float = TIMEOUT_S
    ):
        self.base = base.rstrip("/")
        self.keys = tuple(key.reveal() for key in keys if key)
        self.polite = polite
        self._numbers = count()
        self._started_s = now_s()
        self._lock = Lock()
        self._kept: ContextVar[list[Exchange] | None] = ContextVar("kept", default=None)
        limits = httpx2.Limits(max_connections=64, max_keepalive_connections=64)
        self._client = httpx2.Client(
            timeout=timeout_s, limits=limits, trust_env=False, follow_redirects=False,
            headers={"User-Agent": "novita-mock-conform", "Accept-Encoding": "identity"},
        )  # fmt: skip
        self._closed = False

    def close(self) -> None:
        """Let go of the connections, also while requests are on their way: these end without a reply."""
        self._closed = True
        self._client.close()

    @contextmanager
    def kept(self) -> Iterator[list[Exchange]]:
        """Collect every exchange of the block, in order."""
        exchanges: list[Exchange] = []
        token = self._kept.set(exchanges)
        try:
            yield exchanges
        finally:
            self._kept.reset(token)

    def note(self, exchange: Exchange) -> None:
        """Count an exchange that did not go through here (a webhook that came in) among the block's."""
        kept = self._kept.get()
        if kept is not None:
            kept.append(exchange)

    def recall(self, exchanges: Sequence[Exchange]) -> None:
        """Count exchanges of before among the block's, those that it doesn't have yet."""
        kept = self._kept.get()
        if kept is not None:
            known = {exchange.number for exchange in kept}
            kept += [exchange for exchange in exchanges if exchange.number not in known]

    def send(
        self,
        operation: str,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        sent: JSON = None,
        content: bytes | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Exchange:
        """One request; an exchange without a status where no reply came.

        Args:
            operation: what it is called in reports.
            method: of HTTP.
            url: a path of the target, or a whole address.
            headers: as they are sent.
            sent: the body as JSON, or a text; None for none.
            content: the body's bytes where they are not simply ``sent`` as JSON.
            query: of the address.
        """
        asks = method in ("GET", "HEAD")
        for attempt in range(1 + (RETRIES if asks else 0)):
            if attempt:
                pause(RETRY_PAUSE_S)
            exchange = self._once(operation, method, url, headers or {}, sent, content, query)
            if exchange.status:
                break
        for _ in range(PATIENCE if self.polite and exchange.status == _TOO_MANY and asks else 0):
            pause(_asked_pause(exchange))
            exchange = self._once(operation, method, url, headers or {}, sent, content, query)
            if exchange.status != _TOO_MANY:
                break
        return exchange

    def _once(
        self,
        operation: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        sent: JSON,
        content: bytes | None,
        query: Mapping[str, str] | None,
    ) -> Exchange:
        body = content if content is not None else None if sent is None else json.dumps(sent).encode()
        whole = url if "://" in url else self.base + url
        with self._lock:
            number = next(self._numbers)
        began = now_s()
        status, reply_headers, reply, problem = 0, {}, b"", ""
        try:
            request = self._client.build_request(method, whole, params=query, content=body, headers=headers)
            whole = str(request.url)
            response = self._client.send(request)
            if self._closed:  # it was being connected just then, so that the closing missed it
                response.extensions["network_stream"].close()
            status, reply, reply_headers = response.status_code, response.content, _headers(response)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as failed:
            problem = f"{type(failed).__name__}: {str(failed)[:200]}"
        exchange = Exchange(
            number=number,
            operation=operation,
            method=method,
            url=whole,
            headers=dict(headers),
            sent=sent,
            sent_bytes=len(body or b""),
            status=status,
            reply_headers=reply_headers,
            content=reply[:_MAX_REPLY],
            started_s=began - self._started_s,
            seconds=now_s() - began,
            problem=problem,
            keys=self.keys,
        )
        self.note(exchange)
        return exchange


def json_headers(authorization: str = "", **more: str) -> dict[str, str]:
    """The headers that the pages ask for."""
    headers = {"Content-Type": _JSON_TYPE}
    if authorization:
        headers["Authorization"] = authorization
    return headers | more


def fetch_page(url: str) -> bytes:
    """A page of the documentation.

    Raises:
        OSError: it can't be had; the message says why.
    """
    try:
        with httpx2.Client(timeout=30, follow_redirects=True, trust_env=True) as client:
            response = client.get(url)
    except (httpx2.HTTPError, httpx2.InvalidURL) as problem:
        raise OSError(f"{type(problem).__name__}: {problem}") from None
    if response.status_code != 200:
        raise OSError(f"HTTP {response.status_code}")
    return response.content


def _headers(response: httpx2.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


def _asked_pause(exchange: Exchange) -> float:
    try:
        asked = float(exchange.reply_headers.get("retry-after", "1"))
    except ValueError:
        asked = 1.0
    return min(max(asked, RETRY_PAUSE_S), LONGEST_PAUSE_S)
