"""What a fresh copy of a page says otherwise than the contract: claims that are gone, fields that are new."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from novita_contract.claims import Claim
from novita_contract.field_places import NewField, new_fields
from novita_contract.known_fields import known_fields
from novita_contract.page_examples import examples
from novita_contract.page_fields import Place, fields
from novita_contract.page_text import PageWords, page_words, parted
from novita_contract.pages import KnownPage
from novita_contract.standing import standing

#: The section of a field that stands in an example only.
EXAMPLE = "Example"


@dataclass(frozen=True, slots=True)
class Drift:
    """A page, held against the contract.

    Attributes:
        page: which page it is a copy of.
        checked: how many claims were looked for.
        gone: those that the page no longer makes, by id.
        new: the fields that it documents and the contract doesn't have, in the page's order.
    """

    page: KnownPage
    checked: int
    gone: tuple[Claim, ...]
    new: tuple[NewField, ...]

    @property
    def drifted(self) -> bool:
        """Whether somebody has to read the page again."""
        return bool(self.gone or self.new)

    @property
    def held(self) -> int:
        """How many claims hold."""
        return self.checked - len(self.gone)


def compare(page: KnownPage, text: str) -> Drift:
    """Hold a copy of a page against the contract.

    Args:
        page: what it is a copy of.
        text: the copy, as ``page_text.decode`` gives it.
    """
    gone = _gone(page, page.claims, page_words(text))
    if gone:
        gone = _gone(page, gone, page_words(parted(text)))
    new = new_fields(fields(text), page.places)
    if page.bodies:
        new = _with_examples(new, examples(text))
    in_order = tuple(sorted(gone, key=lambda claim: claim.id))
    return Drift(page, len(page.claims), in_order, tuple(new))


def _gone(page: KnownPage, claims: Iterable[Claim], words: PageWords) -> list[Claim]:
    return [claim for claim in claims if not standing(claim, words, claim.id in page.lists)]


def _with_examples(new: list[NewField], found: Iterable[Sequence[Place]]) -> list[NewField]:
    """Add the fields of examples; a place that a page only suggests is settled by its example."""
    unknown = dict.fromkeys(".".join(place) for example in found for place in _unknown(example))
    settled: list[NewField] = []
    for field in new:
        same = next((place for place in unknown if place.rpartition(".")[2] == field.name), None)
        if same is not None:
            del unknown[same]
            field = field if field.exact else replace(field, place=same, exact=True)
        settled.append(field)
    return settled + [NewField(place, EXAMPLE) for place in unknown]


def _unknown(example: Sequence[Place]) -> Iterator[Place]:
    """The fields of an example that the body has not which it fits best; none, if it fits none."""
    bodies = [set(places) for places in known_fields().values()]
    fitting = [body for body in bodies if any(len(place) == 1 and place in body for place in example)]
    if fitting:
        best = max(fitting, key=lambda body: sum(place in body for place in example))
        yield from (place for place in example if place not in best)
