"""Which fields a page documents, in whatever layout: tags, the lines of a rendered page, flat text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from novita_contract.page_text import PARTS, TAG, TYPE, head_of, one_head, plain

#: Names around a field, outermost first, and its own.
Place = tuple[str, ...]

#: Headings that say which part of a request or an answer the fields below belong to.
SECTIONS = {section.casefold(): section for section in PARTS.values()}
#: A long text without a single line of so many words has lost its lines: any word may stand above a type.
LONG, SENTENCE = 200, 5
_NAME = re.compile(r"[A-Za-z_$][\w.$-]*")
_FENCE = re.compile(r"^[ \t]*```.*?^[ \t]*```[ \t]*$", re.M | re.S)
_ESCAPE = re.compile(r"\\(?![A-Za-z0-9])")
#: ``[](#param-steps)``, ``[ ](https://host/page#param-steps)``: the link beside a field's name.
_ANCHOR = re.compile(r"\[[^\[\]]*\]\([^()\s]*#param-[^()\s]*\)")
_LINK = re.compile(r"\[([^\[\]]*)\]\([^()\s]*\)")
_MARKUP = re.compile("[*`#\u200b\ufeff]")
_UNPRINTABLE = re.compile(r"[^\w\[\]<>()|¦,. -]")


@dataclass(frozen=True, slots=True)
class PageField:
    """A field as a page documents it.

    Attributes:
        name: as it is sent.
        type: in the page's words.
        required: whether the page says so.
        section: the heading above it, one of ``SECTIONS``, or empty where the copy has none.
        inside: names of the fields around it; None where the layout doesn't say.
    """

    name: str
    type: str = ""
    required: bool = False
    section: str = ""
    inside: Place | None = None


def fields(text: str) -> tuple[PageField, ...]:
    """Every field that a page documents, in the page's order."""
    return tuple(_tagged(text)) or tuple(_shown(_lines(text)))


def _tagged(text: str) -> Iterator[PageField]:
    around: list[str] = []
    for match in TAG.finditer(text):
        if match["end"]:
            del around[-1:]
            continue
        head = head_of(match)
        if head.name:
            inside = tuple(name for name in around if name)
            yield PageField(head.name, _printable(head.type), head.required, head.part, inside)
        if not match["attributes"].rstrip().endswith("/"):
            around.append(head.name)


def _shown(lines: list[str]) -> Iterator[PageField]:
    section = ""
    for at, line in enumerate(lines):
        section = SECTIONS.get(line.casefold(), section)
        following = [*lines[at + 1 : at + 3], "", ""]
        typed = TYPE.fullmatch(following[0])
        if not typed and not (at and lines[at - 1] == _ANCHORED):
            continue
        if not _NAME.fullmatch(line) or line.casefold() == "required":
            continue
        required = following[1 if typed else 0].casefold() == "required"
        yield PageField(line, following[0] if typed else "", required, section)


#: Stands for the link beside a name; no line of a page can be this.
_ANCHORED = "\n"


def _lines(text: str) -> list[str]:
    text = _ESCAPE.sub("", one_head(plain(_FENCE.sub("", text))))
    text = _ANCHOR.sub(f"\n{chr(0)}\n", text)
    shown = [_MARKUP.sub("", _LINK.sub(r"\1", line)).strip() for line in text.split("\n")]
    if len(shown) > LONG and max(len(line.split()) for line in shown) < SENTENCE:
        return []
    return [_ANCHORED if line == chr(0) else line for line in shown if line]


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("", text)[:60]
