"""From the bytes of a request to a ``Submission``: JSON, schema, base64, picture headers, in this order."""

import binascii
from collections.abc import Mapping
from hashlib import sha256

import msgspec
import pybase64
from msgspec import Struct

from novita_mock.album import Album, Known
from novita_mock.bodies import parse
from novita_mock.catalogue import Operation
from novita_mock.dialects import asked
from novita_mock.geometry import OUTPUTS
from novita_mock.input_pictures import fits, holder_of, looked_at, pictures_of
from novita_mock.lifting import LONG, Content, Lifter
from novita_mock.note import Unread
from novita_mock.plain import Place, plain_for
from novita_mock.problems import Fault, Refused
from novita_mock.redaction import outline
from novita_mock.storage import check_target
from novita_mock.submission import Submission
from novita_mock.types import JSON
from novita_mock.validation import Validator

#: Asks for a seed to be drawn. Source: page img2img, ``request.seed``.
DRAWN = -1


class Taken(Struct, frozen=True):  # not gc=False: what is raised refers to those who hold it
    """What became of a body.

    Attributes:
        received: the body as it came, its pictures told by their digests; None where it is no JSON.
        submission: what it asks for, where it is good.
        notices: what passed although it is not documented: ``(quirk, dotted path)``.
        problem: why it is not good, else None.
    """

    received: JSON = None
    submission: Submission | None = None
    notices: tuple[tuple[str, str], ...] = ()
    problem: Refused | None = None


class Intake:
    """Takes the bodies of one operation."""

    def __init__(
        self, operation: Operation, validator: Validator, quirks: Mapping[str, str], album: Album
    ) -> None:
        self._operation = operation
        self._validator = validator
        self._plain = plain_for(validator.schema)
        self._lifter = Lifter(self._plain.names if self._plain else ())
        self._quirks = quirks
        self._album = album

    def take(self, content: Content, base_url: str) -> Taken:
        """What a body asks for, or everything that is wrong with it."""
        return self.plain(content, base_url) or self.long_way(content, base_url)

    def plain(self, content: Content, base_url: str) -> Taken | None:
        """What a body asks for that is good and needs no leniency; None of any other."""
        if self._plain is None:
            return None
        # To look for the end of a long picture costs a third of what its base64 does.
        guessed = self._read(content, base_url, guessing=True) if len(content) >= LONG else None
        return guessed or self._read(content, base_url, guessing=False)

    def _read(self, content: Content, base_url: str, *, guessing: bool) -> Taken | None:
        assert self._plain is not None
        rest, lifted = self._lifter.lift(content, guessing=guessing)
        body = self._plain.read(rest)
        places = [] if body is None else self._plain.pictures(body)
        if not places or len(places) != len(lifted):
            return None
        pictures, words = [], []
        for place in places:
            holder = holder_of(body, place.path)
            word = holder[place.path[-1]]
            known = self._lifted(content, lifted.get(word), place)
            if known is None:
                return None
            holder[place.path[-1]] = known.digest
            pictures.append(known)
            words.append((word, known.told))
        if _target_faults(body):
            return None
        return Taken(Unread(rest, tuple(words)), self._submission(body, pictures, base_url))

    def _lifted(self, body: Content, part: slice | None, place: Place) -> Known | None:
        """The picture that stood at a place; None where anything about it is not as it must be."""
        if part is None or not 0 < part.stop - part.start <= place.max_length:
            return None
        known = self._album.spelled(body, part.start, part.stop)
        if known is not None:
            return known if fits(known, place.limits) else None
        try:
            content = pybase64.b64decode(memoryview(body)[part], validate=True)
            return looked_at(content, place.path, place.limits, self._album)
        except (binascii.Error, ValueError, Refused):
            return None

    def long_way(self, content: Content, base_url: str) -> Taken:
        """What any other body asks for, or everything that is wrong with it."""
        try:
            received = parse(bytes(content))
        except Refused as problem:
            return Taken(problem=problem)
        checked = self._validator.check(received)
        data_urls = self._quirks["data-url"] == "accepted"
        pictures, faults = pictures_of(checked, received, self._album, data_urls=data_urls)
        faults = [*checked.faults, *faults] or _target_faults(checked.body)
        notices = tuple(checked.notices)
        if faults:
            return Taken(outline(received), notices=notices, problem=Refused(tuple(faults)))
        return Taken(received, self._submission(checked.body, pictures, base_url), notices)

    def _submission(self, body: JSON, pictures: list[Known], base_url: str) -> Submission:
        """What a good body asks for; its pictures are taken out of it, the main one is the first."""
        request, wish = asked(self._operation.dialect, body, base_url)
        if "seed" in request and self._quirks["seed-echo"] == "drawn":
            request = {**request, "seed": DRAWN}
        main = pictures[0].picture
        return Submission(
            operation=self._operation,
            request=request,
            images={known.digest: known.content for known in pictures},
            digest=_digest(request, wish.image_type),
            output=OUTPUTS[self._operation.renderer](request, main.width, main.height),
            input_pixels=sum([known.picture.width * known.picture.height for known in pictures]),
            wish=wish,
        )


def _target_faults(body: JSON) -> list[Fault]:
    bucket = body.get("extra", {}).get("custom_storage", {}).get("aws_s3")
    return check_target(bucket) if bucket else []


def _digest(request: JSON, image_type: str) -> str:
    text = msgspec.json.encode({"request": request, "image_type": image_type}, order="sorted")
    return sha256(text).hexdigest()
