"""Inboxes: receivers built into the double, which answer as they are told and keep what came.

So that a retry can be tried out without a second server: "500 twice, then 200", or never an answer.
"""

import re
from collections import deque
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from novita_mock.inbox_script import InboxAnswer, Script, parse
from novita_mock.problems import cut, refused
from novita_mock.types import JSON

#: Where inboxes are reached; the one place on the double itself that a webhook may be posted to.
PATH = "/_mock/inbox/"
#: What one account keeps at most; the oldest events go first.
MAX_EVENTS = 1000
MAX_BYTES = 16 * 1024 * 1024
MAX_SCRIPTS = 100
#: A body over this is told by its size only.
MAX_BODY_BYTES = 1024 * 1024

_NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._~-]{1,64}")
_SECRET = re.compile(r"authorization|cookie|token|secret|password|key", re.IGNORECASE)
_MAX_HEADERS = 64
_MAX_HEADER = 500


class Event(Struct, frozen=True):
    """Something that was posted to an inbox, and how it was answered."""

    number: int
    name: str
    at_s: float
    headers: Mapping[str, str]
    body: JSON
    body_bytes: int
    answer: InboxAnswer

    @property
    def kept_bytes(self) -> int:
        """What keeping it costs, about."""
        body = self.body_bytes if self.body_bytes <= MAX_BODY_BYTES else 0
        return body + sum(len(name) + len(value) for name, value in self.headers.items())

    def told(self) -> JSON:
        """The event as it is shown."""
        answer: JSON = {"hang": True} if self.answer.delay_s is None else {"status": self.answer.status}
        return {
            "number": self.number,
            "at_s": self.at_s,
            "headers": dict(self.headers),
            "body": self.body,
            "body_bytes": self.body_bytes,
            "answer": answer,
        }


class Inboxes:
    """The inboxes of one account. An inbox is there as soon as its name is used, and answers 200."""

    def __init__(self) -> None:
        self._scripts: dict[str, Script] = {}
        self._events: deque[Event] = deque()
        self._kept_bytes = 0
        self._received = 0
        self.dropped = 0

    def receive(self, name: str, headers: Mapping[str, str], body: bytes, at_s: float) -> InboxAnswer:
        """Keep what was posted and say how to answer it.

        Args:
            name: the inbox.
            headers: as they came; keys and tokens in them are not kept.
            body: as it came; JSON is kept as JSON, anything else as text.
            at_s: account time.

        Raises:
            Refused: the name is none an inbox can have.
        """
        check_name(name)
        answer = self._scripts[name].next() if name in self._scripts else InboxAnswer()
        self._received += 1
        shown = {
            key.lower()[:_MAX_HEADER]: _shown(key, value)
            for key, value in list(headers.items())[:_MAX_HEADERS]
        }
        self._keep(Event(self._received, name, at_s, shown, _read(body), len(body), answer))
        return answer

    def script(self, name: str, steps: JSON) -> None:
        """Tell an inbox how to answer from now on.

        Each step is given ``times`` times: once where nothing is said, but the last one for ever.
        After the last, the answer is 200.

        Args:
            name: the inbox.
            steps: one step or a list: ``{"status": 500, "times": 2}``, ``{"hang": true}``,
                ``{"status": 200, "delay_s": 3, "body": "late"}``. An empty list is the plain 200.

        Raises:
            Refused: with every wrong field.
        """
        check_name(name)
        read = parse(steps)
        if name not in self._scripts and len(self._scripts) >= MAX_SCRIPTS:
            raise refused(f"{MAX_SCRIPTS} inboxes have a script already")
        self._scripts.pop(name, None)
        if read:
            self._scripts[name] = Script(read)

    def events(self, name: str) -> list[JSON]:
        """What was posted to an inbox and is still kept, oldest first.

        Raises:
            Refused: the name is none an inbox can have.
        """
        check_name(name)
        return [event.told() for event in self._events if event.name == name]

    def told(self) -> list[JSON]:
        """Every inbox that has a script or events: its name, how many events are kept, its script."""
        names = {event.name for event in self._events} | set(self._scripts)
        return [
            {
                "name": name,
                "events": sum(event.name == name for event in self._events),
                "script": [step.told() for step in self._scripts[name].steps]
                if name in self._scripts
                else [],
            }
            for name in sorted(names)
        ]

    def clear(self, name: str = "") -> None:
        """Forget the events and the script of one inbox, or of all."""
        kept = [event for event in self._events if name and event.name != name]
        self._events = deque(kept)
        self._kept_bytes = sum(event.kept_bytes for event in kept)
        self._scripts = {other: script for other, script in self._scripts.items() if name and other != name}

    def _keep(self, event: Event) -> None:
        self._events.append(event)
        self._kept_bytes += event.kept_bytes
        while len(self._events) > MAX_EVENTS or (self._kept_bytes > MAX_BYTES and len(self._events) > 1):
            self._kept_bytes -= self._events.popleft().kept_bytes
            self.dropped += 1


def is_inbox(path: str) -> bool:
    """Whether a path, as it stands in a URL, leads to an inbox and to nothing else."""
    return path.startswith(PATH) and _NAME.fullmatch(path.removeprefix(PATH)) is not None


def check_name(name: str) -> None:
    """Refuse a name that no inbox can have.

    Raises:
        Refused: it is not 1 to 64 of the letters, digits and signs that a URL needs not escape.
    """
    if not _NAME.fullmatch(name):
        message = f"{cut(name)} is no name of an inbox: 1 to 64 letters, digits, or any of . _ ~ -"
        raise refused(message, "name")


def _shown(name: str, value: str) -> str:
    return "***" if _SECRET.search(name) else value[:_MAX_HEADER]


def _read(body: bytes) -> JSON:
    if len(body) > MAX_BODY_BYTES:
        return f"<{len(body)} bytes>"
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return body.decode("utf-8", "replace")
