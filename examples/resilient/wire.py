"""HTTP by httpx2: one request, and a reply that comes whole, in time and of a bearable length."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx2

import replies
from patience import Again, asked_s

#: Errors before anything was sent.
NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
#: Errors of which nobody knows what the other side did before.
NO_REPLY = (httpx2.RequestError, httpx2.InvalidURL, ValueError)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that came whole."""

    status: int
    headers: httpx2.Headers
    content: bytes

    @property
    def why(self) -> str:
        """What a refusal says, on one line."""
        reason, message = replies.refusal(self.content)
        return f"HTTP {self.status} {reason}: {message}"


class Wire:
    """The connections to the service, and to the hosts of its pictures."""

    def __init__(
        self, address: str, api_key: str, reply_s: float, reply_bytes: int, clock: Callable[[], float]
    ) -> None:
        self._reply_s, self._reply_bytes, self._clock = reply_s, reply_bytes, clock
        tls = httpx2.create_ssl_context()
        bearer = {"Authorization": f"Bearer {api_key}"}
        self._api = httpx2.Client(base_url=address, headers=bearer, timeout=reply_s, verify=tls)
        # Links to pictures are signed and lead to other hosts: the key is none of their business.
        self._files = httpx2.Client(timeout=reply_s, verify=tls)

    def close(self) -> None:
        """Let go of every connection."""
        self._api.close()
        self._files.close()

    def post(self, path: str, body: object) -> Reply:
        """Send a body, once.

        Raises:
            One of ``NOT_SENT`` or ``NO_REPLY``.
        """
        return self._whole(self._api, "POST", path, body=body)

    def get(self, path: str, **query: str) -> Reply:
        """Ask the service.

        Raises:
            Again: there is no reply, or none that means something. GET changes nothing, so that is safe.
        """
        return self._asked(self._api, path, query)

    def download(self, link: str) -> Reply:
        """Ask for what a link leads to.

        Raises:
            Again: as for ``get``.
        """
        return self._asked(self._files, link, None)

    def _asked(self, http: httpx2.Client, url: str, query: dict[str, str] | None) -> Reply:
        try:
            reply = self._whole(http, "GET", url, query)
        except NO_REPLY as problem:
            raise Again(told(problem)) from problem
        if reply.status == 429 or reply.status >= 500:
            raise Again(reply.why, asked_s(reply.headers))
        return reply

    def _whole(
        self,
        http: httpx2.Client,
        method: str,
        url: str,
        query: dict[str, str] | None = None,
        body: object = None,
    ) -> Reply:
        until = self._clock() + self._reply_s
        content = bytearray()
        with http.stream(method, url, params=query, json=body) as reply:
            for piece in reply.iter_bytes():
                content += piece
                # The timeout of the client begins anew with each piece.
                if self._clock() > until or len(content) > self._reply_bytes:
                    raise ValueError(f"the reply is too slow or too long: {len(content)} bytes so far")
            return Reply(reply.status_code, reply.headers, bytes(content))


def told(problem: Exception) -> str:
    """What an error says, or else its name."""
    return str(problem) or type(problem).__name__
