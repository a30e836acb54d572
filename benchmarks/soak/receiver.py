"""The receiver of webhooks: takes each event, refuses a few at first, and says what came."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from zlib import crc32

from tally import Tally

#: Of so many tasks, the first attempt to tell of one is refused.
REFUSED_OF = 20


class Receiver:
    """Listens on a port of its own; ``took`` is called with the task's id and the payload of each event."""

    def __init__(self, tally: Tally, took: Callable[[str, Any], None]) -> None:
        self._tally = tally
        self._took = took
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> str:
        """Listen; the address that events are posted to."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=1024)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hook"

    async def stop(self) -> None:
        """Listen no more."""
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while head := await reader.readuntil(b"\r\n\r\n"):
                    headers = dict(_pair(line) for line in head.decode("latin-1").split("\r\n")[1:-2])
                    body = await reader.readexactly(int(headers["content-length"]))
                    status = self._answer(headers, body)
                    writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n".encode())
                    await writer.drain()
        finally:
            self._open.discard(writer)
            writer.close()

    def _answer(self, headers: dict[str, str], body: bytes) -> int:
        event = json.loads(body)
        task_id = event["payload"]["task"]["task_id"]
        attempt = int(headers["x-novita-mock-attempt"])
        if event["event_type"] != "ASYNC_TASK_RESULT":
            self._tally.unexpected("an event of another type", task_id=task_id)
        if attempt == 1 and crc32(task_id.encode()) % REFUSED_OF == 0:
            self._tally.things["events refused by the receiver, to come again"] += 1
            return 503
        self._tally.things["events taken"] += 1
        self._took(task_id, event["payload"])
        return 204


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()
