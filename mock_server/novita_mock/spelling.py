"""What somebody meant who misspelled a name."""

from collections.abc import Iterable


def meant(word: str, choices: Iterable[str], cutoff: float = 0.6) -> str:
    """The choice that a word comes nearest to, where one is as near as that (0 to 1); else an empty text."""
    import difflib  # not before something is misspelled

    return next(iter(difflib.get_close_matches(word, list(choices), n=1, cutoff=cutoff)), "")
