"""Whether a page still says what a claim says, and no more than that.

``claims.holds`` finds the words of a claim.
Here it is also seen how the page goes on behind them:
a list with one item more at its end, or a type with ``null`` or ``required`` behind it, is another claim.
"""

from functools import lru_cache
from hashlib import sha256
from itertools import accumulate

from novita_contract.claims import Claim
from novita_contract.page_text import TYPE, PageWords

#: Behind a type, these still belong to it.
_OF_THE_TYPE = frozenset({"null", "required"})
#: Behind an item, these bring another one.
_OF_THE_LIST = frozenset({"and", "or"})


def standing(claim: Claim, page: PageWords, whole: bool) -> bool:
    """Say whether a page still says this.

    Args:
        claim: what it said.
        page: what it says.
        whole: whether the claim is a whole list, which must not go on.
    """
    ends = _ends(page.words, claim.words).get(claim.sha256, ())
    return any(not _goes_on(page, end, whole) for end in ends)


def _goes_on(page: PageWords, end: int, whole: bool) -> bool:
    following = page.words[end] if end < len(page.words) else ""
    if whole:
        return end - 1 in page.listed or following in _OF_THE_LIST
    return following in _OF_THE_TYPE and TYPE.fullmatch(page.words[end - 1]) is not None


@lru_cache(maxsize=256)
def _ends(words: tuple[str, ...], length: int) -> dict[str, list[int]]:
    """Where rows of so many words end, by their digest."""
    text = " ".join(words).encode()
    stops = list(accumulate((len(word.encode()) + 1 for word in words), initial=0))
    found: dict[str, list[int]] = {}
    for end in range(length, len(words) + 1):
        digest = sha256(text[stops[end - length] : stops[end] - 1]).hexdigest()
        found.setdefault(digest, []).append(end)
    return found
