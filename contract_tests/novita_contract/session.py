"""One run against one target: what every case is given to work with."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Lock, RLock
from typing import TypeVar

from jsonschema import Draft202012Validator

from novita_contract.accounts import Accounts
from novita_contract.answers import taken
from novita_contract.clock import pause
from novita_contract.exchange import Exchange
from novita_contract.options import Options, Secret
from novita_contract.pace import Pace
from novita_contract.purse import TOO_MANY, Purse, Stopped, settle
from novita_contract.receiver import Receiver
from novita_contract.tally import Tally
from novita_contract.targets import LIVE_URL, Target
from novita_contract.verdicts import NotChecked
from novita_contract.wire import Wire, json_headers
from novita_mock.catalogue import Catalogue, Operation
from novita_mock.types import JSON

T = TypeVar("T")


class Session(Accounts):
    """The target and the means to ask it; shared by every case, from any thread.

    Attributes:
        options: of the run.
        wire: the connections.
        contract: the contract under the readings that are expected.
        receiver: of webhooks, or None.
        purse: what is paid from, or None.
        tally: which constraints of replies were exercised.
        habits: how the target answers what real clients send: (title, where) to what it did.
        frugal: whether nothing may be found out that costs money.
        pace: keeps paid requests below the documented rate.
        stopped: why no further case may be tried, or empty.
        notes: what a reader of the report should know, in order.
    """

    def __init__(
        self,
        options: Options,
        target: Target,
        wire: Wire,
        contract: Catalogue,
        receiver: Receiver | None = None,
        purse: Purse | None = None,
    ) -> None:
        super().__init__(target, options.seed)
        self.options = options
        self.wire = wire
        self.contract = contract
        self.receiver = receiver
        self.purse = purse
        self.tally = Tally()
        self._replies = contract
        self._validators: dict[str, Draft202012Validator] = {}
        self.stopped = ""
        self.frugal = False
        self.pace = Pace(target.url == LIVE_URL)
        self.notes: list[str] = []
        self.habits: dict[tuple[str, str], str] = {}
        self._once: dict[str, object] = {}
        self._sent: dict[str, list[Exchange]] = {}
        self._locks: dict[str, RLock] = {}
        self._lock = Lock()

    def read_replies_as(self, contract: Catalogue) -> None:
        """Judge replies by another reading of the contract from now on."""
        with self._lock:
            self._replies, self._validators = contract, {}

    def validator(self, schema: str) -> Draft202012Validator:
        """Judges a reply against the schema at that path, as the target reads the contract."""
        with self._lock:
            if schema not in self._validators:
                self._validators[schema] = Draft202012Validator(self._replies.bundle(schema))
            return self._validators[schema]

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What ``make`` returns, made by the first who asks; what it raises is raised for everyone.

        What was sent for it counts among the requests of everyone who asks, marked as shared, so that
        who comes first makes no difference to what a case tells.
        """
        with self._lock:
            lock = self._locks.setdefault(name, RLock())
        with lock:
            if name not in self._once:
                with self.wire.kept() as sent:
                    try:
                        self._once[name] = make()
                    except Exception as problem:
                        self._once[name] = problem
                self._sent[name] = [each if each.shared else replace(each, shared=name) for each in sent]
            kept = self._once[name]
        self.wire.recall(self._sent[name])
        if isinstance(kept, Exception):
            raise kept
        return kept  # type: ignore[return-value]  # what was kept under a name is what its maker returns

    def known(self, name: str) -> object:
        """What ``once`` keeps under a name, or None."""
        return self._once.get(name)

    def forget(self, prefix: str) -> None:
        """Find out anew what ``once`` keeps under names that begin so."""
        with self._lock:
            for name in [name for name in self._once if name.startswith(prefix)]:
                del self._once[name]

    def operation(self, name: str) -> Operation:
        """The row of that name."""
        return self.contract.operation(name)

    def scaled(self, seconds: float) -> float:
        """Wall seconds in which so many seconds of the target's time pass, but no less than a moment."""
        return max(seconds / self.target.speed if self.target.speed > 0 else 0.0, 0.02)

    def wait(self, seconds: float) -> None:
        """Let so many seconds of the target's time pass.

        Raises:
            NotChecked: it would take longer than is allowed.
        """
        wall = self.scaled(seconds)
        if wall > self.options.max_wait_s:
            raise NotChecked(f"{seconds:g} s would have to pass; --max-wait {wall:.0f} allows it")
        pause(wall)

    def hook_receiver(self) -> Receiver:
        """The receiver of webhooks.

        Raises:
            NotChecked: the target can't reach one.
        """
        if self.receiver is None:
            raise NotChecked(
                "the target can't reach a receiver of ours: give its public address with --webhook-url"
            )
        return self.receiver

    def submit(
        self,
        operation: str,
        body: JSON,
        *,
        key: Secret | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        must_fail: bool = False,
        method: str = "",
    ) -> Exchange:
        """Send a request that makes a task, once.

        Args:
            operation: the name of its row.
            body: as JSON.
            key: in place of the target's own.
            headers: in place of those that the pages ask for.
            content: the bytes to send where they are not ``body`` as JSON.
            must_fail: whether the contract says that it is refused.
            method: in place of the documented one.

        Raises:
            Stopped: it was accepted although it must not be, and that costs money.
        """
        if self.stopped:
            raise Stopped(self.stopped)
        row = self.operation(operation)
        if self.purse:
            self.pace.wait(operation, row.images_per_minute)
        reserved = self.purse.reserve(operation, body) if self.purse else None
        sent = self.wire.send(
            operation, method or row.method, row.path, sent=body, content=content,
            headers=self.headers(key) if headers is None else headers,
        )  # fmt: skip
        if reserved is not None:
            if sent.status == TOO_MANY:
                self.stopped = self.pace.refused(sent)
            elif sent.status:
                self.pace.passed()
                if must_fail and taken(sent):
                    self.stopped = f"{operation} accepted what it must refuse, and that costs money"
            settle(reserved, sent)
            if must_fail and self.stopped:
                raise Stopped(self.stopped)
        return sent

    def ask(
        self,
        operation: str,
        query: Mapping[str, str] | None = None,
        *,
        key: Secret | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Send a request that only asks."""
        row = self.operation(operation)
        sent_headers = self.headers(key) if headers is None else headers
        return self.wire.send(operation, row.method, row.path, headers=sent_headers, query=query)

    def fetch(self, url: str, method: str = "GET", operation: str = "image") -> Exchange:
        """Follow a link, as anybody can: without a key."""
        return self.wire.send(operation, method, url)

    def headers(self, key: Secret | None = None) -> dict[str, str]:
        """The headers that the pages ask for."""
        return json_headers(f"Bearer {(self.target.key if key is None else key).reveal()}")
