"""Whole valid requests, drawn from the schema and shrinking towards the plain one.

A draw is a few numbers, one for each value, and a schema is read once. Whoever draws, Hypothesis or dice,
is handed in: what makes requests is a maker, and ``drawn`` turns it into a strategy.
"""

from collections.abc import Callable

from hypothesis.strategies import SearchStrategy

from novita_contract import dice, spread, words
from novita_contract.bases import EFFECTS, child_of, item_of, picture, root_of
from novita_contract.dice import FLAG, Draw, drawn
from novita_contract.habits import possible, spelled
from novita_contract.keywords import Path, Place, types_of
from novita_contract.manners import Manner
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.types import JSON

#: Makes a value, given a way to draw.
Maker = Callable[[Draw], JSON]
#: A request as clients spell it, and the quirks by which it passes.
Spelled = tuple[JSON, tuple[str, ...]]

#: Most items where a schema gives no bound.
_MANY = 3
#: Most habits that one request has.
_MANNERS = 4
#: Texts are drawn sign by sign only this long; the long ones are in the list.
_LONG_TEXT = 24
_PICKS, _MORE = dice.number(0, spread.PICKS - 1), FLAG


def valid(
    catalogue: Catalogue, operation: Operation, *, cheap: bool = True, effects: bool = False
) -> SearchStrategy[JSON]:
    """What ``valid_maker`` makes, for Hypothesis."""
    return drawn(valid_maker(catalogue, operation, cheap=cheap, effects=effects))


def valid_maker(
    catalogue: Catalogue, operation: Operation, *, cheap: bool = True, effects: bool = False
) -> Maker:
    """Makes valid requests of an operation, of every documented field, with small real pictures.

    Args:
        catalogue: the contract.
        operation: the row.
        cheap: whether pictures are asked for mostly small, and few of them.
        effects: whether ``webhook`` and ``custom_storage`` are among the fields.

    Raises:
        UnsupportedKeyword: the schema says something that can't be drawn.
    """
    return maker_of(root_of(catalogue, operation), cheap=cheap, effects=effects)


def like_clients(catalogue: Catalogue, operation: Operation) -> SearchStrategy[Spelled]:
    """What ``like_clients_maker`` makes, for Hypothesis."""
    return drawn(like_clients_maker(catalogue, operation))


def like_clients_maker(catalogue: Catalogue, operation: Operation) -> Callable[[Draw], Spelled]:
    """Makes valid requests spelled as real clients spell them, and the quirks by which each of them passes.

    Nothing is spelled in a way that the contract in force refuses: then it is a plain valid request.

    Raises:
        UnsupportedKeyword: the schema says something that can't be drawn.
    """
    root = root_of(catalogue, operation)
    maker = maker_of(root, cheap=True, effects=False)
    by_quirk: dict[str, list[Manner]] = {}
    for manner in possible(root.schema, operation):
        if catalogue.quirks[manner.quirk] != "refused":
            by_quirk.setdefault(manner.quirk, []).append(manner)
    which = {quirk: dice.one_of(manners) for quirk, manners in by_quirk.items()}
    quirks = dice.one_of(sorted(by_quirk))

    def make(draw: Draw) -> Spelled:
        body, wanted = maker(draw), []
        for _ in range(_MANNERS if by_quirk else 0):
            if draw(_MORE):
                quirk = draw(quirks)
                # a client does a thing in one place, or wherever it can
                wanted += by_quirk[quirk] if draw(_MORE) else [draw(which[quirk])]
        return _in_manners(body, sorted(wanted, key=lambda manner: len(manner.place.path)))

    return make


def _in_manners(body: JSON, wanted: list[Manner]) -> Spelled:
    """The body in so many manners as go together, and their quirks; what holds others comes first."""
    quirks: list[str] = []
    spelled_ones: list[Path] = []
    replaced: list[Path] = []
    for manner in wanted:
        path = manner.place.path
        changed = spelled(body, manner)
        within = any(path[: len(above)] == above for above in replaced)
        if changed is body or within or path in spelled_ones:
            continue
        body = changed
        quirks.append(manner.quirk)
        spelled_ones.append(path)
        replaced += [path] if manner.quirk != "unknown-field" else []
    return body, tuple(dict.fromkeys(quirks))


def maker_of(place: Place, *, cheap: bool, effects: bool) -> Maker:
    """What draws a valid value of a place."""
    if "enum" in place.schema or "const" in place.schema:
        return _one_of(spread.choices(place))
    if place.kind in ("integer", "number"):
        pick = spread.numbers(place, cheap=cheap)
        return lambda draw: pick(draw(_PICKS))
    if place.kind == "boolean":
        return _one_of((False, True, *[None] * ("null" in types_of(place.schema))))
    if place.kind == "object":
        made = _object(place, cheap, effects)
    elif place.kind == "array":
        made = _array(place, cheap, effects)
    else:
        made = _picture() if "x-image" in place.schema else _text(place)
    return _or_null(made) if "null" in types_of(place.schema) else made


def _object(place: Place, cheap: bool, effects: bool) -> Maker:
    required = place.schema.get("required", ())
    fields = {name: child_of(place, name) for name in place.schema.get("properties", {})}
    made = {name: maker_of(child, cheap=cheap, effects=effects) for name, child in fields.items()}
    always = [(name, made[name]) for name in made if name in required]
    others = [
        (name, made[name]) for name in made if name not in required and (effects or name not in EFFECTS)
    ]
    # what counts as absence when it is empty is never drawn empty
    filled = bool(place.schema.get("x-empty-absent")) and not always
    which, first = dice.number(0, len(others)), dice.number(1, max(1, len(others)))

    def make(draw: Draw) -> JSON:
        body = {name: maker(draw) for name, maker in always}
        # One optional field after the other, each by its number, until 0; one that is there already stays
        # as it is. So a shrinker can take out any of them and leave the others.
        number = draw(first if filled else which) if others else 0
        while number:
            name, maker = others[number - 1]
            if name not in body:
                body[name] = maker(draw)
            number = draw(which)
        return body

    return make


def _array(place: Place, cheap: bool, effects: bool) -> Maker:
    least = place.schema.get("minItems", 0)
    most = place.schema.get("maxItems", least + _MANY)
    item = maker_of(item_of(place), cheap=cheap, effects=effects)

    def make(draw: Draw) -> JSON:
        items = [item(draw) for _ in range(least)]
        while len(items) < most and draw(_MORE):
            items.append(item(draw))
        return items

    return make


def _or_null(made: Maker) -> Maker:
    return lambda draw: None if draw(_MORE) else made(draw)


def _one_of(values: tuple[JSON, ...]) -> Maker:
    if len(values) == 1:
        return lambda draw: values[0]
    which = dice.one_of(values)
    return lambda draw: draw(which)


def _picture() -> Maker:
    names = dice.one_of(spread.picture_names())
    return lambda draw: picture(draw(names))


def _text(place: Place) -> Maker:
    least, most = place.schema.get("minLength", 0), place.schema.get("maxLength", _LONG_TEXT)
    listed = spread.texts(place)
    if len(listed) < len(words.TEXTS) // 2:
        return _one_of(listed)
    # one time in three, any text at all
    which = dice.number(0, len(listed) * 3 // 2)
    free = dice.text(least, max(least, min(most, _LONG_TEXT)))

    def make(draw: Draw) -> JSON:
        number = draw(which)
        return listed[number] if number < len(listed) else draw(free)

    return make
