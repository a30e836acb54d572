"""Where a documented field belongs, and whether the contract has it.

The source of a page nests its fields.
A rendered page only lists them, so that ``strength`` below ``loras`` can be the LoRA's or the request's:
there the order of the fields decides where each of them belongs,
and a field is new where a name stands on the page more often than the contract has it.
Fields in another order are therefore not new.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from novita_contract.page_fields import PageField, Place

#: The places of fields below a heading, or all there are below none.
Known = Callable[[str], tuple[Place, ...]]


@dataclass(frozen=True, slots=True)
class NewField:
    """A field that a page documents and the contract doesn't have.

    Attributes:
        place: the names around it and its own, with dots between them.
        section: the heading above it; ``Example`` where it stands in an example only; or empty.
        type: in the page's words, where it gives one.
        required: whether the page says so.
        exact: whether the page says where it belongs, or its order only suggests it.
    """

    place: str
    section: str
    type: str = ""
    required: bool = False
    exact: bool = True

    @property
    def name(self) -> str:
        """Its own name."""
        return self.place.rpartition(".")[2]


def new_fields(documented: Sequence[PageField], known: Known) -> list[NewField]:
    """Those that are not known.

    Args:
        documented: what a page documents.
        known: the places there are below a heading of the page.
    """
    nested = [field for field in documented if field.inside is not None]
    new = [(_place(field), field) for field in nested if _place(field) not in known(field.section)]
    listed = [field for field in documented if field.inside is None]
    return [_new(place, field) for place, field in [*new, *_beyond(listed, known)]]


def _place(field: PageField) -> Place:
    return (*(field.inside or ()), field.name)


def _beyond(listed: Sequence[PageField], known: Known) -> list[tuple[Place, PageField]]:
    """Those for which no place is left, neither below their own heading nor below any other."""
    beyond: list[tuple[Place, PageField]] = []
    free = Counter(known(""))
    for section in dict.fromkeys(field.section for field in listed):
        left = Counter(known(section))
        beyond += _placed([field for field in listed if field.section == section], left)
        free -= Counter(known(section)) - left
    return [row for row in beyond if not _taken(row[1].name, free)]


def _placed(listed: Sequence[PageField], free: Counter[Place]) -> Iterator[tuple[Place, PageField]]:
    """Give each field a free place that is in reach; the others come back, where they seem to belong."""
    last: Place = ()
    opened = True
    for field in listed:
        reachable = ((*last[:depth], field.name) for depth in range(len(last), -1, -1))
        place = next((place for place in reachable if free[place]), None)
        if place is None:
            place = (*(last if opened else last[:-1]), field.name)
            yield place, field
        else:
            free[place] -= 1
        last, opened = place, field.type.startswith(("object", "array"))


def _taken(name: str, free: Counter[Place]) -> bool:
    """Whether a place elsewhere waits for a field of this name; it is then no longer free."""
    place = next((place for place, left in free.items() if left and place[-1] == name), None)
    if place is not None:
        free[place] -= 1
    return place is not None


def _new(place: Place, field: PageField) -> NewField:
    return NewField(
        ".".join(place), field.section, field.type, field.required, exact=field.inside is not None
    )
