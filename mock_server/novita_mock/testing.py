"""Starts and stops a double from Python, with or without pytest. What is yielded is its handle."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from novita_mock import parent
from novita_mock.calling import CallFailed, Double
from novita_mock.chance import draw_token
from novita_mock.handle import NovitaMock
from novita_mock.inbox_handle import Inbox
from novita_mock.parent import DoubleFailed
from novita_mock.settings import Settings

if TYPE_CHECKING:
    from novita_mock.bridge import Bridge

__all__ = ["CallFailed", "DoubleFailed", "Inbox", "NovitaMock", "connect", "running", "running_async"]

#: The key of a handle where nobody names one.
API_KEY = "sk_mock"
#: Where a double without a socket believes that it is. Source: RFC 6761 keeps such names for tests.
ASGI_URL = "http://novita-mock.test"

Where = Literal["process", "thread", "asgi"]


@contextmanager
def running(
    *,
    where: Where = "process",
    keys: Sequence[str] = (),
    speed: float | str = 1.0,
    seed: int | None = None,
    quirks: Mapping[str, str] | None = None,
    strict: bool = False,
    **settings: Any,  # Any: each has the type of its field of Settings
) -> Iterator[NovitaMock]:
    """Run a double while the block runs. The environment has no say in it.

    Args:
        where: ``process``: one of its own, which disturbs nothing here. ``thread``: starts in
            milliseconds. ``asgi``: without a socket; ``mock.app`` answers, to
            ``httpx2.AsyncClient(transport=httpx2.ASGITransport(app=mock.app), base_url=mock.url)`` on
            any event loop, and faults at the socket can't be had.
        keys: the API keys that are let in, the handle's first; without any, all are, and it is ``sk_mock``.
        speed: seconds of API time in a real one; 0 is done at once, ``manual`` stands still.
        seed: what chance starts from; None draws it.
        quirks: other readings where the pages are silent, by id.
        strict: whether what the pages don't document is refused.
        **settings: any other field of ``Settings``.

    Yields:
        Its handle.

    Raises:
        DoubleFailed: it did not start, or ended before the block did.
        TypeError: there is no such setting.
    """
    quirk = tuple(f"{name}={value}" for name, value in (quirks or {}).items())
    asked = {"port": 0, "quiet": True, "public_url": ASGI_URL if where == "asgi" else None, **settings}
    told = Settings(speed=speed, seed=seed, strict=strict, key=tuple(keys), quirk=quirk, **_guarded(asked))
    with _HOSTS[where](told) as mock:
        yield mock


@asynccontextmanager
async def running_async(**settings: Any) -> AsyncIterator[NovitaMock]:  # Any: as those of running
    """As ``running``, without holding up the event loop, of asyncio or trio, while it starts and stops.

    The handle is the same. Where your own loop receives the webhooks, ``advance_async`` and
    ``wait_idle_async`` let it do so.
    """
    import anyio

    held = running(**settings)
    mock = await anyio.to_thread.run_sync(held.__enter__)
    try:
        yield mock
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(held.__exit__, None, None, None)


def connect(url: str, api_key: str = API_KEY, control_token: str = "") -> NovitaMock:
    """The handle of a double that runs elsewhere: in a container, in another terminal.

    Args:
        url: where it is.
        api_key: the account.
        control_token: what its control routes ask for; it was printed when the double started.
    """
    return NovitaMock(Double(url.rstrip("/"), api_key, control_token))


def _guarded(asked: dict[str, Any]) -> dict[str, Any]:  # Any: as those of running
    """Settings with a token for the control routes, where others than this machine can reach them."""
    if asked.get("control_token") or Settings(host=asked.get("host", "127.0.0.1")).loopback:
        return asked
    return asked | {"control_token": draw_token()}


def _double(settings: Settings, url: str) -> Double:
    return Double(url, settings.key[0] if settings.key else API_KEY, settings.control_token or "")


@contextmanager
def _in_process(settings: Settings) -> Iterator[NovitaMock]:
    with parent.hosted(settings) as url:
        yield NovitaMock(_double(settings, url))


@contextmanager
def _in_thread(settings: Settings) -> Iterator[NovitaMock]:
    from novita_mock import server  # a double in a process of its own needs none of it here

    with _handled(settings, server.hosted(settings)) as mock:
        yield mock


@contextmanager
def _as_asgi(settings: Settings) -> Iterator[NovitaMock]:
    from novita_mock import inner

    with _handled(settings, inner.hosted(settings)) as mock:
        yield mock


@contextmanager
def _handled(
    settings: Settings, hosting: AbstractContextManager[tuple[str, "Bridge"]]
) -> Iterator[NovitaMock]:
    from novita_mock.child import REFUSALS, why

    with ExitStack() as stack:
        try:
            url, bridge = stack.enter_context(hosting)
        except REFUSALS as problem:
            raise DoubleFailed(*why(problem)) from None
        yield NovitaMock(replace(_double(settings, url), post=bridge.post), bridge)


_HOSTS = {"process": _in_process, "thread": _in_thread, "asgi": _as_asgi}
