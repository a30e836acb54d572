"""The handle of a double: what a test does with the world of one account, and what it gets to see of it.

Everything goes over the control routes, so it is the same wherever the double runs.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from novita_mock.asking import fault_of
from novita_mock.calling import Double
from novita_mock.inbox_handle import Inbox, Row
from novita_mock.types import JSON

#: Filters of the journal that say how a request was answered: whoever asks for them expects it.
_ANSWERED = ("status", "outcome")


class Application(Protocol):
    """An ASGI application."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # Any: each framework's own type
        """Answer one request."""


class NovitaMock:
    """One account of a running double.

    Every method speaks of this account alone. Each raises ``CallFailed`` where the double does not
    answer or refuses; its ``hint`` says what to do instead.

    Attributes:
        url: the base URL of the API, without a slash at its end.
        api_key: the account's key.
        expected: numbers of the requests whose refusal a test has asked for with ``assert_called``.
    """

    def __init__(self, double: Double, app: Application | None = None) -> None:
        self.url = double.url
        self.api_key = double.account
        self.expected: set[int] = set()
        self._double = double
        self._app = app

    def __repr__(self) -> str:
        """Where it is; never the key."""
        return f"<NovitaMock {self.url}>"

    @property
    def app(self) -> Application:
        """The double as an ASGI application, for ``httpx2.ASGITransport`` and the like: no socket is used.

        Raises:
            RuntimeError: it runs in another process.
        """
        if self._app is None:
            raise RuntimeError(
                "this double runs in another process; one that runs in a thread, or as asgi, has an app"
            )
        return self._app

    def account(self, api_key: str) -> "NovitaMock":
        """The account of another key, in the same double."""
        return NovitaMock(replace(self._double, account=api_key), self._app)

    @property
    def tasks(self) -> list[Row]:
        """The tasks that are kept, the oldest first: ``task_id``, ``status``, ``reason``, ..."""
        return list(self._double.get("/tasks")["tasks"])

    @property
    def requests(self) -> list[Row]:
        """The journal, the oldest first: ``path``, ``status``, ``request``, ``response``, ``problem``, ..."""
        return list(self._double.get("/requests")["requests"])

    def refused(self) -> list[Row]:
        """Of ``requests`` those that were refused."""
        return list(self._double.get("/requests", outcome="refused")["requests"])

    def nobodys(self, after: int | None = None, limit: int | None = None) -> list[Row]:
        """The requests of all who brought no key that is let in: those with a number over ``after``.

        Of these at most ``limit``: the first, or without ``after`` the newest.
        """
        return list(self._double.get("/requests", nobody=1, after=after, limit=limit)["requests"])

    @property
    def webhooks(self) -> list[Row]:
        """The events that were to be delivered, the oldest first, with every attempt."""
        return list(self._double.get("/webhooks")["webhooks"])

    @property
    def storage(self) -> list[Row]:
        """What custom storage wrote: ``bucket``, ``key``, ``url``, ..."""
        return list(self._double.get("/storage")["objects"])

    @property
    def double_spends(self) -> list[Row]:
        """What was paid twice, because a reply was lost and the request sent again."""
        return list(self._double.get("/double-spends")["double_spends"])

    @property
    def balance(self) -> float:
        """What can be spent, in USD. It can be set."""
        return float(self._double.get("/accounts")["accounts"][0]["credit_balance"]) / 10_000

    @balance.setter
    def balance(self, usd: float) -> None:
        self._double.send("POST", "/balance", {"usd": usd})

    def inbox(self, name: str) -> Inbox:
        """A receiver of webhooks inside the double, by a name of your own."""
        return Inbox(self._double, name)

    def advance(self, seconds: float) -> Row:
        """Let account time pass, and run what falls due on the way.

        Returns:
            What happened, in order, as ``effects``; what receivers have not answered, as ``in_flight``.
        """
        return dict(self._double.send("POST", "/clock/advance", {"seconds": seconds}))

    async def advance_async(self, seconds: float) -> Row:
        """As ``advance``, for a test whose own event loop receives the webhooks meanwhile."""
        return await asyncio.to_thread(self.advance, seconds)

    def set_speed(self, speed: float | str) -> None:
        """Let account time pass at a speed.

        Args:
            speed: account seconds in a real one; 0 has what is submitted from now on done at once;
                ``manual`` stands still until ``advance``.
        """
        self._double.send("POST", "/clock/speed", {"speed": speed})

    def fail_next(
        self,
        reason: str = "RATE_LIMIT_EXCEEDED",
        operation: str | None = None,
        *,
        times: int = 1,
        skip: int = 0,
        phase: str = "before",
        **more: JSON,
    ) -> list[str]:
        """Have the next requests fail.

        Args:
            reason: a documented reason; with ``phase="task"`` whatever the failed task is to say.
            operation: only this one: ``upscale``, ``img2img``, ``task-result``, ...
            times: how many fail.
            skip: how many pass first.
            phase: ``before``: nothing has happened. ``after``: it has happened, only the reply is lost.
                ``task``: it is accepted, and its task fails.
            **more: other fields of the effect: ``retry_after_s``, ``message``, ``code``.

        Returns:
            The ids of the faults.
        """
        return self.add_fault(fault_of(reason, operation, phase, more, times=times, skip=skip))

    def scenario(self, name: str) -> list[str]:
        """Have everything of a scenario go wrong from now on; the ids of its faults."""
        return self.add_fault({"scenario": name})

    def add_fault(self, fault: Mapping[str, JSON]) -> list[str]:
        """Ask for any fault that ``POST /_mock/faults`` takes; the ids of what was added."""
        told = self._double.send("POST", "/faults", dict(fault))
        return [str(row["fault_id"]) for row in told["faults"]]

    @property
    def faults(self) -> list[Row]:
        """The faults that were asked for, and how often each fired."""
        return list(self._double.get("/faults")["faults"])

    def clear_faults(self) -> None:
        """Have nothing go wrong any more."""
        self._double.send("DELETE", "/faults")

    def assert_called(self, where: str | None = None, *, times: int | None = None, **wanted: JSON) -> None:
        """Fail unless the journal holds what is wanted.

        Args:
            where: an operation (``upscale``) or, with a slash in front, a path, which may hold ``*``.
            times: exactly so many; else ``at_least``, ``at_most``, or without either at least one.
            **wanted: filters: ``request`` (what the body holds at least), ``status`` (429, ``"4xx"``),
                ``outcome``, ``task_id``, ``since_s``, ``until_s``, ``after``.

        Raises:
            AssertionError: it does not; the message shows the nearest request and each difference.
        """
        __tracebackhide__ = True  # pytest shows the test's line, not ours
        what = "path" if where and where.startswith("/") else "operation"
        asked = {what: where, "count": times} | wanted
        asked = {name: value for name, value in asked.items() if value is not None}
        told = self._double.send("POST", "/requests/assert", asked)
        if not told["holds"]:
            raise AssertionError(told["message"])
        if any(name in wanted for name in _ANSWERED):
            self.expected.update(told["numbers"])

    def wait_idle(self, timeout: float = 10.0) -> None:
        """Wait until no task and no event is under way.

        Args:
            timeout: wall seconds.

        Raises:
            TimeoutError: something still is.
        """
        told = self._double.send("POST", "/idle", {"timeout_s": timeout})
        if not told["idle"]:
            what = f"{told['tasks']} tasks and {told['webhooks']} events are under way"
            why = "time stands still: advance(seconds)" if told["stands"] else f"after {timeout:g} s"
            raise TimeoutError(f"{what}; {why}")

    async def wait_idle_async(self, timeout: float = 10.0) -> None:
        """As ``wait_idle``, for a test whose own event loop receives the webhooks meanwhile."""
        await asyncio.to_thread(self.wait_idle, timeout)

    def trigger(self, event: str, to: str, **more: JSON) -> Row:
        """Send an event without running a task.

        Args:
            event: ``succeed`` or ``fail``.
            to: the receiver's URL.
            **more: other fields of ``POST /_mock/trigger``: ``operation``, ``override``.
        """
        return dict(self._double.send("POST", "/trigger", {"event": event, "to": to} | more))

    def resend(self, delivery_id: str) -> Row:
        """Send an event of ``webhooks`` once more."""
        return dict(self._double.send("POST", f"/webhooks/{delivery_id}/resend"))

    def har(self) -> Row:
        """The journal as a HAR file, without keys and pictures."""
        return dict(self._double.get("/requests.har"))

    def reset(self, *parts: str) -> None:
        """Make the account as new, or only parts of it.

        Args:
            *parts: ``tasks``, ``journal``, ``faults``, ``webhooks``, ``storage``, ``clock``, ``balance``.
        """
        self._double.send("POST", "/reset", {"parts": list(parts)} if parts else {})
        if not parts or "journal" in parts:
            self.expected.clear()
