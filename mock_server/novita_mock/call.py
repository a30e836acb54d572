"""A call of a control route: whose accounts it speaks of, and what it brings."""

from collections.abc import Mapping

from msgspec import Struct
from starlette.requests import Request

from novita_mock.accounts import Account
from novita_mock.context import Context
from novita_mock.problems import Problem, Refused, refused
from novita_mock.types import JSON


class NotFound(Problem):
    """There is nothing of that name."""

    kind = "unknown-path"


class Call(Struct, frozen=True):
    """What a control route is asked.

    Attributes:
        accounts: those it speaks of: the one that was named, or all.
        named: whether one was named.
        body: checked, where the route has a schema.
        path: what stands in the path's places.
        query: names and values; where a name comes twice, the last counts.
    """

    context: Context
    request: Request
    accounts: tuple[Account, ...]
    named: bool
    body: JSON
    path: Mapping[str, str]
    query: Mapping[str, str]

    @property
    def one(self) -> Account:
        """The one account it speaks of.

        Raises:
            Refused: none was named, and there is not just one.
        """
        if len(self.accounts) == 1:
            return self.accounts[0]
        raise _unnamed()

    @property
    def some(self) -> tuple[Account, ...]:
        """The accounts that are to change: at least one, so that nobody believes that something did.

        Raises:
            Refused: none was named, and no key was ever seen.
        """
        if self.accounts:
            return self.accounts
        raise _unnamed()


def _unnamed() -> Refused:
    message = "say whose: send the account's key as Authorization: Bearer KEY, or ?account=KEY (or its id)"
    return refused(message)
