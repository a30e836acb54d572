"""What can go wrong, as values without a wire shape; only ``dialects`` knows how each is spelled.

Problem
├── Refused            a request that can't be taken: one or more faults, each with its place
├── MissingKey         no API key came with the request
├── WrongKey           an API key came that is not let in
├── UnknownTask        no such task of this account
├── UnknownPath        no operation has this path
├── WrongMethod        an operation has this path, but not this method
├── BodyTooLarge       the body is over the operation's limit
├── TooMuch            more work than the double takes at once
├── BadLink            a picture's link that is altered or expired
├── UnknownLink        a picture's link to nothing
└── Broken             the double itself failed
"""

from msgspec import Struct

from novita_mock.redaction import redacted_text

#: Longest text of a request that is repeated to its sender, in characters.
ECHO_LIMIT = 80


class Fault(Struct, frozen=True):
    """One thing wrong with a request.

    Attributes:
        kind: a row of ``errors.json``: ``invalid-request``, ``image-size``, ...
        path: where, from the body's root: ``("request", "loras", 0, "strength")``.
        message: what was received and what is allowed; never a key or an image.
    """

    kind: str
    path: tuple[str | int, ...]
    message: str

    @property
    def pointer(self) -> str:
        """The place as a JSON pointer."""
        return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in self.path)

    @property
    def dotted(self) -> str:
        """The place as a dotted path: the key of ``metadata``."""
        return ".".join(str(step) for step in self.path)


class Problem(Exception):
    """Something that ends a request.

    Attributes:
        kind: its row in ``errors.json``.
        literal: whether its row is told as it stands, also where a quirk reads it otherwise.
    """

    kind = "create-task-failed"
    literal = False
    faults: tuple[Fault, ...] = ()

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Refused(Problem):
    """A request that can't be taken, with every fault that was found, in order."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        first = faults[0]
        where = f"{first.pointer}: " if first.path else ""
        super().__init__(where + first.message)
        self.faults = faults
        # What is wrong with the request's shape is said before what is wrong with a value in it.
        shape = [fault for fault in faults if fault.kind == "invalid-request"]
        self.kind = (shape or list(faults))[0].kind


def refused(message: str, *path: str | int) -> Refused:
    """The refusal of a request for one thing that is wrong with its shape."""
    return Refused((Fault("invalid-request", path, message),))


class MissingKey(Problem):
    """No API key came with the request."""

    kind = "missing-key"


class WrongKey(Problem):
    """An API key came that is not let in, or an Authorization header that holds none."""

    kind = "wrong-key"


class UnknownTask(Problem):
    """No such task of this account."""

    kind = "unknown-task"


class UnknownPath(Problem):
    """No operation has this path."""

    kind = "unknown-path"


class WrongMethod(Problem):
    """An operation has this path, but not this method; ``allowed`` is the Allow header."""

    kind = "wrong-method"

    def __init__(self, message: str, allowed: tuple[str, ...]) -> None:
        super().__init__(message)
        self.allowed = allowed


class BodyTooLarge(Problem):
    """The body is over the operation's limit."""

    kind = "body-too-large"


class TooMuch(Problem):
    """More unfinished work than the double takes at once."""

    kind = "rate-limit"


class BadLink(Problem):
    """A picture's link that is altered or expired."""

    kind = "link-refused"


class UnknownLink(Problem):
    """A picture's link that leads to nothing."""

    kind = "link-unknown"


class Broken(Problem):
    """The double itself failed; the message says nothing of the inside."""


def our_fault() -> Broken:
    """What is told of an error that nobody foresaw; the log says more."""
    return Broken("the double failed; its log says more")


def cut(value: object) -> str:
    """A received value as it may be shown: quoted, ASCII only, without secrets, and cut when it is long."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'an array'} of {len(value)}"
    if isinstance(value, str) and len(value) > ECHO_LIMIT:
        return f"{value[:24]!a}... ({len(value)} characters)"
    value = redacted_text(value) if isinstance(value, str) else value
    words = {True: "true", False: "false", None: "null"}
    text = words[value] if isinstance(value, bool | None) else ascii(value)
    return text if len(text) <= ECHO_LIMIT * 2 else f"{text[:24]}... ({len(text)} characters)"
