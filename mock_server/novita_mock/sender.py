"""Posts webhooks, by the rules that a double keeps towards others: places, deadlines, addresses, names."""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from novita_mock import __version__
from novita_mock.egress import HOP_HEADER, Policy, Target, target
from novita_mock.lanes import Lanes, LanesFull
from novita_mock.lookup import Addresses, Directory, Lookup, Undeliverable
from novita_mock.posting import Refused, exchange

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
    """Posts to receivers. Belongs to one event loop; nothing is opened before the first post."""

    def __init__(
        self,
        policy: Policy,
        *,
        timeout_s: float = TIMEOUT_S,
        per_host: int = 8,
        max_response_bytes: int = 65536,
        own_urls: Callable[[], Iterable[str]] = tuple,
        addresses: Addresses | None = None,
        tls: ssl.SSLContext | None = None,
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
        self._loading: asyncio.Task[ssl.SSLContext] | None = None
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
            request = _request(whither, body, headers)
            tls = await self._trusted() if whither.scheme == "https" else None
            async with deadline:
                self._under_way.add(deadline)
                async with self._lanes.place(whither.authority):
                    if self._closed:
                        raise Undeliverable(STOPPING)
                    began_s = loop.time()
                    deadline.reschedule(began_s + self._timeout_s)
                    status, excerpt = await self._exchange(whither, request, tls)
                    reason = "" if 200 <= status <= 299 else f"status {status}"
                    return Answer(status, reason, excerpt, loop.time() - began_s)
        except TimeoutError:
            reason = "timed out"
        except LanesFull as problem:
            reason = f"not delivered: {problem}"
        except Undeliverable as problem:
            reason = str(problem)
        except Exception as problem:
            reason = f"failed: {type(problem).__name__}"
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

    async def _trusted(self) -> ssl.SSLContext:
        if self._tls is None:
            # Reads hundreds of certificates: not on the loop that answers polls.
            self._loading = self._loading or asyncio.create_task(asyncio.to_thread(_trust_of_the_machine))
            self._tls = await asyncio.shield(self._loading)
        return self._tls

    async def _exchange(self, whither: Target, request: bytes, tls: ssl.SSLContext | None) -> tuple[int, str]:
        """Dial the addresses of a host one after the other, until one takes the connection."""
        addresses = await self._directory.addresses(whither)
        refusal = ""
        for address in addresses:
            try:
                status, start = await exchange(
                    address.partition("%")[0],
                    whither.port,
                    request,
                    connect_s=self._timeout_s / len(addresses),
                    tls=tls,
                    name=whither.host.rstrip("."),
                    max_bytes=self._max_response_bytes,
                    kept_bytes=EXCERPT * 4,
                )
            except Refused as problem:
                refusal = str(problem)
            else:
                return status, start.decode("utf-8", "replace")[:EXCERPT]
        raise Undeliverable(refusal)


def _taken_apart(url: str) -> Target:
    try:
        return target(url)
    except ValueError as problem:
        raise Undeliverable(f"not delivered: {problem}") from None


def _request(whither: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A whole request.

    Raises:
        ValueError: a header would break out of its line.
    """
    sent = {"content-type": ("Content-Type", "application/json")}
    sent["user-agent"] = ("User-Agent", f"novita-mock/{__version__}")
    sent |= {name.lower(): (name, value) for name, value in headers.items()}
    ours = {HOP_HEADER: "1", "Accept-Encoding": "identity", "Accept": "*/*", "Connection": "close"}
    sent |= {name.lower(): (name, value) for name, value in ours.items()}
    query = f"?{whither.query}" if whither.query else ""
    lines = [f"POST {whither.path}{query} HTTP/1.1", f"Host: {whither.authority}"]
    lines += [f"{name}: {value}" for name, value in sent.values()]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
    if head.count("\n") != len(lines) + 2 or head.count("\r") != len(lines) + 2 or "\0" in head:
        raise ValueError("a header holds the end of a line")
    return head.encode() + body


def _trust_of_the_machine() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
