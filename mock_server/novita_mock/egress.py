"""Where the double may post to: a URL taken apart, and a verdict on each address before it is dialled.

A name says nothing: it may lead to a cloud's metadata service today and elsewhere tomorrow. So it is
always the address that is judged, in the form in which the network will read it.
"""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, quote, urlsplit

from msgspec import Struct

from novita_mock.problems import cut

#: Marks what a double sends, so that two doubles don't keep each other busy for ever.
HOP_HEADER = "X-Novita-Mock-Hop"

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


def _networks(kinds: Mapping[str, str]) -> tuple[tuple[_Network, str], ...]:
    """Rows of ``(network, what it is)``; the networks of one kind stand in one string."""
    return tuple(
        (IPv6Network(text) if ":" in text else IPv4Network(text), kind)
        for kind, texts in kinds.items()
        for text in texts.split()
    )


#: Never posted to, whatever is allowed. The metadata services are those of AWS, GCP, Azure, Oracle and
#: Alibaba that have an address of their own; the others are link-local.
NEVER = _networks(
    {
        "link-local": "169.254.0.0/16 fe80::/10",
        "a metadata service": "fd00:ec2::/32 fd20:ce::254/128 "
        "168.63.129.16/32 192.0.0.192/32 100.100.100.200/32",
        "unspecified": "0.0.0.0/8 ::/128",
        "multicast": "224.0.0.0/4 ff00::/8",
        "broadcast": "255.255.255.255/32",
        "reserved": "240.0.0.0/4 fec0::/10",
    }
)
#: Posted to without asking: this machine, and the networks that don't leave the house.
#: (Written out, since what Python calls private differs between its versions.)
NEAR = _networks(
    {"loopback": "127.0.0.0/8 ::1/128", "private": "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"}
)
_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = IPv6Network("::/96")


class Policy(Struct, frozen=True):
    """What else may be posted to, beside this machine and private networks.

    Attributes:
        hosts: names or addresses as they stand in URLs; ``*.example.com`` is all below a domain, ``*`` all.
    """

    hosts: tuple[str, ...] = ()

    def allows(self, host: str) -> bool:
        """Whether a host of a URL is allowed by name."""
        name = host.rstrip(".").lower()
        for allowed in (text.rstrip(".").lower() for text in self.hosts):
            if allowed in ("*", name) or (allowed.startswith("*.") and name.endswith(allowed[1:])):
                return True
        return False


class Target(Struct, frozen=True):
    """A webhook URL taken apart: what is dialled and what is said there.

    Attributes:
        scheme: ``http`` or ``https``.
        host: ASCII, lower case, without brackets; a numeric spelling of an address is that address.
        port: the one named, or the scheme's own.
        path: with a leading slash, escaped.
        query: escaped, without the question mark.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def authority(self) -> str:
        """Host and port as the Host header spells them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


_PORTS = {"http": 80, "https": 443}
_NO_PART_OF_A_URL = re.compile(r"[\x00-\x20\x7f\\]")


def split(url: str) -> SplitResult:
    """The parts of an http or https URL; whether its host is one, is not looked at.

    Raises:
        ValueError: it is none; the text is a sentence without a full stop.
    """
    if _NO_PART_OF_A_URL.search(url):
        raise ValueError(f"{cut(url)} holds a space, a control character or a backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"{cut(url)} is not a URL") from None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc or port == 0:
        raise ValueError(f"{cut(url)} is not an http or https URL without user name")
    return parts


@lru_cache(maxsize=256)
def target(url: str) -> Target:
    """A URL taken apart.

    Raises:
        ValueError: nothing can be posted there; the text is a sentence without a full stop.
    """
    parts = split(url)
    assert parts.hostname is not None
    host = _bracketed(parts.hostname) if "[" in parts.netloc else canonical(parts.hostname)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return Target(parts.scheme, host, _PORTS[parts.scheme] if parts.port is None else parts.port, path, query)


def _bracketed(host: str) -> str:
    try:
        return str(IPv6Address(host.partition("%")[0]))
    except ValueError:
        raise ValueError(f"{cut(host)} is not an address") from None


@lru_cache(maxsize=256)
def canonical(host: str) -> str:
    """A host in ASCII; the spellings that the network reads as an IPv4 address, as that address.

    ``2130706433``, ``0x7f000001``, ``0177.0.0.1`` and ``127.1`` are 127.0.0.1, as in every browser.

    Raises:
        ValueError: it ends in a number but is no address, or can't be written in ASCII.
    """
    name = unicodedata.normalize("NFKC", host).lower()
    try:
        name = name.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValueError(f"{cut(host)} is not a host name") from None
    labels = name.removesuffix(".").split(".")
    if not re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1], re.ASCII):
        return name
    try:
        numbers = [_number(label) for label in labels]
        last = numbers.pop()
        if len(numbers) > 3 or max(numbers, default=0) > 255 or last >= 256 ** (4 - len(numbers)):
            raise ValueError
    except ValueError:
        raise ValueError(f"{cut(host)} is neither a name nor an address") from None
    head = sum(number << 8 * (3 - place) for place, number in enumerate(numbers))
    return str(IPv4Address(head + last))


def _number(label: str) -> int:
    """A part of an address, in the bases that C's ``inet_aton`` reads."""
    if not re.fullmatch(r"[0-9a-fx]{1,20}", label):
        raise ValueError(label)
    if label.startswith("0x"):
        return int(label[2:] or "0", 16)
    return int(label, 8 if label.startswith("0") else 10)


@lru_cache(maxsize=256)
def judge(address: str, policy: Policy, host: str = "") -> str | None:
    """Why an address may not be dialled.

    Args:
        address: what the name led to, as text; a zone (``%eth0``) is ignored.
        policy: what is allowed beyond the neighbourhood.
        host: the host of the URL, by which ``policy`` allows.

    Returns:
        A clause such as ``address 169.254.169.254 is link-local``, or None when it may be dialled.
    """
    try:
        outer = ip_address(address.partition("%")[0])
    except ValueError:
        return f"{cut(address)} is not an address"
    plain = _mapped(outer)
    for form in (plain, *_carried(plain)):
        for network, kind in NEVER:
            if form in network:
                return f"address {address} is {kind}"
    near = any(plain in network for network, _ in NEAR)
    if near or policy.allows(host or address) or policy.allows(str(plain)):
        return None
    return f"address {address} is public, and {host or address} is not an allowed webhook host"


def _mapped(address: _Address) -> _Address:
    """``::ffff:1.2.3.4`` is dialled as 1.2.3.4: it is that address."""
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return inner or address


def _carried(address: _Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses to which a gateway may carry what is sent to an IPv6 address."""
    if isinstance(address, IPv4Address):
        return ()
    found = [address.sixtofour, *(address.teredo or ())]
    if any(address in network for network in (*_NAT64, _COMPATIBLE)) and int(address) > 1:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return tuple(inner for inner in found if inner is not None)


def is_hop(headers: Mapping[str, str]) -> bool:
    """Whether a request was sent by a double: what it starts must not be told to a webhook again."""
    return any(name.lower() == HOP_HEADER.lower() for name in headers)


def is_http_url(text: str) -> bool:
    """Whether a text is an http or https address."""
    try:
        split(text)
    except ValueError:
        return False
    return True
