"""What may be kept of a request and its reply: shapes and sizes, but no key, picture or signature.

Everything here gives the same again when it is given its own result, so whoever keeps something can
redact it once more without harm.
"""

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from urllib.parse import unquote_plus

from novita_mock.types import JSON

#: Longest text that is kept as it is, in characters; of a longer one its size and digest are kept.
MAX_TEXT = 200
#: Most items of an array, and most keys of an object, that are kept; the last may say how many more.
MAX_ITEMS = 200
#: Deepest nesting, and most values in all, that are kept of one body.
MAX_DEPTH = 12
MAX_VALUES = 2000
#: Most headers of one request that are kept.
MAX_HEADERS = 100

#: Stands where something was that is nobody's business.
HIDDEN = "***"

#: Longer texts are no addresses: they are told by their size without being searched, in characters.
_MAX_SEARCHED = 8192

_SECRET = re.compile(
    r"authorization|token|secret|passw|passphrase|credential|signature|cookie|session"
    r"|(api|access|private|omni|signing)key"
)
_SECRET_PARAMETERS = frozenset({"auth", "code", "hmac", "jwt", "key", "pass", "pw", "pwd", "sig"})
#: Parts of a signed link that tell nothing once its signature is gone.
_IDLE_PARAMETERS = frozenset(
    {"xamzalgorithm", "xamzcredential", "xamzsignedheaders", "xamzsecuritytoken", "xid"}
)
#: How secrets of well-known makers begin; not within a word.
_SECRET_VALUE = re.compile(
    r"(?<![^\W_])(?:(sk|pk|rk|ghp|gho|xox[abp]|whsec)[-_][\w+/=-]{8,}|AKIA\w{12,}|eyJ[\w-]{10,}\.[\w.-]*)"
)
_PARAMETER = re.compile(r"""([?&;#])([^=&;#?\s"'<>]{1,200})=([^&;#\s"'<>]*)""")
_MAY_NEST = re.compile(r"[%?]")
#: What is left where a part was taken out, with the mark before the next part.
_GONE = re.compile(r"[?&;]\0(?:[&;]\0)*(?=#|\s|\Z)|([?&;#])\0(?:[&;]\0)*[&;]")
_USER = re.compile(r"""(//)[^/?#\s"'<>]*@""")
_BEARER = re.compile(r"""\b(bearer) +[^\s,;"'<>]{4,}""", re.IGNORECASE)
_SCHEME = re.compile(
    r"\s*(bearer|basic|digest|negotiate|token|apikey)(\s+\S.*)?\s*\Z", re.IGNORECASE | re.DOTALL
)
#: How the base64 of a PNG, JPEG, WebP or GIF file begins, and a data: address of any picture.
_PICTURE = re.compile(r"\s*(data:image/|iVBORw0KGgo|[/_]9j[/_]|UklGR|R0lGOD)")
#: Nearly every text has nothing of all this and need be searched only once.
_SUSPECT = re.compile(
    r"[=@]|[Bb][Ee][Aa][Rr][Ee][Rr]|[spr]k[-_]|gh[po][-_]|xox|whsec|AKIA|eyJ|data:|iVBORw|9j[/_]|UklGR|R0lGOD"
)


def outline(value: JSON) -> JSON:
    """A body as it may be kept.

    Long texts and pictures become ``<5,592,405 characters, sha256 1a2b3c4d5e6f>``, bytes likewise;
    what stands under a name like ``token`` or ``api_key`` becomes ``***``; addresses lose their user,
    their signature and their secrets; arrays, objects and depth are cut and say so.
    """
    return _outline(value, 1, [MAX_VALUES])


def redacted_text(text: str) -> str:
    """A text as it may be kept: without secrets, and by size and digest where it is long or a picture."""
    if len(text) > _MAX_SEARCHED:
        return _measured(text)
    if len(text) <= MAX_TEXT and text.isascii() and not _SUSPECT.search(text):
        return text
    if _PICTURE.match(text):
        return _measured(text)
    if not text.isascii():  # half of a surrogate pair could not be written down
        text = text.encode("utf-8", "backslashreplace").decode()
    if "//" in text:
        text = _USER.sub(rf"\1{HIDDEN}@", text)
    if "=" in text:
        text = _GONE.sub(r"\1", _PARAMETER.sub(_parameter, text))
    text = _BEARER.sub(rf"\1 {HIDDEN}", _SECRET_VALUE.sub(HIDDEN, text))
    return text if len(text) <= MAX_TEXT else _measured(text)


