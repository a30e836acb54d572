"""Runs a double on a socket: in this process until told to stop, or in a thread for as long as it is used."""

import asyncio
import gc
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette

from novita_mock.allocator import give_back, give_back_surplus, keep_memory
from novita_mock.app import create_app
from novita_mock.context import Context
from novita_mock.crowd import Crowd
from novita_mock.express import ExpressProtocol
from novita_mock.quick import Quick
from novita_mock.settings import Settings
from novita_mock.spool import sweep

if TYPE_CHECKING:
    from novita_mock.bridge import Bridge

#: Wall seconds that replies under way have at the end.
GRACE_S = 0.5
#: Wall seconds between two looks at whether a signal asked to stop.
TICK_S = 0.1
#: The look at which memory begins to be kept: whoever starts is first answered.
KEEPING_TICK = 2
#: Such looks without a request until memory that was kept for the next ones is given back.
QUIET_TICKS = 30
#: Wall seconds from the start until what killed doubles left is removed.
SWEEP_S = 1.0
#: Such looks until it is asked whether much more memory is held than is in use.
SURPLUS_TICKS = 50
#: Allocations, and collections of the generation before, until each generation is collected (measured).
GC_THRESHOLDS = (20_000, 20, 50)
#: Wall seconds between two looks at whether the replies under way have left.
LOOK_S = 0.002


class PortInUse(Exception):
    """Another program listens on the wanted port, or the address is not this machine's."""

    def __init__(self, host: str, port: int, why: str) -> None:
        super().__init__(why)
        self.host = host
        self.port = port


class _Server(uvicorn.Server):
    """uvicorn's server, which says when it serves and stops its work before it waits for replies."""

    def __init__(self, config: uvicorn.Config, context: Context, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._context = context
        self._ready = ready
        self._stopping = asyncio.Event()
        self.loop: asyncio.AbstractEventLoop | None = None
        #: Whether memory is to be kept, and given back when nobody has asked for anything for a while.
        self.keeps_memory = False

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Take SIGINT and SIGTERM for a wish to stop, and don't raise them again once it is granted."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.loop = asyncio.get_running_loop()
            self._ready()

    async def main_loop(self) -> None:
        """As uvicorn's, but another thread's wish to stop is heard at once."""
        ticks = asked = quiet = 0
        kept = False
        while not await self.on_tick(ticks):
            ticks += 1
            if self.keeps_memory and ticks == KEEPING_TICK:
                kept = keep_memory()
            before, asked = asked, self.server_state.total_requests
            quiet = quiet + 1 if asked == before else 0
            if quiet == QUIET_TICKS and asked and kept:
                gc.collect()  # connections that have ended may hold what they received, in circles
                await asyncio.to_thread(give_back)
            elif quiet < QUIET_TICKS and asked and kept and ticks % SURPLUS_TICKS == 0:
                await asyncio.to_thread(give_back_surplus)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), TICK_S)

    def stop(self) -> None:
        """Stop, from another thread."""
        self.should_exit = True
        if self.loop is not None:
            with suppress(RuntimeError):  # the loop has come to its end by itself
                self.loop.call_soon_threadsafe(self._stopping.set)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, without its pauses: whoever tests starts and stops doubles all day long."""
        self._context.stop()
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            await asyncio.wait_for(self._replies(), GRACE_S)
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel()
        if not self.force_exit:
            await self.lifespan.shutdown()

    async def _replies(self) -> None:
        """Wait for the replies under way."""
        while (self.server_state.connections or self.server_state.tasks) and not self.force_exit:
            await asyncio.sleep(LOOK_S)
        for server in self.servers:
            await server.wait_closed()


def serve(settings: Settings, ready: Callable[[str], None], drawn_seed: int | None = None) -> int:
    """Serve until SIGINT or SIGTERM.

    Args:
        settings: what the double is told.
        ready: called with the URL once the socket serves.
        drawn_seed: what chance starts from where the settings have no seed.

    Returns:
        The exit code: 0 after a clean stop.

    Raises:
        PortInUse: the address can't be listened on.
        UnknownQuirk: ``settings.quirk`` names one that there is not.
    """
    server, listening, _ = _server(settings, ready, create_app(settings, drawn_seed=drawn_seed))
    # What is there now stays: the collector need not look at it again and again, nor at every few requests.
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    gc.enable()
    server.keeps_memory = True
    sweeping = threading.Timer(SWEEP_S, sweep)  # nobody waits for it, and whoever starts is first answered
    sweeping.daemon = True
    sweeping.start()
    server.run(sockets=[listening])
    return 0


@contextmanager
def running(settings: Settings, app: Starlette | None = None) -> Iterator[str]:
    """Serve in a thread while the block runs; yields the URL. As ``hosted``."""
    with hosted(settings, app) as (url, _):
        yield url


@contextmanager
def hosted(settings: Settings, app: Starlette | None = None) -> Iterator[tuple[str, "Bridge"]]:
    """Serve in a thread while the block runs; yields the URL, and a way in that needs no socket.

    Args:
        settings: what the double is told.
        app: a double that ``create_app`` made of these settings, where one is at hand.

    Raises:
        PortInUse: the address can't be listened on.
        UnknownQuirk: ``settings.quirk`` names one that there is not.
    """
    from novita_mock.bridge import Bridge  # brings an HTTP client

    started = threading.Event()
    app = app or create_app(settings)
    server, listening, url = _server(settings, lambda _: started.set(), app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not started.wait(0.05):
            if not thread.is_alive():
                raise RuntimeError("the server did not start; its log says why")
        assert server.loop is not None
        yield url, Bridge(app, server.loop)
    finally:
        server.stop()
        thread.join()


def _server(
    settings: Settings, ready: Callable[[str], None], app: Starlette
) -> tuple[_Server, socket.socket, str]:
    context: Context = app.state.context
    listening = _listen(settings)
    url = _url(settings, listening)
    context.own_url = url
    context.offers_socket = True
    quick = Quick(context)
    parts = {"context": context, "quick": quick, "crowd": Crowd(quick)}
    guarded = type("GuardedProtocol", (ExpressProtocol,), parts)
    config = uvicorn.Config(
        app,
        http=guarded,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,  # nothing here is decided by where a request says that it comes from
        backlog=2048,
    )
    return _Server(config, context, lambda: ready(url)), listening, url


def _listen(settings: Settings) -> socket.socket:
    try:
        # As bytes: for a text Python loads the tables of international names, whatever is in it.
        host = settings.host.encode("ascii") if settings.host.isascii() else settings.host
        family = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as problem:
        raise PortInUse(settings.host, settings.port, problem.strerror or str(problem)) from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
    except OSError as problem:
        listening.close()
        raise PortInUse(settings.host, settings.port, problem.strerror or str(problem)) from None
    listening.setblocking(False)
    return listening


def _url(settings: Settings, listening: socket.socket) -> str:
    """Where this machine reaches the server; an address for all interfaces is reached at loopback."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here
    if settings.host == "localhost":
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
