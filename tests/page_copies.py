"""Copies of the documentation's pages, and ways to write one anew or to change it in one place."""

import html
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from hashlib import sha256

from contract_files import all_nodes, demands, page, source_ids, source_of, table, words
from novita_contract.claims import Claim, normalise
from novita_mock.types import JSON

#: Kept copies: the name of each, and of the page it is a copy of.
COPIES = {
    "000_628dbb2e32238673.txt": "upscale.md",  # flat text, each head twice
    "002_8c38549169269a9f.txt": "upscale.md",  # the source, with tags
    "003_0f437868f4de4707.txt": "img2img.md",  # a rendered page's text, links without addresses
    "004_c97efef978385b48.txt": "img2img.md",  # flat text, without the heads of fields
    "001_d2da750a6b9a6c07.txt": "upscale-v2-deprecated.md",  # a rendered page's text, without links
}
#: What a changed word becomes.
NONSENSE = "zebra"


def _wrapped(width: int) -> Callable[[str], str]:
    def wrap(text: str) -> str:
        paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
        return "\n\n".join(
            textwrap.fill(part, width, break_long_words=False, break_on_hyphens=False) for part in paragraphs
        )

    return wrap


def _curly(text: str) -> str:
    text = re.sub(r'"([^"\n]*)"', "\N{LEFT DOUBLE QUOTATION MARK}\\1\N{RIGHT DOUBLE QUOTATION MARK}", text)
    return re.sub(r"'([^'\n]*)'", "\N{LEFT SINGLE QUOTATION MARK}\\1\N{RIGHT SINGLE QUOTATION MARK}", text)


#: Other ways to write the same page.
LAYOUTS: Mapping[str, Callable[[str], str]] = {
    "narrow": _wrapped(40),
    "wide": _wrapped(100),
    "a line a paragraph": _wrapped(100_000),
    "one line": lambda text: " ".join(text.split()),
    "a word a line": lambda text: "\n".join(text.split()),
    "blank lines": lambda text: text.replace("\n", "\n\n"),
    "no blank lines": lambda text: re.sub(r"\n\s*\n", "\n", text),
    "DOS line ends": lambda text: text.replace("\n", "\r\n"),
    "indented": lambda text: re.sub("(?m)^", "    ", text),
    "typographic quotes": _curly,
    "single quotes": lambda text: text.replace('"', "'"),
    "no emphasis": lambda text: re.sub(r"[*`]", "", text),
    "bold names": lambda text: re.sub(r"(?m)^(\w+)$", r"**\1**", text),
    "escaped": lambda text: re.sub(r"(?<!\\)_", r"\\_", text),
    "not escaped": lambda text: re.sub(r"\\([_\[\]*.#|])", r"\1", text),
    "no links": lambda text: re.sub(r"\[([^\[\]]*)\]\([^()\s]*\)", r"\1", text),
    "entities": lambda text: text.replace("'", "&#39;").replace("\N{RIGHT SINGLE QUOTATION MARK}", "&rsquo;"),
}


def as_html(text: str) -> str:
    """The text of a rendered page as the HTML that shows it."""
    parts = re.split(r"(?ms)^```\w*\n(.*?)^```$", text)
    blocks = [_block(part) if at % 2 == 0 else _verbatim(part) for at, part in enumerate(parts)]
    head = "<head><title>A page</title><script>let x = '<p>strength</p>'</script></head>"
    return f"<!DOCTYPE html>\n<html>{head}<body><main>{''.join(blocks)}</main></body></html>"


def _verbatim(text: str) -> str:
    lines = re.sub(r"\\$", "", text, flags=re.M).split("\n")
    spans = "\n".join(f'<span class="line"><span>{html.escape(line)}</span></span>' for line in lines)
    return f"<pre><code>{spans}</code></pre>\n"


