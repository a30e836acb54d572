"""Carries webhooks: into the double's own inboxes directly, anywhere else over the network."""

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from urllib.parse import urlsplit

from novita_mock.accounts import Account
from novita_mock.clock import Wall
from novita_mock.egress import Target, target
from novita_mock.inbox import PATH, is_inbox
from novita_mock.sender import TIMEOUT_S, Answer, Sender

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Carrier:
    """What deliveries are handed to.

    Args:
        sender: for all but our own inboxes.
        own_urls: where this double is reached.
        wall: what tells real time: how long a receiver takes is real.
    """

    def __init__(self, sender: Sender, own_urls: Callable[[], Iterable[str]], wall: Wall) -> None:
        self._sender = sender
        self._own_urls = own_urls
        self._wall = wall

    async def post(self, account: Account, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Deliver once; never raises."""
        try:
            whither = target(url)
        except ValueError:
            return await self._sender.post(url, body, headers)
        if is_inbox(whither.path) and self._is_own(whither):
            return await self._to_inbox(account, whither.path.removeprefix(PATH), body, headers)
        return await self._sender.post(url, body, headers)

    async def ready(self) -> None:
        """Wait for what is no receiver's fault: the first post over TLS loads what this machine trusts."""
        await self._sender.ready()

    async def close(self) -> None:
        """Stop; what is under way ends."""
        await self._sender.close()

    def _is_own(self, whither: Target) -> bool:
        for url in self._own_urls():
            names, port = _place(url)
            if whither.port == port and whither.host in names:
                return True
        return False

    async def _to_inbox(self, account: Account, name: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        answer = account.inboxes.receive(name, headers, body, account.clock.now())
        delay_s = TIMEOUT_S if answer.delay_s is None else min(answer.delay_s, TIMEOUT_S)
        if delay_s:
            await self._wall.sleep(delay_s)
        if answer.delay_s is None or answer.delay_s >= TIMEOUT_S:
            return Answer(None, "timed out", "", delay_s)
        reason = "" if 200 <= answer.status <= 299 else f"status {answer.status}"
        return Answer(answer.status, reason, answer.body[:200], delay_s)


@lru_cache(maxsize=64)
def _place(url: str) -> tuple[tuple[str | None, ...], int]:
    """The hosts and the port by which a URL's server is reached."""
    parts = urlsplit(url)
    names = (*_LOOPBACK, parts.hostname) if parts.hostname in _LOOPBACK else (parts.hostname,)
    return names, parts.port or (443 if parts.scheme == "https" else 80)