def redacted_query(query: str) -> str:
    """A query string as it may be kept, by the same rules."""
    return redacted_text("?" + query)[1:] if len(query) < _MAX_SEARCHED else _measured(query)


def redacted_headers(raw: Mapping[str, str] | Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers as they may be kept: names in lower case, no credentials, values of one name joined.

    Args:
        raw: the pairs of bytes of an ASGI scope, or names and values as text.
    """
    kept: dict[str, str] = {}
    for raw_name, raw_value in raw.items() if isinstance(raw, Mapping) else raw:
        name = _text(raw_name).lower()[:MAX_TEXT]
        if len(kept) >= MAX_HEADERS and name not in kept:
            continue
        value = _header(name, _text(raw_value))
        kept[name] = value if name not in kept else redacted_text(f"{kept[name]}, {value}")
    return kept


def _outline(value: JSON, depth: int, left: list[int]) -> JSON:
    """``left`` holds how many more values may be kept of the whole body."""
    left[0] -= 1
    if isinstance(value, str):
        return redacted_text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"<{len(value):,} bytes, sha256 {sha256(value).hexdigest()[:12]}>"
    if isinstance(value, dict | list | tuple):
        if depth > MAX_DEPTH:
            return f"<an {'object' if isinstance(value, dict) else 'array'} of {len(value)}>"
        return _object(value, depth, left) if isinstance(value, dict) else _array(value, depth, left)
    if isinstance(value, bool | None):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else f"<an integer of {value.bit_length()} bits>"
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    return f"<{type(value).__name__}>"


def _object(value: Mapping[str, JSON], depth: int, left: list[int]) -> JSON:
    kept: dict[str, JSON] = {}
    most = MAX_ITEMS if len(value) <= MAX_ITEMS else MAX_ITEMS - 1
    for place, (key, item) in enumerate(value.items()):
        if place >= most or left[0] <= 0:
            kept["..."] = f"<{len(value) - place:,} more keys>"
            break
        name = str(key)
        hidden = item not in (None, "") and _secret(name[:MAX_TEXT])
        kept[redacted_text(name)] = HIDDEN if hidden else _outline(item, depth + 1, left)
    return kept


def _array(value: list[JSON] | tuple[JSON, ...], depth: int, left: list[int]) -> JSON:
    kept: list[JSON] = []
    most = MAX_ITEMS if len(value) <= MAX_ITEMS else MAX_ITEMS - 1
    for place, item in enumerate(value):
        if place >= most or left[0] <= 0:
            kept.append(f"<{len(value) - place:,} more items>")
            break
        kept.append(_outline(item, depth + 1, left))
    return kept


def _measured(text: str) -> str:
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"<{len(text):,} characters, sha256 {digest}>"


@lru_cache(maxsize=2048)
def _secret(name: str) -> bool:
    return _SECRET.search(_squeezed(name)) is not None


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _parameter(match: re.Match[str]) -> str:
    mark, name, value = match.groups()
    idle, secret = _kind(name)
    if idle:
        return f"{mark}\0"
    if value and (secret or (_MAY_NEST.search(value) and _nests(value))):
        return f"{mark}{name}={HIDDEN}"
    return match.group()


@lru_cache(maxsize=2048)
def _kind(name: str) -> tuple[bool, bool]:
    """Whether a parameter of that name tells nothing, and whether it is secret."""
    plain = _squeezed(unquote_plus(name))
    return plain in _IDLE_PARAMETERS, plain in _SECRET_PARAMETERS or _secret(plain)


def _nests(value: str) -> bool:
    """An address within an address has secrets of its own."""
    meant = unquote_plus(value)
    return "=" in meant and redacted_text(meant) != meant


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")


def _header(name: str, value: str) -> str:
    if name in ("authorization", "proxy-authorization"):
        return ",".join(map(_credentials, value.split(",")))
    return HIDDEN if value and _secret(name) else redacted_text(value)


def _credentials(value: str) -> str:
    known = _SCHEME.match(value)
    if known is None:
        return HIDDEN if value.strip() else ""
    return f"{known[1]} {HIDDEN}" if known[2] else known[1]
