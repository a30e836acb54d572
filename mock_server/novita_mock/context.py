"""What every endpoint is handed: the parts of one double, and how a reply leaves it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from novita_mock.accounts import Account, Accounts, key_of
from novita_mock.blobs import BlobStore
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.clock import Clock, Wall
from novita_mock.dialects import Reply, refusal
from novita_mock.engine import Engine
from novita_mock.problems import Broken, Problem
from novita_mock.results import Results
from novita_mock.settings import Settings
from novita_mock.validation import Validator

MAX_PORT = 65535
_PORT = re.compile(r":([0-9]{1,5})\Z")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(slots=True)
class Context:
    """The parts of one double, put together in ``app``."""

    settings: Settings
    catalogue: Catalogue
    accounts: Accounts
    engine: Engine
    results: Results
    blobs: BlobStore
    wall: Wall
    #: What dates the replies to nobody's requests: those without a key that is let in.
    clock: Clock
    #: Where this server is reached when nobody says otherwise; known once its socket is bound.
    own_url: str = ""
    _validators: dict[str, Validator] = field(default_factory=dict)

    def validator(self, path: str) -> Validator:
        """The validator of a schema, made when first needed."""
        if path not in self._validators:
            self._validators[path] = Validator(self.catalogue, path)
        return self._validators[path]

    def account(self, operation: Operation, request: Request) -> Account:
        """Whose request it is.

        Raises:
            MissingKey: it brings no API key.
            WrongKey: it brings none that is let in.
        """
        quirks = self.catalogue.quirks
        omni = operation.dialect == "v2" and quirks["omni-key"] == "accepted"
        headers = request.headers
        key = key_of(
            headers.getlist("authorization"),
            headers.getlist("x-omni-key") if omni else [],
            bare=quirks["bare-key"] == "accepted",
        )
        account = self.accounts.of_key(key)
        request.state.account = account  # a refusal later on is dated by its clock
        return account

    def base_url(self, request: Request) -> str:
        """What links begin with: the setting, or the Host of the request where that is allowed."""
        if self.settings.public_url:
            return self.settings.public_url
        host = request.headers.get("host", "")
        port = _PORT.search(host)
        name = host[: port.start()] if port else host
        ours = name in LOOPBACK_NAMES or name in self.settings.allow_host or name == self.settings.host
        if ours and (port is None or int(port[1]) <= MAX_PORT):
            return f"http://{host}"
        return self.own_url or "http://127.0.0.1"

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
    headers: Mapping[str, str] = dict(reply.headers) | {"date": formatdate(now_s, usegmt=True)}
    if isinstance(reply.body, str):
        return Response(reply.body, reply.status, headers, media_type="text/plain")
    return Response(msgspec.json.encode(reply.body), reply.status, headers, media_type="application/json")


def refuse(context: Context, problem: Problem, scope: Scope) -> Response:
    """The response to a problem, in the dialect of the path it met and at the time of its account."""
    dialect = context.catalogue.dialect_of("/" + scope["path"].lstrip("/"))
    return context.respond(refusal(problem, dialect, context.catalogue), scope["state"].get("account"))
