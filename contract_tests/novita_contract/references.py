"""Names for what every run calls differently: tasks, keys, hooks and links, in order of first appearance."""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

#: An address within a text.
_ADDRESS = re.compile(r"https?://[^\s\"'<>\\]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: A part of a path that somebody drew: a UUID, many hexadecimal digits, or long and with a digit in it.
_DRAWN = re.compile(rf"{_UUID.pattern}|[0-9a-fA-F]{{12,}}|(?=[\w-]*\d)[\w-]{{20,}}")
#: A parameter that says how long a link lives, where its value is a number of seconds and no date.
_LIFETIME = re.compile(r"expires$|ttl$", re.IGNORECASE)
_MAX_LIFETIME_DIGITS = 8
#: Shorter texts are never taken for an id wherever they stand, since they are words of other things too.
_SHORTEST_ID, SHORTEST_KEY = 8, 4
#: Longer texts, in characters, are told by their size and digest alone, so nobody looks into them.
LONGEST = 8192
#: Stands for the place that the target's links lead to.
SERVICE = "<service>"


class References:
    """What one case has seen so far, by kind and in order.

    Args:
        base: the address of the target, where it is known; links are judged from there.
    """

    def __init__(self, base: str = "") -> None:
        self._base = _split(base)
        self._names: dict[str, dict[str, str]] = {}
        self._balances: dict[str, int] = {}

    def task(self, task_id: str) -> str:
        """``<task 1>``; what is too short for an id is told as it is."""
        return self._named("task", task_id) if len(task_id) >= _SHORTEST_ID else task_id

    def key(self, key: str) -> str:
        """``<key 1>``; of no key nothing."""
        return self._named("key", key) if key else ""

    def hook(self, url: str) -> str:
        """``<hook 1>``: an address that webhooks are sent to."""
        return self._named("hook", url)

    def cursor(self, cursor: str) -> str:
        """``<cursor 1>``: where a list goes on."""
        return self._named("cursor", cursor) if cursor else ""

    def balance(self, key: str, units: int) -> str:
        """``<balance>``, and how far it is from the first that was seen of the key: ``<balance -150>``."""
        change = units - self._balances.setdefault(key, units)
        return f"<balance {change:+d}>" if change else "<balance>"

    def text(self, text: str) -> str:
        """A text in which all that has a name is called by it, and each address told by its shape."""
        if len(text) > LONGEST:
            return text
        text = self._known(_ADDRESS.sub(lambda found: self._address(found[0]), text))
        return _UUID.sub(lambda found: self._named("name", found[0]), text)

    def link(self, url: str) -> str:
        """The shape of a link: where it leads, its path by names, its parameters without their values."""
        parts = _split(url)
        if parts is None or not parts.hostname:
            return f"<no address: {self._known(url)[:40]}>"
        query = self._parameters(parts.query)
        return f"{self._host(parts)}{self._path(parts.path)}{'?' + query if query else ''}"

    def path(self, path: str) -> str:
        """A path, by names."""
        return self._path(path)

    def _address(self, url: str) -> str:
        hooks = self._names.get("hook", {})
        return hooks[url] if url in hooks else self.link(url)

    def _named(self, kind: str, value: str) -> str:
        names = self._names.setdefault(kind, {})
        return names.setdefault(value, f"<{kind} {len(names) + 1}>")

    def _known(self, text: str) -> str:
        for kind, shortest in (("hook", 1), ("task", _SHORTEST_ID), ("key", SHORTEST_KEY)):
            for value in sorted(self._names.get(kind, ()), key=len, reverse=True):
                if len(value) >= shortest and value in text:
                    text = text.replace(value, self._names[kind][value])
        return text

    def _path(self, path: str) -> str:
        parts = re.split(r"(<task \d+>)", self._known(unquote(path)))
        for place in range(0, len(parts), 2):
            parts[place] = _DRAWN.sub(lambda found: self._named("name", found[0]), parts[place])
        return "".join(parts)

    def _host(self, parts: SplitResult) -> str:
        """A link is expected to be as near as the target, and as safe."""
        if self._base is None:
            return SERVICE
        doubts = [parts.scheme] if parts.scheme != self._base.scheme and parts.scheme != "https" else []
        if _inward(parts.hostname or "") and not _inward(self._base.hostname or ""):
            doubts.append("private address")
        return f"<service: {', '.join(doubts)}>" if doubts else SERVICE

    def _parameters(self, query: str) -> str:
        kept = []
        for name, value in sorted(parse_qsl(query, keep_blank_values=True)):
            lives = _LIFETIME.search(name) and value.isdigit() and len(value) <= _MAX_LIFETIME_DIGITS
            kept.append(f"{name}={value}" if lives else name)
        return "&".join(kept)


def authority(headers: Mapping[str, str]) -> tuple[str, str]:
    """The scheme and the key of an Authorization header; either may be empty."""
    value = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    scheme, space, rest = value.strip().partition(" ")
    return (scheme, rest.strip()) if space else ("", scheme)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # is looked at only now, and may be no number
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") else None


def _inward(host: str) -> bool:
    """Whether only this machine, or this network, gets there."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host
    return address.is_loopback or address.is_private or address.is_link_local
