"""A copy of a page as text, in whatever layout it comes: Markdown, its source, what a browser shows, HTML.

Nothing here knows what a page should say.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser

from novita_contract.claims import tokens, word_of

#: The longest of the kept pages has some three thousand.
MOST_WORDS = 100_000

_HTML = re.compile(r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)
_QUOTES = str.maketrans("\u201c\u201d\u2018\u2019", "\"\"''")
#: An attribute of a tag, its value in quotes or braces, or without any.
_ATTRIBUTE = re.compile(r"([\w-]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|\{([^{}]*)\}|([^\s\"'{}<>]+)))?")
#: ``<ParamField body="steps" type="integer" required={true}>``, ``</ResponseField>``.
TAG = re.compile(
    r"<(?P<end>/?)(?P<kind>Param|Response)Field\b(?P<attributes>(?:\"[^\"]*\"|'[^']*'|\{[^{}]*\}|[^<>\"'{}])*)>"
)
#: Names of attributes that say which field a tag is about, each with the part of the request or answer.
PARTS = {
    "body": "Request Body",
    "header": "Request Headers",
    "query": "Query Parameters",
    "path": "Path Parameters",
    "name": "Response",
}
_KIND = (
    r"(?:arraystring|array|string|str|integer|int\d*|number|float\d*|double|boolean|bool|object|enum|file"
    r"|any|null)"
)
_ONE = rf"{_KIND}(?:\(\w+\))?(?:<[\w<>, ]+>)?(?:\[\])*"
#: What stands behind a field's name: ``string``, ``object[]``, ``number(float)¦null``.
TYPE = re.compile(rf"{_ONE}(?:\s?(?:[|¦,/]|or)\s?{_ONE})*")
#: A flat copy says each head twice: name, type, name, type; or, where required, with a star and the word.
_DOUBLED = re.compile(
    rf"(?<![^\s])(?P<name>[A-Za-z_$][\w.$-]*)\s+(?P<type>{TYPE.pattern})\s+"
    r"(?:\*\s+)?(?P=name)\s+(?:(?P<required>[Rr]equired)\s+)?(?P=type)(?!\S)"
)
#: A flat copy has lost the blanks around the options of a command.
_OPTION = re.compile(r"(?<=[^\s-])(--[a-z]+(?:-[a-z]+)*)(?=[\s'\"A-Z]|--)")
_EMPHASIS = re.compile(r"\\?[*`]")
#: The end of a sentence that the next one follows without a blank.
_SEAM = re.compile(r"(?<=[a-z]{3}[.:])(?=[A-Za-z])|(?<=[a-z]{3})(?=[A-Z]{2})")
_ROWS = re.compile(r"\|[ \t]*\r?\n[ \t]*\|")
_SILENT = frozenset({"script", "style", "noscript", "svg", "template", "title"})
_INLINE = frozenset(
    {"a", "b", "i", "em", "strong", "code", "span", "small", "sub", "sup", "u", "mark", "kbd", "font"}
)
_CELLS = frozenset({"td", "th"})


class UnreadablePage(Exception):
    """What was given is no text that could be a page; the message says why."""


@dataclass(frozen=True, slots=True)
class PageWords:
    """The words of a page.

    Attributes:
        words: as ``claims.normalise`` gives them, the heads of fields written in one way.
        listed: positions of words after which a list goes on: a comma, a semicolon, or a row of a table.
    """

    words: tuple[str, ...]
    listed: frozenset[int]


@dataclass(frozen=True, slots=True)
class Head:
    """What a tag says of a field: its part, name, type, and whether it is required."""

    part: str
    name: str
    type: str
    required: bool


def decode(content: bytes) -> str:
    """Read a file of a page; of HTML, what a browser would show.

    Raises:
        UnreadablePage: it is empty, no text, or too long for a page.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadablePage("this is not text in UTF-8") from None
    if "\0" in text:
        raise UnreadablePage("this is not text")
    text = text_of_html(text) if _HTML.match(text) else text
    words = len(page_words(text).words)
    if not words:
        raise UnreadablePage("this is empty")
    if words > MOST_WORDS:
        raise UnreadablePage(f"this has {words} words, more than a page may have: {MOST_WORDS}")
    return text


def page_words(text: str) -> PageWords:
    """Reduce a page to its words, and remember where lists go on."""
    text = _OPTION.sub(r" \1 ", one_head(TAG.sub(_tag_in_words, plain(text))))
    text = _ROWS.sub("| ,\n|", text)
    words: list[str] = []
    listed: set[int] = set()
    for token in tokens(text):
        word = word_of(token)
        if word:
            words.append(word)
        rest = token[token.rfind(word) + len(word) :] if word else token
        if words and rest.startswith((",", ";")):
            listed.add(len(words) - 1)
    return PageWords(tuple(words), frozenset(listed))


def parted(text: str) -> str:
    """A text whose sentences have a blank between them, where a layout ran them into each other."""
    return _SEAM.sub(" ", text)


def one_head(text: str) -> str:
    """Write the heads of fields that a flat copy says twice as a rendered page shows them: once, in lines."""
    return _DOUBLED.sub(_head_in_lines, text)


def head_of(match: re.Match[str]) -> Head:
    """What an opening tag says; without a name where it has none."""
    text = match["attributes"].translate(_QUOTES).replace("\\", "")
    given = {name: "".join(values) for name, *values in _ATTRIBUTE.findall(text)}
    flag = given.get("required", "false").strip().casefold()
    part = next((key for key in PARTS if given.get(key)), "")
    section = PARTS["name"] if match["kind"] == "Response" else PARTS.get(part, "")
    return Head(section, given.get(part, ""), given.get("type", ""), flag in ("", "true"))


def plain(text: str) -> str:
    """A text without entities, emphasis and escapes in names, its quotes those of a keyboard."""
    return _EMPHASIS.sub(" ", html.unescape(text).translate(_QUOTES).replace("\\_", "_"))


def text_of_html(document: str) -> str:
    """What a browser shows of a document, links as Markdown writes them, a block a line."""
    reader = _Reader()
    reader.feed(document)
    reader.close()
    return "".join(reader.parts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0
        self._verbatim = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        self._verbatim += tag == "pre"
        if tag == "a":
            self._links.append(dict(attrs).get("href") or "")
            self.parts.append("[")
        elif tag in _CELLS:
            self.parts.append(" | ")
        elif tag not in _INLINE:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        self._verbatim = max(0, self._verbatim - (tag == "pre"))
        if tag == "a" and self._links:
            self.parts.append(f"]({self._links.pop()})")
        elif tag == "tr":
            self.parts.append(" |")
        elif tag not in _INLINE and tag not in _CELLS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(" " if data.isspace() and not self._verbatim else data)


def _tag_in_words(match: re.Match[str]) -> str:
    head = head_of(match)
    if match["end"] or not head.name:
        return "\n"
    return f"\n\n{head.name}\n\n{head.type}\n\n{'required' if head.required else ''}\n\n"


def _head_in_lines(match: re.Match[str]) -> str:
    return f"{match['name']}\n\n{match['type']}\n{'required' if match['required'] else ''}\n"
