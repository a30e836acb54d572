"""An HTTP client that hides nothing: no second attempt, no redirect; each reply is timed and judged."""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tally import Tally

from novita_mock.catalogue import Catalogue
from novita_mock.validation import Validator

#: Seconds that an idle connection is used again: the server closes it after five.
KEPT_S = 2.0
#: Seconds that a reply may take.
PATIENCE_S = 60.0


class Unexpected(Exception):
    """A reply that nothing asked for; it is on record already."""


class Broken(Exception):
    """The connection ended before the reply did; ``got`` bytes of its body had come."""

    def __init__(self, got: int = 0) -> None:
        super().__init__(f"broken off after {got} bytes")
        self.got = got


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and the wall seconds that it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A request; ``who`` is the account's name, which its key is made of.

    Attributes:
        kind: what it is counted as.
        scenario: the scenario that it names, if any.
    """

    kind: str
    method: str
    path: str
    who: str = ""
    body: tuple[bytes, ...] = ()
    scenario: str = ""

    def head(self, port: int) -> bytes:
        """The request as it goes over the wire, but for the body."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        if self.who:
            lines.append(f"Authorization: Bearer sk_soak_{self.who}")
        if self.scenario:
            lines.append(f"X-Novita-Mock-Scenario: {self.scenario}")
        if self.method == "POST":
            lines += ["Content-Type: application/json", f"Content-Length: {sum(map(len, self.body))}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def outline(self) -> dict[str, object]:
        """The request without its key, its picture and what signs a link."""
        shown = self.path.partition("?X-Amz")[0]
        sizes = {"scenario": self.scenario, "body_bytes": sum(map(len, self.body))}
        return {"kind": self.kind, "request": f"{self.method} {shown}", "account": self.who} | sizes


class Asking:
    """Asks the double, over connections that are used again."""

    def __init__(self, port: int, tally: Tally, catalogue: Catalogue) -> None:
        self.port = port
        self.tally = tally
        self._catalogue = catalogue
        self._validators: dict[str, Validator] = {}
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, asked: Asked, *wanted: int) -> Reply:
        """Ask once.

        Raises:
            Broken: there was no whole reply. Whether that was asked for, the caller knows.
            Unexpected: a status that is not wanted, or none in time.
        """
        began = time.perf_counter()
        try:
            async with asyncio.timeout(PATIENCE_S):
                status, headers, body = await self._exchange(asked)
        except TimeoutError:
            raise self.unexpected(asked, f"no reply in {PATIENCE_S:.0f} s") from None
        reply = Reply(status, headers, body, time.perf_counter() - began)
        self.tally.answered(asked.kind, reply.seconds, sum(map(len, asked.body)), len(body))
        if wanted and status not in wanted:
            raise self.unexpected(asked, f"status {status}, not {' or '.join(map(str, wanted))}", body)
        return reply

    async def sure(self, asked: Asked, *wanted: int) -> Reply:
        """Ask once, where no fault was asked for. Raises ``Unexpected`` also where it breaks off."""
        try:
            return await self.ask(asked, *wanted or (200,))
        except Broken as problem:
            raise self.unexpected(asked, str(problem)) from None

    async def told(self, asked: Asked, schema: str = "", *wanted: int) -> Any:
        """The JSON of a reply that has to be one, and has to fit a schema. Raises ``Unexpected``."""
        reply = await self.sure(asked, *wanted)
        return self.read(asked, reply, schema)

    def read(self, asked: Asked, reply: Reply, schema: str = "") -> Any:
        """The JSON of a reply. Raises ``Unexpected`` where it is none or does not fit."""
        try:
            body = json.loads(reply.body)
        except ValueError:
            raise self.unexpected(asked, "no JSON", reply.body) from None
        if schema:
            for violation in self._validator(schema).violations(body):
                raise self.unexpected(asked, f"does not fit {schema}: {violation}", reply.body)
        return body

    def fits(self, reply: Reply, schema: str) -> bool:
        """Whether a reply is JSON that fits a schema."""
        try:
            return not list(self._validator(schema).violations(json.loads(reply.body)))
        except ValueError:
            return False

    def unexpected(self, asked: Asked, what: str, body: bytes = b"") -> Unexpected:
        """Record what nothing asked for; to be raised."""
        self.tally.unexpected(what, **asked.outline(), reply=_shown(body))
        return Unexpected(what)

    def close(self) -> None:
        """Close what is open."""
        for _, _, writer in self._idle:
            writer.close()
        self._idle.clear()

    def _validator(self, schema: str) -> Validator:
        if schema not in self._validators:
            self._validators[schema] = Validator(self._catalogue, schema)
        return self._validators[schema]

    async def _exchange(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        reader, writer = await self._connection()
        got = 0
        try:
            writer.writelines([asked.head(self.port), *asked.body])
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(_pair(line) for line in head[1:-2])
            length = 0 if asked.method == "HEAD" else int(headers.get("content-length", "0"))
            body = await reader.readexactly(length)
        except asyncio.IncompleteReadError as problem:
            got = len(problem.partial)
            writer.transport.abort()
            raise Broken(got) from None
        except OSError:
            writer.transport.abort()
            raise Broken from None
        except BaseException:
            writer.transport.abort()
            raise
        if headers.get("connection") == "close":
            writer.close()
        else:
            self._idle.append((time.monotonic(), reader, writer))
        return int(head[0].split()[1]), headers, body

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            since, reader, writer = self._idle.pop()
            if time.monotonic() - since < KEPT_S and not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)


def jsonly(body: object) -> tuple[bytes, ...]:
    """A small JSON body."""
    return (json.dumps(body).encode(),)


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _shown(body: bytes) -> str:
    return body[:300].decode("utf-8", "replace").split("?X-Amz")[0] if body[:1] in (b"{", b"[") else ""


def names(values: Iterable[object]) -> str:
    """A few values as a list for people."""
    return ", ".join(map(str, values))
