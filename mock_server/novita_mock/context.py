"""What every endpoint is handed: the parts of one double, and how a reply leaves it."""

import re
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct, field
from starlette.requests import Request
from starlette.responses import Response

from novita_mock import scenarios
from novita_mock.accounts import Account, Accounts, key_of
from novita_mock.album import Album
from novita_mock.announcing import Announcer
from novita_mock.blobs import BlobStore
from novita_mock.carrier import Carrier
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.chance import Chance
from novita_mock.clock import Clock, Wall
from novita_mock.contents import Contents
from novita_mock.deliveries import Deliveries
from novita_mock.dialects import Reply, refusal
from novita_mock.ending import Ending
from novita_mock.engine import Engine
from novita_mock.entry import Entry
from novita_mock.fault_rule import FaultRule
from novita_mock.intake import Intake
from novita_mock.journal import Journal
from novita_mock.problems import Broken, Problem
from novita_mock.results import Results
from novita_mock.settings import Settings
from novita_mock.shelf import Shelf
from novita_mock.storage import OwnBuckets
from novita_mock.store import TaskStore
from novita_mock.timeline import Timeline
from novita_mock.validation import Validator

MAX_PORT = 65535
_PORT = re.compile(r":([0-9]{1,5})\Z")
#: Where the control routes are: the API has no such prefix.
CONTROL_PREFIX = "/_mock/"
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Context(Struct):
    """The parts of one double, put together in ``app``."""

    settings: Settings
    catalogue: Catalogue
    accounts: Accounts
    timeline: Timeline
    engine: Engine
    deliveries: Deliveries
    carrier: Carrier
    announcer: Announcer
    results: Results
    contents: Contents
    tasks: TaskStore
    blobs: BlobStore
    buckets: OwnBuckets
    wall: Wall
    #: What dates the replies to nobody's requests: those without a key that is let in.
    clock: Clock
    chance: Chance
    ending: Ending
    #: What control requests must bring, or empty.
    control_token: str = ""
    #: Where this server is reached when nobody says otherwise; known once its socket is bound.
    own_url: str = ""
    #: Whether the server that it runs in offers its sockets to faults.
    offers_socket: bool = False
    #: The requests of nobody: those without a key that is let in.
    journal: Journal = field(default_factory=Journal)
    shelf: Shelf = field(default_factory=Shelf)
    _numbers: int = 0
    _arrivals: int = 0
    _validators: dict[str, Validator] = field(default_factory=dict)
    album: Album = field(default_factory=Album)
    _intakes: dict[str, Intake] = field(default_factory=dict)
    _scenarios: dict[str, tuple[FaultRule, ...]] = field(default_factory=dict)

    def stop(self) -> None:
        """Stop all work at once; replies under way say how things stand, and nobody waits any more."""
        self.ending.come()
        self.timeline.close()
        self.engine.close()

    def next_number(self) -> int:
        """The number of the next request of nobody, from 1."""
        self._numbers += 1
        return self._numbers

    def next_arrival(self) -> int:
        """The number of the next request of anybody, from 1."""
        self._arrivals += 1
        return self._arrivals

    def note_broken(self, path: str, reply: Reply, problem: Problem, sent_bytes: int) -> None:
        """Write down a request that was refused before it was understood: it is nobody's."""
        entry = Entry(
            number=self.next_number(),
            at_s=self.clock.now(),
            operation="",
            method="",
            path=path,
            query="",
            status=reply.status,
            duration_ms=0.0,
            response=reply.body,
            response_bytes=sent_bytes,
            response_type="text/plain" if isinstance(reply.body, str) else "application/json",
            problem=problem.message[:200],
            arrival=self.next_arrival(),
        )
        self.shelf.add(self.journal, entry)

    def validator(self, path: str) -> Validator:
        """The validator of a schema, made when first needed."""
        if path not in self._validators:
            self._validators[path] = Validator(self.catalogue, path)
        return self._validators[path]

    def intake(self, operation: Operation) -> Intake:
        """What takes the bodies of an operation, made when first needed."""
        if operation.name not in self._intakes:
            validator = self.validator(operation.request)
            self._intakes[operation.name] = Intake(operation, validator, self.catalogue.quirks, self.album)
        return self._intakes[operation.name]

    def scenario(self, name: str) -> tuple[FaultRule, ...]:
        """The faults of a scenario, read when first needed.

        Raises:
            UnknownScenario: there is none of that name.
        """
        if name not in self._scenarios:
            self._scenarios[name] = scenarios.load(name, self.catalogue)
        return self._scenarios[name]

    def account(self, operation: Operation | None, request: Request) -> tuple[Account, str]:
        """Whose request it is, and the key that says so.

        Raises:
            MissingKey: it brings no API key.
            WrongKey: it brings none that is let in.
        """
        quirks = self.catalogue.quirks
        omni = (operation is None or operation.dialect == "v2") and quirks["omni-key"] == "accepted"
        headers = request.headers
        key = key_of(
            headers.getlist("authorization"),
            headers.getlist("x-omni-key") if omni else [],
            bare=quirks["bare-key"] == "accepted",
        )
        return self.accounts.of_key(key), key

    def caller(self, request: Request) -> Account | None:
        """Whose request it may have been that met no endpoint, or was refused before one."""
        try:
            return self.account(None, request)[0]
        except Problem:
            return None

    @property
    def url(self) -> str:
        """Where this double is reached, where no request tells: the setting, or its socket."""
        return self.settings.public_url or self.own_url

    def base_url(self, host: str) -> str:
        """What links begin with: the setting, or the Host of a request where that is allowed."""
        if self.settings.public_url:
            return self.settings.public_url
        if self.is_own_host(host):
            return f"http://{host}"
        return self.own_url or "http://127.0.0.1"

    def is_own_host(self, host: str) -> bool:
        """Whether a Host header names this double: loopback names, and those of the settings."""
        port = _PORT.search(host)
        name = host[: port.start()] if port else host
        public = urlsplit(self.settings.public_url or "").hostname
        ours = name in LOOPBACK_NAMES or name in (*self.settings.allow_host, self.settings.host, public)
        return bool(name) and ours and (port is None or int(port[1]) <= MAX_PORT)

    def respond(self, reply: Reply, account: Account | None, operation: Operation | None = None) -> Response:
        """A reply as it leaves; under ``strict_responses`` only if it fits its schema."""
        if operation and operation.response and self.settings.strict_responses and reply.status == 200:
            reply = self._proven(reply, operation)
        return respond(reply, (account or self).clock.now())

    def _proven(self, reply: Reply, operation: Operation) -> Reply:
        if operation.dialect == "v2" and reply.body.get("code") != 0:
            path = "v2/error.json"
        else:
            path = operation.response
        for violation in self.validator(path).violations(reply.body):
            problem = Broken(f"the reply does not fit {path}: {violation}")
            return refusal(problem, operation.dialect, self.catalogue)
        return reply


def respond(reply: Reply, now_s: float) -> Response:
    """A reply as an HTTP response, dated at a moment of account time."""
    headers: Mapping[str, str] = dict(reply.headers) | {"date": date_of(int(now_s // 1))}
    if isinstance(reply.body, str):
        return Response(reply.body, reply.status, headers, media_type="text/plain")
    return Response(msgspec.json.encode(reply.body), reply.status, headers, media_type="application/json")


@lru_cache(maxsize=256)
def date_of(second: int) -> str:
    """A second since 1970 as HTTP tells it."""
    return formatdate(second, usegmt=True)


def refuse(context: Context, problem: Problem, path: str, account: Account | None = None) -> Response:
    """The response to a problem, in the dialect of the path it met."""
    dialect = context.catalogue.dialect_of("/" + path.lstrip("/"))
    reply = refusal(problem, dialect, context.catalogue)
    retry_after_s = getattr(problem, "retry_after_s", None)
    headers = dict(reply.headers) | ({} if retry_after_s is None else {"Retry-After": str(retry_after_s)})
    return context.respond(Reply(reply.status, reply.body, headers), account)
