"""Whose move a difference is: the documentation's, our schema's, the double's, or the live service's.

It follows from what each side did against the expectation, from what the expectation stands on, and
from whether a quirk covers it: whether it is known to be read in more than one way. Where a quirk
covers it, the quirk's basis counts, and not that of the single claim. The table is read from above,
and the first row that fits decides.

A double against the live service:

- *neither did the other thing*: both keep the claim, or both do the same: nothing to do;
- *both do the same, and not what a page says*: two that agree against a page make it doubtful: **docs**;
- *both do the same, and not what we assumed or saw elsewhere*: our reading is wrong: **schema**;
- *the double deviates, live keeps*: whatever the claim stands on, the double is no double: **double**;
- *live deviates, pages contradict each other, the double follows another one*: the pages can't both be
  right, and live shows which is: **docs**, and the quirk's value can become the default;
- *live deviates from what we assumed, and the quirk has that value*: **schema**: make it the default;
- *live deviates from a page that is clear*: **live**: it does not do what is promised, or has changed;
- *live deviates from what we only assumed or saw*: our reading must change: **schema**;
- *both deviate, each in its own way*: the double is wrong in any case, and can be mended: **double**;
- *both keep, and yet differ*: the claim leaves both free: **schema**, which can say more, or nobody minds.

Two doubles: the one that deviates is to be mended, **double**. Two readings of the live service, of
two days say: as with a double, but there is none to blame.
"""

from dataclasses import dataclass
from enum import StrEnum


class Move(StrEnum):
    """Who has something to do."""

    DOCS = "docs"
    SCHEMA = "schema"
    DOUBLE = "double"
    LIVE = "live"
    NOBODY = "nobody"


class Conduct(StrEnum):
    """What a side did with an expectation."""

    KEEPS = "keeps"
    DEVIATES = "deviates"
    UNKNOWN = "not checked"


