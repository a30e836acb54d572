"""A double without a socket: on a loop of its own, in a thread, reached through a bridge."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from starlette.applications import Starlette

from novita_mock.app import create_app
from novita_mock.bridge import Bridge
from novita_mock.settings import Settings


@contextmanager
def hosted(settings: Settings) -> Iterator[tuple[str, Bridge]]:
    """Live in a thread while the block runs; yields ``settings.public_url``, and the way in.

    Raises:
        UnknownQuirk: ``settings.quirk`` names one that there is not.
        SettingsError: ``settings.scenario`` names one that there is not.
    """
    app = create_app(settings)
    lives: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = threading.Thread(target=asyncio.run, args=(_live(app, lives),), daemon=True)
    thread.start()
    loop, end = lives.result()
    try:
        yield settings.public_url or "", Bridge(app, loop)
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


async def _live(app: Starlette, lives: "Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]]") -> None:
    end = asyncio.Event()
    async with app.router.lifespan_context(app):
        lives.set_result((asyncio.get_running_loop(), end))
        await end.wait()
