"""One request and its reply, and what of them may be kept and shown."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlsplit

from novita_contract.pictures import PictureText
from novita_mock.redaction import outline, redacted_headers, redacted_text
from novita_mock.types import JSON

#: What stands for the key in a command that a person pastes.
KEY_VARIABLE = "$NOVITA_API_KEY"
#: Bytes of a reply that are looked at as JSON; a picture is never looked at so.
_MAX_JSON = 1 << 20


@dataclass(frozen=True)
class Exchange:
    """A request that was sent, and the reply to it.

    Attributes:
        number: how many requests of this run went before it.
        operation: the name of the row, ``image`` for a link, or what else was asked.
        method: of HTTP.
        url: whole; a link's signature is in it, so it is shown by ``shown_url`` only.
        headers: what was sent; the key is in it, so it is shown by ``shown_headers`` only.
        sent: the body as it was meant, pictures by name (``PictureText``), or None.
        sent_bytes: length of the body on the wire.
        status: of the reply, or 0 when there was none.
        reply_headers: in small letters.
        content: the reply's body.
        started_s: seconds since the run began.
        seconds: until the whole reply was there.
        problem: why there is no reply, or empty.
        keys: the keys that were sent, so that they are found wherever they turn up again.
        shared: under which name it was asked once for several cases; empty where one case asked it.
    """

    number: int
    operation: str
    method: str
    url: str
    headers: Mapping[str, str]
    sent: JSON
    sent_bytes: int
    status: int
    reply_headers: Mapping[str, str]
    content: bytes
    started_s: float = 0.0
    seconds: float = 0.0
    problem: str = ""
    keys: tuple[str, ...] = field(default=(), repr=False)
    shared: str = ""

    @cached_property
    def body(self) -> JSON:
        """The reply as JSON.

        Raises:
            ValueError: it is none, or is not written in plain UTF-8 (RFC 8259, 8.1: no byte order mark).
        """
        return json.loads(self.content.decode("utf-8"), parse_constant=_no_number)

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters, in small letters."""
        return self.reply_headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def path(self) -> str:
        """The path that was asked."""
        return urlsplit(self.url).path

    @property
    def shown_url(self) -> str:
        """The address, without what is secret in it."""
        return self._masked(redacted_text(self.url))

    @property
    def shown_headers(self) -> dict[str, str]:
        """What was sent, without what is secret in it."""
        return {name: self._masked(value) for name, value in redacted_headers(self.headers).items()}

    @property
    def shown_reply_headers(self) -> dict[str, str]:
        """What came back, without what is secret in it."""
        return {name: self._masked(value) for name, value in redacted_headers(self.reply_headers).items()}

    @cached_property
    def shown_sent(self) -> JSON:
        """The body that was sent: pictures by what they are, long texts by their size."""
        return self._clean(named(self.sent))

    @cached_property
    def shown_reply(self) -> JSON:
        """The reply's body as it may be kept: JSON without secrets, or a word on what else it was."""
        if not self.content:
            return None
        if self.media_type.startswith("image/") or len(self.content) > _MAX_JSON:
            return outline(self.content)
        try:
            return self._clean(self.body)
        except ValueError:
            return self._masked(redacted_text(self.content[:2000].decode("utf-8", "backslashreplace")))

    @property
    def curl(self) -> str:
        """A command that sends the same: the key from the environment, pictures from files."""
        return self._masked(_curl(self))

    def _clean(self, value: JSON) -> JSON:
        return self._unkeyed(outline(value))

    def _unkeyed(self, value: JSON) -> JSON:
        if isinstance(value, str):
            return self._masked(value)
        if isinstance(value, dict):
            return {self._masked(name): self._unkeyed(item) for name, item in value.items()}
        return [self._unkeyed(item) for item in value] if isinstance(value, list) else value

    def _masked(self, text: str) -> str:
        for key in self.keys:
            text = text.replace(key, "***") if len(key) >= 4 else text
        return text


def _no_number(word: str) -> JSON:
    """NaN and Infinity are no JSON (RFC 8259, 6), whatever Python makes of them."""
    raise ValueError(f"{word} is no JSON")


def named(value: JSON) -> JSON:
    """A body in which each picture of ours is told by its name."""
    if isinstance(value, PictureText):
        return f"<picture {value.name}>"
    if isinstance(value, dict):
        return {key: named(item) for key, item in value.items()}
    if isinstance(value, list):
        return [named(item) for item in value]
    return value


def pictures_in(value: JSON) -> list[str]:
    """The names of the pictures of ours in a body, each once, in order."""
    return list(dict.fromkeys(_order(value)))


def _curl(exchange: Exchange) -> str:
    names = pictures_in(exchange.sent)
    parts = ["curl -sS", shlex.quote(exchange.shown_url)]
    if exchange.method not in ("GET", "POST") or (exchange.method == "POST" and exchange.sent is None):
        parts.insert(1, "-I" if exchange.method == "HEAD" else f"-X {exchange.method}")
    parts += [f"-H {_header(name, value)}" for name, value in exchange.headers.items()]
    if exchange.sent is None:
        return " ".join(parts)
    if not names:
        return " ".join([*parts, "-d", shlex.quote(_as_text(exchange.sent))])
    makes = "".join(f"python3 -m novita_contract.pictures {name} > {_file(name)}\n" for name in names)
    text = _as_text(_with_marks(exchange.sent)).replace("%", "%%")
    for name in names:
        text = text.replace(_mark(name), "%s")
    order = _order(exchange.sent)
    files = " ".join(f"\"$(base64 < {_file(name)} | tr -d '\\n')\"" for name in order)
    return f"{makes}printf {shlex.quote(text)} {files} |\n  {' '.join([*parts, '-d @-'])}"


def _as_text(sent: JSON) -> str:
    return sent if isinstance(sent, str) else json.dumps(sent, ensure_ascii=False)


def _file(name: str) -> str:
    return name.replace(":", "-") + "." + name.partition(":")[0]


def _mark(name: str) -> str:
    return f"<<{name}>>"


def _with_marks(value: JSON) -> JSON:
    if isinstance(value, PictureText):
        return _mark(value.name)
    if isinstance(value, dict):
        return {key: _with_marks(item) for key, item in value.items()}
    return [_with_marks(item) for item in value] if isinstance(value, list) else value


def _order(value: JSON) -> list[str]:
    if isinstance(value, PictureText):
        return [value.name]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [name for item in inner for name in _order(item)]


def _header(name: str, value: str) -> str:
    lowered = name.lower()
    if lowered == "authorization":
        scheme, _, rest = value.partition(" ")
        return f'"{name}: {scheme} {KEY_VARIABLE}"' if rest else f'"{name}: {KEY_VARIABLE}"'
    if "key" in lowered:
        return f'"{name}: {KEY_VARIABLE}"'
    return shlex.quote(f"{name}: {value}")