class Basis(StrEnum):
    """What an expectation stands on."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    ASSUMED = "assumed"


class Pair(StrEnum):
    """What is compared; in a mixed pair the double is named first."""

    MIXED = "a double and the live service"
    DOUBLES = "two doubles"
    LIVES = "the live service twice"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be judged.

    Attributes:
        pair: what is compared.
        first, second: what each side did; in a mixed pair the double is the first.
        basis: of the claim, or of the quirk where one covers it.
        covered: whether a quirk says that it is read in more than one way.
        same: whether both sides did the same.
    """

    pair: Pair
    first: Conduct
    second: Conduct
    basis: Basis
    covered: bool = False
    same: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; an empty column fits everything.

    Attributes:
        move: whose it is.
        why: a sentence; ``{first}`` and ``{second}`` are the sides, ``{basis}`` what the claim stands on.
        same: whether both sides did the same.
        conducts: what the first and the second did, or in two lines where the order does not matter.
        pairs, bases: those that it is for.
        covered: whether a quirk covers it.
    """

    move: Move
    why: str
    same: bool = False
    conducts: tuple[tuple[Conduct, Conduct], ...] = ()
    pairs: tuple[Pair, ...] = ()
    bases: tuple[Basis, ...] = ()
    covered: bool | None = None

    def fits(self, found: Finding) -> bool:
        """Whether this line is about that."""
        return (
            self.same == found.same
            and (not self.conducts or (found.first, found.second) in self.conducts)
            and (not self.pairs or found.pair in self.pairs)
            and (not self.bases or found.basis in self.bases)
            and self.covered in (None, found.covered)
        )


_BOTH_KEEP = ((Conduct.KEEPS, Conduct.KEEPS),)
_BOTH_DEVIATE = ((Conduct.DEVIATES, Conduct.DEVIATES),)
_FIRST, _SECOND = (Conduct.DEVIATES, Conduct.KEEPS), (Conduct.KEEPS, Conduct.DEVIATES)
_UNKNOWN = tuple((one, other) for one in Conduct for other in Conduct if Conduct.UNKNOWN in (one, other))
_FROM_A_SOURCE = (Basis.DOCUMENTED, Basis.OBSERVED)
_NOT_FROM_A_PAGE = (Basis.OBSERVED, Basis.ASSUMED)
_WITH_LIVE = (Pair.MIXED, Pair.LIVES)

#: The first row that fits decides; every finding fits one.
TABLE: tuple[Row, ...] = (
    Row(Move.NOBODY, "a side was not checked", conducts=_UNKNOWN),
    Row(Move.NOBODY, "a side was not checked", same=True, conducts=_UNKNOWN),
    Row(Move.DOCS, "{first} and {second} do the same, and not what the page says",
        same=True, conducts=_BOTH_DEVIATE, bases=(Basis.DOCUMENTED,)),
    Row(Move.SCHEMA, "{first} and {second} do the same, and not what is {basis}",
        same=True, conducts=_BOTH_DEVIATE),
    Row(Move.NOBODY, "{first} and {second} do the same", same=True),
    Row(Move.DOUBLE, "{first} deviates from what is {basis}, and {second} keeps it",
        conducts=(_FIRST,), pairs=(Pair.MIXED, Pair.DOUBLES)),
    Row(Move.DOUBLE, "{second} deviates from what is {basis}, and {first} keeps it",
        conducts=(_SECOND,), pairs=(Pair.DOUBLES,)),
    Row(Move.DOCS, "the pages contradict each other, and one side follows another than we do",
        conducts=(_SECOND, _FIRST), pairs=_WITH_LIVE, bases=_FROM_A_SOURCE, covered=True),
    Row(Move.SCHEMA, "the pages are silent, and our reading is another: change the quirk's default",
        conducts=(_SECOND, _FIRST), pairs=_WITH_LIVE, covered=True),
    Row(Move.LIVE, "{second} deviates from a page that is clear, and {first} keeps it",
        conducts=(_SECOND,), pairs=_WITH_LIVE, bases=(Basis.DOCUMENTED,)),
    Row(Move.LIVE, "{first} deviates from a page that is clear, and {second} keeps it",
        conducts=(_FIRST,), pairs=(Pair.LIVES,), bases=(Basis.DOCUMENTED,)),
    Row(Move.SCHEMA, "{second} does not do what is only {basis}: our reading must change",
        conducts=(_SECOND,), pairs=_WITH_LIVE, bases=_NOT_FROM_A_PAGE),
    Row(Move.SCHEMA, "{first} does not do what is only {basis}: our reading must change",
        conducts=(_FIRST,), pairs=(Pair.LIVES,), bases=_NOT_FROM_A_PAGE),
    Row(Move.LIVE, "{first} and {second} deviate from a page, each in its own way",
        conducts=_BOTH_DEVIATE, pairs=(Pair.LIVES,), bases=(Basis.DOCUMENTED,)),
    Row(Move.SCHEMA, "{first} and {second} deviate from what is only {basis}, each in its own way",
        conducts=_BOTH_DEVIATE, pairs=(Pair.LIVES,)),
    Row(Move.DOUBLE, "{first} and {second} deviate from what is {basis}, each in its own way",
        conducts=_BOTH_DEVIATE),
    Row(Move.SCHEMA, "both are within the contract, which does not say which it is",
        conducts=_BOTH_KEEP),
)  # fmt: skip


def judge(found: Finding, first: str = "the first", second: str = "the second") -> tuple[Move, str]:
    """Whose move it is, and why in a sentence.

    Args:
        found: what is to be judged.
        first: the name of the first side of ``found``.
        second: the name of the second.
    """
    row = next(row for row in TABLE if row.fits(found))
    return row.move, row.why.format(first=first, second=second, basis=found.basis.value)


def basis_of(claim: str) -> Basis:
    """What a claim stands on: an id of ``sources.json`` on a page, and nothing on an assumption."""
    if claim.startswith("observed"):
        return Basis.OBSERVED
    return Basis.ASSUMED if not claim or claim.startswith(("assumed", "ours")) else Basis.DOCUMENTED
