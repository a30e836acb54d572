"""uvicorn's protocol, with a deadline for what is waited for, and a timer that most requests leave alone."""

from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class TimedProtocol(HttpToolsProtocol):
    """The timers of a connection.

    Attributes:
        feeding: whether the parser is being fed: until it is not, no deadline is set.
        begun: whether a request has begun that has not come whole.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: uvicorn's own
        super().__init__(*args, **kwargs)
        self._deadline: TimerHandle | None = None
        self._wanted_s: float | None = None
        self._asked = False
        self._rested_s = 0.0
        self.feeding = self.begun = False

    def on_response_complete(self) -> None:
        """A response has left: the next request is waited for, for a while."""
        self._rested_s = self.loop.time()
        super().on_response_complete()

    def rest(self) -> None:
        """The same after a response that uvicorn knows nothing of."""
        self._rested_s = self.loop.time()
        self.server_state.total_requests += 1
        if self.timeout_keep_alive_task is None:
            handler = self.timeout_keep_alive_handler
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, handler)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing has come for long; requests do not set the timer again."""
        self.timeout_keep_alive_task = None
        if self.begun or not (self.cycle is None or self.cycle.response_complete):
            return  # the end of this request sets it
        left_s = self._rested_s + self.timeout_keep_alive - self.loop.time()
        if left_s > 0.01:
            self.timeout_keep_alive_task = self.loop.call_later(left_s, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def wait(self, seconds: float | None) -> None:
        """Have so many seconds from now on; None is no deadline."""
        self._wanted_s, self._asked = seconds, True
        if not self.feeding:
            self.arm()

    def arm(self) -> None:
        """Have the deadline be what was last asked for, from now on."""
        if self._asked and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if self._asked and self._wanted_s is not None:
            self._deadline = self.loop.call_later(self._wanted_s, self._expired)
        self._asked = False

    def _expired(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()
