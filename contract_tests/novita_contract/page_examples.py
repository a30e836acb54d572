"""The fields in a page's examples: JSON as people write it, with comments, placeholders and either quotes.

An example nests its fields exactly, where the text of a rendered page only lists them one below the other.
"""

import re

from novita_contract.page_fields import Place
from novita_contract.page_text import plain

#: An example of more characters, or nested deeper, is taken for one that was never closed.
LONGEST, DEEPEST = 20_000, 20
#: A page with more unclosed ones is not searched further.
MOST_UNCLOSED = 100

_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")
_ESCAPE = re.compile(r"\\(?=[\s_\[\]{}<>|*#.~-])")
_START = re.compile(r"\{\s*(?://[^\n]*\s*)*([\"'])[\w.$-]+\1\s*:")
_TOKEN = re.compile(
    r"(?P<comment>//[^\n\"'{}\[\]]*)"  # not to the end of the line, which may have been broken elsewhere
    r"|(?P<quote>[\"'])(?P<key>[\w.$-]+)(?P=quote)\s*:"
    r"|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')"
    r"|(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)"
)


def examples(text: str) -> tuple[tuple[Place, ...], ...]:
    """Of each JSON object in a page, the places of its fields, in order and once each.

    What is no whole object, such as one that was cut off, is left out.
    """
    text = _ESCAPE.sub("", _PLACEHOLDER.sub("", plain(text)))
    found: list[tuple[Place, ...]] = []
    at = unclosed = 0
    while unclosed <= MOST_UNCLOSED and (start := _START.search(text, at)):
        paths, at = _object(text, start.start())
        if paths:
            found.append(paths)
        else:
            unclosed += 1
    return tuple(found)


def _object(text: str, start: int) -> tuple[tuple[Place, ...], int]:
    paths: dict[Place, None] = {}
    around: list[tuple[str, str]] = []  # the closing bracket that is due, and the name before its opening
    name = ""
    for token in _TOKEN.finditer(text, start, start + LONGEST):
        if token["key"]:
            name = token["key"]
            paths[(*(outer for _, outer in around if outer), name)] = None
        elif token["open"] and len(around) == DEEPEST:
            break
        elif token["open"]:
            around.append(("}" if token["open"] == "{" else "]", name))
            name = ""
        elif token["close"]:
            if around.pop()[0] != token["close"]:
                break
            if not around:
                return tuple(paths), token.end()
        elif token["comma"] or token["text"]:
            name = ""
    return (), start + 1
