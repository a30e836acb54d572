"""Lifts pictures out of a body before it is parsed: nobody has to read a megabyte of base64 as text.

What stands where a picture stood is a word that nobody can guess. If the parser then finds that word as a
string, the picture stood there as a string, for base64 has neither quotes nor backslashes.
"""

import re
from collections.abc import Iterable

from novita_mock.chance import draw_token

#: Most pictures of one body, and how far from one to the next is searched, in bytes.
MAX_PICTURES, _MAX_GAP = 32, 64 * 1024
_WORD = draw_token()
_WORDS = [f"{_WORD}-{number}" for number in range(MAX_PICTURES)]
#: To look at parts of so short a body costs more than to copy them, in bytes.
_SHORT = 4096
#: From how many bytes on the end of a picture is worth a guess, and how near to the end of a body it is then
#: looked for first.
LONG, _TAIL = 256 * 1024, 4096

Content = bytes | bytearray


class Lifter:
    """Takes out the strings that stand behind some names.

    Args:
        names: of the fields that hold pictures.
    """

    def __init__(self, names: Iterable[str]) -> None:
        either = "|".join(map(re.escape, sorted(names)))
        self._begins = re.compile(rf'"(?:{either})"[ \t\r\n]*:[ \t\r\n]*"'.encode())

    def lift(self, content: Content, *, guessing: bool = False) -> tuple[bytes, dict[str, slice]]:
        """The body with a word in place of each picture, and by these words where it stood.

        Args:
            content: the body.
            guessing: whether a picture may be taken to end at the first quote near the end of the body: it is
                no base64 where that is wrong, for then there is a quote in it.
        """
        parts: list[Content | memoryview] = []
        lifted: dict[str, slice] = {}
        view, place = content if len(content) <= _SHORT else memoryview(content), 0
        while len(lifted) < MAX_PICTURES:
            found = self._begins.search(content, place, place + _MAX_GAP)
            if found is None:
                break
            near_the_end = max(found.end(), len(content) - _TAIL) if guessing else found.end()
            end = content.find(b'"', near_the_end)
            if end < 0:
                break
            word, begin = _WORDS[len(lifted)], found.end()
            lifted[word] = slice(begin, end)
            parts += (view[place:begin], word.encode())
            place = end
        return b"".join([*parts, view[place:]]), lifted
