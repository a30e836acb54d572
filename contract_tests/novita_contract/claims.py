"""What the documentation said when it was read: a page, a heading, and the digest of a sentence.

A sentence is never kept.
A page is reduced to a stream of words in which markup does not matter,
and a claim holds where as many words as its sentence has in a row have its digest.
So a changed page points at the constraints to read again, and a new layout of the page does not.
"""

import html
import json
import re
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TypedDict

#: ``[0~1]``, ``(1, 4]``, ``[-1, 1)``: an interval is one word, and its brackets say what it includes.
_INTERVAL = re.compile(r"[\[(]\s*-?\d+(?:\.\d+)?\s*[,~]\s*-?\d+(?:\.\d+)?\s*[\])]")
#: ``<ParamField body="steps" type="integer" required={true}>`` says the same as three lines of text.
_FIELD = re.compile(
    r"<(?:Param|Response)Field\s+\w+=\"(?P<name>[^\"]*)\"\s+type=\"(?P<type>[^\"]*)\""
    r"\s+required=\{(?P<required>\w+)\}\s*>"
)
_LINK = re.compile(r"!?\[((?:[^\[\]\\]|\\.)*)\]\([^()\s]*\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_ESCAPE = re.compile(r"\\(?![A-Za-z0-9])")
_MARKUP = re.compile("[*`|\u200b\ufeff]")
_QUOTES = re.compile("[\"'\u2018\u2019\u201c\u201d]")
_LEFT_EDGE = re.compile(r"^(?:[^\w$/-]|/(?!\w)|-(?!\d))+")
_RIGHT_EDGE = re.compile(r"(?:(?<!\[)\]|[^\w+\]])+$")


class Row(TypedDict):
    """A claim as ``sources.json`` writes it; its key is the id."""

    page: str
    heading: str
    words: int
    sha256: str
    read: str


class Sources(TypedDict):
    """What is in ``sources.json``."""

    claims: dict[str, Row]


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing a page says: where, and the digest of the ``words`` words that say it."""

    id: str
    page: str
    heading: str
    words: int
    sha256: str
    read: str


def normalise(text: str) -> tuple[str, ...]:
    """Reduce a page or a sentence to its words: casefolded, NFKC, without markup and punctuation."""
    return tuple(word for word in map(word_of, tokens(text)) if word)


def tokens(text: str) -> list[str]:
    """Split a page where it has blanks, once its markup is gone; its punctuation is still there."""
    text = html.unescape(text)
    text = _FIELD.sub(_field_in_words, text)
    for _ in range(2):  # a picture may stand inside a link
        text = _LINK.sub(r" \1 ", text)
    text = _MARKUP.sub(" ", _TAG.sub(" ", _ESCAPE.sub("", text)))
    text = unicodedata.normalize("NFKC", _QUOTES.sub("", text)).casefold()
    return _INTERVAL.sub(lambda match: f" {''.join(match[0].split())} ", text).split()


def word_of(token: str) -> str:
    """The word that a token holds, or nothing where it is only punctuation."""
    if _INTERVAL.fullmatch(token):
        return token
    word = _RIGHT_EDGE.sub("", _LEFT_EDGE.sub("", token))
    return word if any(map(str.isalnum, word)) else ""


def digest(sentence: str) -> tuple[int, str]:
    """Count the words of a sentence and digest them."""
    words = normalise(sentence)
    return len(words), _sha256(words)


def load(source: Path | Sources) -> dict[str, Claim]:
    """Read the claims of a ``sources.json``, or of what was decoded from one, by id."""
    document: Sources = json.loads(source.read_text("utf-8")) if isinstance(source, Path) else source
    return {name: Claim(id=name, **row) for name, row in document["claims"].items()}


def holds(claim: Claim, page_words: tuple[str, ...]) -> bool:
    """Say whether a page, as ``normalise`` gives it, still says this."""
    return claim.sha256 in _windows(page_words, claim.words)


def main(arguments: Sequence[str]) -> int:
    """Print the entry of a sentence of a page: ``digest PAGE SENTENCE``. An aid for authors.

    Returns:
        0, or 1 when the page has no such sentence, or 2 when the arguments make no sense.
    """
    if len(arguments) != 3 or arguments[0] != "digest":
        print("usage: python -m novita_contract.claims digest PAGE SENTENCE", file=sys.stderr)
        return 2
    page, sentence = Path(arguments[1]), arguments[2]
    claim = Claim("", page.name, "", *digest(sentence), "")
    if not holds(claim, normalise(page.read_text("utf-8"))):
        print(f"{page.name} does not say this: {' '.join(normalise(sentence))!r}", file=sys.stderr)
        return 1
    print(json.dumps({key: value for key, value in asdict(claim).items() if key != "id"}))
    return 0


def _field_in_words(match: re.Match[str]) -> str:
    required = " required" if match["required"] == "true" else ""
    return f" {match['name']} {match['type']}{required} "


def _sha256(words: Sequence[str]) -> str:
    return sha256(" ".join(words).encode()).hexdigest()


@lru_cache(maxsize=1024)
def _windows(words: tuple[str, ...], length: int) -> frozenset[str]:
    return frozenset(_sha256(words[at : at + length]) for at in range(len(words) - length + 1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
