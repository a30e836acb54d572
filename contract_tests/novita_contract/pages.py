"""The pages that the contract was read from, and which of them a copy is a copy of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from operator import itemgetter

from novita_contract.claims import Claim
from novita_contract.known_fields import known_fields
from novita_contract.page_fields import Place
from novita_contract.page_text import PARTS, PageWords
from novita_contract.provenance import claims
from novita_contract.standing import standing
from novita_mock import catalogue
from novita_mock.types import JSON

#: A copy under a strange name is told by its content only where this part of the claims holds, and so many.
LIKE_ENOUGH, AT_LEAST = 0.4, 2


class UnknownPage(Exception):
    """It is no copy of a page that we know; the message says what was looked for."""


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page of the documentation, and what it is held against.

    Attributes:
        name: of the kept copy: ``upscale.md``.
        slug: the last part of its address.
        claims: what it says, and what it says too of another page's claims.
        lists: ids of claims that are whole lists.
        bodies: the places of the fields of bodies and queries that it is about, by section.
        left_out: names that it may document although no body has them, by section.
        path: of the operation it is about, or empty.
    """

    name: str
    slug: str
    claims: tuple[Claim, ...]
    lists: frozenset[str]
    bodies: Mapping[str, tuple[Place, ...]]
    left_out: Mapping[str, tuple[Place, ...]]
    path: str = ""

    @property
    def title(self) -> str:
        """Its name without what follows the dot."""
        return self.name.rpartition(".")[0]

    def places(self, section: str) -> tuple[Place, ...]:
        """What may be documented below this heading; all there is where the copy has no headings."""
        sections = [*self.bodies, *self.left_out] if not section else [section]
        known = (self.bodies.get(one, ()) + self.left_out.get(one, ()) for one in sections)
        return tuple(place for places in known for place in places)


@cache
def known_pages() -> dict[str, KnownPage]:
    """Every page that a claim was read from, by name."""
    table = catalogue.table("pages")
    lists = frozenset(claim for row in table["pages"].values() for claim in row.get("lists", ()))
    left_out: dict[str, tuple[Place, ...]] = {}
    for row in table["left_out"]:
        left_out[row["section"]] = (*left_out.get(row["section"], ()), (row["field"],))
    return {name: _page(name, row, lists, left_out) for name, row in table["pages"].items()}


def named(name: str) -> KnownPage:
    """The page of that name, with or without what follows the dot, or of that slug.

    Raises:
        UnknownPage: there is none.
    """
    stem = _stem(name)
    for page in known_pages().values():
        if stem in (page.title, page.slug):
            return page
    raise UnknownPage(f"no page is called {name!r}; known are {_titles()}")


def recognise(given: str, text: str, words: PageWords) -> KnownPage:
    """The page that a file or an address holds a copy of: by its name, or else by what it says.

    Raises:
        UnknownPage: neither tells.
    """
    stem = _stem(re.split(r"[?#]", given)[0] if "://" in given else given)
    for page in known_pages().values():
        if stem in (page.title, page.slug):
            return page
    rows = [(page, _held(page, text, words)) for page in known_pages().values()]
    best, held = max(rows, key=itemgetter(1))
    if held < max(AT_LEAST, LIKE_ENOUGH * len(_own(best))):
        raise UnknownPage(f"neither its name nor what it says is that of a page we know: {_titles()}")
    return best


def _page(
    name: str, row: JSON, lists: frozenset[str], left_out: Mapping[str, tuple[Place, ...]]
) -> KnownPage:
    also = row.get("also")
    said = (
        claim for claim in claims().values() if claim.page == name or (also and claim.id.startswith(also))
    )
    bodies: dict[str, tuple[Place, ...]] = {}
    path = ""
    if "operation" in row:
        operation = catalogue.load().operation(row["operation"])
        path = operation.path
        named_bodies = zip(_SECTIONS, (operation.request, operation.query, operation.response), strict=True)
        bodies = {section: known_fields()[body] for section, body in named_bodies if body}
    if "schema" in row:
        bodies[""] = known_fields()[row["schema"]]
    return KnownPage(name, row["slug"], tuple(said), lists, bodies, left_out, path)


_SECTIONS = (PARTS["body"], PARTS["query"], PARTS["name"])


def _own(page: KnownPage) -> list[Claim]:
    return [claim for claim in page.claims if claim.page == page.name]


def _held(page: KnownPage, text: str, words: PageWords) -> int:
    """How many of its own claims hold; none where the operation's path is not in the copy."""
    if page.path and page.path not in re.sub(r"[\s*`]+", "", text):
        return 0
    return sum(standing(claim, words, claim.id in page.lists) for claim in _own(page))


def _stem(path: str) -> str:
    last = re.split(r"[/\\]", path.rstrip("/"))[-1].casefold()
    return last.rpartition(".")[0] or last


def _titles() -> str:
    return ", ".join(page.title for page in known_pages().values())
