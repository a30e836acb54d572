"""A reverse proxy before an untouched double: it passes everything on, unless a mutation says otherwise."""

import asyncio
import threading
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from mutants.messages import Call, Reply, Rows
from mutants.mutation import Behaviour, Event, Mutation
from mutants.relay import Relay
from mutants.streams import Connection, Unreadable, Watched, reply_body, reply_head
from mutants.world import World
from novita_mock import catalogue
from novita_mock.catalogue import Operation
from novita_mock.server import running
from novita_mock.settings import Settings
from novita_mock.types import JSON


class Proxy:
    """The proxy itself; lives in one event loop, and is told from other threads what to break."""

    def __init__(self, operations: Iterable[Operation], keys: tuple[str, ...] = ()) -> None:
        self.url = ""
        self.keys = keys
        self._port = 0  # of the double
        self._rows = Rows(operations)
        self._behaviour: Behaviour | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._servers: list[asyncio.Server] = []
        self._relay = Relay(self._deliver)

    async def listen(self) -> None:
        """Take two ports: one for clients, one for the double's events."""
        for accept in (self._serve, self._relay.serve):
            loop = asyncio.get_running_loop()
            server = await loop.create_server(
                lambda accept=accept: Watched(lambda client: self._spawn(accept(client))),  # type: ignore[misc]
                "127.0.0.1",
                0,
                backlog=1024,
            )
            self._servers.append(server)
        ports = [server.sockets[0].getsockname()[1] for server in self._servers]
        self.url, self._relay.port = f"http://127.0.0.1:{ports[0]}", ports[1]

    def lead_to(self, double_url: str) -> None:
        """Where the double is; its events for its own addresses are left alone."""
        self._port = urlsplit(double_url).port or 80
        self._relay.leave_alone = {self._port, urlsplit(self.url).port or 80, self._relay.port}

    @contextmanager
    def under(self, mutation: Mutation | None) -> Iterator[None]:
        """Break what a mutation breaks, while the block runs."""
        behaviour = mutation.behave() if mutation else None
        if behaviour:
            behaviour.world = World(self.keys, self._ask, self._relay.send, self._spawn)
        self._behaviour = behaviour
        try:
            yield
        finally:
            self._behaviour = None

    async def close(self) -> None:
        """Stop, at once."""
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.get_running_loop().create_task(_quiet(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, client: Connection) -> None:
        try:
            while await self._exchange(client):
                pass
        except Unreadable:
            await self._tunnel(client)
        finally:
            client.writer.close()

    async def _exchange(self, client: Connection) -> bool:
        """One request and its reply; whether another may follow."""
        call = await client.call()
        if call is None:
            return False
        call = _placed(call, self._rows)
        behaviour = self._behaviour
        if behaviour is None or not behaviour.concerns(call):
            return bool(await until_gone(self._pass_on(call, client.writer), client.gone))
        reply = await until_gone(behaviour.answer(call), client.gone)
        if reply is None:
            return False
        client.writer.write(reply.head() + (b"" if call.method == "HEAD" else reply.body))
        await client.writer.drain()
        return reply.ends_itself(call.method) and "close" not in (call.header("connection") or "").lower()

    async def _pass_on(self, call: Call, to: asyncio.StreamWriter) -> bool:
        """A request and its reply as they come; JSON is held back where an address has to be put right."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        try:
            writer.write(self._relay.redirected(call).wire())
            raw, head = await reply_head(reader)
            if head.header("content-type") == "application/json" and self._relay.known:
                reply = self._restored(head, await reply_body(reader, head, call.method))
                to.write(reply.head() + (b"" if call.method == "HEAD" else reply.body))
            else:
                to.write(raw)
                await _copied(reader, to, head, call.method)
            await to.drain()
            closes = "close" in (head.header("connection") or "").lower()
            return not closes and (head.header("content-length") is not None or call.method == "HEAD")
        except asyncio.IncompleteReadError:
            return False
        finally:
            writer.transport.abort()  # what the double has not read by now it need not read

    async def _ask(self, call: Call) -> Reply | None:
        """What the double answers to a request, whole; None where it breaks off before it says anything."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        try:
            writer.write(self._relay.redirected(call).wire())
            _, head = await reply_head(reader)
            return self._restored(head, await reply_body(reader, head, call.method))
        except asyncio.IncompleteReadError:
            return None
        finally:
            writer.transport.abort()  # what the double has not read by now it need not read

    def _restored(self, head: Reply, body: bytes) -> Reply:
        restored = self._relay.restored(body)
        return (
            head.with_body(restored)
            if restored != body
            else Reply(head.headers, body, head.status, head.phrase)
        )

    async def _tunnel(self, client: Connection) -> None:
        """What we don't understand goes to the double as it came, and so does all that follows."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)

        async def onward() -> None:
            while part := await client.reader.read(65536):
                writer.write(part)
            writer.write_eof()

        try:
            writer.write(client.raw)
            self._spawn(onward())
            while part := await reader.read(65536):
                client.writer.write(part)
            await client.writer.drain()
        finally:
            writer.transport.abort()  # what the double has not read by now it need not read

    async def _deliver(self, event: Event) -> Reply | None:
        behaviour = self._behaviour
        return await (behaviour.deliver(event) if behaviour else self._relay.send(event))


async def until_gone(work: Coroutine[Any, Any, Any], gone: asyncio.Event) -> Any:  # Any: what the work gives
    """What some work gives, or None once nobody waits for it any more."""
    task, end = asyncio.ensure_future(work), asyncio.ensure_future(gone.wait())
    try:
        await asyncio.wait({task, end}, return_when=asyncio.FIRST_COMPLETED)
        return await task if task.done() else None
    finally:
        for each in (task, end):
            each.cancel()
        await asyncio.gather(task, end, return_exceptions=True)


async def _quiet(work: Coroutine[Any, Any, object]) -> None:
    # Whoever breaks off, client, double or receiver, is no trouble of ours.
    with suppress(OSError, asyncio.IncompleteReadError):
        await work


async def _copied(reader: asyncio.StreamReader, to: asyncio.StreamWriter, head: Reply, method: str) -> None:
    length = int(head.header("content-length") or 0)
    left = 0 if method == "HEAD" else length
    while left and (part := await reader.read(min(left, 65536))):
        left -= len(part)
        to.write(part)
        await to.drain()
    if left:
        raise asyncio.IncompleteReadError(b"", left)


def _placed(call: Call, rows: Rows) -> Call:
    return Call(call.headers, call.body, call.method, call.target, rows.of(call.target))


@contextmanager
def mutating(keys: tuple[str, ...] = ("sk_first", "sk_second"), **settings: JSON) -> Iterator[Proxy]:
    """A proxy in a thread of its own, and an untouched double behind it."""
    proxy, loop = Proxy(catalogue.load().operations, keys), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def done(work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(30)

    try:
        done(proxy.listen())
        told: Mapping[str, JSON] = {"port": 0, "key": keys, "quiet": True, "public_url": proxy.url} | settings
        with running(Settings(**told)) as double_url:
            proxy.lead_to(double_url)
            yield proxy
            done(proxy.close())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
