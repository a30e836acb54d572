"""What a session pays from, where requests cost money."""

from typing import Protocol

from novita_contract.answers import refused, taken
from novita_contract.exchange import Exchange
from novita_contract.verdicts import NotChecked
from novita_mock.types import JSON

TOO_MANY = 429


class Reserved(Protocol):
    """Money that was put aside for one request."""

    def spend(self) -> None:
        """The request was accepted."""

    def release(self, why: str) -> None:
        """The request was refused, and so cost nothing."""


class Purse(Protocol):
    """What paid requests are paid from; ``None`` where nothing costs anything."""

    def reserve(self, operation: str, body: JSON) -> Reserved:
        """Put aside what the request can cost at most, or refuse it."""


class Stopped(Exception):
    """The run can't go on: a request that must be refused was accepted, where that costs money."""


def settle(reserved: Reserved, sent: Exchange) -> None:
    """Tell what became of a request.

    What no reply was seen to, or an error of the server, stays put aside: it may have cost money.

    Raises:
        NotChecked: the service says that we ask too often.
    """
    if refused(sent):
        reserved.release(f"HTTP {sent.status}")
    elif taken(sent):
        reserved.spend()
    if sent.status == TOO_MANY:
        raise NotChecked("the service says that we ask too often")
