"""Posts webhooks: the only HTTP client that a serving double has, and the rules it keeps.

One connection a delivery: a kept one may have been closed by the receiver just when it is used
again, and the failure that is then recorded would not be the receiver's.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from ssl import SSLContext, SSLError
from typing import TYPE_CHECKING

from novita_mock import __version__
from novita_mock.egress import HOP_HEADER, Policy, Target, target
from novita_mock.lanes import Lanes, LanesFull
from novita_mock.lookup import Addresses, Directory, Lookup, Undeliverable

if TYPE_CHECKING:
    import aiohttp

#: Wall seconds for one delivery, from the name to the end of the answer. (page webhook, Retry Policy)
TIMEOUT_S = 5.0
#: Deliveries under way to all hosts, so that the double keeps sockets for its own clients.
TOTAL = 256
#: Deliveries that wait for one host at most; as many as there may be unfinished tasks.
MAX_WAITING = 20_000
#: Characters of an answer that are kept.
EXCERPT = 200
STOPPING = "not delivered: the double is stopping"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one delivery.

    Attributes:
        status: of the receiver's answer; None where no whole answer came.
        reason: empty for a 2xx answer. Else ``status 500``, ``timed out``, ``refused: ...`` (no connection),
            ``broken off ...`` (a connection, no whole answer), ``TLS: ...``, ``no such host: ...``,
            ``not HTTP: ...``, or ``not delivered: ...`` where nothing was sent, on purpose.
        excerpt: the beginning of the answer's body, as text.
        duration_s: wall seconds; waiting for a place does not count.
    """

    status: int | None
    reason: str
    excerpt: str = ""
    duration_s: float = 0.0

    @property
    def delivered(self) -> bool:
        """Whether the receiver has taken it."""
        return not self.reason


