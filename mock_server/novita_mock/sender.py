"""Posts webhooks, by the rules that a double keeps towards others: places, deadlines, addresses, names."""

import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

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
#: Headers by their names in lower case, as lines: what a caller's stand in for, and what nobody changes.
_UNLESS_TOLD = {
    "content-type": "Content-Type: application/json\r\n",
    "user-agent": f"User-Agent: novita-mock/{__version__}\r\n",
}
_ALWAYS = {
    HOP_HEADER.lower(): f"{HOP_HEADER}: 1\r\n",
    "accept": "Accept: */*\r\n",
    "accept-encoding": "Accept-Encoding: identity\r\n",
    "connection": "Connection: close\r\n",
}
STOPPING = "not delivered: the double is stopping"


class Answer(Struct, frozen=True, gc=False):
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
        #: What is under way, and when its time is over: all have the same, so the first to begin comes first.
        self._under_way: dict[asyncio.Timeout, float] = {}
        self._alarm: asyncio.TimerHandle | None = None
        self._loading: asyncio.Task[ssl.SSLContext] | None = None
        self._closed = False

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Post a JSON body once: no second attempt, no redirect followed, no proxy, no cookie.

        Never raises; whatever goes wrong is the answer's reason.
        """
        loop = asyncio.get_running_loop()
        began_s = None
        try:
            whither = _taken_apart(url)
            tls = await self._trusted() if whither.scheme == "https" else None
            async with self._lanes.place(whither.authority):
                began_s = loop.time()
                status, excerpt = await self._in_time(whither, _request(whither, body, headers), tls)
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
        if self._alarm is not None:
            self._alarm.cancel()

    async def _trusted(self) -> ssl.SSLContext:
        if self._tls is None:
            # Reads hundreds of certificates: not on the loop that answers polls.
            self._loading = self._loading or asyncio.create_task(asyncio.to_thread(_trust_of_the_machine))
            self._tls = await asyncio.shield(self._loading)
        return self._tls

    async def _in_time(self, whither: Target, request: bytes, tls: ssl.SSLContext | None) -> tuple[int, str]:
        if self._closed:
            raise Undeliverable(STOPPING)
        async with asyncio.timeout(None) as deadline:
            self._under_way[deadline] = asyncio.get_running_loop().time() + self._timeout_s
            if self._alarm is None:
                self._watch()
            try:
                return await self._exchange(whither, request, tls)
            finally:
                del self._under_way[deadline]

    def _watch(self) -> None:
        """End what is over time, and look again when the next will be: one timer, whatever is under way."""
        loop = asyncio.get_running_loop()
        self._alarm, now = None, loop.time()
        for deadline, until in self._under_way.items():
            if until > now:
                self._alarm = loop.call_at(until, self._watch)
                break
            if not deadline.expired():
                deadline.reschedule(now)

    async def _exchange(self, whither: Target, request: bytes, tls: ssl.SSLContext | None) -> tuple[int, str]:
        """Dial the addresses of a host one after the other, until one takes the connection."""
        addresses = await self._directory.addresses(whither)
        share_s = self._timeout_s / len(addresses) if len(addresses) > 1 else None
        refusal = ""
        for address in addresses:
            try:
                status, start = await exchange(
                    address.partition("%")[0],
                    whither.port,
                    request,
                    connect_s=share_s,
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
    lines = {name.lower(): f"{name}: {value}\r\n" for name, value in headers.items()}
    lines = _UNLESS_TOLD | lines | _ALWAYS
    told = "".join(lines.values())
    if not told.count("\r") == told.count("\n") == len(lines) or "\0" in told:
        raise ValueError("a header holds the end of a line")
    query = f"?{whither.query}" if whither.query else ""
    start = f"POST {whither.path}{query} HTTP/1.1\r\nHost: {whither.authority}\r\n"
    return f"{start}{told}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _trust_of_the_machine() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