def _block(text: str) -> str:
    shown = []
    for paragraph in re.split(r"\n\s*\n", html.unescape(re.sub(r"\\([^A-Za-z0-9\s])", r"\1", text))):
        if paragraph.startswith("|"):
            rows = [row.strip().strip("|").split("|") for row in paragraph.split("\n") if "---" not in row]
            cells = ("".join(f"<td><p>{_inline(cell)}</p></td>" for cell in row) for row in rows)
            body = "\n".join(f"  <tr>\n{row}\n</tr>" for row in cells)
            shown.append(f"<table><tbody>\n{body}</tbody></table>")
        else:
            shown.append(f'<div class="block"><div>{_inline(paragraph.lstrip("#> "))}</div></div>')
    return "\n".join(shown)


def _inline(text: str) -> str:
    text = re.sub(r"`([^`]*)`", r"<code>\1</code>", html.escape(text, quote=False))
    return re.sub(r"!?\[([^\[\]]*)\]\(([^()\s]*)\)", r'<a href="\2">\1</a>', text).replace("**", "")


def ends(claim: Claim, name: str) -> list[int]:
    """Where in the words of a page a claim ends; everywhere it stands."""
    return _all_ends(name, claim.words).get(claim.sha256, [])


@cache
def _all_ends(name: str, length: int) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    page_words = words(name)
    for end in range(length, len(page_words) + 1):
        sentence = " ".join(page_words[end - length : end])
        found.setdefault(sha256(sentence.encode()).hexdigest(), []).append(end)
    return found


@cache
def _lines(name: str) -> list[tuple[int, str]]:
    """The lines of a page, and which word of the page is the first of each."""
    rows, at = [], 0
    for line in page(name).split("\n"):
        rows.append((at, line))
        at += len(normalise(line))
    assert at == len(words(name))
    return rows


def without(name: str, positions: Iterable[int], instead: str = NONSENSE) -> tuple[str, set[int]]:
    """A page in which what holds some of its words is changed or taken away; and which words that touched."""
    lines = dict(enumerate(_lines(name)))
    touched: set[int] = set()
    for position in sorted(positions, reverse=True):
        index = max(at for at, (first, line) in lines.items() if first <= position and line.strip())
        first, line = lines[index]
        lines[index], span = (first, (change := _without(line, position - first, instead))[0]), change[1]
        touched |= {first + at for at in span}
    return "\n".join(line for _, line in lines.values()), touched


def _without(line: str, position: int, instead: str) -> tuple[str, range]:
    known, pieces = normalise(line), re.split(r"(\s+)", line)
    changes = []
    for at in range(0, len(pieces), 2):
        text = "".join([*pieces[:at], _changed(pieces[at], instead), *pieces[at + 1 :]])
        span = _touched(known, normalise(text))
        if position in span:
            changes.append((len(span), text, span))
    _, text, span = min(changes)
    return text, span


def _changed(piece: str, instead: str) -> str:
    return re.sub(r"\w.*\w|\w", instead, piece, count=1) if instead else ""


def _touched(before: tuple[str, ...], after: tuple[str, ...]) -> range:
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    tail = 0
    while tail < min(len(before), len(after)) - same and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    return range(same, len(before) - tail)


@cache
def demanded() -> Mapping[str, set[tuple[str, str, str]]]:
    """By the id of a claim, what it stands behind: read from the files, as (file, pointer, keyword)."""
    found: dict[str, set[tuple[str, str, str]]] = {}

    def add(source: JSON, file: str, pointer: str, keyword: str) -> None:
        if isinstance(source, dict):
            for name, inner in source.items():
                add(inner, file, pointer, f"{keyword}.{name}" if keyword else name)
        else:
            for one in source_ids(source):
                found.setdefault(one, set()).add((file, pointer, keyword))

    for at, node in all_nodes():
        file, _, pointer = at.partition("#")
        for keyword in demands(node):
            add(source_of(node, keyword), file, pointer, keyword)
    operations = table("operations")
    for kind in ("prefixes", "operations"):
        for index, row in enumerate(operations[kind]):
            add(row["source"], "operations.json", f"/{kind}/{index}", "")
    for name, row in table("errors").items():
        add(row["source"], "errors.json", f"/{name}", "")
    return found