class Sender:
    """Posts to receivers. Belongs to one event loop; nothing is imported or opened before the first post."""

    def __init__(
        self,
        policy: Policy,
        *,
        timeout_s: float = TIMEOUT_S,
        per_host: int = 8,
        max_response_bytes: int = 65536,
        own_urls: Callable[[], Iterable[str]] = tuple,
        addresses: Addresses | None = None,
        tls: SSLContext | None = None,
    ) -> None:
        """Take the limits.

        Args:
        policy: which addresses may be dialled.
        timeout_s: wall seconds for one delivery.
        per_host: deliveries under way to one host and port.
        max_response_bytes: how much of an answer is read.
        own_urls: where this double is reached; of that, only inboxes are posted to.
        addresses: what a host name leads to; by default what the machine says.
        tls: which certificates are trusted; by default what the machine trusts.
        """
        self._timeout_s = timeout_s
        self._max_response_bytes = max_response_bytes
        self._directory = Directory(policy, own_urls, addresses or Lookup().addresses)
        self._tls = tls
        self._lanes = Lanes(per_host, TOTAL, MAX_WAITING)
        self._under_way: set[asyncio.Timeout] = set()
        self._session: aiohttp.ClientSession | None = None
        self._loading: asyncio.Task[object] | None = None
        self._closed = False

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a JSON body once: no second attempt, no redirect followed, no proxy, no cookie.

        Never raises; whatever goes wrong is the answer's reason.
        """
        loop = asyncio.get_running_loop()
        deadline = asyncio.timeout(None)
        began_s = None
        try:
            whither = _taken_apart(url)
            session = await self._client()
            async with deadline:
                self._under_way.add(deadline)
                async with self._lanes.place(whither.authority):
                    if self._closed:
                        raise Undeliverable(STOPPING)
                    began_s = loop.time()
                    deadline.reschedule(began_s + self._timeout_s)
                    status, excerpt = await self._exchange(session, whither, body, headers)
                    reason = "" if 200 <= status <= 299 else f"status {status}"
                    return Answer(status, reason, excerpt, loop.time() - began_s)
        except TimeoutError:
            reason = "timed out"
        except LanesFull as problem:
            reason = f"not delivered: {problem}"
        except Undeliverable as problem:
            reason = str(problem)
        except Exception as problem:
            reason = _why(problem)
        finally:
            self._under_way.discard(deadline)
        reason = STOPPING if self._closed else reason
        return Answer(None, reason, "", loop.time() - began_s if began_s is not None else 0.0)

    async def ready(self) -> None:
        """Wait until what the first post needs is loaded, if one has begun."""
        await asyncio.sleep(0)  # a post that was just begun says by now whether it needs it
        if self._loading is not None:
            await asyncio.shield(self._loading)

    async def close(self) -> None:
        """End what is under way, at once; whatever is posted later is not delivered."""
        self._closed = True
        now = asyncio.get_running_loop().time()
        for deadline in self._under_way:
            if not deadline.expired():
                deadline.reschedule(now)
        if self._session is not None:
            await self._session.close()

    async def _client(self) -> "aiohttp.ClientSession":
        if self._session is None and not self._closed:
            # Takes half a second on a small machine: not on the loop that answers polls.
            self._loading = self._loading or asyncio.create_task(asyncio.to_thread(import_module, "aiohttp"))
            await asyncio.shield(self._loading)
        if self._closed:
            raise Undeliverable(STOPPING)
        if self._session is None:
            self._session = _session(self._tls)
        return self._session

    async def _exchange(
        self, session: "aiohttp.ClientSession", whither: Target, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, str]:
        """Dial the addresses of a host one after the other, until one takes the connection."""
        import aiohttp

        addresses = await self._directory.addresses(whither)
        share_s = self._timeout_s / len(addresses)
        refusal = ""
        for address in addresses:
            try:
                return await self._send(session, whither, address, share_s, body, headers)
            except aiohttp.ConnectionTimeoutError:
                refusal = "timed out"
            except Exception as problem:
                refusal = _why(problem)
                if not refusal.startswith("refused"):
                    break
        raise Undeliverable(refusal)

    async def _send(
        self,
        session: "aiohttp.ClientSession",
        whither: Target,
        address: str,
        connect_s: float,
        body: bytes,
        headers: Mapping[str, str],
    ) -> tuple[int, str]:
        import aiohttp
        from multidict import CIMultiDict
        from yarl import URL

        literal = f"[{address.partition('%')[0]}]" if ":" in address else address
        query = f"?{whither.query}" if whither.query else ""
        url = URL(f"{whither.scheme}://{literal}:{whither.port}{whither.path}{query}", encoded=True)
        sent = CIMultiDict({"Content-Type": "application/json", "User-Agent": f"novita-mock/{__version__}"})
        sent.update(headers)
        sent.update({"Host": whither.authority, HOP_HEADER: "1", "Accept-Encoding": "identity"})
        async with session.post(
            url,
            data=body,
            headers=sent,
            allow_redirects=False,
            server_hostname=whither.host.rstrip("."),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_s),
        ) as response:
            try:
                return response.status, await self._excerpt(response)
            except aiohttp.ClientError:
                raise Undeliverable(f"broken off after status {response.status}") from None

    async def _excerpt(self, response: "aiohttp.ClientResponse") -> str:
        content = bytearray()
        async for part in response.content.iter_any():
            content += part[: self._max_response_bytes - len(content)]
            if len(content) >= self._max_response_bytes:
                response.close()
                break
        return content[: EXCERPT * 4].decode("utf-8", "replace")[:EXCERPT]


def _taken_apart(url: str) -> Target:
    try:
        return target(url)
    except ValueError as problem:
        raise Undeliverable(f"not delivered: {problem}") from None


def _session(tls: SSLContext | None) -> "aiohttp.ClientSession":
    import aiohttp

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(force_close=True, limit=0, ssl=True if tls is None else tls),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


def _why(problem: Exception) -> str:
    """A failure as a reason; the exceptions of the client go no further than this file."""
    import aiohttp

    if isinstance(problem, Undeliverable):
        return str(problem)
    if isinstance(problem, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        cause = problem.__cause__
        told = getattr(cause, "verify_message", "") or (cause.reason if isinstance(cause, SSLError) else "")
        return f"TLS: {told or 'no handshake'}"
    if isinstance(problem, aiohttp.ClientConnectorError):
        return f"refused: {os.strerror(problem.errno) if problem.errno else 'no connection'}"
    if isinstance(problem, aiohttp.ClientResponseError):
        return f"not HTTP: {problem.message.partition(chr(10))[0].strip(' :')[:80]}"
    if isinstance(problem, aiohttp.ClientError | OSError):
        return "broken off before an answer"
    return f"failed: {type(problem).__name__}"
