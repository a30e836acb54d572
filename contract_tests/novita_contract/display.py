"""Texts as a report may show them: no secret, no picture, nothing that a terminal or a browser would obey."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from novita_contract.exchange import Exchange, named
from novita_contract.report import Report
from novita_mock.redaction import HIDDEN, MAX_TEXT, outline, redacted_text
from novita_mock.types import JSON

#: Longest text of a report, in characters; of a longer one its beginning is shown, and its length.
MAX_SHOWN = 2000
#: Longest command that is printed, in characters; a longer one is found in the archive only.
MAX_COMMAND = 8000
#: Shorter keys are words that may stand anywhere.
_SHORTEST_KEY = 4

#: What moves a cursor, turns the reading direction or breaks an XML file; tab and line feed may stay.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff]"
)
#: Base64 wherever it stands: by how files of pictures begin, or by its length.
_BASE64 = re.compile(
    r"(?:data:image/[\w+.-]+;base64,)?(?:iVBORw0KGgo|[/_]9j[/_]|UklGR|R0lGOD)[\w+/=-]*|[\w+/-]{64,}={0,2}"
)
#: A part of a path: ``image_base64``, ``maxLength``.
_NAME = re.compile(r"[a-z0-9_-]*(?:[A-Z][a-z]+){0,4}")
_CREDENTIALS = re.compile(r"""\b(bearer|basic) +[^\s,;"'<>$*]{4,}""", re.IGNORECASE)
#: What separates the words of a command; addresses hold none of it.
_BETWEEN = re.compile(r"""([\s"',]+)""")


def visible(text: str) -> str:
    r"""A text in which nothing is hidden: ``\x1b`` for an escape, ``\u202e`` for a turn of direction."""
    return text if text.isprintable() and text.isascii() else _UNSEEN.sub(_escaped, text)


@dataclass(frozen=True, slots=True, eq=False)
class Display:
    """Makes texts of a run fit to be shown.

    Attributes:
        keys: the keys that were sent, which are hidden wherever they stand.
    """

    keys: tuple[str, ...] = ()

    @classmethod
    def of(cls, report: Report) -> "Display":
        """Knows every key that the run has sent."""
        keys = {key for exchange in exchanges(report) for key in exchange.keys if len(key) >= _SHORTEST_KEY}
        forms = keys | {quote(key, safe="") for key in keys}
        return cls(tuple(sorted(forms, key=lambda key: (-len(key), key))))

    def text(self, text: str) -> str:
        """A text without secrets and pictures, line by line, cut where it is very long."""
        return _short(self, text) if len(text) <= MAX_TEXT else self._shown(text)

    def value(self, value: JSON) -> JSON:
        """A JSON value in which each text is fit to be shown, pictures of ours by their names."""
        return self.outlined(outline(named(value)))

    def outlined(self, value: JSON) -> JSON:
        """The same of a value that was outlined before."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self.outlined(item) for name, item in value.items()}
        return [self.outlined(item) for item in value] if isinstance(value, list) else value

    def curl(self, exchange: Exchange) -> str:
        """The command that sends the same."""
        command = self._masked(exchange.curl)
        shown = "".join(_word(word) for word in _BETWEEN.split(command))
        if len(shown) > MAX_COMMAND:
            return f"# {len(shown):,} characters, too long to show: request {exchange.number} of requests.har"
        return _UNSEEN.sub(lambda match: f"\\u{ord(match[0]):04x}", shown)

    def _shown(self, text: str) -> str:
        shown = "\n".join(self._line(line) for line in text.split("\n"))
        if len(shown) > MAX_SHOWN:
            shown = f"{shown[:MAX_SHOWN]}… ({len(shown):,} characters)"
        return visible(shown)

    def _line(self, line: str) -> str:
        line = _CREDENTIALS.sub(rf"\1 {HIDDEN}", _BASE64.sub(_measured, self._masked(line)))
        if len(line) <= MAX_TEXT:
            return redacted_text(line)
        pieces = textwrap.wrap(
            line, MAX_TEXT, break_long_words=False, break_on_hyphens=False,
            expand_tabs=False, replace_whitespace=False, drop_whitespace=False,
        )  # fmt: skip
        return "".join(map(redacted_text, pieces))

    def _masked(self, text: str) -> str:
        for key in self.keys:
            text = text.replace(key, HIDDEN)
        return text


@lru_cache(maxsize=1 << 14)
def _short(display: Display, text: str) -> str:
    """Names, paths and sentences come again and again in one run."""
    return display._shown(text)


def exchanges(report: Report) -> Iterator[Exchange]:
    """Every request that shows something, case by case; one may come more than once."""
    for outcome in report.outcomes:
        yield from (finding.exchange for finding in outcome.findings if finding.exchange)
        yield from outcome.evidence


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _measured(match: re.Match[str]) -> str:
    """Paths and names are long too, and stay."""
    text = match[0]
    if len(text) < 16 or not (_is_base64(text) or _is_digest(text)):
        return text
    return f"<{len(text):,} characters, sha256 {sha256(text.encode()).hexdigest()[:12]}>"


def _is_base64(text: str) -> bool:
    mixed = all(any(map(kind, text)) for kind in (str.isupper, str.islower, str.isdigit))
    return mixed and not all(map(_NAME.fullmatch, text.split("/")))


def _is_digest(text: str) -> bool:
    return re.fullmatch("(?=.*[0-9])(?=.*[a-f])[0-9a-f]+", text) is not None and len(set(text)) > 8


def _word(word: str) -> str:
    """A word of a command: plain ones stay whole however long, so that it can be pasted."""
    word = _BASE64.sub(_measured, word)
    if len(word) > MAX_TEXT and not re.search(r"[=?@]", word):
        return word
    return redacted_text(word)
