"""Which addresses a name leads to, asked in threads of their own: a silent name server delays nobody."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address

from novita_mock.egress import Policy, Target, judge, target
from novita_mock.inbox import PATH as INBOXES
from novita_mock.inbox import is_inbox
from novita_mock.problems import cut

#: Names that are looked up at the same time; a name server that is silent holds one each.
MAX_LOOKUPS = 32
#: Addresses of one name that are looked at.
MAX_ADDRESSES = 8

#: What localhost is by RFC 6761, 6.3, whatever a name server says.
LOOPBACK = ("127.0.0.1", "::1")

Addresses = Callable[[str], Awaitable[Iterable[str]]]


class NoSuchName(Exception):
    """A name that leads nowhere, as far as can be told; the text is a clause."""


class Undeliverable(Exception):
    """Nothing can be sent to a target; the text is the reason, as it is recorded."""


class Directory:
    """Which addresses may be dialled for a target: looked up, judged, and then dialled as they stand."""

    def __init__(self, policy: Policy, own_urls: Callable[[], Iterable[str]], addresses: Addresses) -> None:
        self._policy = policy
        self._own_urls = own_urls
        self._addresses = addresses

    async def addresses(self, whither: Target) -> list[str]:
        """The addresses to try, one after the other.

        Raises:
            Undeliverable: there is none, or none that may be dialled.
        """
        try:
            found = list(await self._addresses(whither.host))
        except NoSuchName as problem:
            raise Undeliverable(f"no such host: {cut(whither.host)}: {problem}") from None
        verdicts = [judge(each, self._policy, whither.host) or self._itself(each, whither) for each in found]
        allowed = [each for each, verdict in zip(found, verdicts, strict=True) if verdict is None]
        if not allowed:
            raise Undeliverable(f"not delivered: {verdicts[0]}" if verdicts else "no such host: no address")
        return allowed

    def _itself(self, address: str, whither: Target) -> str | None:
        """Why an address is not dialled although it is near: it is the double's own."""
        for own in map(target, filter(None, self._own_urls())):
            if own.port != whither.port or is_inbox(whither.path):
                continue
            if own.host == whither.host or is_here(address):
                return f"{whither.authority} is this double itself; of it only {INBOXES}NAME is posted to"
        return None


def resolve(name: str) -> tuple[str, ...] | str:
    """Ask the machine, however long it takes: the addresses of a name, or why there are none."""
    try:
        rows = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        return getattr(problem, "strerror", None) or "it is not a name"
    return tuple(dict.fromkeys(str(row[4][0]) for row in rows))[:MAX_ADDRESSES]


class Lookup:
    """Asks the machine's resolver. Callers who ask for the same name share one question."""

    def __init__(self, resolver: Callable[[str], tuple[str, ...] | str] = resolve) -> None:
        self._resolver = resolver
        self._asked: dict[str, asyncio.Future[tuple[str, ...] | str]] = {}

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of a host, best first; an address is its own.

        The threads are daemons and not the loop's: those would be waited for at the end of the process.

        Raises:
            NoSuchName: there are none, or none can be had now.
        """
        address = _address(host)
        if address is not None:
            return (address,)
        name = host.rstrip(".").lower()
        if name == "localhost" or name.endswith(".localhost"):
            return LOOPBACK
        if name not in self._asked:
            if len(self._asked) >= MAX_LOOKUPS:
                raise NoSuchName(f"{len(self._asked)} other names are being looked up")
            self._ask(name)
        found = await asyncio.shield(self._asked[name])
        if isinstance(found, str):
            raise NoSuchName(found)
        return found

    def _ask(self, name: str) -> None:
        loop = asyncio.get_running_loop()
        self._asked[name] = loop.create_future()

        def ask() -> None:
            answer = self._resolver(name)
            with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
                loop.call_soon_threadsafe(self._answered, name, answer)

        threading.Thread(target=ask, name=f"lookup {name}", daemon=True).start()

    def _answered(self, name: str, answer: tuple[str, ...] | str) -> None:
        future = self._asked.pop(name)
        if not future.done():
            future.set_result(answer)


@lru_cache(maxsize=256)
def _address(host: str) -> str | None:
    """A host that is an address, in its usual spelling."""
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def is_here(address: str) -> bool:
    """Whether an address is one of this machine's: only those can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
