"""The way of webhooks: the double posts to us, and we take the event to where the client wanted it."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlsplit

from mutants.messages import Call, Reply
from mutants.mutation import Event
from mutants.streams import Connection, Unreadable, reply_body, reply_head
from novita_mock import egress
from novita_mock.types import JSON

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class Relay:
    """Redirects webhooks in passing requests, and undoes it in passing replies."""

    def __init__(self, deliver: Callable[[Event], Awaitable[Reply | None]]) -> None:
        self.port = 0
        #: Ports on this machine whose webhooks are the double's own business.
        self.leave_alone: set[int] = set()
        self._deliver = deliver
        self._urls: list[str] = []
        self._attempts: dict[int, int] = {}

    @property
    def known(self) -> bool:
        """Whether any webhook was redirected yet."""
        return bool(self._urls)

    def redirected(self, call: Call) -> Call:
        """A request whose webhook leads to us; the rest of its bytes as they were."""
        url = webhook_of(call.json) if call.method == "POST" and b"webhook" in call.body else None
        if url is None or not self._is_ours(url):
            return call
        self._urls.append(url)
        ours, spelled = self._address(len(self._urls) - 1), json.dumps(url).encode()
        if call.body.count(spelled) == 1:
            return call.with_body(call.body.replace(spelled, json.dumps(ours).encode()))
        body = json.loads(call.body)
        body["extra"]["webhook"]["url"] = ours
        return call.with_json(body)

    def restored(self, body: bytes) -> bytes:
        """A reply or an event that names the webhook as its client did."""
        ours = re.compile(re.escape(self._address("")).encode() + rb"(\d+)")
        return ours.sub(lambda found: self._spelled(int(found[1])), body) if self._urls else body

    async def serve(self, double: Connection) -> None:
        """Take one event from the double; it opens a connection for each."""
        try:
            call = await double.call()
            number = int(urlsplit(call.target).path.rpartition("/")[2]) if call else -1
            if call is None or not 0 <= number < len(self._urls):
                return
            self._attempts[number] = self._attempts.get(number, 0) + 1
            event = Event(self._urls[number], self._as_meant(call), self._attempts[number])
            work = asyncio.ensure_future(self._deliver(event))
            gone = asyncio.ensure_future(double.gone.wait())
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            if not work.done():
                work.cancel()  # the double has waited long enough
            reply = (await asyncio.gather(work, return_exceptions=True))[0]
            if isinstance(reply, Reply):
                double.writer.write(reply.head() + reply.body)
                await double.writer.drain()
        except Unreadable:
            return
        finally:
            double.writer.close()

    async def send(self, event: Event) -> Reply | None:
        """Post an event to its receiver; None where it gives no answer."""
        parts = urlsplit(event.url)
        call = replace(event.call, target=parts._replace(scheme="", netloc="", fragment="").geturl() or "/")
        call = replace(call, target=call.target if call.target.startswith("/") else f"/{call.target}")
        call = replace(call, headers=tuple(_for(parts.netloc, pair) for pair in call.headers))
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80, limit=1 << 20)
        try:
            writer.write(call.wire())
            _, head = await reply_head(reader)
            return replace(head, body=await reply_body(reader, head, call.method))
        except asyncio.IncompleteReadError:
            return None
        finally:
            writer.close()

    def _as_meant(self, call: Call) -> Call:
        body = self.restored(call.body)
        return call.with_body(body) if body != call.body else call

    def _is_ours(self, url: str) -> bool:
        try:
            whither = egress.target(url)
        except ValueError:
            return False  # the double has something to say about it
        return whither.scheme == "http" and whither.host in _LOOPBACK and whither.port not in self.leave_alone

    def _address(self, number: object) -> str:
        return f"http://127.0.0.1:{self.port}/relay/{number}"

    def _spelled(self, number: int) -> bytes:
        return json.dumps(self._urls[number], ensure_ascii=False)[1:-1].encode()


def webhook_of(body: JSON) -> str | None:
    """Where the body of a submit wants its event."""
    try:
        url = body["extra"]["webhook"]["url"]
    except (KeyError, TypeError, IndexError):
        return None
    return url if isinstance(url, str) else None


def _for(authority: str, header: tuple[str, str]) -> tuple[str, str]:
    return (header[0], authority) if header[0].lower() == "host" else header
