"""Chromium, driven over its own protocol: opens a file, is told how to show it, and says what it saw."""

import asyncio
import base64
import os
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from novita_mock.types import JSON

#: Wall seconds that a step may take.
LIMIT_S = 60
NO_CHROMIUM = "there is no Chromium here; type: sudo apt-get install chromium"


@dataclass
class Tab:
    """A page in Chromium.

    Attributes:
        messages: what the page, or Chromium about it, has said on its console.
        asked: the addresses that were asked for.
    """

    socket: aiohttp.ClientWebSocketResponse
    session: str = ""
    messages: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    _numbers: count = field(default_factory=count)

    async def call(self, method: str, **params: JSON) -> JSON:
        """One command of the protocol, and its result."""
        number = next(self._numbers)
        target = {"sessionId": self.session} if self.session else {}
        await self.socket.send_json({"id": number, "method": method, "params": params, **target})
        while True:
            told = await self._next()
            if told.get("id") == number:
                assert "error" not in told, told["error"]
                return told["result"]

    async def wait(self, event: str) -> None:
        """Until Chromium reports an event."""
        while (await self._next()).get("method") != event:
            pass

    async def open(self, file: Path, width: int, dark: bool = False) -> None:
        """Show a file in a window of that width."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.call("Emulation.setEmulatedMedia", features=scheme)
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        await self.call("Emulation.setScrollbarsHidden", hidden=True)
        await self.call("Page.navigate", url=file.as_uri())
        await self.wait("Page.loadEventFired")

    async def value(self, expression: str) -> JSON:
        """The value of an expression in JavaScript."""
        told = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    async def screenshot(self, file: Path, whole: bool = True) -> None:
        """What is seen, as PNG."""
        told = await self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(told["data"]))

    async def pdf(self) -> bytes:
        """The page on paper."""
        told = await self.call("Page.printToPDF", printBackground=True)
        return base64.b64decode(told["data"])

    async def _next(self) -> JSON:
        told = await asyncio.wait_for(self.socket.receive_json(), LIMIT_S)
        params = told.get("params", {})
        match told.get("method"):
            case "Log.entryAdded":
                self.messages.append(params["entry"]["text"])
            case "Runtime.consoleAPICalled" | "Runtime.exceptionThrown":
                self.messages.append(str(params))
            case "Network.requestWillBeSent":
                self.asked.append(params["request"]["url"])
            case "Page.javascriptDialogOpening":
                raise AssertionError(f"the page opens a dialog: {params['message']}")
        return told


def program() -> str:
    """Where Chromium is; skips where there is none, but not in CI."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if found := shutil.which(name):
            return found
    (pytest.fail if os.environ.get("CI") else pytest.skip)(NO_CHROMIUM)
    raise AssertionError


@asynccontextmanager
async def tab() -> AsyncIterator[Tab]:
    """A tab of a Chromium that lives as long as the block."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
        process = await asyncio.create_subprocess_exec(
            program(), *options, "--remote-debugging-port=0", f"--user-data-dir={folder}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        try:
            address = await asyncio.wait_for(_address(process), LIMIT_S)
            async with (
                aiohttp.ClientSession() as client,
                client.ws_connect(address, max_msg_size=0, proxy=None) as socket,
            ):
                yield await _attached(Tab(socket))
                await Tab(socket).call("Browser.close")
            await asyncio.wait_for(process.wait(), LIMIT_S)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _attached(page: Tab) -> Tab:
    target = await page.call("Target.createTarget", url="about:blank")
    told = await page.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
    page.session = told["sessionId"]
    for domain in ("Page", "Log", "Runtime", "Network"):
        await page.call(f"{domain}.enable")
    return page


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if found := re.search(rb"ws://\S+", line):
            return found[0].decode()
    raise AssertionError("Chromium did not start")
