"""Requests that offer to go on in another protocol, without their offer."""

from novita_mock.note import Headers

#: Headers, and words of the header Connection, that offer another protocol.
_OFFERS = frozenset({b"upgrade", b"http2-settings"})


def without_offer(method: bytes, url: bytes, version: str, headers: Headers) -> bytes:
    """The head of a request as it would be had nothing been offered."""
    lines = [b"%b %b HTTP/%b" % (method, url, version.encode())]
    for name, value in headers:
        if name == b"connection":
            words = [word for word in value.split(b",") if word.strip().lower() not in _OFFERS]
            lines.append(b"connection: " + b",".join(words))
        elif name not in _OFFERS:
            lines.append(name + b": " + value)
    return b"\r\n".join([*lines, b"", b""])
