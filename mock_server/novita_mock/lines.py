"""Where work waits for those who make pictures: each work once, and the soonest wanted first."""

import hashlib
import heapq
import itertools
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from math import inf

from msgspec import Struct, field

from novita_mock.process import Made
from novita_mock.settings import MIB
from novita_mock.work import Work

#: Pictures made lately are kept up to so many bytes, for whoever asks for them again.
KEPT_BYTES = 16 * MIB

Done = Callable[[Made], None]


class Place(Struct, order=True):
    """A place in a line; empty once the piece of work is gone from it. No two have the same number."""

    wanted_s: float
    number: int
    piece: "Piece | None"


class Piece(Struct, eq=False):
    """Work to be done once, for all who asked for it.

    Attributes:
        key: what says everything about the work.
        pixels: how many go in and come out, together.
        line: where it waits.
        made: what became of it, where that is known from before.
        asked: who is to hear what became of it, by name.
        place: where it stands, until somebody takes it.
        taken: whether somebody is at work on it.
    """

    key: bytes
    work: Work
    pixels: int
    line: str
    made: Made | None
    asked: dict[str, Done] = field(default_factory=dict)
    place: Place | None = None
    taken: bool = False


class Lines:
    """All work that is asked for, in lines by kind; may be used from any thread.

    Args:
        known: the line for what was done lately: it takes no time.
    """

    def __init__(self, known: str) -> None:
        self._known = known
        self._changed = threading.Condition()
        self._lines: dict[str, list[Place]] = {}
        self._numbers = itertools.count()
        self._pieces: dict[bytes, Piece] = {}
        self._names: dict[str, Piece] = {}
        self._kept: OrderedDict[bytes, Made] = OrderedDict()
        self._closed = False

    def add(self, name: str, work: Work, pixels: int, line: str, wanted_s: float, done: Done) -> None:
        """Ask for work, unless equal work is under way or was done lately: then for what comes of that.

        Args:
            name: what ``want`` and ``drop`` will call this.
            work: what to make.
            pixels: how many go in and come out, together.
            line: where it waits.
            wanted_s: when it will be wanted, by a clock that all who ask share.
            done: called by whoever does the work, unless it is dropped.
        """
        key = _key(work)
        with self._changed:
            made = self._kept.get(key)
            if made is not None:
                self._kept.move_to_end(key)
                line = self._known
            piece = self._pieces.setdefault(key, Piece(key, work, pixels, line, made))
            piece.asked[name] = done
            self._names[name] = piece
            self._place(piece, wanted_s)

    def want(self, name: str) -> None:
        """Somebody waits for it now: it goes before all that nobody waits for."""
        with self._changed:
            if name in self._names:
                self._place(self._names[name], -inf)

    def drop(self, name: str) -> None:
        """Nobody is to hear of it any more; what nobody asks for is not begun."""
        with self._changed:
            piece = self._names.pop(name, None)
            if piece is not None:
                del piece.asked[name]
                if not (piece.asked or piece.taken):
                    del self._pieces[piece.key]
                    self._leave(piece)

    def take(self, line: str) -> Piece | None:
        """What is wanted first of a line, as soon as there is something; None once all is closed."""
        with self._changed:
            while not self._closed:
                waiting = self._lines.setdefault(line, [])
                while waiting:
                    piece = heapq.heappop(waiting).piece
                    if piece is not None:
                        piece.place, piece.taken = None, True
                        return piece
                self._changed.wait()
            return None

    def finish(self, piece: Piece, made: Made) -> list[Done]:
        """Whom to tell what became of a work.

        Pictures are for all who asked. A failure is that of the first: a process may have died by chance,
        so for the others the work is done again.
        """
        with self._changed:
            del self._pieces[piece.key]
            names = list(piece.asked)[: None if made.pictures else 1]
            told = [piece.asked.pop(name) for name in names]
            for name in names:
                del self._names[name]
            if made.pictures:
                self._keep(piece.key, made)
            if piece.asked:
                piece.taken = False
                self._pieces[piece.key] = piece
                self._place(piece, -inf)
            return [] if self._closed else told

    def close(self) -> None:
        """Let go of all; nobody is told anything from here on."""
        with self._changed:
            self._closed = True
            self._lines.clear()
            self._changed.notify_all()

    def _place(self, piece: Piece, wanted_s: float) -> None:
        if piece.taken or self._closed or (piece.place and piece.place.wanted_s <= wanted_s):
            return
        self._leave(piece)
        piece.place = Place(wanted_s, next(self._numbers), piece)
        heapq.heappush(self._lines.setdefault(piece.line, []), piece.place)
        self._changed.notify_all()

    def _leave(self, piece: Piece) -> None:
        if piece.place is not None:
            piece.place.piece = None
            piece.place = None

    def _keep(self, key: bytes, made: Made) -> None:
        self._kept[key] = made
        kept = sum(each.size for each in self._kept.values())
        while kept > KEPT_BYTES:
            kept -= self._kept.popitem(last=False)[1].size


def _key(work: Work) -> bytes:
    # The request names the pictures that go in by their digests.
    whole = [work.renderer, work.request, work.seed, work.image_type]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).digest()
